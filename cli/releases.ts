import type { Rollout } from '../lib/core/rollout.ts'
import type { Api } from './http.ts'
import { servicePath } from './target.ts'

/** What is known of a revision beyond its name: the rollout that made it. */
export interface Release {
  readonly tag: string
  readonly digest: string
  /** Epoch milliseconds. */
  readonly madeAt: number
}

/** The present rollout as it is stored, and which releases the newest revisions are. */
export interface Releases {
  readonly rollout: Rollout | null
  readonly byRevision: ReadonlyMap<string, Release>
}

export const NO_RELEASES: Releases = { rollout: null, byRevision: new Map() }

/** Looks up what the newest rollouts of a service made. A service that tells nothing of them is shown without. */
export async function releasesOf(api: Api, service: string, environment: string, id: string | null): Promise<Releases> {
  const rollouts: Rollout[] = []
  for await (const one of api.items<Rollout>(servicePath(service, '/rollouts'), { environment, limit: MOST }, MOST))
    rollouts.push(one)
  const made = rollouts.map(({ canary, push, startedAt }) => {
    return [canary, { tag: push.tag, digest: push.digest, madeAt: startedAt }] as const
  })
  return { rollout: rollouts.find((one) => one.id === id) ?? null, byRevision: new Map(made.reverse()) }
}

const MOST = 20
