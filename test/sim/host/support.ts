import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type QueueClient, QueueServiceClient } from '@azure/storage-queue'
import { build } from 'esbuild'
import { afterAll } from 'vitest'
import { createHost, type Host, type HostOptions } from '../../../sim/host/host.ts'
import type { LogLine } from '../../../sim/host/log.ts'

/** The account and key that every Azurite knows; published in its documentation, no secret. */
const ACCOUNT = 'devstoreaccount1'
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='
const REQUIRE_BANNER = "import{createRequire}from'module';const require=createRequire(import.meta.url);"
const AZURITE = 'node_modules/azurite/dist/src/queue/main.js'

/** Generous: what is waited for has normally happened within a second. */
export const CEILING_MS = 60_000

export const KEYS = { host: 'host-key-0123456789', master: 'master-key-0123', functions: { guarded: 'own-key-4567' } }

export const HOST_JSON = {
  version: '2.0',
  extensions: {
    queues: { batchSize: 4, newBatchThreshold: 2, maxPollingInterval: '00:00:00.200', maxDequeueCount: 3 },
  },
}

const folders: string[] = []

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A new folder for what a test leaves on disk; it goes when its test file has ended. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-host-'))
  folders.push(folder)
  return folder
}

/** Bundles the fixture app as a deployment would be; the answer is the bundle's path. */
export async function bundleFixture(folder: string, format: 'esm' | 'cjs'): Promise<string> {
  const outfile = join(folder, format === 'esm' ? 'main.mjs' : 'main.cjs')
  await build({
    entryPoints: [join(import.meta.dirname, 'fixture-app.ts')],
    bundle: true,
    platform: 'node',
    format,
    outfile,
    external: ['@azure/functions-core'],
    ...(format === 'esm' ? { banner: { js: REQUIRE_BANNER } } : {}),
  })
  return outfile
}

/** A host for the fixture app, with every log line kept. */
export async function startFixture(
  entry: string,
  options: Partial<HostOptions> = {},
): Promise<{ host: Host; lines: LogLine[]; get: (path: string, init?: RequestInit) => Promise<Response> }> {
  const lines: LogLine[] = []
  const { settings, ...rest } = options
  const host = await createHost({
    entry,
    hostJson: HOST_JSON,
    settings: {
      FIXTURE_SCHEDULE: '0 0 4 1 1 *',
      FIXTURE_SETTING: 'from settings',
      'AzureWebJobs.work.Disabled': 'true',
      'AzureWebJobs.switched-off.Disabled': '1',
      ...settings,
    },
    keys: KEYS,
    queues: () => {
      throw new Error('this test uses no queue')
    },
    writeLog: (line) => lines.push(line),
    ...rest,
  })
  return { host, lines, get: (path, init) => fetch(host.url + path, init) }
}

/** Waits until a function of the newest fixture waits under `id`; the answer lets it go on. */
export function waiting(id: string): Promise<() => void> {
  const shared = globalThis as { fixtureReleased?: Map<string, () => void> }
  return eventually(() => shared.fixtureReleased?.get(id))
}

/** Azurite's queue service as a child process, in memory. */
export async function startAzurite(): Promise<{ connectionString: string; stop: () => Promise<void> }> {
  const flags = ['--queuePort', '0', '--inMemoryPersistence', '--disableTelemetry', '--silent']
  const child = spawn(process.execPath, [AZURITE, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await lineOf(child, /http:\/\/127\.0\.0\.1:\d+/)
  const connectionString = `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY};QueueEndpoint=${url}/${ACCOUNT};`
  return { connectionString, stop: () => stopChild(child) }
}

/** Waits for the first piece of a line on a child's stdout that fits. */
export function lineOf(child: ChildProcess, wanted: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the process ended with ${code} before it said ${wanted}`)))
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const found = wanted.exec(line)
      if (found !== null) resolve(found[0])
    })
  })
}

/** Ends a child and waits for it. */
export function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill()
  })
}

/** Waits until `look` finds something. */
export async function eventually<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const end = Date.now() + CEILING_MS
  while (Date.now() < end) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`nothing came of it within ${CEILING_MS} ms`)
}

/** Takes texts off a queue, decoded, until there are `count`. */
export async function takeTexts(queue: QueueClient, count: number): Promise<string[]> {
  const texts: string[] = []
  await eventually(async () => {
    const exists = await queue.exists()
    const { receivedMessageItems } = exists
      ? await queue.receiveMessages({ numberOfMessages: 32 })
      : { receivedMessageItems: [] }
    for (const message of receivedMessageItems) {
      texts.push(Buffer.from(message.messageText, 'base64').toString('utf8'))
      await queue.deleteMessage(message.messageId, message.popReceipt)
    }
    return texts.length >= count || undefined
  })
  return texts
}

/** Puts a value on a queue as JSON in base64. */
export async function put(queue: QueueClient, value: unknown): Promise<void> {
  await queue.sendMessage(Buffer.from(JSON.stringify(value)).toString('base64'))
}

export function queuesOf(connectionString: string): () => QueueServiceClient {
  return () => QueueServiceClient.fromConnectionString(connectionString)
}
