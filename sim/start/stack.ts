import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildApp } from '../../scripts/build.ts'
import { healthyProfile, type ImageProfile } from '../azure/image-profile.ts'
import type { Local } from './client.ts'
import { createControl } from './control.ts'
import { startFunctionApp } from './function-app.ts'
import { startLocalIdentity } from './identity.ts'
import { type LocalAzure, REGISTRY_HOST, startLocalAzure, targetOf } from './local-azure.ts'
import { caBundle } from './trust.ts'
import { acrPush, postHook } from './webhook.ts'

export const SERVICES = ['pricing', 'safety', 'routing'] as const

/** The pretend Azure with the function app beside it. */
export interface Stack {
  readonly azure: LocalAzure
  readonly local: Local
  /** Publishes an image and announces it as ACR would; resolves to its digest once Slipway has accepted the event. */
  readonly push: (service: string, tag: string, program: ImageProfile) => Promise<string>
  close(): Promise<void>
}

/** Settings, or how to make them of what the local Azure is. */
export type Overrides =
  | Readonly<Record<string, string>>
  | ((azure: LocalAzure) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>)

/**
 * Starts everything, writes `local.json` into `folder`, by which scripts find it, and removes it at the end. `settings`
 * are laid over those of the local Azure. `storage` = the folder that keeps what storage holds; null = memory. What was
 * started before something failed is stopped again.
 */
export async function startStack(
  folder: string,
  settings: Overrides = {},
  storage: string | null = null,
): Promise<Stack> {
  await mkdir(folder, { recursive: true })
  const started: { close(): Promise<void> }[] = []
  const keep = <T extends { close(): Promise<void> }>(one: T): T => {
    started.push(one)
    return one
  }
  const close = async () => {
    for (const one of started.splice(0).reverse()) await one.close()
    await rm(join(folder, 'local.json'), { force: true })
  }
  try {
    const manifests = join(import.meta.dirname, 'manifests')
    const [entry, azure] = await Promise.all([
      buildApp(join(folder, 'app')),
      startLocalAzure(manifests, storage).then(keep),
    ])
    const overrides = typeof settings === 'function' ? await settings(azure) : settings
    const local = await beside(azure, entry, folder, overrides, keep)
    return { azure, ...local, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The function app, what lets scripts push images, and the file that tells of it all. */
async function beside(
  azure: LocalAzure,
  entry: string,
  folder: string,
  overrides: Readonly<Record<string, string>>,
  keep: <T extends { close(): Promise<void> }>(one: T) => T,
): Promise<Pick<Stack, 'local' | 'push'>> {
  await runVersionOne(azure)
  const caFile = join(folder, 'ca.pem')
  await writeFile(caFile, await caBundle(azure.tls.ca))
  const identity = keep(await startLocalIdentity(azure))
  const settings = { ...azure.settings, ...identity.settings, ...overrides }
  const logFile = join(folder, 'functions.log')
  const app = keep(await startFunctionApp({ entry, settings, key: randomUUID(), caFile, logFile, port: identity.port }))
  const api = `${app.url}/api`
  const push = async (service: string, tag: string, program: ImageProfile) => {
    const digest = azure.publish(service, tag, program)
    await postHook(api, azure.hookKey, acrPush(REGISTRY_HOST, service, tag, digest))
    return digest
  }
  const control = keep(await createControl(SERVICES, push))
  const file = join(folder, 'local.json')
  const services = Object.fromEntries(SERVICES.map((service) => [service, addressOf(azure, service)]))
  const local: Local = {
    file,
    pid: process.pid,
    startedAt: new Date().toISOString(),
    api,
    auth: identity.auth,
    hookKey: azure.hookKey,
    control: control.url,
    urls: { ...azure.urls, openid: identity.auth.issuer },
    services,
    ports: portsOf({ api, control: control.url, ...azure.urls, openid: identity.auth.issuer, ...services }),
    certificates: { ca: caFile, ...(await writeServerCertificate(folder, azure)) },
    settings,
    pids: { azurite: azure.azurite.pid, functions: app.pid },
  }
  await writeFile(file, `${JSON.stringify(local, null, 2)}\n`, { mode: 0o600 })
  return { local, push }
}

function portsOf(urls: Readonly<Record<string, string>>): Record<string, number> {
  return Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, Number(new URL(url).port)]))
}

async function writeServerCertificate(folder: string, { tls }: LocalAzure): Promise<{ cert: string; key: string }> {
  const paths = { cert: join(folder, 'server.pem'), key: join(folder, 'server-key.pem') }
  await writeFile(paths.cert, tls.cert)
  await writeFile(paths.key, tls.key, { mode: 0o600 })
  return paths
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
