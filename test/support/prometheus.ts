import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PROMETHEUS, runProgram } from './parts.ts'
import { freePort } from './ports.ts'

/** A real Prometheus server on loopback that scrapes its targets twice a second: at least once in a bucket of a second. */
export interface PrometheusServer {
  readonly url: string
  /** Ends the server and removes its data; twice does no harm. */
  stop(): Promise<void>
}

/** Starts Prometheus and waits until it answers. `targets` are `host:port`, scraped at `/metrics`. */
export async function startPrometheus(targets: readonly string[]): Promise<PrometheusServer> {
  return start(await freePort(), { static_configs: [{ targets }] })
}

/** As `startPrometheus`, on a port that was chosen before; what is scraped is asked for at `url` (HTTP service discovery). */
export async function startPrometheusOn(port: number, url: string): Promise<PrometheusServer> {
  return start(port, { http_sd_configs: [{ url, refresh_interval: '1s' }] })
}

/** One series as if it had been scraped: its name with its labels as Prometheus writes them, and samples by time (epoch ms). */
export interface PastSeries {
  readonly series: string
  readonly samples: readonly (readonly [at: number, value: number])[]
}

/** A server that scrapes nothing and remembers this past, however long ago it was. */
export async function startPrometheusAfter(past: readonly PastSeries[]): Promise<PrometheusServer> {
  return start(await freePort(), { static_configs: [] }, (folder) => backfill(folder, past))
}

async function start(
  port: number,
  discovery: object,
  prepare: (folder: string) => Promise<void> = async () => {},
): Promise<PrometheusServer> {
  const program = PROMETHEUS.program
  const folder = await mkdtemp(join(tmpdir(), 'slipway-prometheus-'))
  await writeFile(join(folder, 'prometheus.yml'), configuration(discovery))
  await prepare(folder)
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

/** Writes blocks of the past by the tool that comes with Prometheus; times are seconds there. */
async function backfill(folder: string, past: readonly PastSeries[]): Promise<void> {
  const families = Map.groupBy(past, ({ series }) => /^[a-zA-Z0-9_:]+/.exec(series)?.[0] ?? '')
  const lines = [...families].flatMap(([name, members]) => [
    `# TYPE ${name} unknown`,
    ...members.flatMap(({ series, samples }) => samples.map(([at, value]) => `${series} ${value} ${at / 1000}`)),
  ])
  const file = join(folder, 'past.txt')
  await writeFile(file, `${lines.join('\n')}\n# EOF\n`)
  runProgram('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', '--quiet', file, join(folder, 'data')])
}

function configuration(discovery: object): string {
  const job = { job_name: 'services', ...discovery }
  return JSON.stringify({ global: { scrape_interval: '500ms', scrape_timeout: '500ms' }, scrape_configs: [job] })
}

function flags(folder: string, port: number): readonly string[] {
  return [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--storage.tsdb.retention.time=100y',
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
