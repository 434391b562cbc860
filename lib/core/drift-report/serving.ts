import type { Weights } from '../audit.ts'
import { weightsText } from '../format.ts'
import type { Rollout } from '../rollout.ts'
import type { Target } from '../service.ts'
import { MINUTE_MS, type Span } from './night.ts'

/** A stretch of whole minutes in which one revision had all traffic, or why nobody can tell which one had. */
export type Stretch = Span &
  (
    | {
        readonly revision: string
        /** The rollout that left it there: it says where the revision runs. */
        readonly rollout: Rollout
      }
    | { readonly revision: null; readonly why: string }
  )

/**
 * Which revision had all traffic in `span`, as the service's rollouts tell it, in order and without holes but for the minutes
 * that two stretches share. A rollout that moved traffic is a stretch of its own, from its start to its end, in which no
 * revision had all of it. What the next rollout found must be what the one before left, else a foreign hand was at work and
 * it is not known since when. `rollouts` in any order; `target` is the app that the service runs as today.
 */
export function servingIn(span: Span, rollouts: readonly Rollout[], target: Target): readonly Stretch[] {
  return stretches(rollouts, target).flatMap((stretch) => {
    const from = Math.ceil(Math.max(stretch.from, span.from) / MINUTE_MS) * MINUTE_MS
    const to = Math.floor(Math.min(stretch.to, span.to) / MINUTE_MS) * MINUTE_MS
    return from < to ? [{ ...stretch, from, to }] : []
  })
}

function stretches(rollouts: readonly Rollout[], target: Target): readonly Stretch[] {
  const seeing = rollouts.filter(hasSeenTraffic).toSorted((a, b) => a.number - b.number)
  const [first] = seeing
  const [begin, end] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  if (first === undefined) {
    return [{ from: begin, to: end, revision: null, why: 'no rollout has seen yet which revision serves' }]
  }
  const why = `no rollout tells which revision served before ${timeText(first.startedAt)}`
  const before: Stretch = { from: begin, to: first.startedAt, revision: null, why }
  return [before, ...seeing.flatMap((rollout, place) => stretchesOf(rollout, seeing[place + 1] ?? null, target))]
}

/** From the rollout's start to the start of the next one; either part may be empty. */
function stretchesOf(rollout: Rollout, next: Rollout | null, target: Target): readonly Stretch[] {
  const { startedAt, phase, id } = rollout
  const to = next?.startedAt ?? Number.POSITIVE_INFINITY
  const stillAt = !hasMoved(rollout) ? startedAt : phase.kind === 'finished' ? Math.min(phase.at, to) : to
  const moving: Stretch = { from: startedAt, to: stillAt, revision: null, why: `${id} was moving traffic` }
  const revision = leftBy(rollout)
  const why = whyUnknown(rollout, revision, next, target)
  const still: Stretch =
    revision === null || why !== null
      ? { from: stillAt, to, revision: null, why: why ?? `${id} saw no revision with all traffic` }
      : { from: stillAt, to, revision, rollout }
  return [moving, still]
}

/** A rollout that never came to look at its app has changed nothing, and says nothing. */
function hasSeenTraffic({ stable, footprint }: Rollout): boolean {
  return stable !== null || footprint !== null
}

function hasMoved({ wished }: Rollout): boolean {
  return wished.some((weight) => weight > 0)
}

/** The revision that has all traffic after the rollout, or beside it where it moved none; null = none has. */
function leftBy(rollout: Rollout): string | null {
  const { phase, canary } = rollout
  return phase.kind === 'finished' && phase.outcome === 'promoted' ? canary : foundBy(rollout)
}

function foundBy({ stable, footprint }: Rollout): string | null {
  return stable ?? soleOf(footprint?.weights ?? {})
}

function soleOf(weights: Weights): string | null {
  return Object.keys(weights).find((name) => weights[name] === 100) ?? null
}

function whyUnknown(rollout: Rollout, left: string | null, next: Rollout | null, target: Target): string | null {
  const { id, footprint, manifest } = rollout
  if (!isSameApp(manifest.target, target)) return `${id} was of another container app than the manifest names now`
  if (footprint !== null && soleOf(footprint.weights) !== left) {
    return `${id} last saw the traffic at ${weightsText(footprint.weights)}`
  }
  if (next === null || foundBy(next) === left) return null
  const found = foundBy(next) ?? 'no revision'
  return `${next.id} found ${found} with all traffic, ${id} had left it to ${left ?? 'none'}: somebody else changed it in between`
}

/** Names in Azure do not tell capitals from small letters. */
function isSameApp(one: Target, other: Target): boolean {
  const name = ({ subscriptionId, resourceGroup, app }: Target) =>
    [subscriptionId, resourceGroup, app].join('/').toLowerCase()
  return name(one) === name(other)
}

function timeText(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace('T', ' ')
}
