import { Agent } from 'node:http'
import type { AppKey, RevisionServing } from '../world/types.ts'
import { type ImageProfile, seededRandom } from './image-profile.ts'
import { createRevisionServer, type RevisionServer } from './revision-server.ts'

/** A running revision, as ingress sees it. */
export interface Upstream {
  readonly server: RevisionServer
  /** Connections to it that are kept for further requests. */
  readonly agent: Agent
  /** Counts a request as open; what it returns must be called once, when the request has ended. */
  enter(): () => void
  /** Resolves when no request is open. */
  idle(): Promise<void>
}

/** The running revisions of all apps. */
export interface Upstreams {
  /** The revision's server, started if need be; one that comes back after it was retired is a new one. */
  take(app: AppKey, revision: RevisionServing): Promise<Upstream>
  /** Lets go of every revision that `isServing` denies: each stops when its last open request has ended. */
  retire(isServing: (id: string) => boolean): void
  /** Servers that take requests now, ordered by their revisions' ids. */
  serving(): readonly RevisionServer[]
  /** Stops all of them at once, open requests or not. */
  close(): Promise<void>
}

/** Names a revision of an app among all apps. */
export function revisionId(app: AppKey, revision: string): string {
  return `${app.subscriptionId}/${app.resourceGroup}/${app.app}/${revision}`
}

interface Pool {
  /** Revisions that take requests: what was started, and what of it stands. */
  readonly live: Map<string, Promise<Upstream>>
  readonly ready: Map<string, RevisionServer>
  /** Every server that runs, those that are being let go included. */
  readonly running: Set<RevisionServer>
}

/** No revision runs at the start. `profileOf` says how an image's program behaves, asked at every request. */
export function createUpstreams(seed: number, profileOf: (image: string) => ImageProfile): Upstreams {
  const pool: Pool = { live: new Map(), ready: new Map(), running: new Set() }
  return {
    take: (app, revision) => {
      const id = revisionId(app, revision.name)
      const upstream = pool.live.get(id) ?? start(pool, id, app.app, revision, seed, profileOf)
      pool.live.set(id, upstream)
      return upstream
    },
    retire: (isServing) => {
      for (const [id, upstream] of pool.live) {
        if (isServing(id)) continue
        pool.live.delete(id)
        pool.ready.delete(id)
        void upstream.then((leaving) => drain(pool, leaving))
      }
    },
    serving: () => [...pool.ready].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, server]) => server),
    close: async () => {
      await Promise.allSettled(pool.live.values())
      pool.live.clear()
      pool.ready.clear()
      await Promise.all([...pool.running].map((server) => server.close()))
    },
  }
}

async function start(
  pool: Pool,
  id: string,
  service: string,
  { name, image }: RevisionServing,
  seed: number,
  profileOf: (image: string) => ImageProfile,
): Promise<Upstream> {
  const profile = () => profileOf(image)
  const server = await createRevisionServer({ service, revision: name, profile, random: seededRandom(seed, id) })
  pool.running.add(server)
  if (pool.live.has(id)) pool.ready.set(id, server)
  return createUpstream(server)
}

async function drain(pool: Pool, upstream: Upstream): Promise<void> {
  await upstream.idle()
  upstream.agent.destroy()
  await upstream.server.close()
  pool.running.delete(upstream.server)
}

function createUpstream(server: RevisionServer): Upstream {
  let open = 0
  let notice: (() => void) | null = null
  return {
    server,
    agent: new Agent({ keepAlive: true }),
    enter: () => {
      open++
      return () => {
        if (--open === 0) notice?.()
      }
    },
    idle: () =>
      new Promise((resolve) => {
        notice = resolve
        if (open === 0) resolve()
      }),
  }
}
