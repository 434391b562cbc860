import { Fault } from '../../errors.ts'
import type { Clock, Presence, Registry, Secrets } from '../../ports.ts'
import { type Authorizer, createAuthorizer, loginHint } from './authorize.ts'
import { readChallenges } from './challenge.ts'
import { type Asked, type Place, placeOf, type RegistryEntry } from './place.ts'
import { createSend, faultOfStatus, type RegistryFetch, type Send } from './send.ts'

/** What the plug to registries is made of. */
export interface RegistryOptions {
  /** The allow-list, by host (with port) as it stands in image names. No other host is ever called. */
  readonly registries: Readonly<Record<string, RegistryEntry>>
  readonly secrets: Secrets
  readonly clock: Clock
  /** Entra access token of Slipway's identity (scope `https://containerregistry.azure.net/.default`), for `auth: acr`. */
  readonly token?: () => Promise<string>
  readonly fetch?: RegistryFetch
  /** How long one request may take, milliseconds; 5 s unless told otherwise. */
  readonly timeoutMs?: number
}

const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

interface Desk {
  readonly options: RegistryOptions
  readonly send: Send
  readonly authorizer: Authorizer
}

/**
 * Registries that speak the Distribution API v2: one HEAD per image, by digest, with token or basic authentication. 404 is
 * `absent`; whatever is neither yes nor no is `unknown` with its trouble. A registry that is not on the list is not called.
 */
export function createRegistry(options: RegistryOptions): Registry {
  const { secrets, token, clock, timeoutMs = 5_000 } = options
  const send = createSend(options.fetch ?? fetch, timeoutMs)
  const desk: Desk = { options, send, authorizer: createAuthorizer({ send, secrets, token, clock }) }
  return { has: (images) => Promise.all(images.map((image) => look(desk, image))) }
}

async function look(desk: Desk, asked: Asked): Promise<Presence> {
  try {
    const place = placeOf(desk.options.registries, asked)
    return presenceOf(desk, place, asked, await head(desk, place, asked))
  } catch (error) {
    const { kind, message, retryAfterMs } = asFault(error)
    return { kind: 'unknown', trouble: { kind, message, retryAfterMs } }
  }
}

/** Asks with the token at hand, and where that is not enough with each answer to the registry's challenge in turn. */
async function head({ send, authorizer }: Desk, place: Place, asked: Asked): Promise<Response> {
  const request = {
    what: whatOf(asked),
    url: `${place.baseUrl}/v2/${asked.repository}/manifests/${asked.digest}`,
    method: 'HEAD',
  } as const
  const kept = authorizer.kept(place, asked.repository)
  const first = await send({ ...request, headers: headersWith(kept) })
  if (first.status !== 401) return first
  authorizer.forget(place, asked.repository)
  let last = first
  for await (const answer of authorizer.answers(place, asked.repository, challengesOf(first))) {
    last = await send({ ...request, headers: headersWith(answer) })
    if (last.status !== 401) break
    authorizer.forget(place, asked.repository)
  }
  return last
}

function presenceOf({ options }: Desk, place: Place, asked: Asked, response: Response): Presence {
  if (response.status === 404) return { kind: 'absent' }
  if (response.status !== 200) throw faultOfStatus(whatOf(asked), response, loginHint(place), options.clock)
  const digest = response.headers.get('docker-content-digest')
  if (digest === null || digest === asked.digest) return { kind: 'present' }
  throw new Fault('malformed', `${whatOf(asked)}: the registry answered for ${JSON.stringify(digest.slice(0, 100))}.`)
}

function challengesOf(response: Response) {
  return readChallenges(response.headers.get('www-authenticate'))
}

function headersWith(authorization: string | null): Record<string, string> {
  return authorization === null ? { accept: MANIFESTS } : { accept: MANIFESTS, authorization }
}

function whatOf({ registry, repository, digest }: Asked): string {
  return `Manifest ${registry}/${repository}@${digest}`
}

function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  return new Fault('malformed', error instanceof Error ? error.message : String(error), { cause: error })
}
