import { Fault } from '../../errors.ts'

/** What Table Storage said, whichever of the SDK's places it stands in. */
export interface Refusal {
  readonly status: number | null
  readonly code: string
}

/**
 * Reads status and code from an SDK error, or null where the error is none of the SDK's.
 * Single calls hold the code in `details.odataError.code`, batches in `code` (measured with data-tables 13.3).
 */
export function refusal(error: unknown): Refusal | null {
  if (!(error instanceof Error)) return null
  const { name, statusCode, code, details } = error as Error & {
    readonly statusCode?: number
    readonly code?: string
    readonly details?: { readonly odataError?: { readonly code?: string } }
  }
  if (!isOutside(name)) return null
  return { status: statusCode ?? null, code: details?.odataError?.code ?? code ?? '' }
}

/** Turns an SDK error into the Fault that says what to do; anything else is our mistake and is thrown as it is. */
export function throwFault(error: unknown, doing: string): never {
  const said = refusal(error)
  if (said === null) throw error
  const { kind, hint } = meaning(said)
  const answer =
    said.status === null ? (said.code === '' ? 'no answer' : said.code) : `${said.status} ${said.code}`.trim()
  throw new Fault(kind, `Table Storage, ${doing}: ${answer}. ${hint}`, {
    cause: error,
    retryAfterMs: retryAfter(error),
  })
}

function isOutside(name: string): boolean {
  return ['RestError', 'AbortError', 'TimeoutError'].includes(name) || /Authentication|Credential/.test(name)
}

function meaning({ status, code }: Refusal): { readonly kind: Fault['kind']; readonly hint: string } {
  if (status === 429 || code === 'ServerBusy') return { kind: 'throttled', hint: 'Try again later.' }
  if (status === null || status >= 500 || status === 408) {
    return { kind: 'unavailable', hint: 'The write may or may not have been stored: load again.' }
  }
  if (status === 401 || status === 403) {
    return { kind: 'denied', hint: 'Give the identity the role Storage Table Data Contributor on the storage account.' }
  }
  if (status === 404) return { kind: 'not-found', hint: 'Create the tables first (ensureTables).' }
  if (status === 409 || status === 412) return { kind: 'conflict', hint: 'Load again and decide again.' }
  return { kind: 'malformed', hint: 'Table Storage refuses the request as wrong or too large; nothing was stored.' }
}

function retryAfter(error: unknown): number | null {
  const { response } = error as { readonly response?: { readonly headers?: { get(name: string): string | undefined } } }
  const seconds = Number(response?.headers?.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null
}
