import type { Target } from './service.ts'

/** What is known of the quiet apps of a subscription: who was there lately, and how many more reads a minute bears. */
interface Turns {
  /** When each app was last among the quiet ones. */
  readonly lately: ReadonlyMap<string, number>
  readonly left: number
  readonly at: number
}

/** The turns of every subscription. */
export type RevisionTurns = ReadonlyMap<string, Turns>

/** An app at whose revisions nobody has to look now. */
interface Quiet {
  readonly place: number
  readonly subscription: string
  readonly key: string
  /** When its revisions were read last, epoch milliseconds. */
  readonly readAt: number
}

/** Before anybody had a turn. */
export const NO_TURNS: RevisionTurns = new Map()

/** Reads of quiet apps' revisions in a minute, for a subscription: what ARM bears in one second of it. */
const READS = 25
/** However many there are, a round takes no more than so many minutes. */
const LONGEST_ROUND = 20
const MINUTE_MS = 60_000
/** Whoever was not there for so long has ended, or is looked at rarely. */
const LATELY_MS = 5 * MINUTE_MS

/**
 * Which targets, by place, are glanced at only: those that may be (`readAt` says when their revisions were read last), but
 * for those whose turn it is to have them read. In each subscription that is everyone where there are at most `reads`; else
 * those whose last turn is a round ago, the oldest first. A round is as long as `reads` a minute make it and 20 minutes at
 * most. In a minute no more than twice its share is read, so that nobody waits for more than one and a half rounds.
 */
export function shareTurns(
  before: RevisionTurns,
  targets: readonly Target[],
  readAt: readonly (number | null)[],
  now: number,
  reads: number = READS,
): { readonly turns: RevisionTurns; readonly glanced: ReadonlySet<number> } {
  const quiet = targets.flatMap((target, place) => quietAt(target, place, readAt[place] ?? null))
  if (quiet.length === 0) return { turns: before, glanced: new Set() }
  const turns = new Map(before)
  const glanced = new Set<number>()
  for (const [subscription, own] of Map.groupBy(quiet, (one) => one.subscription)) {
    const taken = take(before.get(subscription) ?? null, own, now, reads)
    turns.set(subscription, taken.turns)
    for (const { place, key } of own) if (!taken.due.has(key)) glanced.add(place)
  }
  return { turns, glanced }
}

function quietAt({ subscriptionId, resourceGroup, app }: Target, place: number, readAt: number | null): Quiet[] {
  if (readAt === null) return []
  const subscription = subscriptionId.toLowerCase()
  return [{ place, subscription, key: `${resourceGroup}/${app}`.toLowerCase(), readAt }]
}

function take(
  before: Turns | null,
  quiet: readonly Quiet[],
  now: number,
  reads: number,
): { readonly turns: Turns; readonly due: ReadonlySet<string> } {
  const lately = new Map([...(before?.lately ?? [])].filter(([, at]) => at > now - LATELY_MS && at <= now))
  for (const { key } of quiet) lately.set(key, now)
  const share = Math.max(reads, lately.size / LONGEST_ROUND)
  const most = 2 * share
  const passed = before === null ? MINUTE_MS : Math.max(0, now - before.at)
  const left = Math.min(Math.max(1, most), (before?.left ?? 0) + (most * passed) / MINUTE_MS)
  const roundMs = lately.size <= reads ? 0 : (lately.size / share) * MINUTE_MS
  const waiting = quiet.filter((one) => now - one.readAt >= roundMs).toSorted((a, b) => a.readAt - b.readAt)
  const due = new Set(waiting.slice(0, Math.floor(left)).map(({ key }) => key))
  return { turns: { lately, left: left - due.size, at: now }, due }
}
