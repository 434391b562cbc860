import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServerCertificate } from './serve.ts'

export interface AzuriteOptions {
  /** Tokens are taken over TLS only; `ca` is what the certificate is checked against while waiting. */
  readonly tls: ServerCertificate & { readonly ca: string }
  /** Folder that keeps the data; absent = in memory. */
  readonly location?: string
  /** How long it may take to answer. Default 60 seconds. */
  readonly patienceMs?: number
}

/** Azure Storage on loopback. The URLs hold the account's name and no slash at the end. */
export interface AzuriteServer {
  readonly tableUrl: string
  readonly queueUrl: string
  readonly blobUrl: string
  readonly pid: number
  /** Ends the process as SIGTERM does, leaves it away for so long, and starts it again on the same ports; on disk everything is still there. */
  restart(awayMs: number): Promise<void>
  /** Ends the process and waits until it has gone; on disk everything is saved. */
  close(): Promise<void>
}

/**
 * Starts Azurite as a child process on free ports and waits until all three services answer. It takes any token of an
 * Entra issuer with the storage audience, and ends by itself when this process dies.
 */
export async function createAzurite(options: AzuriteOptions): Promise<AzuriteServer> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-azurite-'))
  const { cert, key } = options.tls
  await Promise.all([
    writeFile(join(folder, 'cert.pem'), cert),
    writeFile(join(folder, 'key.pem'), key, { mode: 0o600 }),
  ])
  let child = launch(options, folder, ANY)
  const close = async () => {
    await end(child)
    await rm(folder, { recursive: true, force: true })
  }
  const begun = async () => {
    const ports = await listeningPorts(child, options.patienceMs ?? 60_000)
    await Promise.all(Object.values(ports).map((port) => answers(port, options.tls.ca)))
    return ports
  }
  try {
    const url = (port: number) => `https://127.0.0.1:${port}/devstoreaccount1`
    const ports = await begun()
    return {
      tableUrl: url(ports.table),
      queueUrl: url(ports.queue),
      blobUrl: url(ports.blob),
      get pid() {
        return child.pid ?? 0
      },
      restart: async (awayMs) => {
        await end(child)
        await new Promise((resolve) => setTimeout(resolve, awayMs))
        child = launch(options, folder, ports)
        await begun()
      },
      close,
    }
  } catch (cause) {
    await close()
    throw cause
  }
}

/** Shuts Azurite down when the channel to its parent closes, so that a killed parent leaves no orphan either. */
const LAST_BREATH = `data:text/javascript,process.once('disconnect',()=>process.kill(process.pid,'SIGTERM'))`

/** Ports that nobody has. */
const ANY: Ports = { blob: 0, queue: 0, table: 0 }

function launch(options: AzuriteOptions, folder: string, ports: Ports): ChildProcess {
  const entry = createRequire(import.meta.url).resolve('azurite/dist/src/azurite.js')
  const keep = options.location === undefined ? ['--inMemoryPersistence'] : ['--location', options.location]
  const doors = Object.entries(ports).flatMap(([name, port]) => [
    `--${name}Host`,
    '127.0.0.1',
    `--${name}Port`,
    `${port}`,
  ])
  const trust = ['--oauth', 'basic', '--cert', join(folder, 'cert.pem'), '--key', join(folder, 'key.pem')]
  const flags = ['--disableTelemetry', '--silent', '--skipApiVersionCheck', '--disableProductStyleUrl']
  // As long as Azure keeps a connection that nobody uses: a busy machine pauses for longer than Node's five seconds.
  const patience = ['--tableKeepAliveTimeout', '60']
  return spawn(process.execPath, ['--import', LAST_BREATH, entry, ...doors, ...keep, ...trust, ...flags, ...patience], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
}

interface Ports {
  readonly blob: number
  readonly queue: number
  readonly table: number
}

/** Reads the ports from what Azurite says about itself when each service listens. */
async function listeningPorts(child: ChildProcess, patienceMs: number): Promise<Ports> {
  return new Promise((resolve, reject) => {
    let said = ''
    const fail = (why: string) =>
      reject(new Error(`Azurite did not start: ${why}. It said: ${said.trim() || 'nothing'}`))
    const timer = setTimeout(() => fail(`no answer within ${patienceMs} ms`), patienceMs)
    const hear = (text: Buffer) => {
      said += text.toString()
      const ports = portsIn(said)
      if (ports === null) return
      clearTimeout(timer)
      resolve(ports)
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('error', (error) => fail(error.message))
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      fail(`it ended with ${signal ?? `code ${code}`}`)
    })
  })
}

function portsIn(said: string): Ports | null {
  const port = (service: string) =>
    Number(new RegExp(`Azurite ${service} service is successfully listening at \\S+:(\\d+)`).exec(said)?.[1] ?? 0)
  const ports = { blob: port('Blob'), queue: port('Queue'), table: port('Table') }
  return ports.blob && ports.queue && ports.table ? ports : null
}

/** Resolves when a request over TLS is answered, whatever the answer. */
function answers(port: number, ca: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: '/devstoreaccount1', ca, agent: false }, (response) => {
      response.resume()
      response.once('end', resolve)
    })
    asked.once('error', reject)
    asked.end()
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit')
    if (child.connected) child.disconnect()
    const last = setTimeout(() => child.kill('SIGKILL'), 15_000)
    await gone
    clearTimeout(last)
  }
}
