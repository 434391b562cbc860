import { reaches } from '../core/freeze.ts'
import { type FreezeSpan, type PlannedChange, planOf, type TimedStep } from '../core/plan.ts'
import type { Manifest } from '../core/service.ts'
import { isRunning } from '../core/start.ts'
import type { Wheel } from './wheel.ts'

/** A plan as it leaves the house: its times are ISO 8601 (UTC). */
export interface PresentedPlan {
  readonly service: string
  readonly environment: string
  readonly version: { readonly now: number; readonly next: number }
  readonly changes: readonly PlannedChange[]
  readonly running: string | null
  readonly steps: readonly (Omit<TimedStep, 'startsAt'> & { readonly startsAt: string })[]
  readonly leastMs: number
  readonly endsAt: string
  readonly freezes: readonly {
    readonly id: string
    readonly reason: string
    readonly from: string
    readonly until: string | null
  }[]
  readonly sentences: readonly string[]
}

/** How far ahead freezes are looked for beyond the bakes, and how many times of one. */
const AHEAD_MS = 90 * 86_400_000
const MOST_WINDOWS = 500

/**
 * What storing a checked manifest now, and a push right after, would do. Nothing is stored. `documentOf` writes a manifest
 * as people do. Throws Fault.
 */
export async function planFor(
  wheel: Wheel,
  manifest: Manifest,
  documentOf: (manifest: Manifest) => unknown,
): Promise<PresentedPlan> {
  const { environment, name } = manifest
  const [[item], { freezes }] = await Promise.all([
    wheel.store.load(environment, [name]),
    wheel.freezes.freezesOf(environment),
  ])
  const now = wheel.clock.now()
  const running = item !== undefined && isRunning(item.rollout) ? item.rollout.id : null
  const end = now + AHEAD_MS + manifest.stages.reduce((sum, { bakeMs }) => sum + bakeMs, 0)
  const held = freezes.filter((freeze) => reaches(freeze, name))
  const plan = planOf({
    manifest,
    before: item === undefined ? null : documentOf(item.service.manifest),
    after: documentOf(manifest),
    version: item?.service.manifestVersion ?? 0,
    running,
    freezes: held.flatMap((freeze) => windowsOf(wheel, freeze, now, end)),
    now,
  })
  return {
    ...plan,
    service: name,
    environment,
    running,
    steps: plan.steps.map((step) => ({ ...step, startsAt: instant(step.startsAt) })),
    endsAt: instant(plan.endsAt),
    freezes: plan.freezes.map(({ id, reason, from, until }) => {
      return { id, reason, from: instant(from), until: until === null ? null : instant(until) }
    }),
  }
}

/** The times of a freeze that begin before `end`, the one that is open now first. */
function windowsOf(
  wheel: Wheel,
  freeze: Parameters<Wheel['nextWindow']>[0] & { readonly id: string; readonly reason: string },
  now: number,
  end: number,
): readonly FreezeSpan[] {
  const { id, reason } = freeze
  const spans: FreezeSpan[] = []
  for (let at: number | null = now; at !== null && spans.length < MOST_WINDOWS; ) {
    const window = wheel.nextWindow(freeze, at)
    if (window === null || window.from >= end) break
    spans.push({ id, reason, ...window })
    at = window.until
  }
  return spans
}

function instant(at: number): string {
  return new Date(at).toISOString()
}
