import type { AuditView, ListOf } from '../lib/api.ts'
import type { BucketLine, History, SeenBucket } from '../lib/core/judge/state.ts'
import type { Rollout } from '../lib/core/rollout.ts'
import { EXIT, Refusal } from './exit.ts'
import type { Api } from './http.ts'
import { findTarget, rolloutOf, servicePath } from './target.ts'

/** A past or present rollout as the service keeps it: what it was, what was measured, and when which weight was real. */
export interface StoredRollout {
  readonly rollout: Rollout
  /** Start of bucket 0, epoch milliseconds. */
  readonly from: number
  readonly lines: readonly BucketLine[]
  readonly history: Readonly<Record<string, History>>
  readonly unfinished: Readonly<Record<string, readonly SeenBucket[]>>
  /** Canary weights as the ingress was seen to have them, oldest first. */
  readonly weights: readonly { readonly at: number; readonly weight: number }[]
}

/** Which rollout of a service is meant; `environment` is undefined where one alone has the service. */
export interface Which {
  readonly service: string
  readonly rollout: number
  readonly environment: string | undefined
}

const PAGE = 100

interface BucketsPage extends ListOf<BucketLine> {
  readonly from: number | null
  readonly history: Readonly<Record<string, History>>
  readonly unfinished: Readonly<Record<string, readonly SeenBucket[]>>
}

/** Reads everything that a replay of a stored rollout needs. Throws Refusal that says what to do. */
export async function storedRollout(
  api: Api,
  { service, rollout: number, environment }: Which,
): Promise<StoredRollout> {
  const target = await findTarget(api, service, environment)
  const rollout = known(await rolloutOf(api, { ...target, rollout: { id: `${service}-${number}`, number } }))
  const path = servicePath(service, `/rollouts/${number}/buckets`)
  const query = { environment: rollout.key.environment, limit: PAGE }
  const { from, history, unfinished } = await api.get<BucketsPage>(path, query)
  const lines: BucketLine[] = []
  for await (const line of api.items<BucketLine>(path, query)) lines.push(line)
  if (from === null || lines.length === 0)
    throw new Refusal(EXIT.error, `${rollout.id} has no stored buckets: its canary was never judged`)
  return { rollout, from, lines, history, unfinished, weights: await weightsOf(api, rollout) }
}

function known<T extends Rollout>(rollout: T): T {
  if (rollout.schema === 1) return rollout
  throw new Refusal(
    EXIT.error,
    'that rollout was stored by another version of Slipway; use the command of that version',
  )
}

async function weightsOf(api: Api, { id, key, canary }: Rollout): Promise<StoredRollout['weights']> {
  const query = { environment: key.environment, service: key.name, rollout: id, limit: PAGE }
  const seen: { at: number; weight: number }[] = []
  for await (const row of api.items<AuditView>('/v1/audit', query)) {
    if (row.kind === 'weights-confirmed')
      seen.push({ at: Date.parse(row.happenedAt), weight: row.weightsAfter?.[canary] ?? 0 })
  }
  return seen.sort((a, b) => a.at - b.at)
}
