import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose'
import { Fault } from '../../errors.ts'
import type { Clock } from '../../ports.ts'

export interface KeysOptions {
  /** Where the issuer's JSON Web Key Set is. */
  readonly url: string
  readonly clock: Clock
}

/** Entra changes keys rarely and announces new ones days ahead: an hour-old set is fresh. */
const FRESH_MS = 3_600_000
/** While the issuer cannot be asked, its last keys are still believed for a day: an abort must not wait for it. */
const KEPT_MS = 24 * 3_600_000
/** A token with a made-up key id must not make us ask the issuer each time. */
const COOLDOWN_MS = 30_000
const TIMEOUT_MS = 2_000
const MAX_BYTES = 256 * 1024

interface Known {
  readonly find: JWTVerifyGetKey
  readonly since: number
}

/**
 * The issuer's public keys, fetched at the first token and asked for anew when they are an hour old or a token names one
 * that is not among them, at most twice a minute. A key that is not there makes jose's JWKSNoMatchingKey. Throws Fault
 * unavailable where the keys were never read, or not for a day.
 */
export function createKeys({ url, clock }: KeysOptions): JWTVerifyGetKey {
  let known: Known | null = null
  let triedAt = Number.NEGATIVE_INFINITY
  let loading: Promise<void> | null = null
  const load = (): Promise<void> => {
    loading ??= fetchKeys(url)
      .then((find) => {
        known = { find, since: clock.now() }
      })
      .finally(() => {
        triedAt = clock.now()
        loading = null
      })
    return loading
  }
  const ready = async (): Promise<Known> => {
    const now = clock.now()
    if (known !== null && now - known.since < FRESH_MS) return known
    const isKept = known !== null && now - known.since < KEPT_MS
    if (!isKept) await load()
    else if (now - triedAt >= COOLDOWN_MS) await load().catch(() => {})
    if (known === null) throw new Fault('unavailable', 'the keys of the token issuer are not known')
    return known
  }
  return async (header, token) => {
    const before = await ready()
    try {
      return await before.find(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || clock.now() - triedAt < COOLDOWN_MS) throw error
    }
    await load()
    return (await ready()).find(header, token)
  }
}

async function fetchKeys(url: string): Promise<JWTVerifyGetKey> {
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (!response.ok) throw new Error(`it answered ${response.status}`)
    return createLocalJWKSet(JSON.parse(await textOf(response)))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'no answer'
    throw new Fault('unavailable', `the keys of the token issuer cannot be read at ${url}: ${why}`, { cause })
  }
}

async function textOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.byteLength
    if (bytes > MAX_BYTES) throw new Error(`its answer is larger than ${MAX_BYTES} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
