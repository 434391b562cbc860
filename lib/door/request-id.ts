import { problem, Refusal } from './problem.ts'

/** The headers that may carry a caller's id of a request (draft-ietf-httpapi-idempotency-key-header; OASIS repeatable requests). */
const HEADERS = ['idempotency-key', 'repeatability-request-id'] as const
const GOOD_ID = /^[\x20-\x7e]{1,128}$/

/**
 * The caller's id of a request: `id` of the body, or one of the two headers; quotes around a header's are taken off. Null
 * where there is none. Throws Refusal 400 where two of them differ or one is no id of 1–128 printable characters.
 */
export function requestIdIn(headers: Headers, body: unknown): string | null {
  const given = HEADERS.flatMap((name) => {
    const value = headers.get(name)
    return value === null ? [] : [{ where: name as string, id: value.trim().replace(/^"(.*)"$/, '$1') }]
  })
  const own = isObject(body) && typeof body.id === 'string' ? [{ where: 'id in the body', id: body.id }] : []
  const all = [...own, ...given]
  const odd = all.find(({ id }) => !GOOD_ID.test(id))
  if (odd !== undefined) throw refused(`${odd.where} must be 1–128 printable ASCII characters, e.g. a UUID.`)
  const other = all.find(({ id }) => id !== all[0]?.id)
  if (other !== undefined) throw refused(`${all[0]?.where} and ${other.where} differ. Give one id.`)
  return all[0]?.id ?? null
}

/** As `requestIdIn`; throws Refusal 400 where there is none. */
export function requiredId(headers: Headers, body: unknown, what: string): string {
  const id = requestIdIn(headers, body)
  if (id !== null) return id
  throw refused(
    `Give the ${what} an id of its own, as "id" in the body or as Idempotency-Key, so that sending it again is harmless.`,
  )
}

/**
 * The body with the id in it, wherever it came from. What is no object is left as it is, and so is an `id` that the body
 * has itself, of whatever type: whoever reads the body refuses it.
 */
export function withRequestId(headers: Headers, body: unknown): unknown {
  const id = requestIdIn(headers, body)
  if (id === null || !isObject(body ?? {})) return body
  return { id, ...(body as object | null) }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refused(detail: string): Refusal {
  return new Refusal(problem(400, 'bad-request', detail))
}
