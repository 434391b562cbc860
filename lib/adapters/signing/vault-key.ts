import { createHash, createPublicKey, verify } from 'node:crypto'
import type { PublicKey } from '../../core/audit-digest.ts'
import { Fault } from '../../errors.ts'
import type { Signer } from '../../ports.ts'
import { publicKeyOf } from './public-half.ts'
import { type Ask, createAsk, type VaultCalls } from './vault-call.ts'

/** What signing with a key that Key Vault never gives out needs. Times are milliseconds. */
export interface VaultKeyOptions extends Omit<VaultCalls, 'timeoutMs' | 'fetch'> {
  /** Name of the key: EC or EC-HSM, curve P-256. */
  readonly name: string
  readonly fetch?: VaultCalls['fetch']
  /** How long one call may take; 4 s unless told otherwise. */
  readonly timeoutMs?: number
  /** How long the versions of the key are kept in memory; 5 minutes unless told otherwise. */
  readonly cacheMs?: number
}

interface Version {
  readonly id: string
  readonly key: PublicKey
}

/** How many versions are shown: during a rotation the old and the new one. */
const SHOWN_VERSIONS = 2
const MOST_PAGES = 20

/**
 * Signs with ES256 in Key Vault: the private half never leaves it. The newest version that is enabled, begun and not expired
 * signs; the public halves of the two newest are shown. What comes back is checked against the public half before it is
 * believed. `keys/{name}/{version}/sign` (role Key Vault Crypto User). Throws Fault.
 * https://learn.microsoft.com/rest/api/keyvault/keys/sign/sign
 */
export function createVaultKeySigner(options: VaultKeyOptions): Signer {
  const { name, clock, timeoutMs = 4_000, cacheMs = 300_000, fetch = globalThis.fetch } = options
  const ask = createAsk({ ...options, fetch, timeoutMs })
  let kept: { readonly versions: readonly Version[]; readonly until: number } | null = null
  const versions = async (): Promise<readonly Version[]> => {
    if (kept !== null && clock.now() < kept.until) return kept.versions
    const read = await liveVersions(ask, name, clock.now())
    kept = { versions: read, until: clock.now() + cacheMs }
    return read
  }
  const sign: Signer['sign'] = async (text) => {
    const [newest] = await versions()
    if (newest === undefined) throw noVersion(name)
    const digest = createHash('sha256').update(text).digest('base64url')
    const path = `/keys/${name}/${newest.id}/sign`
    const { value } = await ask(`signing with ${name}`, path, { alg: 'ES256', value: digest })
    if (typeof value !== 'string' || !holds(newest.key, text, value))
      throw new Fault('malformed', `Key Vault, signing with ${name}: what came back is not signed with that key.`)
    return { algorithm: 'ES256', keyId: newest.key.kid, value, key: newest.key }
  }
  return {
    // A version that was switched off is still in memory: it is looked up again, once.
    sign: (text) =>
      sign(text).catch((error: unknown) => {
        if (kept === null || !(error instanceof Fault) || !RETIRED.includes(error.kind)) throw error
        kept = null
        return sign(text)
      }),
    publicKeys: async () => (await versions()).map(({ key }) => key),
  }
}

const RETIRED: readonly Fault['kind'][] = ['denied', 'not-found']

function noVersion(name: string): Fault {
  return new Fault('not-found', `Key ${name} has no version that is enabled, begun and unexpired: add one.`)
}

async function liveVersions(ask: Ask, name: string, now: number): Promise<readonly Version[]> {
  const listed: Listed[] = []
  let path: string | null = `/keys/${name}/versions?maxresults=25`
  for (let pages = 0; path !== null && pages < MOST_PAGES; pages += 1) {
    const page = await ask(`listing versions of ${name}`, path)
    listed.push(...(Array.isArray(page.value) ? page.value : []).flatMap((one) => listedOf(one, name, now) ?? []))
    path = nextPath(page.nextLink)
  }
  const newest = listed.sort((one, other) => other.created - one.created).slice(0, SHOWN_VERSIONS)
  if (newest.length === 0) throw noVersion(name)
  return Promise.all(newest.map(({ id }) => versionOf(ask, name, id)))
}

interface Listed {
  readonly id: string
  readonly created: number
}

/** A version that may sign now; Key Vault's times are seconds. */
function listedOf(one: unknown, name: string, now: number): Listed | null {
  const { kid, attributes } = Object(one) as { readonly kid?: unknown; readonly attributes?: unknown }
  const { enabled, nbf = 0, exp = null, created = 0 } = Object(attributes) as Readonly<Record<string, unknown>>
  const id = new RegExp(`/keys/${name}/([0-9a-f]{32})$`, 'i').exec(String(kid))?.[1]
  const isLive = enabled !== false && Number(nbf) * 1000 <= now && (exp === null || Number(exp) * 1000 > now)
  return id !== undefined && isLive ? { id, created: Number(created) } : null
}

/** Links are followed below the vault's own address and nowhere else. */
function nextPath(link: unknown): string | null {
  if (typeof link !== 'string' || link === '') return null
  const { pathname, search } = new URL(link)
  return `${pathname}${search.replace('api%2Dversion', 'api-version')}`
}

async function versionOf(ask: Ask, name: string, id: string): Promise<Version> {
  const { key } = await ask(`reading ${name}`, `/keys/${name}/${id}`)
  const { kty, crv, x, y } = Object(key) as Readonly<Record<string, unknown>>
  const isFit = (kty === 'EC' || kty === 'EC-HSM') && crv === 'P-256' && typeof x === 'string' && typeof y === 'string'
  if (!isFit)
    throw new Fault(
      'malformed',
      `Key ${name} is no key of the curve P-256 (EC or EC-HSM); docs/audit.md says how to make one.`,
    )
  return { id, key: publicKeyOf(x, y) }
}

function holds({ kty, crv, x, y }: PublicKey, text: string, value: string): boolean {
  const key = createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' })
  return verify('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(value, 'base64url'))
}
