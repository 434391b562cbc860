import type { HttpResponseInit } from '@azure/functions'

/**
 * Answers with an entity tag: 304 without a body where `If-None-Match` names it already (weak comparison, RFC 9110 13.1.2)
 * or says `*`, else what `make` gives, with the tag.
 */
export function tagged(headers: Headers, etag: string, make: () => HttpResponseInit): HttpResponseInit {
  if (isKnown(headers.get('if-none-match'), etag)) return { status: 304, headers: { etag } }
  const made = make()
  return { ...made, headers: { ...Object.fromEntries(new Headers(made.headers)), etag } }
}

/** Whether an `If-None-Match` header names the tag, weakly compared, or says `*`. */
export function isKnown(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '')
  const named = ifNoneMatch.split(',').map(opaque)
  return named.includes('*') || named.includes(opaque(etag))
}
