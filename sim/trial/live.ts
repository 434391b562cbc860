import type { Manifest, Push } from '../../lib/core/service.ts'
import { wantedWeight } from '../../lib/core/traffic.ts'
import { Fault } from '../../lib/errors.ts'
import { createStage, type Stage, type StageOptions } from '../runner.ts'
import { type Item, injectionOf, type Scenario } from './scenario.ts'
import type { TraceBody, TraceEvent, TrialPhase } from './trace.ts'

const HOUR_MS = 3_600_000
const QUIET_MS = 24 * HOUR_MS
const KEY = { environment: 'production', name: 'pricing' }

/** What came of a trial. */
export interface Lived {
  readonly canaries: number
  readonly simulatedMs: number
  readonly events: number
}

/** A bug between the engine and its sockets, to show that the checks find it. */
export type Plant = NonNullable<StageOptions['plant']>

/** Lives through a scenario: 48 troubled hours and a quiet day. Every effect is told to `see` in the order in which it came. */
export async function live(scenario: Scenario, see: (event: TraceEvent) => void, plant?: Plant): Promise<Lived> {
  const stage = createStage({ seed: scenario.seed, ...(plant === undefined ? {} : { plant }) })
  const began = stage.clock.now()
  const { tell, told } = teller(stage, scenario.seed, see)
  const manifest = manifestOf(scenario)
  stage.world.addApp({ target: manifest.target, image: imageOf(1), suffix: 'v1' })
  await stage.declare(manifest)
  tell({ kind: 'service', entity: 'production/pricing', app: appOf(manifest), manifest })
  const watching = watch(stage, manifest, tell)
  let isDown = false
  stage.store.interfere((call, moment) => {
    if (moment === 'after') watching()
    if (isDown && moment === 'before') throw new Fault('unavailable', `storage is down at ${call}`)
  })
  const wait = async (until: number) => {
    while (stage.clock.now() < until) {
      await sturdily(() => stage.run(until - stage.clock.now()))
      watching()
    }
  }
  const befall = { stage, manifest, tell, setDown: (down: boolean) => (isDown = down) }
  for (const moment of momentsOf(scenario.items)) {
    await wait(began + moment.at)
    await sturdily(() => happen(befall, moment.item, moment.ends))
    watching()
  }
  const calmAt = stage.clock.now()
  await wait(calmAt + QUIET_MS)
  const canaries = stage.store.peek(KEY)?.service.rolloutNumber ?? 0
  tell({ kind: 'end', calmAt, canaries, violations: 0 })
  return { canaries, simulatedMs: stage.clock.now() - began, events: told() }
}

function teller(stage: Stage, seed: number, see: (event: TraceEvent) => void) {
  let n = 0
  return {
    tell: (body: TraceBody) => {
      n += 1
      see({ seed, n, at: stage.clock.now(), ...body })
    },
    told: () => n,
  }
}

/** A queue, a timer and a person come again later where storage was down. */
async function sturdily(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Fault)) throw error
  }
}

interface Moment {
  readonly at: number
  readonly item: Item
  readonly ends: boolean
}

function momentsOf(items: readonly Item[]): readonly Moment[] {
  const begins = items.map((item) => ({ at: item.at, item, ends: false }))
  const ends = items.flatMap((item) =>
    item.kind === 'trouble' ? [{ at: item.at + item.lastsMs, item, ends: true }] : [],
  )
  return [...begins, ...ends].sort((a, b) => a.at - b.at)
}

interface Befall {
  readonly stage: Stage
  readonly manifest: Manifest
  readonly tell: (body: TraceBody) => void
  readonly setDown: (down: boolean) => void
}

async function happen({ stage, manifest, tell, setDown }: Befall, item: Item, ends: boolean): Promise<void> {
  const phase = phaseOf(stage)
  const { world, metrics, clock } = stage
  if (item.kind === 'push') {
    const push = pushOf(item.version, clock.now())
    metrics.profile(push.digest, { rps: 50, p95Ms: 120, errorRate: item.errorRate })
    if (item.never !== null) world.behave(push.digest, { never: item.never })
    for (const record of await stage.push(push)) tell({ kind: 'event-recorded', record })
  } else if (item.kind === 'command') {
    await stage.command(KEY, item.verb, { id: item.command })
  } else if (item.kind === 'edit') {
    const revisions = world.see(manifest.target).revisions.filter(({ active }) => active)
    const [one, other] = [revisions.at(0)?.name ?? '', revisions.at(-1)?.name ?? '']
    const weights = one === other ? { [one]: 100 } : { [one]: 100 - item.share, [other]: item.share }
    world.edit(manifest.target, (hand) =>
      hand.traffic(Object.entries(weights).map(([revisionName, weight]) => ({ revisionName, weight }))),
    )
    tell({ kind: 'fault', fault: 'F9', variant: 'weights', moment: 'strikes', entity: 'production/pricing', phase })
  } else {
    const injection = injectionOf(item, clock.now() + item.lastsMs)
    if (injection !== null && !ends) world.inject(injection)
    if (item.variant === 'metrics-outage') metrics.ailment = ends ? null : 'outage'
    if (item.variant === 'metrics-holes') metrics.ailment = ends ? null : 'holes'
    if (item.variant === 'storage-503') setDown(!ends)
    const { fault, variant } = item
    tell({ kind: 'fault', fault, variant, moment: ends ? 'ends' : 'begins', entity: null, phase })
  }
}

/** Tells what has changed in store and world since it was last called. */
function watch(stage: Stage, manifest: Manifest, tell: (body: TraceBody) => void): () => void {
  let rows = 0
  let dealt = ''
  return () => {
    const audit = stage.store.auditOf(KEY)
    const { saved } = stage.store.commits()
    for (const row of audit.slice(rows)) tell({ kind: 'audit', row, commit: saved })
    if (audit.length > rows) tellDecision(stage, tell)
    rows = audit.length
    const { weights } = stage.world.ingress(manifest.target)
    const now = JSON.stringify(weights)
    if (now !== dealt) tell({ kind: 'traffic', app: appOf(manifest), weights, revisions: [] })
    dealt = now
  }
}

function tellDecision(stage: Stage, tell: (body: TraceBody) => void): void {
  const rollout = stage.store.peek(KEY)?.rollout
  if (!rollout) return
  const { id, canary, stable, wakeAt, phase } = rollout
  tell({
    kind: 'decision',
    worker: 0,
    entity: 'production/pricing',
    rollout: id,
    canary,
    stable,
    phase: phase.kind,
    stage: 'stage' in phase ? phase.stage : null,
    canaryWeight: wantedWeight(rollout),
    outcome: 'outcome' in phase ? phase.outcome : null,
    wakeAt,
  })
}

function phaseOf(stage: Stage): TrialPhase {
  return stage.store.peek(KEY)?.rollout?.phase.kind ?? 'none'
}

function pushOf(version: number, pushedAt: number): Push {
  const digest = `sha256:${String(version).padStart(2, '0').repeat(32)}`
  const event = { eventId: `event-${version}`, source: 'acr', author: null }
  return { registry: 'registry.example.com', repository: 'pricing', tag: `v${version}`, digest, pushedAt, ...event }
}

function imageOf(version: number): string {
  const { registry, repository, digest } = pushOf(version, 0)
  return `${registry}/${repository}@${digest}`
}

function appOf({ target }: Manifest): string {
  return `${target.subscriptionId}/${target.resourceGroup}/${target.app}`.toLowerCase()
}

function manifestOf({ stages, intervalMs }: Scenario): Manifest {
  const minute = 60_000
  const subscriptionId = '00000000-0000-0000-0000-000000000001'
  const source = { source: { kind: 'azure-logs' as const }, lagMs: 3 * minute, minRequests: null }
  return {
    ...KEY,
    target: { subscriptionId, resourceGroup: 'rides', app: 'pricing', container: null },
    image: { registry: 'registry.example.com', repository: 'pricing', tags: { kind: 'glob', pattern: 'v*' } },
    stages: [...stages.map((stage) => ({ ...stage, gate: false })), { weight: 100, bakeMs: 0, gate: false }],
    analysis: {
      intervalMs,
      bucketMs: minute,
      warmUpMs: 5 * minute,
      kpis: [{ name: 'errors', role: 'required', kind: 'error-rate', limitRatio: 0.01, alsoBad: [], ...source }],
      onInconclusive: { afterMs: 24 * HOUR_MS, then: 'wait' },
      onRelative: 'hold',
      onBlind: { afterMs: 30 * minute, then: 'wait' },
      requireEvidence: false,
    },
    onNewRevision: 'supersede',
    deadlines: { readyMs: 10 * minute, trafficMs: 10 * minute, gateMs: null },
    approvals: null,
    drainMs: minute,
    scaleDownDelayMs: 10 * minute,
    watchMs: 15 * minute,
  }
}
