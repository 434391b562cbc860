import type { AuditKind, AuditRow } from './audit.ts'
import type { Outcome } from './rollout.ts'

/** The kinds of audit rows that delivery is measured from; all others may be left out. */
export const DELIVERY_KINDS = [
  'rollout-started',
  'weights-confirmed',
  'undo-requested',
  'finished',
] as const satisfies readonly AuditKind[]

/** One rollout that ended, as the audit tells of it. Times are epoch milliseconds. */
export interface Delivery {
  /** `environment/service`. */
  readonly entityId: string
  readonly rollout: string
  readonly outcome: Outcome
  /** When the registry says that the image was pushed; null where the row of the start was not found. */
  readonly pushedAt: number | null
  /** When the canary was first seen to take users' traffic; null = it never did. A promoted one did at the latest when it ended. */
  readonly firstTrafficAt: number | null
  readonly endedAt: number
  /** Whether it took a promoted version out again, and so is a repair and no change. */
  readonly isUndo: boolean
  /** Whether it was still running when somebody went back to an earlier release. */
  readonly isForsaken: boolean
  /** For a promoted version that was undone: when the undo had all traffic. Null otherwise. */
  readonly undoneAt: number | null
}

/** Half-open: `from` belongs to it, `to` does not. Epoch milliseconds, `from` before `to`. */
export interface Window {
  readonly from: number
  readonly to: number
}

/** Times to something, in milliseconds, over the cases that had one. Null where there was no case. */
export interface Spread {
  readonly cases: number
  readonly medianMs: number | null
  readonly p90Ms: number | null
}

/** The four measures of delivery over a window. */
export interface Measured {
  readonly deployments: number
  readonly deploymentsPerDay: number
  readonly leadTime: Spread
  readonly changeFailure: { readonly failed: number; readonly total: number; readonly ratio: number | null }
  readonly timeToRestore: Spread
}

const DAY_MS = 86_400_000
const FAILED: readonly Outcome[] = ['rolled-back', 'failed', 'aborted']
const OUTCOMES: readonly string[] = [...FAILED, 'promoted', 'superseded', 'refused', 'unchanged'] satisfies Outcome[]

/**
 * Reads rollouts that ended out of audit rows of any services, by entity and end. The order of the rows does not matter,
 * rows that come twice count once, and rows of other kinds are passed over. A rollout without its row `finished` has not
 * ended and is left out.
 */
export function deliveriesOf(rows: readonly AuditRow[]): readonly Delivery[] {
  const byRollout = Map.groupBy(rows, ({ entityId, rollout }) => `${entityId}#${rollout}`)
  const ended = [...byRollout.values()].flatMap(endedIn).sort(byEntityAndEnd)
  return [...Map.groupBy(ended, ({ delivery }) => delivery.entityId).values()].flatMap(withUndos)
}

/**
 * The four measures over a window.
 *
 * - A *deployment* is a rollout that ended promoted within the window and is no undo.
 * - The *lead time* of a deployment runs from the push, as the registry dates it, until all traffic was seen at the new
 *   revision; never below 0, though clocks differ.
 * - *Change failure*: of all rollouts that took users' traffic, are no undo and ended within the window, the share that ended
 *   rolled-back, failed or aborted, by whomever, that gave way to an undo, or that was promoted and has been undone since. One
 *   that a newer push superseded took traffic and did not fail. Who took no traffic counts nowhere.
 * - The *time to restore* runs from the first traffic of a failed version until its rollback was confirmed, and from the
 *   promotion of an undone one until the undo was; it counts in the window in which it ended.
 */
export function measure(deliveries: readonly Delivery[], window: Window): Measured {
  const changes = deliveries.filter(({ isUndo, endedAt }) => !isUndo && isWithin(window, endedAt))
  const deployed = changes.filter(({ outcome }) => outcome === 'promoted')
  const exposed = changes.filter(({ firstTrafficAt }) => firstTrafficAt !== null)
  const failed = exposed.filter(isFailure).length
  return {
    deployments: deployed.length,
    deploymentsPerDay: deployed.length / ((window.to - window.from) / DAY_MS),
    leadTime: spread(deployed.flatMap(({ pushedAt, endedAt }) => (pushedAt === null ? [] : [endedAt - pushedAt]))),
    changeFailure: {
      failed,
      total: exposed.length,
      ratio: exposed.length === 0 ? null : failed / exposed.length,
    },
    timeToRestore: spread(deliveries.flatMap((delivery) => restoreOf(delivery, window))),
  }
}

/**
 * The q-th percentile by nearest rank: of the values in rising order the one at place ⌈q·n/100⌉, counted from 1. So it is
 * always a value that was there; null where there is none. `q` is above 0 and at most 100.
 */
export function percentile(values: readonly number[], q: number): number | null {
  const rising = [...values].sort((a, b) => a - b)
  return rising[Math.ceil((q * rising.length) / 100) - 1] ?? null
}

interface Ended {
  readonly delivery: Delivery
  /** When the rollout began, as far as the rows tell. */
  readonly startedAt: number
}

/** The one rollout that these rows are of, if it has ended in a way that is known. */
function endedIn(rows: readonly AuditRow[]): readonly Ended[] {
  const last = rows.find(({ kind }) => kind === 'finished')
  if (last === undefined || last.rollout === null) return []
  const outcome = outcomeIn(last)
  if (outcome === null) return []
  const start = rows.find(({ kind }) => kind === 'rollout-started')
  const seen = rows.flatMap(({ kind, value, happenedAt }) =>
    kind === 'weights-confirmed' && (value ?? 0) > 0 ? [happenedAt] : [],
  )
  if (outcome === 'promoted') seen.push(last.happenedAt)
  const delivery: Delivery = {
    entityId: last.entityId,
    rollout: last.rollout,
    outcome,
    pushedAt: pushedIn(start),
    firstTrafficAt: seen.length === 0 ? null : Math.min(...seen),
    endedAt: last.happenedAt,
    isUndo: start?.detail?.cause === 'undo',
    isForsaken: outcome === 'superseded' && rows.some(({ kind }) => kind === 'undo-requested'),
    undoneAt: null,
  }
  return [{ delivery, startedAt: start?.happenedAt ?? last.happenedAt }]
}

/** The outcome stands in front of the reason: `promoted: pricing--r7 serves all traffic`. */
function outcomeIn({ notes }: AuditRow): Outcome | null {
  const word = notes.slice(0, Math.max(0, notes.indexOf(':')))
  return OUTCOMES.includes(word) ? (word as Outcome) : null
}

function pushedIn(start: AuditRow | undefined): number | null {
  const push = start?.detail?.push
  const at = typeof push === 'object' && push !== null && 'pushedAt' in push ? push.pushedAt : null
  return typeof at === 'number' ? at : null
}

/** Of one service, by end: an undo that was promoted undoes the newest promoted change that ended before it began. */
function withUndos(ended: readonly Ended[]): readonly Delivery[] {
  const undone = new Map<Delivery, number>()
  for (const { delivery, startedAt } of ended) {
    if (!delivery.isUndo || delivery.outcome !== 'promoted') continue
    const before = ended.filter(
      ({ delivery: one }) => !one.isUndo && one.outcome === 'promoted' && one.endedAt <= startedAt,
    )
    const victim = before.at(-1)?.delivery
    if (victim !== undefined && !undone.has(victim)) undone.set(victim, delivery.endedAt)
  }
  return ended.map(({ delivery }) => ({ ...delivery, undoneAt: undone.get(delivery) ?? null }))
}

function isFailure(delivery: Delivery): boolean {
  return wasWithdrawn(delivery) || delivery.undoneAt !== null
}

/** Whether it was taken out of traffic before it was promoted, and not only to make way for a newer push. */
function wasWithdrawn({ outcome, isForsaken }: Delivery): boolean {
  return FAILED.includes(outcome) || isForsaken
}

function restoreOf(delivery: Delivery, window: Window): readonly number[] {
  const { endedAt, firstTrafficAt, undoneAt, isUndo } = delivery
  if (isUndo) return []
  if (undoneAt !== null) return isWithin(window, undoneAt) ? [undoneAt - endedAt] : []
  const isBack = wasWithdrawn(delivery) && isWithin(window, endedAt)
  return isBack && firstTrafficAt !== null ? [endedAt - firstTrafficAt] : []
}

function spread(lengths: readonly number[]): Spread {
  const times = lengths.map((length) => Math.max(0, length))
  return { cases: times.length, medianMs: percentile(times, 50), p90Ms: percentile(times, 90) }
}

function isWithin({ from, to }: Window, at: number): boolean {
  return at >= from && at < to
}

function byEntityAndEnd({ delivery: a }: Ended, { delivery: b }: Ended): number {
  if (a.entityId !== b.entityId) return a.entityId < b.entityId ? -1 : 1
  return a.endedAt - b.endedAt || (a.rollout < b.rollout ? -1 : 1)
}
