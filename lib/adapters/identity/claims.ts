import type { Grant } from '../../core/caller.ts'
import { pseudonymsIn } from '../../core/people.ts'

const MAX_NAME_CHARS = 100
/** Controls, halves of characters, line ends, and marks that turn the direction of writing: nothing that could forge a line. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** What the values of a claim `roles` grant. Values without a grant, and whatever is no list of texts, grant nothing. */
export function grantsOf(claim: unknown, roles: ReadonlyMap<string, Grant>): readonly Grant[] {
  const values = Array.isArray(claim) ? claim.filter((value) => typeof value === 'string') : []
  return [...new Set(values)].flatMap((value) => roles.get(value) ?? [])
}

/** The first of the claims that can be shown as a name, as one plain line of at most 100 characters. Nobody is called as others stand in the audit. */
export function nameOf(claims: readonly unknown[]): string {
  const names = claims.map((claim) => (typeof claim === 'string' ? plainLine(claim) : ''))
  return names.find((name) => name !== '' && !isTaken(name)) ?? 'nobody'
}

/** Names under which others stand in the audit: Slipway itself, and people by their pseudonyms. */
function isTaken(name: string): boolean {
  return name.toLowerCase() === 'slipway' || pseudonymsIn(name).size > 0
}

function plainLine(text: string): string {
  const line = text.slice(0, 1000).replace(UNSAFE, ' ').replace(/\s+/g, ' ').trim()
  return [...line].slice(0, MAX_NAME_CHARS).join('').trim()
}
