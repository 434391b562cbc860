import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A real Prometheus server on loopback that scrapes its targets every second. */
export interface PrometheusServer {
  readonly url: string
  /** Ends the server and removes its data; twice does no harm. */
  stop(): Promise<void>
}

/** What to tell somebody who has no Prometheus. */
export const INSTALL_PROMETHEUS =
  'there is no `prometheus` on the PATH. Install it (Debian and Ubuntu: apt-get install --no-install-recommends prometheus), ' +
  'or set SLIPWAY_TEST_WITHOUT=prometheus to leave its tests out'

/** The path of the `prometheus` program, or null where this machine has none. */
export function findPrometheus(path = process.env.PATH ?? ''): string | null {
  const candidates = path.split(delimiter).map((folder) => join(folder, 'prometheus'))
  return candidates.find(isExecutable) ?? null
}

/** True where the developer said that this machine has no Prometheus and that it is all right. */
export function goesWithoutPrometheus(without = process.env.SLIPWAY_TEST_WITHOUT ?? ''): boolean {
  return without.split(/[\s,]+/).includes('prometheus')
}

/** Starts Prometheus and waits until it answers. `targets` are `host:port`, scraped at `/metrics`. */
export async function startPrometheus(targets: readonly string[]): Promise<PrometheusServer> {
  const program = findPrometheus()
  if (program === null) throw new Error(INSTALL_PROMETHEUS)
  const folder = await mkdtemp(join(tmpdir(), 'slipway-prometheus-'))
  await writeFile(join(folder, 'prometheus.yml'), configuration(targets))
  const port = await freePort()
  const child = spawn(program, flags(folder, port), { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-2000)
  })
  const stop = () => end(child, folder)
  const url = `http://127.0.0.1:${port}`
  try {
    await untilReady(child, url)
  } catch (cause) {
    await stop()
    throw new Error(`Prometheus did not come up: ${said}`, { cause })
  }
  return { url, stop }
}

function configuration(targets: readonly string[]): string {
  const job = { job_name: 'services', static_configs: [{ targets }] }
  return JSON.stringify({ global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: [job] })
}

function flags(folder: string, port: number): readonly string[] {
  return [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=error',
  ]
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`)
    const response = await fetch(`${url}/-/ready`).catch(() => null)
    await response?.arrayBuffer()
    if (response?.status === 200) return
    await sleep(100)
  }
  throw new Error('it was not ready within 60 s')
}

async function end(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
