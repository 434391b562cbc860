import { Fault } from '../../errors.ts'
import type { Clock } from '../../ports.ts'

/** As much of `fetch` as calls to a vault need. */
export type VaultFetch = (
  url: string,
  init: {
    readonly method: 'GET' | 'POST'
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
    readonly redirect: 'manual'
    readonly signal: AbortSignal
  },
) => Promise<Pick<Response, 'status' | 'headers' | 'text'>>

/** What calling a vault needs. */
export interface VaultCalls {
  /** `https://<name>.vault.azure.net`, without a slash at its end. */
  readonly vaultUrl: string
  readonly token: () => Promise<string>
  readonly clock: Clock
  readonly fetch: VaultFetch
  readonly timeoutMs: number
}

/** Asks a vault below its own address, and gives the members of its answer. Throws Fault. */
export type Ask = (what: string, path: string, body?: unknown) => Promise<Readonly<Record<string, unknown>>>

const VERSION = 'api-version=7.4'
const HINT = 'Give the identity the role Key Vault Crypto User on the key, and let the vault’s firewall pass.'

/** The one way to a vault's keys: each call ends within its time, no redirect is followed, and no message holds what was sent. */
export function createAsk({ vaultUrl, token, clock, fetch, timeoutMs }: VaultCalls): Ask {
  return async (what, path, body) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const headers = { authorization: `Bearer ${await token()}`, accept: 'application/json' }
    const separator = path.includes('?') ? '&' : '?'
    const url = `${vaultUrl}${path}${path.includes('api-version=') ? '' : `${separator}${VERSION}`}`
    const init = { method: 'GET', headers, redirect: 'manual', signal } as const
    const sent =
      body === undefined
        ? init
        : ({ ...init, method: 'POST', headers: { ...headers, ...JSON_TYPE }, body: JSON.stringify(body) } as const)
    const { status, headers: said, text } = await answered(what, () => fetch(url, sent), signal, timeoutMs)
    if (status !== 200) throw faultOf(what, status, said, clock.now())
    return membersOf(what, text)
  }
}

const JSON_TYPE = { 'content-type': 'application/json' } as const

async function answered(
  what: string,
  call: () => ReturnType<VaultFetch>,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<{ readonly status: number; readonly headers: Headers; readonly text: string }> {
  try {
    const response = await call()
    return { status: response.status, headers: response.headers, text: await response.text() }
  } catch (error) {
    const why = signal.aborted ? `no answer within ${timeoutMs} ms` : 'no connection'
    throw new Fault('unavailable', `Key Vault, ${what}: ${why}.`, { cause: error })
  }
}

function faultOf(what: string, status: number, headers: Headers, now: number): Fault {
  const said = `Key Vault, ${what}: ${status}`
  if (status === 401 || status === 403) return new Fault('denied', `${said}. ${HINT}`)
  if (status === 404)
    return new Fault('not-found', `${said}: there is no such key. docs/audit.md says how to make one.`)
  const given = headers.get('retry-after')
  const at = given === null ? Number.NaN : /^\d+$/.test(given) ? now + Number(given) * 1000 : Date.parse(given)
  const retryAfterMs = Number.isNaN(at) ? null : Math.max(0, at - now)
  if (status === 429) return new Fault('throttled', `${said}, too many requests.`, { retryAfterMs })
  if (status >= 500 || status === 408) return new Fault('unavailable', `${said}.`, { retryAfterMs })
  return new Fault('malformed', `${said} is no answer that a vault gives here.`)
}

function membersOf(what: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(text)
    if (typeof read === 'object' && read !== null) return read as Readonly<Record<string, unknown>>
  } catch {
    // told below
  }
  throw new Fault('malformed', `Key Vault, ${what}: the answer cannot be read.`)
}
