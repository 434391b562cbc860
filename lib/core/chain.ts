import type { AuditDraft, AuditRow } from './audit.ts'
import { entityId, type ServiceState } from './service.ts'

/** The hash that stands before the first row of a chain. */
export const GENESIS = '0'.repeat(64)

/**
 * JSON with sorted keys and nothing between tokens: the same value gives the same text, wherever it was stored meanwhile.
 * What JSON cannot hold is written as JSON would (NaN and infinities as null, undefined members left out).
 */
export function canonical(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = value as Readonly<Record<string, unknown>>
    let text = ''
    for (const name of Object.keys(members).sort()) {
      const member = members[name]
      if (member !== undefined) text += `${text === '' ? '' : ','}${quoted(name)}:${canonical(member)}`
    }
    return `{${text}}`
  }
  return JSON.stringify(value ?? null)
}

/** Printable ASCII without quotes and backslashes, which stands in JSON as it is. */
const PLAIN = /^[ !#-[\]-~]*$/

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text)
}

/** What a row's hash is taken over: the hash before it and everything else that the row says, its own hash left out. */
export function hashedText(row: Omit<AuditRow, 'hash'> & Partial<Pick<AuditRow, 'hash'>>): string {
  const { hash: _, previousHash, ...said } = row
  return previousHash + canonical(said)
}

/** Turns drafts into rows: numbered on from the service's chain, timed, and chained by `digest` (SHA-256, hex). */
export function seal(
  service: Pick<ServiceState, 'key' | 'chain'>,
  drafts: readonly AuditDraft[],
  now: number,
  digest: (text: string) => string,
): Sealed {
  return sealAs(entityId(service.key), service.chain, drafts, now, digest)
}

/** Rows ready to be stored, and the head that their chain has after them. */
export interface Sealed {
  readonly rows: readonly AuditRow[]
  readonly chain: ServiceState['chain']
}

/** As `seal`, for the chain of any entity: an environment has one of its own. */
export function sealAs(
  entity: string,
  head: ServiceState['chain'],
  drafts: readonly AuditDraft[],
  now: number,
  digest: (text: string) => string,
): Sealed {
  let { seq, hash } = head
  const rows = drafts.map((draft) => {
    seq += 1
    const said = {
      ...draft,
      schema: 1 as const,
      id: `${entity}#${seq}`,
      seq,
      happenedAt: now,
      entityId: entity,
      previousHash: hash,
    }
    hash = digest(hashedText(said))
    return { ...said, hash }
  })
  return { rows, chain: { seq, hash } }
}
