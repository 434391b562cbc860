import { createHash, createPublicKey, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import type { PublicKey, Signature } from '../../lib/core/audit-digest.ts'
import type { Signer } from '../../lib/ports.ts'

/** A signer under test, with what its owner may do to its key. */
export interface Signing {
  readonly signer: Signer
  /** Adds a version, which signs from now on. */
  rotate(): Promise<void>
}

/** Whether a signature over a text was made with the private half of a key. */
export function holds({ kty, crv, x, y }: PublicKey, text: string, { value }: Signature): boolean {
  const key = createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' })
  return verify('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(value, 'base64url'))
}

/** What every plug for signing keeps. */
export function signerContract(open: () => Promise<Signing>): void {
  test('what is signed is proven by the key that is told with it, and nothing else is', async () => {
    const { signer } = await open()
    for (const text of ['', '“text”', 'x'.repeat(100_000)]) {
      const signature = await signer.sign(text)
      const { algorithm, keyId, value, key } = signature
      if (key === undefined) throw new Error('a key was expected')
      expect([algorithm, Buffer.from(value, 'base64url').length]).toEqual(['ES256', 64])
      expect(key.kid).toBe(keyId)
      expect(holds(key, text, signature)).toBe(true)
      expect(holds(key, `${text}.`, signature)).toBe(false)
    }
  })

  test('the key is shown as JWK under its thumbprint, and nothing of its private half', async () => {
    const { signer } = await open()
    const [key, ...more] = await signer.publicKeys()
    if (key === undefined) throw new Error('a key was expected')
    expect(more).toEqual([])
    expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    const { crv, kty, x, y } = key
    expect(key.kid).toBe(createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url'))
    expect(await signer.sign('text')).toMatchObject({ keyId: key.kid, key })
  })

  test('after a rotation the new version signs, and the one before is shown beside it', async () => {
    const { signer, rotate } = await open()
    const before = await signer.sign('text')
    await rotate()
    const after = await signer.sign('text')
    expect(after.keyId).not.toBe(before.keyId)
    expect((await signer.publicKeys()).map(({ kid }) => kid)).toEqual([after.keyId, before.keyId])
    await rotate()
    expect(await signer.publicKeys()).toHaveLength(2)
  })
}
