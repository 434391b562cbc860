import { type RequestOptions, request } from 'node:https'

/** What a probe asks: an address of a revision, and how long it waits. */
export interface Probe {
  /** `host` or `host:port`. */
  readonly host: string
  /** Begins with `/`. */
  readonly path: string
  readonly timeoutMs: number
}

/** Settings of the connection: which authorities are trusted, how names are looked up. */
export type ProbeTls = Pick<RequestOptions, 'ca' | 'lookup'>

/**
 * What became of a probe. `tookMs` runs from before the connection until the body has come. `code` says why there was no
 * answer, as Node names it (`ECONNRESET`), `TIMEOUT` where it did not come in time; null where there was one.
 */
export type Outcome =
  | { readonly status: number; readonly tookMs: number; readonly code: null }
  | { readonly status: null; readonly tookMs: number; readonly code: string }

/** Sent with every probe, so that a service can leave them out of its own figures. */
export const PROBE_HEADERS = {
  'user-agent': 'Slipway-Probe/1',
  'slipway-probe': '1',
  accept: '*/*',
  'cache-control': 'no-cache',
} as const

/** So much of a body is waited for; an answer that is longer has come. */
const MAX_BYTES = 65_536

/** One GET over a connection of its own. Redirects are answers and are not followed. Never throws. */
export async function sendProbe(probe: Probe, tls: ProbeTls): Promise<Outcome> {
  const started = performance.now()
  const status = await ask(probe, tls).catch((error: unknown) => codeOf(error))
  const tookMs = performance.now() - started
  return typeof status === 'number' ? { status, tookMs, code: null } : { status: null, tookMs, code: status }
}

/** The status once the body has come, or why there was none. */
function ask(probe: Probe, tls: ProbeTls): Promise<number | string> {
  return new Promise((resolve) => {
    const asked = request({ ...addressOf(probe), ...tls, headers: PROBE_HEADERS, agent: false })
    const timer = setTimeout(() => done('TIMEOUT'), probe.timeoutMs)
    const done = (outcome: number | string) => {
      clearTimeout(timer)
      resolve(outcome)
      asked.destroy()
    }
    asked.on('error', (error) => done(codeOf(error)))
    asked.on('response', (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > MAX_BYTES) done(response.statusCode ?? 0)
      })
      response.on('end', () => done(response.statusCode ?? 0))
      response.on('error', (error) => done(codeOf(error)))
    })
    asked.on('close', () => done('ECONNRESET'))
    asked.end()
  })
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'ERROR'
}

function addressOf({ host, path }: Probe): RequestOptions {
  const [, name = host, port = '443'] = /^([^:]*)(?::(\d+))?$/.exec(host) ?? []
  return { host: name, port, path: path.toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent) }
}
