import { SecretClient } from '@azure/keyvault-secrets'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKeyVaultSecrets } from '../../lib/adapters/secrets/key-vault.ts'
import { createVault, type VaultServer } from '../../sim/azure/vault.ts'
import { handClock } from '../../sim/clock.ts'
import { type Trust, trust } from '../sim/azure/trust.ts'

const clock = handClock(Date.UTC(2026, 0, 15, 12))
let local: Trust
let vault: VaultServer

beforeAll(async () => {
  local = await trust()
  const { accept, tenantId } = local.identity
  vault = await createVault({ clock, tls: local.tls, accept, tenantId, pageSize: 2 })
})

afterAll(async () => {
  await vault.close()
  await local.identity.close()
})

function reader() {
  const options = { ...local.client, disableChallengeResourceVerification: true }
  const client = () => new SecretClient(vault.url, local.credential, options)
  return createKeyVaultSecrets({ client, clock, timeoutMs: 30_000 })
}

/** Adds versions a minute apart, oldest first; gives back their ids. */
function put(name: string, ...values: readonly string[]): string[] {
  return values.map((value) => {
    clock.advance(60_000)
    return vault.put(name, value)
  })
}

describe('secrets through the SDK over https', () => {
  it('are the two newest live versions, found over several pages', async () => {
    const [, , , fourth = ''] = put('paged', 'one', 'two', 'three', 'four', 'five')
    expect(await reader().read('paged')).toEqual(['five', 'four'])
    vault.enable('paged', fourth, false)
    expect(await reader().read('paged')).toEqual(['five', 'three'])
  })

  it('rotate: a fresh look finds the new value beside the old one', async () => {
    const secrets = reader()
    put('rotated', 'old')
    expect(await secrets.read('rotated')).toEqual(['old'])
    put('rotated', 'new')
    expect(await secrets.read('rotated')).toEqual(['old'])
    expect(await secrets.read('rotated', { fresh: true })).toEqual(['new', 'old'])
  })

  it('are asked of the vault once while they are remembered', async () => {
    const secrets = reader()
    put('remembered', 'one', 'two')
    await secrets.read('remembered')
    const reads = vault.reads()
    await secrets.read('remembered')
    expect(vault.reads()).toBe(reads)
  })

  it('that are not there, or switched off, are not found', async () => {
    expect(await faultOf(reader().read('never'))).toMatchObject({ kind: 'not-found' })
    const [only = ''] = put('off', 'value')
    vault.enable('off', only, false)
    expect(await faultOf(reader().read('off'))).toMatchObject({ kind: 'not-found' })
  })

  it.each([
    ['down', 'unavailable'],
    ['denied', 'denied'],
    ['throttled', 'throttled'],
  ] as const)('of a vault that is %s say so as a Fault, and are there again afterwards', async (trouble, kind) => {
    const secrets = reader()
    put(`shy-${trouble}`, 'value')
    vault.faults.inject(trouble, 1)
    expect(await faultOf(secrets.read(`shy-${trouble}`))).toMatchObject({ name: 'Fault', kind })
    expect(await secrets.read(`shy-${trouble}`)).toEqual(['value'])
  })

  it('are malformed when the vault answers half a text', async () => {
    put('broken', 'value')
    vault.faults.inject('malformed', 1)
    expect(await faultOf(reader().read('broken'))).toMatchObject({ name: 'Fault', kind: 'malformed' })
  })
})

async function faultOf(deed: Promise<unknown>): Promise<unknown> {
  return deed.then(
    (values) => expect.unreachable(`it gave ${JSON.stringify(values)}`),
    (error: unknown) => error,
  )
}
