import { describe } from 'vitest'
import { createSecretKeySigner } from '../../lib/adapters/signing/secret-key.ts'
import { aPen } from '../support/digests.ts'
import { signerContract } from './signer.contract.ts'

describe('signing with a key that is kept as a secret', () => {
  signerContract(async () => {
    let live = [aPen('first').pem]
    return {
      signer: createSecretKeySigner({ secrets: { read: async () => live }, name: 'audit' }),
      rotate: async () => {
        live = [aPen('next').pem, ...live].slice(0, 2)
      },
    }
  })
})
