import type { Manifest } from '../lib/core/service.ts'
import { chance } from '../sim/chance.ts'
import { createStage, type Stage } from '../sim/runner.ts'
import { addService, ENVIRONMENT, MINUTE_MS, manifestOf, pushOf } from './services.ts'

/** What ARM does from before the breach on: refuses nine calls of ten for 30 minutes, whatever they are. */
export interface Storm {
  /** The longest wait that a refusal asks for, from 1 s, drawn from the seed; null = none is asked for. */
  readonly longestRetryAfterS: number | null
}

/** One canary that turned bad, and how long it took to lose its traffic. Milliseconds. */
export interface Breached {
  /** From the stored decision to the PATCH that Azure took. */
  readonly fromDecisionMs: number
  /**
   * From when the first measurement that the deciding look absorbed could be read at the source: the end of its bucket and
   * the source's lag. Conservative: the breach need not have shown in that one.
   */
  readonly fromReadableMs: number
  /** The most calls to ARM that went out in any one minute from the storm's beginning to the taken PATCH. */
  readonly callsInAMinute: number
  /** Whether any write raised the canary's weight meanwhile. */
  readonly isRaised: boolean
}

const KEY = { environment: ENVIRONMENT, name: 'breaching' }
const PLAIN = manifestOf(KEY.name, ['setWeight: 10', 'bake: 48h'])
const HEALTHY = { rps: 50, p95Ms: 120, errorRate: 0.0002 }
const STORM_MS = 30 * MINUTE_MS

/** The service with a source of this lag: what is measured becomes readable at a moment that no look was timed for. */
function laggingBy(lagMs: number): Manifest {
  const { analysis } = PLAIN
  return { ...PLAIN, analysis: { ...analysis, kpis: analysis.kpis.map((kpi) => ({ ...kpi, lagMs })) } }
}

/** Lives through one breach: a canary at 10 % turns slow at a moment drawn from the seed, in a storm or in fair weather. */
export async function breach(seed: number, storm: Storm | null): Promise<Breached> {
  const stage = createStage({ seed })
  const manifest = laggingBy(3 * MINUTE_MS + Math.floor(chance(seed, 4) * MINUTE_MS))
  addService(stage.world, manifest)
  await stage.declare(manifest)
  const push = pushOf(KEY.name, 2, stage.clock.now())
  stage.metrics.profile(push.digest, HEALTHY)
  await stage.push(push)
  await stage.runUntil('the canary has its weight', () => weightOf(stage) === 10, 30 * MINUTE_MS)
  await stage.run(10 * MINUTE_MS + Math.floor(chance(seed, 1) * 10 * MINUTE_MS))
  const calls = countCalls(stage)
  const began = stage.clock.now()
  if (storm !== null) begin(stage, seed, storm)
  await stage.run(1 + Math.floor(chance(seed, 2) * MINUTE_MS))
  stage.metrics.profile(push.digest, { ...HEALTHY, p95Ms: 600, from: stage.clock.now() })
  await stage.runUntil('the canary has lost its traffic', () => weightOf(stage) === 0, STORM_MS)
  return outcomeOf(stage, manifest, began, calls)
}

function begin({ world, clock }: Stage, seed: number, { longestRetryAfterS: longest }: Storm): void {
  const wait = longest === null ? {} : { retryAfterS: 1 + Math.floor(chance(seed, 3) * longest) }
  const refusal = { status: 429, code: 'TooManyRequests', message: 'Too many requests.', ...wait }
  world.inject({ on: 'any', share: 0.9, until: clock.now() + STORM_MS, refusal })
}

async function outcomeOf(stage: Stage, manifest: Manifest, began: number, calls: readonly number[]): Promise<Breached> {
  const writes = stage.world.log.filter(({ at, traffic }) => at >= began && traffic !== undefined)
  const takenAt = writes.findLast(({ traffic }) => (traffic?.[canaryOf(stage)] ?? 0) === 0)?.at ?? Number.NaN
  const decidedAt = stage.store.auditOf(KEY).find(({ kind }) => kind === 'rollback-started')?.happenedAt ?? Number.NaN
  return {
    fromDecisionMs: takenAt - decidedAt,
    fromReadableMs: takenAt - (await readableAt(stage, manifest)),
    callsInAMinute: busiest(calls),
    isRaised: writes.some(({ traffic }) => (traffic?.[canaryOf(stage)] ?? 0) > 0),
  }
}

/** When the oldest bucket that the last judging look absorbed could first be read. */
async function readableAt(stage: Stage, { analysis }: Manifest): Promise<number> {
  const { items } = await stage.store.lines(KEY, 1, 10_000, null)
  const absorbed = analysis.kpis.flatMap(({ name, lagMs }) =>
    (items.at(-1)?.kpis[name] ?? []).map(([at]) => at + analysis.bucketMs + lagMs),
  )
  return Math.min(...absorbed)
}

/** Notes the time of every call to ARM from now on, refused ones too. */
function countCalls({ world, clock }: Stage): readonly number[] {
  const calls: number[] = []
  const { countRead, patch, getRevision } = world
  const counted =
    <A extends readonly unknown[], T>(call: (...given: A) => T) =>
    (...given: A): T => {
      calls.push(clock.now())
      return call(...given)
    }
  Object.assign(world, { countRead: counted(countRead), patch: counted(patch), getRevision: counted(getRevision) })
  return calls
}

function busiest(calls: readonly number[]): number {
  let from = 0
  let most = 0
  for (const [index, at] of calls.entries()) {
    while ((calls[from] ?? at) <= at - MINUTE_MS) from += 1
    most = Math.max(most, index - from + 1)
  }
  return most
}

function weightOf(stage: Stage): number {
  const { weights } = stage.world.ingress(PLAIN.target)
  return weights[canaryOf(stage)] ?? 0
}

function canaryOf(stage: Stage): string {
  return stage.store.peek(KEY)?.rollout?.canary ?? ''
}
