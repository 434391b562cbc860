import { lookup as lookUp } from 'node:dns'
import { type RequestOptions, request } from 'node:https'
import type { LookupFunction } from 'node:net'

/** What a probe asks: an address of a revision, and how long it waits for the answer once the name was looked up. */
export interface Probe {
  /** `host` or `host:port`. */
  readonly host: string
  /** Begins with `/`. */
  readonly path: string
  readonly timeoutMs: number
}

/** Settings of the connection: which authorities are trusted, how names are looked up. */
export type ProbeTls = Pick<RequestOptions, 'ca' | 'lookup'>

/** How far a probe came: looking its name up, connecting to the ingress, or waiting for the answer (TLS is part of it). */
export type Stage = 'lookup' | 'connect' | 'answer'

/**
 * What became of a probe. `tookMs` runs from when the name was looked up until the body has come: how long DNS takes says
 * nothing about a revision. `code` says why there was no answer, as Node names it (`ECONNRESET`), `TIMEOUT` where it did
 * not come in time, and `stage` where that happened; null where there was an answer.
 */
export type Outcome =
  | { readonly status: number; readonly tookMs: number; readonly code: null; readonly stage: null }
  | { readonly status: null; readonly tookMs: number; readonly code: string; readonly stage: Stage }

/** Sent with every probe, so that a service can leave them out of its own figures. */
export const PROBE_HEADERS = {
  'user-agent': 'Slipway-Probe/1',
  'slipway-probe': '1',
  accept: '*/*',
  'cache-control': 'no-cache',
} as const

/** So much of a body is waited for; an answer that is longer has come. */
const MAX_BYTES = 65_536

/**
 * One GET over a connection of its own. The name is looked up within `lookupMs`; only then the probe's own time begins.
 * Redirects are answers and are not followed. Never throws.
 */
export async function sendProbe(probe: Probe, tls: ProbeTls, lookupMs: number): Promise<Outcome> {
  const watch = startWatch(probe.timeoutMs)
  const told = await ask(probe, tls, lookupMs, watch).catch((error: unknown) => codeOf(error))
  const { stage, tookMs } = watch.stop()
  return typeof told === 'number'
    ? { status: told, tookMs, code: null, stage: null }
    : { status: null, tookMs, code: told, stage }
}

/** The status once the body has come, or why there was none. */
function ask(probe: Probe, tls: ProbeTls, lookupMs: number, watch: Watch): Promise<number | string> {
  return new Promise((resolve) => {
    const lookup = watched(tls.lookup ?? lookUp, lookupMs, watch)
    const asked = request({ ...addressOf(probe), ...tls, lookup, headers: PROBE_HEADERS, agent: false })
    const done = (outcome: number | string) => {
      resolve(outcome)
      asked.destroy()
    }
    watch.onTimeout(() => done('TIMEOUT'))
    asked.on('socket', (socket) => socket.once('connect', () => watch.connected()))
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

/** Looks a name up and tells the watch; an address that is a number is never looked up. */
function watched(lookup: LookupFunction, lookupMs: number, watch: Watch): LookupFunction {
  return (name, options, found) => {
    watch.lookingUp(lookupMs)
    lookup(name, options, (error, address, family) => {
      if (error === null || error === undefined) watch.lookedUp()
      found(error, address, family)
    })
  }
}

type Watch = ReturnType<typeof startWatch>

/** Knows how far a probe came, and when its time is over. After `stop` nothing counts any more. */
function startWatch(timeoutMs: number) {
  let stage: Stage = 'connect'
  let started = performance.now()
  let isOver = false
  let timeout = () => {}
  let timer = setTimeout(() => timeout(), timeoutMs)
  const restart = (next: Stage, ms: number) => {
    if (isOver) return
    clearTimeout(timer)
    stage = next
    started = performance.now()
    timer = setTimeout(() => timeout(), ms)
  }
  return {
    onTimeout: (act: () => void) => {
      timeout = act
    },
    lookingUp: (lookupMs: number) => restart('lookup', lookupMs),
    lookedUp: () => restart('connect', timeoutMs),
    connected: () => {
      if (!isOver) stage = 'answer'
    },
    stop: (): { readonly stage: Stage; readonly tookMs: number } => {
      isOver = true
      clearTimeout(timer)
      return { stage, tookMs: performance.now() - started }
    },
  }
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'ERROR'
}

function addressOf({ host, path }: Probe): RequestOptions {
  const [, name = host, port = '443'] = /^([^:]*)(?::(\d+))?$/.exec(host) ?? []
  return { host: name, port, path: path.toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent) }
}
