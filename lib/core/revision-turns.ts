import type { Target } from './service.ts'

/** What is known of a quiet app, at whose revisions nobody has to look now. */
export interface Quiet {
  /** When its revisions were read last, epoch milliseconds. */
  readonly readAt: number
  /** Whether figures of the last minutes show both revisions giving good answers, so that they surely are on. */
  readonly isShown: boolean
}

/** What is known of the quiet apps of a subscription: who was there lately, and how many more reads a minute bears. */
interface Turns {
  /** When each app was last among the quiet ones, and whether figures showed it then. */
  readonly lately: ReadonlyMap<string, Pick<Quiet, 'isShown'> & { readonly at: number }>
  readonly left: number
  readonly at: number
}

/** The turns of every subscription. */
export type RevisionTurns = ReadonlyMap<string, Turns>

/** A quiet app among the targets. */
interface Placed extends Quiet {
  readonly place: number
  readonly subscription: string
  readonly key: string
}

/** Before anybody had a turn. */
export const NO_TURNS: RevisionTurns = new Map()

/** Reads of quiet apps' revisions in a minute, for a subscription: what ARM bears in one second of it. */
const READS = 25
/** However many there are, a round of those that figures do not show takes no more than so many minutes. */
const LONGEST_ROUND = 20
const MINUTE_MS = 60_000
/** Whoever was not there for so long has ended, or is looked at rarely. */
const LATELY_MS = 5 * MINUTE_MS

/**
 * Which targets, by place, are glanced at only: those that may be (`quiet` is not null), but for those whose turn it is to
 * have their revisions read. In each subscription that is everyone where there are at most `reads`; else those whose last
 * turn is a round ago, the oldest first, and first of all those that figures do not show. A round is as long as `reads` a
 * minute make it; for those that figures do not show it takes 20 minutes at most, and `reads` grow where that takes more. In
 * a minute no more than twice its share is read, of which the others leave one share to those that figures do not show: these
 * wait for one and a half rounds at most, and the others for two.
 */
export function shareTurns(
  before: RevisionTurns,
  targets: readonly Target[],
  quiet: readonly (Quiet | null)[],
  now: number,
  reads: number = READS,
): { readonly turns: RevisionTurns; readonly glanced: ReadonlySet<number> } {
  const placed = targets.flatMap((target, place) => placedAt(target, place, quiet[place] ?? null))
  if (placed.length === 0) return { turns: before, glanced: new Set() }
  const turns = new Map(before)
  const glanced = new Set<number>()
  for (const [subscription, own] of Map.groupBy(placed, (one) => one.subscription)) {
    const taken = take(before.get(subscription) ?? null, own, now, reads)
    turns.set(subscription, taken.turns)
    for (const { place, key } of own) if (!taken.due.has(key)) glanced.add(place)
  }
  return { turns, glanced }
}

function placedAt({ subscriptionId, resourceGroup, app }: Target, place: number, quiet: Quiet | null): Placed[] {
  if (quiet === null) return []
  const subscription = subscriptionId.toLowerCase()
  return [{ ...quiet, place, subscription, key: `${resourceGroup}/${app}`.toLowerCase() }]
}

function take(
  before: Turns | null,
  quiet: readonly Placed[],
  now: number,
  reads: number,
): { readonly turns: Turns; readonly due: ReadonlySet<string> } {
  const lately = new Map([...(before?.lately ?? [])].filter(([, { at }]) => at > now - LATELY_MS && at <= now))
  for (const { key, isShown } of quiet) lately.set(key, { at: now, isShown })
  const unshown = [...lately.values()].filter(({ isShown }) => !isShown).length
  const share = Math.max(reads, unshown / LONGEST_ROUND)
  const most = 2 * share
  const passed = before === null ? MINUTE_MS : Math.max(0, now - before.at)
  const left = Math.min(Math.max(1, most), (before?.left ?? 0) + (most * passed) / MINUTE_MS)
  const roundMs = lately.size <= reads ? 0 : (lately.size / share) * MINUTE_MS
  const roundOf = ({ isShown }: Quiet) => (isShown ? roundMs : Math.min(roundMs, LONGEST_ROUND * MINUTE_MS))
  const waiting = quiet.filter((one) => now - one.readAt >= roundOf(one)).toSorted((a, b) => a.readAt - b.readAt)
  const first = waiting.filter(({ isShown }) => !isShown).slice(0, Math.floor(left))
  // What comes in later slices of this sweep must find its share.
  const kept = Math.max(first.length, Math.min(Math.floor(share), unshown))
  const then = waiting.filter(({ isShown }) => isShown).slice(0, Math.max(0, Math.floor(left) - kept))
  const due = new Set([...first, ...then].map(({ key }) => key))
  return { turns: { lately, left: left - due.size, at: now }, due }
}
