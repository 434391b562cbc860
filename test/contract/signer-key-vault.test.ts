import { request } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { VaultFetch } from '../../lib/adapters/signing/vault-call.ts'
import { createVaultKeySigner, type VaultKeyOptions } from '../../lib/adapters/signing/vault-key.ts'
import { createVault, type VaultServer } from '../../sim/azure/vault.ts'
import { handClock } from '../../sim/clock.ts'
import { type Trust, trust } from '../sim/azure/trust.ts'
import { holds, signerContract } from './signer.contract.ts'

const clock = handClock(Date.UTC(2026, 0, 15, 12))
let local: Trust
let vault: VaultServer
const asked: string[] = []

beforeAll(async () => {
  local = await trust()
  const { accept, tenantId } = local.identity
  vault = await createVault({ clock, tls: local.tls, accept, tenantId, pageSize: 2 })
})

afterAll(async () => {
  await vault.close()
  await local.identity.close()
})

/** `fetch`, trusting our own authority. */
const trusting: VaultFetch = (url, { method, headers, body, signal }) => {
  asked.push(`${method} ${new URL(url).pathname}`)
  return new Promise((resolve, reject) => {
    const call = request(url, { method, headers, signal, ca: local.tls.ca }, async (answer) => {
      const parts: Buffer[] = []
      for await (const part of answer) parts.push(part)
      const given = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)])
      const text = Buffer.concat(parts).toString()
      resolve({ status: answer.statusCode ?? 0, headers: new Headers(given), text: async () => text })
    })
    call.on('error', reject)
    call.end(body)
  })
}

let count = 0
const newName = () => {
  count += 1
  return `audit-${count}`
}

function signerOf(name: string, more: Partial<VaultKeyOptions> = {}) {
  const token = async () => (await local.credential.getToken('https://vault.azure.net/.default')).token
  return createVaultKeySigner({ vaultUrl: vault.url, name, token, clock, fetch: trusting, ...more })
}

function add(name: string, curve?: 'P-256' | 'P-384'): string {
  clock.advance(60_000)
  return vault.keys.add(name, curve)
}

describe('signing with a key that Key Vault does not give out', () => {
  signerContract(async () => {
    const name = newName()
    add(name)
    return {
      signer: signerOf(name),
      rotate: async () => {
        add(name)
        clock.advance(300_000)
      },
    }
  })

  test('the versions are looked up once in five minutes, over all pages, and each signature is one call', async () => {
    const name = newName()
    for (let version = 0; version < 5; version += 1) add(name)
    const signer = signerOf(name)
    await signer.sign('one')
    asked.length = 0
    await signer.sign('two')
    expect(asked).toEqual([expect.stringMatching(/^POST \/keys\/audit-\d+\/[0-9a-f]{32}\/sign$/)])
    clock.advance(300_000)
    asked.length = 0
    await signer.publicKeys()
    expect(asked.filter((path) => path.endsWith('/versions'))).toHaveLength(3)
  })

  test('a version that was switched off signs no more: the one before does', async () => {
    const name = newName()
    add(name)
    const newest = add(name)
    const signer = signerOf(name)
    const before = await signer.sign('text')
    vault.keys.enable(name, newest, false)
    const after = await signer.sign('text')
    expect(after.keyId).not.toBe(before.keyId)
    expect(after.key !== undefined && holds(after.key, 'text', after)).toBe(true)
  })

  test.each([
    ['there is no such key', null, 'not-found'],
    ['no version of it is on', 'off', 'not-found'],
    ['it is of another curve', 'P-384', 'malformed'],
  ] as const)('where %s nothing is signed, and it says so', async (_, what, kind) => {
    const name = newName()
    if (what !== null) {
      const id = add(name, what === 'off' ? 'P-256' : what)
      if (what === 'off') vault.keys.enable(name, id, false)
    }
    await expect(signerOf(name).sign('text')).rejects.toMatchObject({ kind, message: expect.stringContaining(name) })
  })

  test.each([
    ['down', 'unavailable', null],
    ['denied', 'denied', null],
    ['throttled', 'throttled', 1000],
    ['malformed', 'malformed', null],
  ] as const)('a vault that is %s is a Fault that says what to do', async (fault, kind, retryAfterMs) => {
    const name = newName()
    add(name)
    vault.faults.inject(fault, 1)
    await expect(signerOf(name).publicKeys()).rejects.toMatchObject({ kind, retryAfterMs })
    expect(await signerOf(name).publicKeys()).toHaveLength(1)
  })

  test('a vault that answers with another key’s signature is not believed', async () => {
    const [name, other] = [newName(), newName()]
    add(name)
    add(other)
    const forged = (await signerOf(other).sign('text')).value
    const lying: VaultFetch = async (url, init) => {
      const answer = await trusting(url, init)
      return url.includes('/sign') ? { ...answer, text: async () => JSON.stringify({ value: forged }) } : answer
    }
    await expect(signerOf(name, { fetch: lying }).sign('text')).rejects.toMatchObject({ kind: 'malformed' })
  })

  test('a vault that does not answer in time, and one that cannot be reached, are unavailable', async () => {
    const silent: VaultFetch = (_, { signal }) =>
      new Promise((__, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    await expect(signerOf('any', { fetch: silent, timeoutMs: 5 }).publicKeys()).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'Key Vault, listing versions of any: no answer within 5 ms.',
    })
    const gone: VaultFetch = async () => {
      throw new TypeError('fetch failed')
    }
    await expect(signerOf('any', { fetch: gone }).publicKeys()).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'Key Vault, listing versions of any: no connection.',
    })
  })
})
