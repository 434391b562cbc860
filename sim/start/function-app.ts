import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = join(import.meta.dirname, '..', '..')

/** The function app, running in the local Functions host as a process of its own. */
export interface FunctionApp {
  readonly url: string
  readonly pid: number
  /** Ends the process gracefully and waits until it has gone. */
  close(): Promise<void>
}

export interface FunctionAppOptions {
  /** The bundle. */
  readonly entry: string
  readonly settings: Readonly<Record<string, string>>
  /** The host key that routes of level `function` ask for. */
  readonly key: string
  /** PEM file of the local authority; whatever NODE_EXTRA_CA_CERTS held before goes along. */
  readonly caFile: string
  readonly logFile: string
  /** Default: a free one. */
  readonly port?: number
}

/** Starts the host with the app and waits until it serves. Throws with the end of its log when it does not. */
export async function startFunctionApp(options: FunctionAppOptions): Promise<FunctionApp> {
  const child = spawn(process.execPath, [join(ROOT, 'sim', 'host', 'main.ts')], {
    cwd: ROOT,
    env: {
      ...process.env,
      ...options.settings,
      NODE_EXTRA_CA_CERTS: options.caFile,
      HOST_ENTRY: options.entry,
      HOST_JSON: join(ROOT, 'host.json'),
      HOST_KEY: options.key,
      HOST_PORT: String(options.port ?? 0),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // Whatever ends this process, the host does not outlive it.
  const endWithUs = () => void child.kill('SIGTERM')
  process.once('exit', endWithUs)
  child.once('exit', () => process.off('exit', endWithUs))
  child.stderr.pipe(createWriteStream(options.logFile))
  const url = await ready(child, options.logFile)
  return { url, pid: child.pid ?? 0, close: () => end(child) }
}

async function ready(child: ChildProcess, logFile: string): Promise<string> {
  if (child.stdout === null) throw new Error('the function app has no output')
  const lines = createInterface({ input: child.stdout })
  const failed = once(child, 'exit').then(([code]) => {
    const log = readFileSync(logFile, 'utf8').split('\n').slice(-20).join('\n')
    throw new Error(`the function app ended with code ${code} before it served; the end of ${logFile}:\n${log}`)
  })
  failed.catch(() => {})
  const [line] = (await Promise.race([once(lines, 'line'), failed])) as [string]
  return (JSON.parse(line) as { url: string }).url
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await gone
  clearTimeout(late)
}
