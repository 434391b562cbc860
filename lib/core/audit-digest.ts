import { canonical, GENESIS } from './chain.ts'

/** Where a chain of the audit stood: its newest row. */
export interface ChainHead {
  /** `environment/service`, or the environment alone for its own chain. */
  readonly entityId: string
  readonly seq: number
  readonly hash: string
}

/** What is said of all chains of an environment at one moment. Digests are numbered from 1 and chained by hash. */
export interface Digest {
  readonly schema: 1
  readonly environment: string
  readonly number: number
  /** ISO 8601 in UTC, so that what is signed is what is shown. */
  readonly at: string
  /** Every chain that has a row, by entity id. */
  readonly heads: readonly ChainHead[]
  /** Hash of the digest before this one; of none, 64 zeros. */
  readonly previousHash: string
}

/** Who signed: `value` is base64url of the 64 bytes r and s (RFC 7518, 3.4). */
export interface Signature {
  readonly algorithm: 'ES256'
  /** Thumbprint of the public key (RFC 7638). */
  readonly keyId: string
  readonly value: string
  /** The public half, told with the signature; to be compared with one that is kept elsewhere. Absent in digests of earlier versions. */
  readonly key?: PublicKey
}

/** A public key as JWK (RFC 7517); `kid` is its thumbprint. */
export interface PublicKey {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
  readonly alg: 'ES256'
  readonly use: 'sig'
  readonly kid: string
}

/** A digest as it is stored and shown. */
export interface SignedDigest extends Digest {
  /** SHA-256, hex, over the canonical JSON of all that the digest says: the same bytes that are signed. */
  readonly hash: string
  readonly signature: Signature
}

const HOUR_MS = 3_600_000

/** Whether an hour has begun since the newest digest was made (null = there is none). However many hours passed, one digest is due. */
export function isDigestDue(newest: Pick<Digest, 'at'> | null, now: number): boolean {
  return newest === null || Math.floor(now / HOUR_MS) > Math.floor(Date.parse(newest.at) / HOUR_MS)
}

/** The digest that comes after `newest` (null = the first of the environment). Chains without a row are left out. */
export function nextDigest(
  newest: Pick<SignedDigest, 'number' | 'hash'> | null,
  environment: string,
  heads: readonly ChainHead[],
  now: number,
): Digest {
  return {
    schema: 1,
    environment,
    number: (newest?.number ?? 0) + 1,
    at: new Date(now).toISOString(),
    heads: heads.filter(({ seq }) => seq > 0).sort((one, other) => (one.entityId < other.entityId ? -1 : 1)),
    previousHash: newest?.hash ?? GENESIS,
  }
}

/** What is hashed and signed: the canonical JSON of all that a digest says, without its hash and signature. */
export function digestText({ schema, environment, number, at, heads, previousHash }: Digest): string {
  return canonical({ schema, environment, number, at, heads, previousHash })
}
