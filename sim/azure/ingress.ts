import type { Clock } from '../../lib/ports.ts'
import type { AppKey, IngressSeen, World } from '../world/types.ts'
import type { AccessLog } from './access-log.ts'
import { type ImageProfile, seededRandom } from './image-profile.ts'
import { proxy, type Route, STOPPED, TIMED_OUT } from './proxy.ts'
import { json, type Listening, listen, listenBoth, type ServerCertificate, send, text } from './serve.ts'
import { createSplit } from './split.ts'
import { createUpstreams, revisionId, type Upstreams } from './upstreams.ts'

/** What ingress asks the world. */
export type IngressView = Pick<World, 'apps' | 'ingress' | 'touch'>

export interface IngressOptions {
  readonly view: IngressView
  readonly clock: Clock
  readonly tls: ServerCertificate
  /** Takes one record per request. */
  readonly log: AccessLog
  /** How the program in an image behaves; asked at every request. */
  readonly profileOf: (image: string) => ImageProfile
  /** Default `local`. */
  readonly environmentName?: string
  /** Default 1. */
  readonly seed?: number
  /** How often the listeners follow what became of apps and revisions, milliseconds. Default 25. */
  readonly followEveryMs?: number
  /** How long a request may wait for its revision. Default 240 seconds, Container Apps' own limit. */
  readonly timeoutMs?: number
}

/** One group of Prometheus' HTTP service discovery. */
export interface ScrapeGroup {
  readonly targets: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** The ingress of a pretend Container Apps environment, with the revisions' programs behind it. */
export interface Ingress {
  /** Plain HTTP; `/prometheus/targets` lists the live revision servers for `http_sd_configs`. */
  readonly url: string
  /** `127.0.0.1:<port>` for a FQDN of an app or a revision as the world names it; null where there is none. */
  addressOf(fqdn: string): string | null
  /** What `/prometheus/targets` answers. The labels `service` and `revision` are in the figures themselves. */
  scrapeGroups(): readonly ScrapeGroup[]
  /** Follows the world now, instead of at the next beat. */
  follow(): Promise<void>
  /** Stops everything; requests that are open are cut. */
  close(): Promise<void>
}

interface Front {
  readonly options: IngressOptions
  /** Listeners by FQDN. */
  readonly doors: Map<string, Listening>
  readonly upstreams: Upstreams
}

/**
 * Serves every app and every revision on an address of its own, over HTTP and HTTPS alike. Each request goes to a
 * revision by the weights of that moment. Requests that are open end undisturbed, whatever happens to weights and
 * revisions meanwhile.
 */
export async function createIngress(options: IngressOptions): Promise<Ingress> {
  const front: Front = { options, doors: new Map(), upstreams: createUpstreams(options.seed ?? 1, options.profileOf) }
  const scrapeGroups = () => [{ targets: front.upstreams.serving().map(({ host }) => host), labels: {} }]
  const admin = await listen((request, response) => {
    const isKnown = request.url === '/prometheus/targets'
    send(response, isKnown ? json(200, scrapeGroups()) : text(404, 'Ask for /prometheus/targets.'))
  })
  let followed = follow(front)
  await followed
  const again = () => {
    followed = followed.then(() => follow(front))
    return followed
  }
  const beat = setInterval(() => void again(), options.followEveryMs ?? 25)
  return {
    url: admin.url,
    addressOf: (fqdn) => addressOf(front, fqdn),
    scrapeGroups,
    follow: again,
    close: async () => {
      clearInterval(beat)
      await followed
      await Promise.all([admin, ...front.doors.values()].map((listening) => listening.close()))
      await front.upstreams.close()
    },
  }
}

function addressOf(front: Front, fqdn: string): string | null {
  const door = front.doors.get(fqdn)
  return door === undefined ? null : `127.0.0.1:${door.port}`
}

/** Opens and closes listeners, and starts and retires revision servers, until all is as the world says now. */
async function follow(front: Front): Promise<void> {
  const wanted = new Set<string>()
  for (const { app, seen } of survey(front)) {
    wanted.add(seen.fqdn)
    await open(front, seen.fqdn, app, null)
    for (const revision of seen.revisions) {
      wanted.add(revision.fqdn)
      await open(front, revision.fqdn, app, revision.name)
    }
  }
  for (const [fqdn, door] of front.doors) {
    if (wanted.has(fqdn)) continue
    front.doors.delete(fqdn)
    await door.close()
  }
  await followRevisions(front)
}

async function followRevisions(front: Front): Promise<void> {
  const ready = survey(front).flatMap(({ app, seen }) =>
    seen.revisions.filter(({ state }) => state === 'ready').map((revision) => ({ app, revision })),
  )
  const serving = new Set(ready.map(({ app, revision }) => revisionId(app, revision.name)))
  front.upstreams.retire((id) => serving.has(id))
  await Promise.all(ready.map(({ app, revision }) => front.upstreams.take(app, revision)))
}

function survey({ options: { view } }: Front): readonly { readonly app: AppKey; readonly seen: IngressSeen }[] {
  return view.apps().map((app) => ({ app, seen: view.ingress(app) }))
}

async function open(front: Front, fqdn: string, app: AppKey, revision: string | null): Promise<void> {
  if (front.doors.has(fqdn)) return
  const { clock, log, tls, environmentName = 'local', timeoutMs = DEFAULT_TIMEOUT_MS, seed = 1 } = front.options
  const split = createSplit(seededRandom(seed, fqdn)())
  const choose = () => revision ?? split(look(front, app)?.weights ?? {}) ?? ''
  const route = (name: string, isGone: () => boolean) => routeTo(front, app, name, isGone)
  const proxied = { app: app.app, environmentName, clock, log, timeoutMs, choose, route }
  front.doors.set(fqdn, await listenBoth((request, response) => void proxy(proxied, request, response), tls))
}

const DEFAULT_TIMEOUT_MS = 240_000

/** How often a request that waits for its revision looks again. */
const LOOK_AGAIN_MS = 10

/** Waits for a revision that sleeps or starts, as ingress does, but no longer than a request may last. */
async function routeTo(front: Front, app: AppKey, name: string, isGone: () => boolean): Promise<Route> {
  const until = performance.now() + (front.options.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  while (!isGone() && performance.now() < until) {
    const revision = look(front, app)?.revisions.find((candidate) => candidate.name === name)
    if (revision === undefined || !revision.active) return { kind: 'refuse', refusal: STOPPED }
    if (revision.state === 'ready') {
      return { kind: 'forward', upstream: await front.upstreams.take(app, revision) }
    }
    if (revision.state === 'asleep') front.options.view.touch(app, name)
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
  }
  return { kind: 'refuse', refusal: TIMED_OUT }
}

function look(front: Front, app: AppKey): IngressSeen | null {
  const { view } = front.options
  const isThere = view.apps().some((other) => revisionId(other, '') === revisionId(app, ''))
  return isThere ? view.ingress(app) : null
}
