import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import type { PublicKey } from '../../core/audit-digest.ts'
import { Fault } from '../../errors.ts'
import type { Secrets, Signer } from '../../ports.ts'
import { publicKeyOf } from './public-half.ts'

/** What signing with a key that is kept as a secret needs. */
export interface SecretKeyOptions {
  readonly secrets: Pick<Secrets, 'read'>
  /** Name of the secret: a private key of the curve P-256 as PEM. */
  readonly name: string
}

/**
 * Signs with ES256 in this process, with a private key that is kept as a secret. Its newest live version signs; the public
 * halves of all live versions are shown. Throws the Faults of the secrets, and `malformed` for what is no such key.
 */
export function createSecretKeySigner({ secrets, name }: SecretKeyOptions): Signer {
  const keys = async () => (await secrets.read(name)).map((pem) => readKey(pem, name))
  return {
    sign: async (text) => {
      const [newest] = await keys()
      if (newest === undefined) throw new Fault('not-found', `Secret ${name} has no live version: add one.`)
      const value = sign('sha256', Buffer.from(text), { key: newest, dsaEncoding: 'ieee-p1363' }).toString('base64url')
      const key = publicHalf(newest)
      return { algorithm: 'ES256', keyId: key.kid, value, key }
    },
    publicKeys: async () => (await keys()).map(publicHalf),
  }
}

/** No message may hold any of the text: what was stored by mistake may be another secret. */
function readKey(pem: string, name: string): KeyObject {
  const fault = () =>
    new Fault(
      'malformed',
      `Secret ${name} is no private key of the curve P-256 as PEM; docs/audit.md says how to make one.`,
    )
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch {
    throw fault()
  }
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw fault()
  return key
}

function publicHalf(key: KeyObject): PublicKey {
  const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' })
  return publicKeyOf(x, y)
}
