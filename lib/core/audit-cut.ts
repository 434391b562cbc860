import type { ChainHead, Digest, Signature, SignedDigest } from './audit-digest.ts'
import { canonical, GENESIS } from './chain.ts'
import type { Base } from './chain-walk.ts'
import type { SignatureVerdict } from './digest-check.ts'

/** The shortest time that rows of the audit are kept, in days: whoever can write the table may not pass off younger rows as old. */
export const LEAST_RETENTION_DAYS = 90

const DAY_MS = 86_400_000

/**
 * What was removed from the audit of an environment under its retention: every chain up to where a digest says that it stood.
 * What is left begins there. Cuts are numbered from 1 and chained by hash; the newest holds for all before it.
 */
export interface Cut {
  readonly schema: 1
  readonly environment: string
  readonly number: number
  /** ISO 8601 in UTC. */
  readonly at: string
  readonly retentionDays: number
  /** The digest up to which rows were removed: whole hours, sealed by it and by those that follow it. */
  readonly digest: Pick<SignedDigest, 'number' | 'hash' | 'at'>
  /** Rows that this cut removed. */
  readonly rows: number
  /** The last row that was removed of each chain, by entity id: as the digest has it. */
  readonly heads: readonly ChainHead[]
  /** Hash of the cut before; of none, 64 zeros. */
  readonly previousHash: string
}

/** A cut as it is stored and shown. */
export interface SignedCut extends Cut {
  /** SHA-256, hex, over the canonical JSON of all that the cut says: the same bytes that are signed. */
  readonly hash: string
  readonly signature: Signature
}

/** Whether rows up to this digest may be removed: its successor stands, and it is older than the retention. */
export function isRipe(
  digest: Pick<Digest, 'at' | 'number'>,
  newest: number,
  retentionDays: number,
  now: number,
): boolean {
  return digest.number < newest && Date.parse(digest.at) <= now - retentionDays * DAY_MS
}

/** The cut at a digest, after `before` (null = the first of the environment). */
export function nextCut(before: SignedCut | null, digest: SignedDigest, retentionDays: number, now: number): Cut {
  const { environment, number, hash, at, heads } = digest
  return {
    schema: 1,
    environment,
    number: (before?.number ?? 0) + 1,
    at: new Date(now).toISOString(),
    retentionDays,
    digest: { number, hash, at },
    rows: rowsIn(heads) - rowsIn(before?.heads ?? []),
    heads,
    previousHash: before?.hash ?? GENESIS,
  }
}

/** What is hashed and signed: the canonical JSON of all that a cut says, without its hash and signature. */
export function cutText(cut: Cut): string {
  const { schema, environment, number, at, retentionDays, digest, rows, heads, previousHash } = cut
  return canonical({ schema, environment, number, at, retentionDays, digest, rows, heads, previousHash })
}

/** Where a chain begins after a cut; its very beginning where nothing of it was removed. */
export function baseOf(cut: Pick<Cut, 'heads'> | null, entityId: string): Base {
  return cut?.heads.find((head) => head.entityId === entityId) ?? { seq: 0, hash: GENESIS }
}

/** What checking a cut needs from outside. */
export interface CutCheck {
  readonly digest: (text: string) => string
  readonly verifySignature: (text: string, signature: Signature) => SignatureVerdict
  /** Number of the newest digest. */
  readonly newest: number
  /** The digest that the cut names, as it stands; null = there is none. */
  readonly named: SignedDigest | null
}

/** What is wrong with a cut, as a sentence; null = what it says was removed may be missing, and nothing else. */
export function wrongCut(cut: SignedCut, environment: string, check: CutCheck): string | null {
  const { retentionDays, digest: named } = cut
  const text = cutText(cut)
  if (cut.environment !== environment) return `it is a cut of ${cut.environment}`
  if (check.digest(text) !== cut.hash) return 'what it says does not give its hash: it was changed'
  const signed = check.verifySignature(text, cut.signature)
  if (signed === 'bad') return 'its signature is not over what it says'
  if (signed === 'unknown') return `no key that is known vouches for it (${cut.signature.keyId})`
  if (!(retentionDays >= LEAST_RETENTION_DAYS)) return `a retention is ${LEAST_RETENTION_DAYS} days or more`
  if (check.named === null || check.named.hash !== named.hash)
    return `digest ${named.number} is not the one that it names`
  if (canonical(check.named.heads) !== canonical(cut.heads)) return `it does not end where digest ${named.number} says`
  if (!isRipe(check.named, check.newest, retentionDays, Date.parse(cut.at)))
    return `digest ${named.number} was not old enough, or is the newest`
  return null
}

function rowsIn(heads: readonly ChainHead[]): number {
  return heads.reduce((sum, { seq }) => sum + seq, 0)
}
