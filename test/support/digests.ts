import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import {
  type ChainHead,
  digestText,
  nextDigest,
  type Signature,
  type SignedDigest,
} from '../../lib/core/audit-digest.ts'
import type { SignatureVerdict } from '../../lib/core/digest-check.ts'

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A key that signs as Slipway's does, and checks what it has signed. */
export interface Pen {
  readonly keyId: string
  readonly pem: string
  sign(text: string): Signature
  check(text: string, signature: Signature): SignatureVerdict
}

/** A new key of the curve P-256. */
export function aPen(keyId: string): Pen {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const half = { dsaEncoding: 'ieee-p1363' } as const
  return {
    keyId,
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    sign: (text) => ({
      algorithm: 'ES256',
      keyId,
      value: sign('sha256', Buffer.from(text), { key: privateKey, ...half }).toString('base64url'),
    }),
    check: (text, signature) => {
      if (signature.keyId !== keyId) return 'unknown'
      const value = Buffer.from(signature.value, 'base64url')
      return verify('sha256', Buffer.from(text), { key: publicKey, ...half }, value) ? 'good' : 'bad'
    },
  }
}

/** The digest after `newest`, signed. */
export function aDigest(
  pen: Pick<Pen, 'sign'>,
  newest: SignedDigest | null,
  heads: readonly ChainHead[],
  at: number,
  environment = 'production',
): SignedDigest {
  const said = nextDigest(newest, environment, heads, at)
  return { ...said, hash: sha256(digestText(said)), signature: pen.sign(digestText(said)) }
}
