import { createHash } from 'node:crypto'
import type { PublicKey } from '../../core/audit-digest.ts'

/** The public half of a key of the curve P-256 as JWK, named by its thumbprint (RFC 7638: SHA-256 over the required members in the order of their names). */
export function publicKeyOf(x: string, y: string): PublicKey {
  const required = JSON.stringify({ crv: 'P-256', kty: 'EC', x, y })
  const kid = createHash('sha256').update(required).digest('base64url')
  return { kty: 'EC', crv: 'P-256', x, y, alg: 'ES256', use: 'sig', kid }
}
