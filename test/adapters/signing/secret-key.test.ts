import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { createSecretKeySigner } from '../../../lib/adapters/signing/secret-key.ts'
import type { PublicKey } from '../../../lib/core/audit-digest.ts'
import { Fault } from '../../../lib/errors.ts'
import { aPen } from '../../support/digests.ts'

const signerOf = (...values: readonly string[]) =>
  createSecretKeySigner({ secrets: { read: async () => values }, name: 'slipway-audit-key' })

function holds(key: PublicKey, text: string, value: string): boolean {
  const half = { key: createPublicKey({ key: { ...key }, format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const
  return verify('sha256', Buffer.from(text), half, Buffer.from(value, 'base64url'))
}

test('the public key that it shows proves what it has signed, and nothing else', async () => {
  const signer = signerOf(aPen('any').pem)
  const { algorithm, keyId, value } = await signer.sign('“text”')
  const [key] = await signer.publicKeys()
  expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid: keyId })
  expect(Object.keys(key ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  expect([algorithm, Buffer.from(value, 'base64url').length]).toEqual(['ES256', 64])
  expect(key !== undefined && holds(key, '“text”', value)).toBe(true)
  expect(key !== undefined && holds(key, 'text', value)).toBe(false)
})

test('the newest of two live keys signs, and both are shown', async () => {
  const [old, now] = [aPen('old').pem, aPen('new').pem]
  const [before] = await signerOf(old).publicKeys()
  const rotated = signerOf(now, old)
  const keys = await rotated.publicKeys()
  expect(keys).toHaveLength(2)
  expect(keys[1]).toEqual(before)
  expect((await rotated.sign('text')).keyId).toBe(keys[0]?.kid)
})

test('the id of a key is its thumbprint', async () => {
  const [key] = await signerOf(P256).publicKeys()
  expect(key?.kid).toMatch(/^[\w-]{43}$/)
  expect(key?.kid).toBe((await signerOf(P256).sign('text')).keyId)
})
const P256 = aPen('fixed').pem

const other = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ type: 'pkcs8', format: 'pem' })
const ed = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
test.each([
  ['no PEM', 'hunter2'],
  ['of another curve', other.toString()],
  ['of another kind', ed.toString()],
])('a secret that is %s is refused, and not told', async (_, value) => {
  const refused = signerOf(value).sign('text')
  await expect(refused).rejects.toThrow(Fault)
  await expect(refused).rejects.toMatchObject({ kind: 'malformed' })
  await expect(refused).rejects.toThrow(
    'Secret slipway-audit-key is no private key of the curve P-256 as PEM; docs/audit.md says how to make one.',
  )
})

test('a secret without a live value is named', async () => {
  await expect(signerOf().sign('text')).rejects.toMatchObject({ kind: 'not-found' })
})
