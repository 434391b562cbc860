import { lookup as lookUp } from 'node:dns'
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { Fault } from '../../errors.ts'
import { isLoopback, isPublic } from './address.ts'

/** What the way out is made of. */
export interface OutboundOptions {
  /** The only hosts that are called, each as `URL.host` writes it: lower case, with a port where it is not the usual one. */
  readonly hosts: readonly string[]
  /** Whether this machine's own loopback may be called too, also without TLS: for the local stack. */
  readonly loopback: boolean
  /** How names are looked up; the machine's own way unless told otherwise. */
  readonly lookup?: LookupFunction
  /** Time limit of a whole call; 10 s unless told otherwise. */
  readonly timeoutMs?: number
}

/** An answer: at most 64 KiB of it. */
export interface Answer {
  readonly status: number
  readonly text: string
  /** What Retry-After asks for; null where it says nothing. */
  readonly retryAfterMs: number | null
}

/**
 * POSTs a body. Throws Fault: `denied` where the address may not be called, `unavailable` where no answer comes in time.
 * No message holds more of the URL than its host.
 */
export type Outbound = (url: URL, headers: Readonly<Record<string, string>>, body: string) => Promise<Answer>

const TIMEOUT_MS = 10_000
const MOST_BYTES = 65_536

/**
 * The one way out to places that are told: TLS, hosts of the configuration and no others, no redirects, and never an address
 * of a private network. Every address that a name leads to is checked at the very look-up that the connection then uses.
 */
export function createOutbound(options: OutboundOptions): Outbound {
  const { hosts, loopback, timeoutMs = TIMEOUT_MS } = options
  const allows = (address: string) => isPublic(address) || (loopback && isLoopback(address))
  const lookup = guarded(options.lookup ?? lookUp, allows)
  return async (url, headers, body) => {
    check(url, hosts, loopback, allows)
    const bytes = Buffer.from(body, 'utf8')
    const settings: RequestOptions = {
      method: 'POST',
      headers: { 'user-agent': 'Slipway/1', accept: 'application/json', ...headers, 'content-length': bytes.length },
      agent: false,
      lookup,
    }
    return call(url, settings, bytes, timeoutMs)
  }
}

function check(url: URL, hosts: readonly string[], loopback: boolean, allows: (address: string) => boolean): void {
  const deny = (why: string): never => {
    throw new Fault('denied', `${url.host === '' ? 'an address' : url.host} is not called: ${why}`)
  }
  const literal = url.hostname.replace(/^\[|\]$/g, '')
  if (!hosts.includes(url.host)) deny('it is no host of the configuration SLIPWAY_NOTIFY')
  if (url.username !== '' || url.password !== '') deny('its URL holds a user or password')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback && isLoopback(literal)))
    deny('its URL does not begin with https://')
  // Addresses are never looked up, so they are checked here.
  if (isIP(literal) !== 0 && !allows(literal)) deny(PRIVATE)
}

const PRIVATE = 'it is an address of a private, local or reserved network'

/** A look-up that fails where any of the addresses may not be called: a name that leads both ways is up to something. */
function guarded(lookup: LookupFunction, allows: (address: string) => boolean): LookupFunction {
  return (name, options, found) => {
    lookup(name, { ...options, all: true }, (error, answer) => {
      if (error) return found(error, '', 0)
      const addresses = Array.isArray(answer) ? answer : []
      const first = addresses[0]
      if (first === undefined) return found(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '', 0)
      if (!addresses.every(({ address }) => allows(address)))
        return found(Object.assign(new Error(PRIVATE), { code: BLOCKED }), '', 0)
      if (options.all === true)
        return (found as unknown as (error: null, all: typeof addresses) => void)(null, addresses)
      found(null, first.address, first.family)
    })
  }
}

const BLOCKED = 'EBLOCKED'

function call(url: URL, settings: RequestOptions, body: Buffer, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = (url.protocol === 'https:' ? request : requestPlain)(url, settings)
    const fail = (error: Fault) => {
      clearTimeout(timer)
      asked.destroy()
      reject(error)
    }
    const timer = setTimeout(() => fail(silent(url, `no answer within ${timeoutMs / 1000} s`)), timeoutMs)
    asked.on('error', (error) => fail(faultOf(url, error)))
    asked.on('response', (response) => {
      read(response).then(
        (text) => {
          clearTimeout(timer)
          asked.destroy()
          resolve({ status: response.statusCode ?? 0, text, retryAfterMs: retryAfter(response) })
        },
        (error: unknown) => fail(faultOf(url, error)),
      )
    })
    asked.end(body)
  })
}

/** What is longer than any honest answer is not read on: the status is what counts. */
async function read(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part)
    size += part.length
    if (size >= MOST_BYTES) break
  }
  return Buffer.concat(parts).subarray(0, MOST_BYTES).toString('utf8')
}

/** Seconds, or a date; anything else says nothing (RFC 9110 §10.2.3). */
function retryAfter({ headers }: IncomingMessage): number | null {
  const text = headers['retry-after']
  if (text === undefined) return null
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const at = Date.parse(text)
  const sent = Date.parse(headers.date ?? '')
  return Number.isNaN(at) || Number.isNaN(sent) ? null : Math.max(0, at - sent)
}

function faultOf(url: URL, error: unknown): Fault {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null
  if (code === BLOCKED) return new Fault('denied', `${url.host} is not called: ${PRIVATE}`)
  return silent(url, typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'the connection failed')
}

function silent(url: URL, why: string): Fault {
  return new Fault('unavailable', `${url.host} gave no answer (${why}); it is tried again`)
}
