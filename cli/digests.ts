import { createHash, createPublicKey, verify } from 'node:crypto'
import type { DigestList } from '../lib/api.ts'
import { baseOf, type SignedCut, wrongCut } from '../lib/core/audit-cut.ts'
import type { PublicKey, Signature, SignedDigest } from '../lib/core/audit-digest.ts'
import { checkDigests, type DigestVerdict, type SignatureVerdict } from '../lib/core/digest-check.ts'
import { type Api, isAnswer } from './http.ts'
import type { Io } from './io.ts'
import { clean, sign } from './words.ts'

/** The digests of an environment, oldest first, and the keys that the service shows. */
export interface Fetched {
  readonly digests: readonly SignedDigest[]
  readonly keys: readonly PublicKey[]
  /** What was removed under a retention; null = nothing. */
  readonly cut: SignedCut | null
}

/** Hashes of the rows that digests name, as they stand now, by row id (`production/pricing#7`). */
export type Seen = ReadonlyMap<string, string>

/** Every digest; null where this caller may not see them, or the service knows none. Fetch them before any head: rows only grow. */
export async function fetchDigests(api: Api, environment: string): Promise<Fetched | null> {
  try {
    const digests: SignedDigest[] = []
    let page = await api.get<DigestList>('/v1/audit/digests', { environment, limit: 100 })
    const { keys, cut = null } = page
    digests.push(...page.items)
    while (page.nextLink !== null) {
      page = await api.get<DigestList>(page.nextLink.replace(/^\/api/, ''))
      digests.push(...page.items)
    }
    return { digests: digests.toReversed(), keys, cut }
  } catch (error) {
    if (isAnswer(error, 403, 404)) return null
    throw error
  }
}

/** Ids of all rows that digests name. */
export function rowsNamed({ digests }: Fetched): ReadonlySet<string> {
  return new Set(digests.flatMap(({ heads }) => heads.map(({ entityId, seq }) => `${entityId}#${seq}`)))
}

/** What is wrong with the cut, by the digests and keys; null = nothing, or nothing was removed. */
export function cutTrouble(environment: string, { digests, keys, cut }: Fetched): string | null {
  if (cut === null) return null
  const named = digests.find(({ number }) => number === cut.digest.number) ?? null
  const newest = digests.at(-1)?.number ?? 0
  return wrongCut(cut, environment, { digest: sha256, verifySignature: verifierOf(keys), newest, named })
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Checks digests against the rows that were seen, of the chains that were walked (null = of all that there are). */
export function checkFetched(
  environment: string,
  { digests, keys, cut }: Fetched,
  seen: Seen,
  walked: ReadonlySet<string> | null,
): DigestVerdict {
  return checkDigests(environment, digests, {
    digest: sha256,
    verifySignature: verifierOf(keys),
    hashAt: (entityId, seq) => {
      const base = baseOf(cut, entityId)
      if (seq < base.seq || (walked !== null && !walked.has(entityId))) return undefined
      return seen.get(`${entityId}#${seq}`) ?? (seq === base.seq ? base.hash : null)
    },
  })
}

/** What the digests prove, as a line. */
export function digestLine(io: Io, environment: string, verdict: DigestVerdict | null): string {
  if (verdict === null) return `${sign(io, 'warning')} digests of ${environment}: not shown to you, so not checked`
  const { digests, proven, broken } = verdict
  if (digests === 0)
    return `${sign(io, 'warning')} digests of ${environment}: there are none yet; docs/audit.md says how they begin`
  const sound =
    proven === null
      ? 'nothing is proven'
      : `history is proven from ${clean(proven.from, 40)} to ${clean(proven.until, 40)}, up to digest ${proven.number} (${proven.hash.slice(0, 12)})`
  const [first] = broken
  if (first === undefined) return `${sign(io, 'good')} digests of ${environment}: ${digests} signed; ${sound}`
  const more = broken.length > 1 ? ` (and ${broken.length - 1} more)` : ''
  return `${sign(io, 'bad')} digests of ${environment}: digest ${first.number}: ${clean(first.because, 300)}${more}; ${sound}`
}

/** What was removed under a retention, as a line. */
export function cutLine(io: Io, { environment, digest, retentionDays }: SignedCut, wrong: string | null): string {
  const said = `rows of ${environment} before ${clean(digest.at, 40)} were removed under a retention of ${retentionDays} days`
  return wrong === null ? `${sign(io, 'good')} ${said}, signed` : `${sign(io, 'bad')} ${said}: ${clean(wrong, 300)}`
}

/** A key goes by the thumbprint of what it is, whatever name it is shown under. */
function verifierOf(keys: readonly PublicKey[]): (text: string, signature: Signature) => SignatureVerdict {
  const known = new Map(
    keys.map(({ kty, crv, x, y }) => {
      const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
      return [thumbprint, createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' })] as const
    }),
  )
  return (text, { algorithm, keyId, value }) => {
    const key = known.get(keyId)
    if (key === undefined || algorithm !== 'ES256') return 'unknown'
    const bytes = Buffer.from(value, 'base64url')
    return verify('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, bytes) ? 'good' : 'bad'
  }
}
