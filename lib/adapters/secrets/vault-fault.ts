import { Fault, type FaultKind } from '../../errors.ts'

const LONGEST_TEXT = 400

/** What the SDK's errors may carry, all of it doubtful. */
interface SdkError {
  readonly name?: unknown
  readonly message?: unknown
  readonly code?: unknown
  readonly statusCode?: unknown
  readonly response?: { readonly headers?: { get?: (name: string) => string | undefined } }
}

/**
 * Says an error of the Key Vault SDK as a Fault that names the secret. The SDK's error is not handed on as cause: it carries
 * the request, and that carries a token.
 */
export function faultOfVault(secret: string, error: unknown, timeoutMs: number, now: number): Fault {
  if (error instanceof Fault) return error
  const { name, message, code, statusCode, response } = (error ?? {}) as SdkError
  const what = `Secret ${secret} in Key Vault`
  if (name === 'AbortError' || name === 'TimeoutError') {
    return new Fault('unavailable', `${what}: no answer within ${timeoutMs} ms.`)
  }
  const text = tidy(String(message ?? error))
  if (name === 'CredentialUnavailableError')
    return new Fault('unavailable', `${what}: the identity gave no token: ${text}`)
  if (typeof statusCode !== 'number') {
    const passing = name === 'RestError' || name === 'AuthenticationError'
    return new Fault(passing ? 'unavailable' : 'malformed', `${what}: could not be read: ${text}`)
  }
  const kind = name === 'AuthenticationError' && statusCode < 500 && statusCode !== 429 ? 'denied' : kindOf(statusCode)
  const hint = kind === 'denied' ? ' Grant the identity Key Vault Secrets User on the vault, and see its firewall.' : ''
  const seconds = Number(response?.headers?.get?.('retry-after') ?? Number.NaN)
  return new Fault(kind, `${what}: ${statusCode} ${typeof code === 'string' ? code : ''}: ${text}${hint}`, {
    retryAfterMs: Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : dateMs(response, now),
  })
}

function kindOf(status: number): FaultKind {
  if (status === 401 || status === 403) return 'denied'
  if (status === 404) return 'not-found'
  if (status === 429) return 'throttled'
  if (status >= 500 || status === 408) return 'unavailable'
  if (status === 409) return 'conflict'
  return 'malformed'
}

function dateMs(response: SdkError['response'], now: number): number | null {
  const date = Date.parse(response?.headers?.get?.('retry-after') ?? '')
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}

function tidy(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, LONGEST_TEXT)
}
