import { bakeEnds } from '../ask.ts'
import { SUSPECT } from '../judge/sequence.ts'
import type { Evidence } from '../judge/verdict.ts'
import type { Rollout } from '../rollout.ts'
import { clockFrom } from './hold.ts'
import { isThrottledRollback } from './trouble.ts'

/** How soon a deed is looked at: Azure takes seconds to make it real. */
const CONFIRM_MS = 10_000
/** How soon, once the alarm was raised that it does not become real. */
const OVERDUE_MS = 60_000
/** How soon freezes that could not be read are read again: until then everything is held. */
export const UNREAD_MS = 60_000
/** How soon a rollback that Azure had no call to spare for is tried again. */
const THROTTLED_MS = 2_000

/** How soon an end is looked at again while a writer that slept may still bring an older split back: users meet that until then. */
const WATCH_MS = 60_000
/** So long after the last wish may a write of an older one come: a function lives no longer. */
const LATE_MS = 600_000

/**
 * When this rollout wants to be looked at next; null = never again. Never later than one interval, so that a foreign
 * edit is seen within a tick, and sooner where something is awaited or falls due before that.
 */
export function nextWake(rollout: Rollout, now: number, busy: boolean): number | null {
  const { phase, manifest, trouble } = rollout
  const { intervalMs } = manifest.analysis
  const soon = now + Math.min(soonMs(rollout), intervalMs)
  // A deed is always followed by a look: only that one knows that it was done.
  if (phase.kind === 'finished' && !busy && isQuiet(rollout, now)) return null
  const { frozen } = rollout
  const thaws = frozen?.until !== undefined && frozen.until !== null && frozen.until > now ? frozen.until : Infinity
  const watches = mayComeLate(rollout, now) || isOpen(rollout) ? now + WATCH_MS : Infinity
  const regular = Math.min(onTheBeat(rollout, now), thaws, watches)
  if (trouble?.during === 'deed' && trouble.retryAt > now)
    return Math.min(regular, Math.max(trouble.retryAt, soon), deadlineAfter(rollout, now))
  if (frozen?.unreadable === true) return Math.min(regular, now + UNREAD_MS)
  if (busy || isAwaiting(rollout)) return soon
  const bake = bakeEnds(rollout)
  return bake > now ? Math.min(regular, bake) : regular
}

/** When the alarm is due that it stands too long where it stands; infinite where none is to come. A pause after a refusal must not outlast it. */
function deadlineAfter(rollout: Rollout, now: number): number {
  const at = rollout.overdue ? Number.POSITIVE_INFINITY : deadlineOf(rollout)
  return at > now ? at : Number.POSITIVE_INFINITY
}

function deadlineOf(rollout: Rollout): number {
  const { phase, manifest } = rollout
  const { readyMs, trafficMs } = manifest.deadlines
  switch (phase.kind) {
    case 'preparing':
    case 'provisioning':
      return clockFrom(rollout, phase.since) + readyMs
    case 'progressing':
      return phase.steadyAt === null ? clockFrom(rollout, phase.since) + trafficMs : Number.POSITIVE_INFINITY
    case 'rolling-back':
      return phase.since + trafficMs
    default:
      return Number.POSITIVE_INFINITY
  }
}

/**
 * Whoever overran the deadline of a phase has raised the alarm, and what Azure takes without doing it is asked for once a
 * minute from then on: a stuck app must not be written to for days every few seconds. A rollback that is refused goes on.
 */
function soonMs(rollout: Rollout): number {
  const { trouble, overdue, phase } = rollout
  if (isThrottledRollback(rollout, trouble)) return THROTTLED_MS
  return overdue && !(phase.kind === 'rolling-back' && isRefused(trouble)) ? OVERDUE_MS : CONFIRM_MS
}

/** Whether Azure refuses what may work the next time; an app that is not there is not asked for every few seconds. */
function isRefused(trouble: Rollout['trouble']): boolean {
  return trouble !== null && trouble.kind !== 'not-found'
}

/**
 * The next beat of the interval, at the moment when the newest bucket can be read at the source that lags most: rollouts of
 * one interval and lag are looked at together, so that one question to a source answers for all of them. While a KPI is
 * suspect on its figures, every bucket is looked at as soon as it can be read.
 */
function onTheBeat({ manifest, verdict }: Rollout, now: number): number {
  const { intervalMs, bucketMs, kpis } = manifest.analysis
  const paceMs = verdict?.evidence.some(mayFail) ? Math.min(intervalMs, bucketMs) : intervalMs
  const lags = kpis.flatMap(({ role, lagMs }) => (role === 'advisory' ? [] : [lagMs]))
  const readableMs = Math.max(0, ...lags) % paceMs
  return (Math.floor((now - readableMs) / paceMs) + 1) * paceMs + readableMs
}

/** Whether more figures may turn a suspicion into a failure; that traffic is not split as it should be is no evidence of one. */
function mayFail({ role, verdict, evalues }: Evidence): boolean {
  if (role === 'advisory' || verdict !== 'suspect' || evalues === null) return false
  return Math.max(evalues.absolute, evalues.relative, evalues.warmUp) >= SUSPECT
}

/** Whether a write from before the end may still be on its way. */
function mayComeLate(rollout: Rollout, now: number): boolean {
  return now < lateUntil(rollout)
}

/** Until when, after its end, a write from before it may still come; minus infinity before the end. */
function lateUntil({ phase, wishedAt }: Rollout): number {
  return phase.kind === 'finished' ? Math.min(phase.watchUntil, wishedAt + LATE_MS) : Number.NEGATIVE_INFINITY
}

/**
 * Until when a revision stays on after the end, though nobody else needs it: a writer that slept may give it traffic till then,
 * and users would meet nothing there. Minus infinity where no wish of this rollout ever gave traffic to a canary.
 */
export function neededUntil(rollout: Rollout, name: string): number {
  const { stable, canary, wished } = rollout
  const isWished = (name === stable || name === canary) && wished.some((weight) => weight > 0)
  return isWished ? lateUntil(rollout) : Number.NEGATIVE_INFINITY
}

/** Whether a pause keeps a weight that is not real yet: a revision that must serve for it may still be starting. */
function isOpen({ phase, expected }: Rollout): boolean {
  return phase.kind === 'paused' && phase.from === 'progressing' && phase.why !== 'foreign-edit' && expected.length > 1
}

function isAwaiting(rollout: Rollout): boolean {
  const { phase, expected, frozen } = rollout
  switch (phase.kind) {
    case 'preparing':
    case 'provisioning':
      return frozen === null
    case 'rolling-back':
      return true
    case 'progressing':
      return frozen === null && (phase.steadyAt === null || expected.length > 1)
    default:
      return false
  }
}

/** Whether a finished rollout needs no more looks: watched for long enough, and no leftover is still to be switched off. */
export function isQuiet(rollout: Rollout, now: number): boolean {
  const { phase } = rollout
  if (phase.kind !== 'finished' || now < phase.watchUntil) return false
  return untidied(rollout).length === 0 || now >= phase.watchUntil + rollout.manifest.watchMs
}

/** Leftovers that were last seen switched on. */
export function untidied({ footprint, leftovers }: Rollout): readonly string[] {
  return leftovers.filter((name) => footprint?.active.includes(name) === true)
}
