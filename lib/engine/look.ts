import type { Observed } from '../core/app.ts'
import { ask, judgedSince, steadySince } from '../core/ask.ts'
import { isHurried } from '../core/decide/decide.ts'
import type { Command, Facts } from '../core/facts.ts'
import { isAsKnown, isShown, quietSince } from '../core/glance.ts'
import { type Judged, judge } from '../core/judge/judge.ts'
import type { Query, Reading } from '../core/judge/reading.ts'
import type { BucketLine, JudgeState } from '../core/judge/state.ts'
import type { Quiet } from '../core/revision-turns.ts'
import type { Rollout } from '../core/rollout.ts'
import { stageWeight, wantedWeight } from '../core/traffic.ts'
import type { Presence } from '../ports.ts'
import { type FrozenAt, freezesNow } from './frozen.ts'
import type { Wheel } from './wheel.ts'

/**
 * The first half of a look: measures these rollouts in bulk, one question to each socket, whatever their number, and judges
 * what came of it. An abort and a pause wait for no measurements: none could change them. An error of our own with one
 * rollout is told with it, and the others are looked at all the same.
 */
export async function weigh<T extends Subject>(
  wheel: Wheel,
  items: readonly T[],
  command: Command | null = null,
): Promise<readonly Weighed<T>[]> {
  if (items.length === 0) return []
  const asking = wheel.clock.now()
  const hurried = isHurried(command)
  const asked = items.map((item) => {
    const queries = attempt(() => (hurried ? [] : ask(item.rollout, item.judge, asking)))
    return { item, queries: queries.value ?? [], error: queries.error }
  })
  const [images, restarts, readings] = await Promise.all([
    findImages(wheel, items),
    hurried ? new Map<Rollout, null>() : countRestarts(wheel, items, asking),
    measure(
      wheel,
      asked.flatMap(({ queries }) => queries),
    ),
  ])
  return asked.map(({ item, queries, error }) => {
    const { rollout } = item
    const attempted = attempt(() => judgedOf(item, queries, readings, asking))
    const [image, counted] = [images.get(rollout) ?? null, restarts.get(rollout) ?? null]
    return {
      item,
      rollout,
      judged: attempted.value ?? null,
      broken: error ?? attempted.error,
      image,
      restarts: counted,
    }
  })
}

/**
 * The second half: looks at the apps, in bulk, and gives each rollout its facts, in order; whatever could not be seen is in
 * them as such. It comes last, so that a source that takes long makes no sight of an app old; the facts are as of its end, so
 * that a weight counts from when it was surely there. Where nothing is going on a glance at the app may do, which does not
 * read its revisions; where a glance shows anything new, the revisions are read at once. Freezes are read after all that
 * takes long, so that one that was just added holds; an abort and a pause do not wait for them.
 */
export async function see<T extends Subject>(
  wheel: Wheel,
  weighed: readonly Weighed<T>[],
  command: Command | null = null,
): Promise<readonly (T & Sight)[]> {
  if (weighed.length === 0) return []
  const apps = await seeApps(wheel, weighed, command !== null)
  const items = weighed.map(({ item }) => item)
  const frozen = isHurried(command) ? UNREAD : await readFreezes(wheel, items)
  const now = wheel.clock.now()
  return weighed.map(({ item, rollout, judged, broken, image, restarts }) => {
    const app = apps.get(rollout) ?? notLookedAt(rollout, image)
    const verdict = judged?.verdict ?? null
    const facts = {
      now,
      app,
      image,
      verdict,
      ...(judged?.isBehind === true && { isBehind: true }),
      restarts,
      blindSince: judged === null ? null : blindSince(judged, rollout),
      freeze: frozen(rollout.key.environment, rollout.key.name, now),
    }
    return { ...item, facts, judged: judged?.state ?? null, buckets: judged?.line ?? null, broken }
  })
}

/** The same facts with a look at the app and its revisions of this moment. */
export async function lookAgain(wheel: Wheel, rollout: Rollout, facts: Facts): Promise<Facts> {
  const [app] = await wheel.apps.observe([rollout.manifest.target])
  return { ...facts, app: app ?? notLookedAt(rollout, null), now: wheel.clock.now() }
}

/** What comes of a piece of work for one rollout; its own error must not take the others' looks along. */
function attempt<T>(work: () => T): { readonly value?: T; readonly error: unknown } {
  try {
    return { value: work(), error: null }
  } catch (error) {
    return { error }
  }
}

type Frozenness = (environment: string, ...of: Parameters<FrozenAt>) => Facts['freeze']

/** What stops needs no leave, and nothing goes on by it. */
const UNREAD: Frozenness = () => 'unread'

/** One read for each environment, which is one. */
async function readFreezes(wheel: Wheel, items: readonly Subject[]): Promise<Frozenness> {
  const environments = [...new Set(items.map(({ rollout }) => rollout.key.environment))]
  const tellers = await Promise.all(environments.map((environment) => freezesNow(wheel, environment)))
  return (environment, name, at) => tellers[environments.indexOf(environment)]?.(name, at) ?? null
}

/** A rollout and what the judge remembers of it. */
export interface Subject {
  readonly rollout: Rollout
  readonly judge: JudgeState | null
}

/** What a look brought: the facts, and the judge's memory after it with the buckets it absorbed (null = nothing was judged). */
export interface Sight {
  readonly facts: Facts
  readonly judged: JudgeState | null
  readonly buckets: BucketLine | null
  /** Our own error with this rollout alone; null where there was none. Nothing may be decided on it. */
  readonly broken: unknown
}

/**
 * How long a rollback that is throttled goes on trying to see its app, and then to write to it: no write comes more than
 * both after the oldest answer that it rests on.
 */
export const URGENT_MS = 15_000

/** A rollout, and what the first half of a look made of it. */
interface Weighed<T extends Subject = Subject> {
  readonly item: T
  readonly rollout: Rollout
  readonly judged: Judged | null
  /** Our own error with this rollout alone; null where there was none. */
  readonly broken: unknown
  readonly image: Presence | null
  readonly restarts: number | null
}

/** Azure is not touched for a rollout in preparation before the registry has said that its image is really there. */
async function seeApps(
  wheel: Wheel,
  items: readonly Weighed[],
  isCommanded: boolean,
): Promise<ReadonlyMap<Rollout, Observed | undefined>> {
  const ready = items.filter(({ rollout, image }) => rollout.phase.kind !== 'preparing' || image?.kind === 'present')
  if (ready.length === 0) return new Map()
  const now = wheel.clock.now()
  const isUrgent = ready.every(({ rollout }) => rollout.phase.kind === 'rolling-back')
  const urgent = isUrgent ? { until: now + URGENT_MS } : undefined
  const targets = ready.map(({ rollout }) => rollout.manifest.target)
  const quiet = ready.map((one) => (isCommanded ? null : quietOf(one, now)))
  const seen = await wheel.apps.observe(targets, urgent, quiet)
  const first = new Map(ready.map(({ rollout }, index) => [rollout, seen[index]]))
  const changed = [...first].flatMap(([rollout, one]) =>
    one?.kind === 'glanced' && !isAsKnown(rollout, one.app) ? [rollout] : [],
  )
  if (changed.length === 0) return first
  const closer = await wheel.apps.observe(changed.map((rollout) => rollout.manifest.target))
  return new Map([...first, ...changed.map((rollout, index) => [rollout, closer[index]] as const)])
}

function quietOf({ rollout, judged, broken }: Weighed, now: number): Quiet | null {
  const readAt = broken === null ? quietSince(rollout, judged?.verdict ?? null, now) : null
  return readAt === null ? null : { readAt, isShown: isShown(rollout.manifest, judged?.state ?? null, now) }
}

async function measure(wheel: Wheel, queries: readonly Query[]): Promise<ReadonlyMap<string, Reading>> {
  if (queries.length === 0) return new Map()
  const readings = await wheel.metrics.read(queries)
  return new Map(readings.map((reading) => [reading.id, reading]))
}

const RESTARTS_MS = 600_000
const MINUTE_MS = 60_000

/** Azure Monitor knows restarts, so only rollouts that it measures anyway ask: the others may lack the role for it. */
async function countRestarts(
  wheel: Wheel,
  items: readonly { readonly rollout: Rollout }[],
  now: number,
): Promise<ReadonlyMap<Rollout, number | null | undefined>> {
  const to = Math.ceil((now + 1) / MINUTE_MS) * MINUTE_MS
  const asking = items.flatMap(({ rollout }) => {
    const since = steadySince(rollout.phase)
    const { target, analysis } = rollout.manifest
    if (since === null || !analysis.kpis.some(({ source }) => source.kind === 'azure-metrics')) return []
    const from = Math.max(Math.floor(since / MINUTE_MS) * MINUTE_MS, to - RESTARTS_MS)
    return [{ rollout, ask: { target, region: rollout.place?.region ?? null, revision: rollout.canary, from, to } }]
  })
  if (asking.length === 0) return new Map()
  const counts = await wheel.restarts.count(asking.map(({ ask }) => ask))
  return new Map(asking.map(({ rollout }, index) => [rollout, counts[index]]))
}

/** Only a rollout that is being prepared asks its registry. */
async function findImages(
  wheel: Wheel,
  items: readonly { readonly rollout: Rollout }[],
): Promise<ReadonlyMap<Rollout, Presence | undefined>> {
  const asking = items.map(({ rollout }) => rollout).filter((rollout) => rollout.phase.kind === 'preparing')
  if (asking.length === 0) return new Map()
  const answers = await wheel.registry.has(asking.map((rollout) => rollout.push))
  return new Map(asking.map((rollout, index) => [rollout, answers[index]]))
}

function judgedOf(
  { rollout, judge: before }: Subject,
  queries: readonly Query[],
  readings: ReadonlyMap<string, Reading>,
  now: number,
): Judged | null {
  const since = judgedSince(rollout, before)
  const { manifest, phase, canary, id } = rollout
  if (queries.length === 0 || since === null || !('stage' in phase)) return null
  const steadyAt = steadySince(phase)
  const bakeMs = manifest.stages[phase.stage]?.bakeMs ?? 0
  const step = steadyAt === null ? null : { since: steadyAt, bakeMs }
  // By the plan also while hands are kept off.
  const weight = wantedWeight(rollout) ?? stageWeight(rollout, phase.stage)
  const answers = queries.flatMap((query) => readings.get(query.id) ?? [])
  return judge({ rollout: id, manifest, canary, since, step, weight }, before, queries, answers, now)
}

/** Since when the KPI that has been silent longest has been, advisory ones left out. */
function blindSince({ state }: Judged, { manifest }: Rollout): number | null {
  const counting = manifest.analysis.kpis.filter((kpi) => kpi.role === 'required')
  const times = counting.flatMap((kpi) => state.kpis[kpi.name]?.blind?.since ?? [])
  return times.length === 0 ? null : Math.min(...times)
}

function notLookedAt(rollout: Rollout, image: Presence | null): Observed {
  if (image?.kind === 'unknown') return { kind: 'unseen', fault: image.trouble }
  const message = `no answer about ${rollout.manifest.target.app}`
  return { kind: 'unseen', fault: { kind: 'unavailable', message, retryAfterMs: null } }
}
