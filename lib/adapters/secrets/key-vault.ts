import type { SecretClient, SecretProperties } from '@azure/keyvault-secrets'
import { Fault } from '../../errors.ts'
import type { Clock, Secrets } from '../../ports.ts'
import { faultOfVault } from './vault-fault.ts'

/** The part of the SDK's client that Slipway uses. */
export type VaultClient = Pick<SecretClient, 'getSecret' | 'listPropertiesOfSecretVersions'>

/** What the plug to Key Vault is made of. Times are milliseconds. */
export interface KeyVaultOptions {
  /** `new SecretClient(vaultUrl, credential, …)`, or how to get it; asked once, at the first read. */
  readonly client: VaultClient | (() => VaultClient | Promise<VaultClient>)
  readonly clock: Clock
  /** How long values are kept in memory; 5 minutes unless told otherwise. */
  readonly cacheMs?: number
  /** How long after a read `fresh` is answered from memory all the same; 30 s unless told otherwise. */
  readonly refreshMs?: number
  /** How long one read may take; 4 s unless told otherwise (registries wait 5 s for our hooks). */
  readonly timeoutMs?: number
}

interface Kept {
  readonly values: readonly string[]
  readonly readAt: number
}

/** How many versions count as live: during a rotation the old and the new one. */
const LIVE_VERSIONS = 2

/** Of 25 versions each: a secret that is rotated every day comes there in 27 years. A list that leads on for ever is not read until the time is up. */
const MOST_PAGES = 400

/**
 * Secrets from Key Vault: the values of the two newest versions that are enabled, begun and not expired, newest first. One list
 * and two gets per read (role Key Vault Secrets User), then answered from memory. Throws Fault: `not-found` (no such secret, or
 * no live version), `denied`, `throttled`, `unavailable`, `malformed`. No message holds a value.
 */
export function createKeyVaultSecrets(options: KeyVaultOptions): Secrets {
  const { clock, cacheMs = 300_000, refreshMs = 30_000, timeoutMs = 4_000 } = options
  const kept = new Map<string, Kept>()
  const underWay = new Map<string, Promise<readonly string[]>>()
  const client = lazily(options.client)

  const readAgain = async (name: string): Promise<readonly string[]> => {
    try {
      const readAt = clock.now()
      const values = await liveValues(await client(), name, readAt, AbortSignal.timeout(timeoutMs))
      kept.set(name, { values, readAt })
      return values
    } catch (error) {
      throw faultOfVault(name, error, timeoutMs, clock.now())
    } finally {
      underWay.delete(name)
    }
  }

  return {
    read: async (name, { fresh = false } = {}) => {
      const known = kept.get(name)
      if (known !== undefined && clock.now() - known.readAt < (fresh ? refreshMs : cacheMs)) return known.values
      const reading = underWay.get(name) ?? readAgain(name)
      underWay.set(name, reading)
      return reading
    },
  }
}

async function liveValues(
  client: VaultClient,
  name: string,
  now: number,
  abortSignal: AbortSignal,
): Promise<readonly string[]> {
  const versions: SecretProperties[] = []
  let pages = 0
  for await (const page of client.listPropertiesOfSecretVersions(name, { abortSignal }).byPage()) {
    pages += 1
    if (pages > MOST_PAGES) throw new Fault('malformed', `Secret ${name}: the list of its versions has no end.`)
    versions.push(...page)
  }
  const live = versions.filter((version) => isLive(version, now)).sort(newestFirst)
  const secrets = await Promise.all(
    live
      .slice(0, LIVE_VERSIONS)
      .map(({ version }) => client.getSecret(name, version ? { version, abortSignal } : { abortSignal })),
  )
  const values = secrets.flatMap(({ value }) => (value ? [value] : []))
  if (values.length > 0) return values
  throw new Fault('not-found', `Secret ${name} has no version that is enabled, unexpired and not empty: add one.`)
}

function isLive({ enabled, notBefore, expiresOn }: SecretProperties, now: number): boolean {
  return (
    enabled !== false && (notBefore?.getTime() ?? 0) <= now && (expiresOn?.getTime() ?? Number.POSITIVE_INFINITY) > now
  )
}

/** Key Vault keeps whole seconds, so two versions may share one; the later change then tells. */
function newestFirst(a: SecretProperties, b: SecretProperties): number {
  const created = (b.createdOn?.getTime() ?? 0) - (a.createdOn?.getTime() ?? 0)
  return created === 0 ? (b.updatedOn?.getTime() ?? 0) - (a.updatedOn?.getTime() ?? 0) : created
}

function lazily(client: KeyVaultOptions['client']): () => Promise<VaultClient> {
  let made: Promise<VaultClient> | null = null
  return () => {
    if (typeof client !== 'function') return Promise.resolve(client)
    made ??= (async () => client())()
    made.catch(() => {
      made = null
    })
    return made
  }
}
