import { createPublicKey, verify } from 'node:crypto'
import type { PublicKey, Signature } from '../../core/audit-digest.ts'
import type { SignatureVerdict } from '../../core/digest-check.ts'
import { publicKeyOf } from './public-half.ts'

/** Whether a signature over a text was made with one of these keys. A key goes by the thumbprint of what it is, whatever it is called. */
export function verifySignature(
  keys: readonly PublicKey[],
  text: string,
  { algorithm, keyId, value }: Signature,
): SignatureVerdict {
  const known = keys.find(({ x, y }) => publicKeyOf(x, y).kid === keyId)
  if (known === undefined || algorithm !== 'ES256') return 'unknown'
  const { kty, crv, x, y } = known
  const key = createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' })
  const bytes = Buffer.from(value, 'base64url')
  return verify('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, bytes) ? 'good' : 'bad'
}
