/** `npm start`: the whole of Slipway on this machine, on loopback, with a story to watch. See options.ts for its flags. */
import { wallClock } from '../clock.ts'
import { createLoad } from '../load.ts'
import { createClient, type Local } from './client.ts'
import { type Options, readOptions } from './options.ts'
import { createScreen, paint } from './screen.ts'
import { SERVICES, startStack } from './stack.ts'
import { playStory } from './story.ts'
import { startTold } from './told.ts'

const RPS = { pricing: 80, safety: 20, routing: 20 } as const
const screen = createScreen()
/** What was started, newest last; closed in the opposite order. */
const running: { close(): Promise<void> }[] = []

async function main(options: Options): Promise<number> {
  const begun = Date.now()
  screen.say(paint('bold', 'Slipway on this machine') + paint('dim', '  (Ctrl-C stops everything)'))
  const told = keep(await startTold(options.folder))
  const { azure, local, push } = keep(await startStack(options.folder, told.settings))
  screen.say(`The local Azure and the function app are up after ${((Date.now() - begun) / 1000).toFixed(1)} s.`)
  if (options.mode === 'idle') return stayUp(local, told.file)
  const streams = SERVICES.map((name) => ({ name, url: local.services[name] ?? '', rps: RPS[name] }))
  const load = keep(createLoad({ streams, clock: wallClock }))
  screen.say('Three services run version 1 and have clients: pricing (80 requests/s), safety and routing (20 each).')
  const complaints = await playStory({ azure, client: createClient(local), load, screen, push })
  for (const complaint of complaints) screen.say(paint('red', `  ✖ ${complaint}`))
  const asTold = complaints.length === 0
  screen.say(asTold ? paint('green', '  ✔ The story ended as told.') : paint('red', '  The story did not end as told.'))
  return options.mode === 'once' ? Number(!asTold) : stayUp(local, told.file)
}

/** Says where everything is and waits until it is stopped. */
async function stayUp(local: Local, notices: string): Promise<number> {
  screen.say(`\n${paint('bold', 'It stays up. Try, in another terminal:')}`)
  screen.say(`  open ${local.api}/ui/    the dashboard, in a browser on this machine`)
  screen.say('  npx slipway services                      what there is, and what is going on')
  screen.say('  npx slipway push pricing v4               push another image (add --slow or --failing)')
  screen.say('  npx slipway get pricing --watch           watch its rollout')
  screen.say('  npx slipway abort pricing                 take the canary out')
  screen.say(`  tail -f ${notices}    see what a webhook is told, as it comes`)
  const urls = { api: local.api, ...local.services, ...local.urls }
  screen.say(`\nEverything is written down in ${local.file}:`)
  for (const [name, url] of Object.entries(urls)) screen.say(`  ${name.padEnd(10)} ${url}`)
  return new Promise(() => {})
}

function keep<T extends { close(): Promise<void> }>(started: T): T {
  running.push(started)
  return started
}

async function closeAll(): Promise<void> {
  for (const started of running.splice(0).reverse()) await started.close()
}

async function leave(code: number): Promise<never> {
  const stuck = setTimeout(() => process.exit(code || 1), 30_000)
  await closeAll().catch((error: unknown) => screen.say(`while stopping: ${String(error)}`))
  clearTimeout(stuck)
  process.exit(code)
}

const options = readOptions(process.argv.slice(2))
if ('say' in options) {
  process[options.isError ? 'stderr' : 'stdout'].write(`${options.say}\n`)
  process.exitCode = options.isError ? 2 : 0
} else {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void leave(signal === 'SIGINT' ? 130 : 143))
  }
  main(options).then(leave, (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    return leave(1)
  })
}
