import { digestText, type Signature, type SignedDigest } from './audit-digest.ts'
import { GENESIS } from './chain.ts'

/** What checking a signature has shown. `unknown`: its key is none that the checker trusts. */
export type SignatureVerdict = 'good' | 'bad' | 'unknown'

/** What checking digests needs from outside. */
export interface DigestCheck {
  /** SHA-256, hex. */
  readonly digest: (text: string) => string
  readonly verifySignature: (text: string, signature: Signature) => SignatureVerdict
  /** Hash of a row of a chain as it stands now; null = there is no such row, undefined = this chain is not looked at. */
  readonly hashAt: (entityId: string, seq: number) => string | null | undefined
}

/** What is wrong, and with which digest. */
export interface DigestBreak {
  readonly number: number
  readonly because: string
}

/** What the digests of an environment prove. */
export interface DigestVerdict {
  readonly digests: number
  /** All that was written until the moment `until` was digested from `from` on, and stands as it was. Null = nothing is proven. */
  readonly proven: {
    readonly from: string
    readonly until: string
    readonly number: number
    readonly hash: string
  } | null
  /** In the order of the digests; of one chain only the first. Empty = nothing is wrong. */
  readonly broken: readonly DigestBreak[]
}

/**
 * Checks the digests of one environment, oldest first and from the very first: numbers without gaps, each naming the hash
 * before it, a text that gives its hash, signatures, heads that never go back, and every head still in its chain. So rows
 * that were cut off are found also where the head was put back with them. A signature by a key that is no longer known does
 * no harm where a later digest with a known key vouches for it by the chain of hashes; history is proven up to the last such.
 */
export function checkDigests(environment: string, digests: readonly SignedDigest[], check: DigestCheck): DigestVerdict {
  const broken: DigestBreak[] = []
  const lost = new Set<string>()
  let proven: DigestVerdict['proven'] = null
  let last: SignedDigest | null = null
  for (const each of digests) {
    const signed = check.verifySignature(digestText(each), each.signature)
    const faults = [wrongWith(each, last, environment, signed, check), ...wrongHeads(each, last, lost, check)]
    for (const because of faults) if (because !== null) broken.push({ number: each.number, because })
    if (broken.length === 0 && signed === 'good')
      proven = { from: digests[0]?.at ?? each.at, until: each.at, number: each.number, hash: each.hash }
    last = each
  }
  if (last !== null && broken.length === 0 && proven?.number !== last.number)
    broken.push({ number: last.number, because: `no key that is known vouches for it (${last.signature.keyId})` })
  return { digests: digests.length, proven, broken }
}

function wrongWith(
  each: SignedDigest,
  last: SignedDigest | null,
  environment: string,
  signed: SignatureVerdict,
  { digest }: DigestCheck,
): string | null {
  if (each.environment !== environment) return `it is a digest of ${each.environment}`
  const number = (last?.number ?? 0) + 1
  if (each.number !== number) return `it stands where digest ${number} belongs`
  if (each.previousHash !== (last?.hash ?? GENESIS)) return 'it names another digest before it than stands there'
  if (last !== null && Date.parse(each.at) < Date.parse(last.at)) return 'it is older than the digest before it'
  if (digest(digestText(each)) !== each.hash) return 'what it says does not give its hash: it was changed'
  return signed === 'bad' ? 'its signature is not over what it says' : null
}

/** Heads that went back since the digest before, and heads that their chains no longer have; each chain is told of once. */
function wrongHeads(
  { heads }: SignedDigest,
  last: SignedDigest | null,
  lost: Set<string>,
  { hashAt }: DigestCheck,
): readonly string[] {
  const here = new Map(heads.map((head) => [head.entityId, head]))
  const back = (last?.heads ?? []).map(({ entityId, seq, hash }): readonly [string, string | null] => {
    const now = here.get(entityId)
    const isSame = now !== undefined && (now.seq > seq || (now.seq === seq && now.hash === hash))
    return [entityId, isSame ? null : `${entityId} went back: it stood at row ${seq} in the digest before`]
  })
  const gone = heads.map(({ entityId, seq, hash }): readonly [string, string | null] => {
    const found = hashAt(entityId, seq)
    if (found === undefined || found === hash) return [entityId, null]
    const row = `${entityId}#${seq}`
    return [entityId, found === null ? `${row} is no longer in its chain` : `another row stands at ${row} now`]
  })
  return [...back, ...gone].flatMap(([entityId, because]) => {
    if (because === null || lost.has(entityId)) return []
    lost.add(entityId)
    return [because]
  })
}
