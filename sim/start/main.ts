/** `npm start`: the whole of Slipway on this machine, on loopback, with a story to watch. See options.ts for its flags. */
import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildApp } from '../../scripts/build.ts'
import { healthyProfile, type ImageProfile } from '../azure/image-profile.ts'
import { wallClock } from '../clock.ts'
import { createLoad } from '../load.ts'
import { createClient, type Local } from './client.ts'
import { createControl } from './control.ts'
import { startFunctionApp } from './function-app.ts'
import { type LocalAzure, REGISTRY_HOST, startLocalAzure, targetOf } from './local-azure.ts'
import { type Options, readOptions, USAGE } from './options.ts'
import { createScreen, paint } from './screen.ts'
import { playStory } from './story.ts'
import { caBundle } from './trust.ts'
import { acrPush, postHook } from './webhook.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const FOLDER = join(ROOT, '.slipway')
const SERVICES = ['pricing', 'safety', 'routing'] as const
const RPS = { pricing: 80, safety: 20, routing: 20 } as const
const screen = createScreen()
/** What was started, newest last; closed in the opposite order. */
const running: { close(): Promise<void> }[] = []

async function main(options: Options): Promise<number> {
  const begun = Date.now()
  screen.say(paint('bold', 'Slipway on this machine') + paint('dim', '  (Ctrl-C stops everything)'))
  const { azure, local, push } = await startStack()
  screen.say(`The local Azure and the function app are up after ${((Date.now() - begun) / 1000).toFixed(1)} s.`)
  if (options.mode === 'idle') return stayUp(local)
  const streams = SERVICES.map((name) => ({ name, url: local.services[name] ?? '', rps: RPS[name] }))
  const load = keep(createLoad({ streams, clock: wallClock }))
  screen.say('Three services run version 1 and have clients: pricing (80 requests/s), safety and routing (20 each).')
  const complaints = await playStory({ azure, client: createClient(local), load, screen, push })
  for (const complaint of complaints) screen.say(paint('red', `  ✖ ${complaint}`))
  const asTold = complaints.length === 0
  screen.say(asTold ? paint('green', '  ✔ The story ended as told.') : paint('red', '  The story did not end as told.'))
  return options.mode === 'once' ? Number(!asTold) : stayUp(local)
}

/** Starts everything and writes `.slipway/local.json`, by which scripts find it. */
async function startStack() {
  await mkdir(FOLDER, { recursive: true })
  const [entry, azure] = await Promise.all([
    buildApp(join(FOLDER, 'app')),
    startLocalAzure(join(import.meta.dirname, 'manifests')).then(keep),
  ])
  await runVersionOne(azure)
  const caFile = join(FOLDER, 'ca.pem')
  await writeFile(caFile, await caBundle(azure.tls.ca))
  const functionKey = randomUUID()
  const logFile = join(FOLDER, 'functions.log')
  const app = keep(await startFunctionApp({ entry, settings: azure.settings, key: functionKey, caFile, logFile }))
  const api = `${app.url}/api`
  const push = async (service: string, tag: string, program: ImageProfile) => {
    const digest = azure.publish(service, tag, program)
    await postHook(api, azure.hookKey, acrPush(REGISTRY_HOST, service, tag, digest))
    return digest
  }
  const control = keep(await createControl(push))
  const { hookKey, urls, settings } = azure
  const local: Local = {
    pid: process.pid,
    startedAt: new Date().toISOString(),
    api,
    functionKey,
    hookKey,
    control: control.url,
    urls,
    services: Object.fromEntries(SERVICES.map((service) => [service, addressOf(azure, service)])),
    certificates: { ca: caFile },
    settings,
    pids: { azurite: azure.azurite.pid, functions: app.pid },
  }
  await writeFile(join(FOLDER, 'local.json'), `${JSON.stringify(local, null, 2)}\n`, { mode: 0o600 })
  return { azure, local, push }
}

/** What was there before Slipway: three apps, each with one revision that has all traffic. */
async function runVersionOne(azure: LocalAzure): Promise<void> {
  for (const service of SERVICES) {
    const digest = azure.publish(service, 'v1', healthyProfile('v1'))
    azure.world.addApp({ target: targetOf(service), image: `${REGISTRY_HOST}/${service}@${digest}`, suffix: 'v1' })
  }
  await azure.ingress.follow()
}

function addressOf(azure: LocalAzure, service: string): string {
  const { fqdn } = azure.world.ingress(targetOf(service))
  const address = azure.ingress.addressOf(fqdn)
  if (address === null) throw new Error(`the ingress does not serve ${service}`)
  return `http://${address}`
}

/** Says where everything is and waits until it is stopped. */
async function stayUp(local: Local): Promise<number> {
  const urls = { api: local.api, ...local.services, ...local.urls }
  screen.say(`\n${paint('bold', 'It stays up.')} Everything is written down in .slipway/local.json:`)
  for (const [name, url] of Object.entries(urls)) screen.say(`  ${name.padEnd(10)} ${url}`)
  screen.say(`\n${paint('bold', 'Try, in another terminal:')}`)
  screen.say('  npm run local -- push pricing v4          push another image (add --slow or --failing)')
  screen.say('  npm run local -- watch pricing            watch its rollout')
  screen.say('  npm run local -- abort pricing            take the canary out')
  return new Promise(() => {})
}

function keep<T extends { close(): Promise<void> }>(started: T): T {
  running.push(started)
  return started
}

async function closeAll(): Promise<void> {
  for (const started of running.splice(0).reverse()) await started.close()
  await rm(join(FOLDER, 'local.json'), { force: true })
}

async function leave(code: number): Promise<never> {
  const stuck = setTimeout(() => process.exit(code || 1), 30_000)
  await closeAll().catch((error: unknown) => screen.say(`while stopping: ${String(error)}`))
  clearTimeout(stuck)
  process.exit(code)
}

const args = process.argv.slice(2)
const options = readOptions(args)
if (args.includes('--help')) {
  process.stdout.write(`${USAGE}\n`)
} else if (typeof options === 'string') {
  process.stderr.write(`${options}\n`)
  process.exitCode = 2
} else {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void leave(signal === 'SIGINT' ? 130 : 143))
  main(options).then(leave, (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    return leave(1)
  })
}
