import type { Push } from '../../core/service.ts'
import { Fault } from '../../errors.ts'

/** How Slipway may ask one registry: an entry of the allow-list (setting SLIPWAY_REGISTRIES), keyed by the host in image names. */
export interface RegistryEntry {
  /** `acr`: the identity's Entra token is exchanged; `anonymous`: a token is asked for without a login; `basic`: with one. */
  readonly auth: 'acr' | 'anonymous' | 'basic'
  /** Base URL; `https://<host>` unless told otherwise. */
  readonly url?: string
  /** For `basic`: name of the secret that holds `user:password`. */
  readonly secret?: string
  /** The token service, where it does not run at the registry's own address (as that of Docker Hub does). */
  readonly tokenUrl?: string
}

/** A registry on the allow-list, ready to be asked. */
export interface Place {
  readonly host: string
  readonly entry: RegistryEntry
  /** Without a slash at its end. */
  readonly baseUrl: string
  /** Origins that may be sent a login or a token request; a registry's answer cannot add to them. */
  readonly trusted: ReadonlySet<string>
}

/** An image as it is asked for. */
export type Asked = Pick<Push, 'registry' | 'repository' | 'digest'>

const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*$/
const DIGEST = /^sha256:[0-9a-f]{64}$/

/** Finds the registry of an image. Throws Fault: `denied` when it is not on the list, `malformed` for a bad name or URL. */
export function placeOf(registries: Readonly<Record<string, RegistryEntry>>, asked: Asked): Place {
  const host = asked.registry
  const entry = Object.hasOwn(registries, host) ? registries[host] : undefined
  if (entry === undefined) {
    throw new Fault('denied', `Registry ${JSON.stringify(host)} is not on the list: add it to SLIPWAY_REGISTRIES.`)
  }
  if (asked.repository.length > 255 || !REPOSITORY.test(asked.repository)) {
    throw new Fault('malformed', `${JSON.stringify(asked.repository)} is not a repository name of registry ${host}.`)
  }
  if (!DIGEST.test(asked.digest)) {
    throw new Fault('malformed', `${JSON.stringify(asked.digest)} is not a digest (sha256: and 64 hex digits).`)
  }
  const base = urlOf(host, entry.url ?? `https://${host}`)
  const own = [base.origin, `https://${host.toLowerCase()}`]
  const trusted = new Set(entry.tokenUrl === undefined ? own : [...own, urlOf(host, entry.tokenUrl).origin])
  return { host, entry, baseUrl: base.href.replace(/\/+$/, ''), trusted }
}

function urlOf(host: string, text: string): URL {
  const url = URL.parse(text)
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url
  throw new Fault('malformed', `Registry ${host}: ${JSON.stringify(text)} is no http(s) URL: mend SLIPWAY_REGISTRIES.`)
}
