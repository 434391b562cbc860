import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { AzureNamedKeyCredential, TableClient } from '@azure/data-tables'
import { QueueClient, StorageSharedKeyCredential } from '@azure/storage-queue'

/** A running Azurite with clients for it; everything it holds is gone after `stop`. */
export interface Azurite {
  readonly tableUrl: string
  readonly queueUrl: string
  table(name: string): TableClient
  queue(name: string): QueueClient
  stop(): Promise<void>
}

/** The account that Azurite documents for everybody; it opens nothing but a local Azurite. */
const ACCOUNT = 'devstoreaccount1'
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

/** Starts Azurite on free ports of the loopback interface, in memory, and resolves when all of it listens. */
export async function startAzurite(): Promise<Azurite> {
  const main = createRequire(import.meta.url).resolve('azurite/dist/src/azurite.js')
  const flags = ['--inMemoryPersistence', '--disableTelemetry', '--silent', '--skipApiVersionCheck']
  const ports = ['--blobPort', '0', '--queuePort', '0', '--tablePort', '0']
  const child = spawn(process.execPath, [main, ...flags, ...ports], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [tables, queues] = await listening(child, ['Table', 'Queue'])
  const tableUrl = `${tables}/${ACCOUNT}`
  const queueUrl = `${queues}/${ACCOUNT}`
  const tableKey = new AzureNamedKeyCredential(ACCOUNT, KEY)
  const queueKey = new StorageSharedKeyCredential(ACCOUNT, KEY)
  const tableOptions = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } }
  return {
    tableUrl,
    queueUrl,
    table: (name) => new TableClient(tableUrl, name, tableKey, tableOptions),
    queue: (name) => new QueueClient(`${queueUrl}/${name}`, queueKey, { retryOptions: { maxTries: 1 } }),
    stop: () => stop(child),
  }
}

function listening(child: ChildProcess, services: readonly string[]): Promise<readonly string[]> {
  let log = ''
  return new Promise((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      log += chunk.toString()
      const urls = services.map(
        (name) => new RegExp(`${name} service is successfully listening at (\\S+)\\s`).exec(log)?.[1],
      )
      if (urls.every((url) => url !== undefined)) resolve(urls)
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('exit', (code) => reject(new Error(`Azurite left with code ${code} before it listened: ${log}`)))
  })
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })
}
