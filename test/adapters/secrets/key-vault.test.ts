import type { KeyVaultSecret, SecretProperties } from '@azure/keyvault-secrets'
import { describe, expect, it } from 'vitest'
import {
  createKeyVaultSecrets,
  type KeyVaultOptions,
  type VaultClient,
} from '../../../lib/adapters/secrets/key-vault.ts'
import { Fault } from '../../../lib/errors.ts'

const NOW = Date.parse('2026-11-20T10:00:00Z')
const day = (days: number) => new Date(NOW + days * 86_400_000)

type Version = Partial<SecretProperties> & { readonly value?: string }

/** A vault of one secret, `hook`, whose versions can be changed; every call is written down. */
function vault(versions: Version[], failure?: () => unknown) {
  const calls: string[] = []
  const refuse = () => {
    const error = failure?.()
    if (error !== undefined) throw error
  }
  const client: VaultClient = {
    getSecret: async (name, options) => {
      calls.push(`get ${options?.version}`)
      refuse()
      const found = versions.find(({ version }) => version === options?.version)
      return {
        name,
        properties: { vaultUrl: 'v', name },
        ...(found?.value === undefined ? {} : { value: found.value }),
      } as KeyVaultSecret
    },
    listPropertiesOfSecretVersions: ((name: string) => {
      calls.push(`list ${name}`)
      const byPage = async function* () {
        refuse()
        yield versions.map(({ value: _, ...properties }) => ({ vaultUrl: 'v', name, ...properties }))
      }
      return { byPage }
    }) as unknown as VaultClient['listPropertiesOfSecretVersions'],
  }
  return { client, calls }
}

function secrets(client: VaultClient, over: Partial<KeyVaultOptions> = {}) {
  return createKeyVaultSecrets({ client, clock: { now: () => NOW }, ...over })
}

function version(name: string, createdDaysAgo: number, over: Version = {}): Version {
  return { version: name, value: `value-${name}`, enabled: true, createdOn: day(-createdDaysAgo), ...over }
}

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const error = await promise.then(
    () => new Error('it went through'),
    (error: unknown) => error,
  )
  if (error instanceof Fault) return error
  throw error
}

describe('the live values', () => {
  it('are the two newest versions, newest first, whatever the order of the list', async () => {
    const { client, calls } = vault([version('b', 2), version('d', 9), version('a', 1), version('c', 3)])
    expect(await secrets(client).read('hook')).toEqual(['value-a', 'value-b'])
    expect(calls).toEqual(['list hook', 'get a', 'get b'])
  })

  it.each<[string, Version]>([
    ['disabled', { enabled: false }],
    ['expired', { expiresOn: day(-1) }],
    ['expiring this moment', { expiresOn: new Date(NOW) }],
    ['not yet begun', { notBefore: day(1) }],
  ])('leave out a version that is %s', async (_, over) => {
    const { client } = vault([version('new', 0, over), version('old', 5), version('older', 6)])
    expect(await secrets(client).read('hook')).toEqual(['value-old', 'value-older'])
  })

  it('keep a version that ends later, and one that has begun', async () => {
    const { client } = vault([version('a', 1, { expiresOn: day(1), notBefore: day(-1) })])
    expect(await secrets(client).read('hook')).toEqual(['value-a'])
  })

  it('of one second are told apart by their last change', async () => {
    const { client } = vault([version('a', 1, { updatedOn: day(-1) }), version('b', 1, { updatedOn: day(0) })])
    expect(await secrets(client).read('hook')).toEqual(['value-b', 'value-a'])
  })

  it.each<[string, Version[]]>([
    ['there is no version', []],
    ['all are disabled', [version('a', 1, { enabled: false })]],
    ['the only one is empty', [version('a', 1, { value: '' })]],
  ])('are not found when %s', async (_, versions) => {
    const fault = await faultOf(secrets(vault(versions).client).read('hook'))
    expect(fault).toMatchObject({ kind: 'not-found' })
    expect(fault.message).toContain('Secret hook has no version')
  })

  it('whose versions come in pages without end is malformed, and read no further than four hundred pages', async () => {
    let pages = 0
    const { client } = vault([])
    const endless = async function* () {
      for (;;) {
        pages += 1
        yield []
      }
    }
    const list = (() => ({ byPage: endless })) as unknown as VaultClient['listPropertiesOfSecretVersions']
    const fault = await faultOf(secrets({ ...client, listPropertiesOfSecretVersions: list }).read('keys'))
    expect([fault.kind, fault.message, pages]).toEqual([
      'malformed',
      'Secret keys: the list of its versions has no end.',
      401,
    ])
  })
})

describe('the memory', () => {
  it('answers for five minutes, then the vault is asked again', async () => {
    let now = NOW
    const versions = [version('a', 1)]
    const { client, calls } = vault(versions)
    const reader = secrets(client, { clock: { now: () => now } })
    await reader.read('hook')
    versions.unshift(version('b', 0))
    now += 299_999
    expect(await reader.read('hook')).toEqual(['value-a'])
    expect(calls).toHaveLength(2)
    now += 1
    expect(await reader.read('hook')).toEqual(['value-b', 'value-a'])
  })

  it('is passed by for a fresh read, but not more often than every thirty seconds', async () => {
    let now = NOW
    const versions = [version('a', 1)]
    const { client, calls } = vault(versions)
    const reader = secrets(client, { clock: { now: () => now } })
    await reader.read('hook')
    versions.unshift(version('b', 0))
    now += 29_999
    expect(await reader.read('hook', { fresh: true })).toEqual(['value-a'])
    now += 1
    expect(await reader.read('hook', { fresh: true })).toEqual(['value-b', 'value-a'])
    versions.unshift(version('c', 0, { createdOn: day(1) }))
    now += 1_000
    expect(await reader.read('hook', { fresh: true })).toEqual(['value-b', 'value-a'])
    expect(calls.filter((call) => call.startsWith('list'))).toHaveLength(2)
  })

  it('keeps secrets apart', async () => {
    const { client, calls } = vault([version('a', 1)])
    const reader = secrets(client)
    await reader.read('hook')
    await reader.read('other')
    expect(calls.filter((call) => call.startsWith('list'))).toEqual(['list hook', 'list other'])
  })

  it('lets readers who come together share one look', async () => {
    const { client, calls } = vault([version('a', 1)])
    const reader = secrets(client)
    await Promise.all(Array.from({ length: 10 }, () => reader.read('hook')))
    expect(calls).toEqual(['list hook', 'get a'])
  })

  it('does not remember a failure', async () => {
    let down = true
    const { client } = vault([version('a', 1)], () => (down ? rest(503) : undefined))
    const reader = secrets(client)
    expect((await faultOf(reader.read('hook'))).kind).toBe('unavailable')
    down = false
    expect(await reader.read('hook')).toEqual(['value-a'])
  })

  it('does not stand in for a vault that refuses once the five minutes are over', async () => {
    let now = NOW
    let down = false
    const { client } = vault([version('a', 1)], () => (down ? rest(403, 'Forbidden') : undefined))
    const reader = secrets(client, { clock: { now: () => now } })
    await reader.read('hook')
    down = true
    now += 300_000
    expect((await faultOf(reader.read('hook'))).kind).toBe('denied')
  })
})

function rest(statusCode: number | undefined, code = 'Code', headers: Record<string, string> = {}) {
  const get = (name: string) => headers[name]
  return Object.assign(new Error('Azure\nsays\u0007 no'), {
    name: 'RestError',
    code,
    statusCode,
    response: { headers: { get } },
  })
}

describe('a refusal', () => {
  it.each<[string, unknown, Fault['kind'], number | null]>([
    ['no such secret', rest(404, 'SecretNotFound'), 'not-found', null],
    ['a missing role', rest(403, 'Forbidden'), 'denied', null],
    ['a bad token', rest(401, 'Unauthorized'), 'denied', null],
    ['too many calls', rest(429, 'Throttled', { 'retry-after': '8' }), 'throttled', 8_000],
    [
      'a wait until a date',
      rest(429, 'Throttled', { 'retry-after': 'Fri, 20 Nov 2026 10:00:09 GMT' }),
      'throttled',
      9_000,
    ],
    ['a vault that is down', rest(503), 'unavailable', null],
    ['a lost connection', rest(undefined, 'ECONNRESET'), 'unavailable', null],
    ['a bad name', rest(400, 'BadParameter'), 'malformed', null],
    ['a race in the vault', rest(409, 'Conflict'), 'conflict', null],
    ['a time-out', Object.assign(new Error('late'), { name: 'AbortError' }), 'unavailable', null],
    ['no identity', Object.assign(new Error('none'), { name: 'CredentialUnavailableError' }), 'unavailable', null],
    [
      'an identity that Entra refuses',
      Object.assign(new Error('no'), { name: 'AuthenticationError', statusCode: 400 }),
      'denied',
      null,
    ],
    ['a bug', new TypeError('x is not a function'), 'malformed', null],
  ])('says %s as a Fault that names the secret', async (_, error, kind, retryAfterMs) => {
    const fault = await faultOf(secrets(vault([version('a', 1)], () => error).client).read('hook'))
    expect(fault).toMatchObject({ kind, retryAfterMs })
    expect(fault.message).toContain('Secret hook')
    expect(fault.message).not.toMatch(/\p{Cc}|value-a/u)
  })

  it('names the role that is missing', async () => {
    const fault = await faultOf(secrets(vault([version('a', 1)], () => rest(403)).client).read('hook'))
    expect(fault.message).toContain('Key Vault Secrets User')
  })
})

describe('the client', () => {
  it('is made at the first read, once, and anew after a failure', async () => {
    let made = 0
    const { client } = vault([version('a', 1)])
    const reader = createKeyVaultSecrets({
      clock: { now: () => NOW },
      client: () => {
        made += 1
        if (made === 1) throw new Error('no vault url')
        return client
      },
    })
    expect(made).toBe(0)
    expect((await faultOf(reader.read('hook'))).message).toContain('no vault url')
    await reader.read('hook')
    await reader.read('other')
    expect(made).toBe(2)
  })
})
