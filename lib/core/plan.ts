import { duration } from './format.ts'
import type { Manifest } from './service.ts'

/** A time in which nothing begins: epoch milliseconds, `until` exclusive; null = nobody knows when it ends. */
export interface FreezeSpan {
  readonly id: string
  readonly reason: string
  readonly from: number
  readonly until: number | null
}

/** What a plan is made of. */
export interface PlanAsk {
  readonly manifest: Manifest
  /** The manifest that stands and the new one, as people write them; `before` null = the service is new. */
  readonly before: unknown
  readonly after: unknown
  /** Of the manifest that stands; 0 = there is none. */
  readonly version: number
  /** The rollout that runs now, or null. */
  readonly running: string | null
  readonly freezes: readonly FreezeSpan[]
  readonly now: number
}

/** One difference between two documents, by dotted path; a value that is absent is null. */
export interface PlannedChange {
  readonly path: string
  readonly before: unknown
  readonly after: unknown
}

/** One step of the next push, and when it begins at the earliest if the push came now. */
export interface TimedStep {
  readonly number: number
  readonly weight: number
  readonly bakeMs: number
  readonly gate: boolean
  readonly startsAt: number
}

/** What storing a manifest, and the next push with it, would do. Times are epoch milliseconds. */
export interface Plan {
  readonly version: { readonly now: number; readonly next: number }
  readonly changes: readonly PlannedChange[]
  readonly steps: readonly TimedStep[]
  readonly leastMs: number
  readonly endsAt: number
  /** Those of the freezes that hold a step back. */
  readonly freezes: readonly FreezeSpan[]
  readonly sentences: readonly string[]
}

/**
 * What would happen, were this manifest stored now and a matching image pushed right after, if every look passed and every
 * gate were opened at once. A step that falls into a freeze begins when the freeze ends; one that ends nobody knows when
 * is told, and the times go on as if it ended at once.
 */
export function planOf(ask: PlanAsk): Plan {
  const changes = changesBetween(ask.before, ask.after)
  const { steps, endsAt, met } = timesOf(ask)
  const version = { now: ask.version, next: changes.length === 0 ? ask.version : ask.version + 1 }
  const plan = { version, changes, steps, leastMs: endsAt - ask.now, endsAt, freezes: met }
  return { ...plan, sentences: sentencesOf(ask, plan) }
}

/** All differences between two JSON values, by dotted path, in the order of the newer one's keys. */
export function changesBetween(before: unknown, after: unknown, path = ''): readonly PlannedChange[] {
  if (isNest(before) && isNest(after) && Array.isArray(before) === Array.isArray(after)) {
    const keys = [...new Set([...Object.keys(after), ...Object.keys(before)])]
    return keys.flatMap((key) => changesBetween(before[key], after[key], path === '' ? key : `${path}.${key}`))
  }
  if (before === null && path === '' && isNest(after)) return changesBetween({}, after)
  if (Object.is(before ?? null, after ?? null)) return []
  return [{ path, before: before ?? null, after: after ?? null }]
}

function isNest(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function timesOf({ manifest, freezes, now }: PlanAsk): {
  readonly steps: readonly TimedStep[]
  readonly endsAt: number
  readonly met: readonly FreezeSpan[]
} {
  const met = new Set<FreezeSpan>()
  let at = now
  const steps = manifest.stages.map(({ weight, bakeMs, gate }, index) => {
    const startsAt = afterFreezes(at, freezes, met)
    at = startsAt + bakeMs
    return { number: index + 1, weight, bakeMs, gate, startsAt }
  })
  return { steps, endsAt: at, met: freezes.filter((freeze) => met.has(freeze)) }
}

/** The first moment from `at` on in which no freeze with an end holds; those that were met on the way are added. */
function afterFreezes(at: number, freezes: readonly FreezeSpan[], met: Set<FreezeSpan>): number {
  const holding = freezes.filter(({ from, until }) => from <= at && (until === null || at < until))
  for (const freeze of holding) met.add(freeze)
  const ends = holding.flatMap(({ until }) => (until === null ? [] : [until]))
  return ends.length === 0 ? at : afterFreezes(Math.max(...ends), freezes, met)
}

function sentencesOf(ask: PlanAsk, plan: Omit<Plan, 'sentences'>): readonly string[] {
  const { manifest } = ask
  const promoted = `${manifest.name} serves the new image to everybody at ${instant(plan.endsAt)} at the earliest`
  return [
    storedText(ask, plan),
    ...(ask.running === null ? [] : [`${ask.running} is running and goes on with the manifest that it began with`]),
    pushText(ask),
    ...plan.freezes.map(freezeText),
    ...plan.steps.map((step) => stepText(step, manifest)),
    `${promoted}, ${plan.leastMs === 0 ? 'at once' : `${duration(plan.leastMs)} after the push`}`,
    `the revision of before is kept ready for ${duration(manifest.scaleDownDelayMs)} after that`,
  ]
}

function storedText({ manifest, version }: PlanAsk, { changes, version: { next } }: Omit<Plan, 'sentences'>): string {
  const whole = `${manifest.environment}/${manifest.name}`
  if (version === 0) return `${whole} is stored as a new service, version ${next}`
  if (changes.length === 0) return `nothing changes: ${whole} stays at version ${version}`
  return `${whole} goes from version ${version} to version ${next}, with ${changes.length} ${changes.length === 1 ? 'change' : 'changes'}`
}

function pushText({ manifest, running }: PlanAsk): string {
  const { tags } = manifest.image
  const which = `the next push of a tag that matches ${tags.kind === 'glob' ? tags.pattern : tags.range}`
  if (running === null) return `${which} starts a rollout`
  switch (manifest.onNewRevision) {
    case 'supersede':
      return `${which} supersedes ${running}, which is rolled back first`
    case 'queue':
      return `${which} waits until ${running} has ended`
    case 'reject':
      return `${which} is rejected while ${running} is running`
  }
}

function freezeText({ id, reason, from, until }: FreezeSpan): string {
  const end =
    until === null ? 'until somebody lifts it, and the times below count from then' : `until ${instant(until)}`
  return `freeze ${id} (${reason}) holds it back from ${instant(from)} ${end}`
}

function stepText({ number, weight, bakeMs, gate, startsAt }: TimedStep, manifest: Manifest): string {
  const bake = bakeMs === 0 ? '' : ` for ${duration(bakeMs)}`
  const needed = manifest.approvals?.required ?? 1
  const opens = needed === 1 ? 'an Approver opens the gate' : `${needed} Approvers open the gate`
  return `step ${number} of ${manifest.stages.length}: ${weight} % from ${instant(startsAt)}${bake}${gate ? `, then ${opens}` : ''}`
}

function instant(at: number): string {
  return new Date(at).toISOString()
}
