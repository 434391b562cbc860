import { type Notice, threadOf } from '../core/notice.ts'
import { Fault } from '../errors.ts'
import type { Clock, Notifier, Outbox, Parcel, SinkState } from '../ports.ts'

/** A place that is told, and of what. */
export interface Sink {
  readonly name: string
  readonly wants: (notice: Notice) => boolean
  readonly notifier: Notifier
}

/** All that telling needs. */
export interface Postman {
  readonly clock: Clock
  readonly outbox: Outbox
  readonly sinks: readonly Sink[]
  /** A number from 0 to below 1, another one each time: waits are spread by it. */
  readonly chance: () => number
}

/** What became of a line in one round. */
export interface Worked {
  readonly delivered: number
  readonly dead: readonly Parcel[]
  readonly troubles: readonly unknown[]
}

/** How many parcels of one line are tried in a round. */
const MOST_PARCELS = 50
/** For so long a dispatcher has a sink for itself. */
const LEASE_MS = 60_000
/** For so long a round begins to send: a slow sink may make it longer by one answer, and the others wait for no more. */
const SENDING_MS = 10_000
/** A sink that has taken nothing for so long loses the parcels that have waited for so long. */
const GIVE_UP_MS = 86_400_000
const FIRST_PAUSE_MS = 5_000
const LONGEST_PAUSE_MS = 900_000

const NOTHING: Worked = { delivered: 0, dead: [], troubles: [] }

/**
 * Works one sink's line off, oldest first. A sink that refuses what it is sent loses that parcel at once and gets the next;
 * one that takes nothing now is left alone for a while (doubling, spread by chance, or as long as it asks for), its line
 * keeps its order, and after a day what waited so long is given up. Throws Fault where the outbox does not answer.
 */
export async function workOff(postman: Postman, environment: string, sink: Sink): Promise<Worked> {
  const { clock, outbox } = postman
  if ((await outbox.line(environment, sink.name, 1)).length === 0) return NOTHING
  const { state, token } = await outbox.sink(environment, sink.name)
  const now = clock.now()
  if (isTaken(state, now) || state.pausedUntil > now) return NOTHING
  const lease = await outbox.keepSink(environment, sink.name, { ...state, leasedUntil: now + LEASE_MS }, token)
  if (lease === null) return NOTHING
  // Read again: what another dispatcher told meanwhile is not told twice.
  const parcels = inOrder(await outbox.line(environment, sink.name, MOST_PARCELS))
  const told = await tellAll(postman, sink, state, parcels, now + SENDING_MS)
  await outbox.keepSink(environment, sink.name, { ...told.state, leasedUntil: 0 }, lease.token)
  return told
}

/** A lease that would end later than any that is ever given was given by a clock that has gone back since. */
function isTaken({ leasedUntil }: SinkState, now: number): boolean {
  return leasedUntil > now && leasedUntil <= now + LEASE_MS
}

async function tellAll(
  postman: Postman,
  sink: Sink,
  before: SinkState,
  parcels: readonly Parcel[],
  until: number,
): Promise<Worked & { readonly state: SinkState }> {
  const { clock, outbox } = postman
  const dead: Parcel[] = []
  const troubles: unknown[] = []
  let state = before
  let delivered = 0
  for (const [index, parcel] of parcels.entries()) {
    if (clock.now() > until) break
    const outcome = await tellOne(postman, sink, parcel)
    if (outcome.kind === 'told') {
      delivered += 1
      state = WELL
    } else if (outcome.kind === 'refused') {
      dead.push({ ...parcel, tries: parcel.tries + 1, lastError: outcome.why, deadAt: clock.now() })
      if (outcome.error !== null) troubles.push(outcome.error)
      await outbox.failed(dead.at(-1) as Parcel)
    } else {
      state = failing(state, outcome.fault, clock.now(), postman.chance())
      const lost = await giveUp(postman, state, parcels.slice(index), outcome.fault.message)
      return { delivered, dead: [...dead, ...lost], troubles, state }
    }
  }
  return { delivered, dead, troubles, state }
}

type Outcome =
  | { readonly kind: 'told' }
  /** `error`: ours, not the sink's. */
  | { readonly kind: 'refused'; readonly why: string; readonly error: unknown }
  | { readonly kind: 'not-now'; readonly fault: Fault }

async function tellOne({ outbox }: Postman, { name, notifier }: Sink, parcel: Parcel): Promise<Outcome> {
  const { environment, notice } = parcel
  const thread = notifier.hasThreads ? await outbox.thread(environment, name, threadOf(notice)) : null
  let called: string | null
  try {
    called = await notifier.tell(notice, thread)
  } catch (error) {
    if (!(error instanceof Fault)) return { kind: 'refused', why: 'an error of our own: see the log', error }
    if (error.kind === 'malformed') return { kind: 'refused', why: error.message, error: null }
    return { kind: 'not-now', fault: error }
  }
  await outbox.delivered(parcel, called === thread ? null : called)
  return { kind: 'told' }
}

const WELL: SinkState = { leasedUntil: 0, failures: 0, failingSince: null, pausedUntil: 0, lastError: null }

function failing(before: SinkState, fault: Fault, now: number, chance: number): SinkState {
  const failures = before.failures + 1
  const pausedUntil = now + pauseMs(failures, fault.retryAfterMs, chance)
  return { ...before, failures, failingSince: before.failingSince ?? now, pausedUntil, lastError: fault.message }
}

/** Half of the wait is sure and half is chance, so that what failed together does not come back together. */
function pauseMs(failures: number, retryAfterMs: number | null, chance: number): number {
  const whole = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 20), LONGEST_PAUSE_MS)
  return Math.max(Math.min(retryAfterMs ?? 0, GIVE_UP_MS), Math.round(whole * (0.5 + chance / 2)))
}

/** Writes down that the first of these was tried in vain, and gives up those that have had their day; returns the latter. */
async function giveUp(
  { clock, outbox }: Postman,
  { failingSince }: SinkState,
  parcels: readonly Parcel[],
  lastError: string,
): Promise<readonly Parcel[]> {
  const now = clock.now()
  const lost: Parcel[] = []
  for (const [index, parcel] of parcels.entries()) {
    const isOver = Math.max(parcel.queuedAt, failingSince ?? now) <= now - GIVE_UP_MS
    const tries = parcel.tries + (index === 0 ? 1 : 0)
    if (isOver) lost.push({ ...parcel, tries, lastError, deadAt: now })
    if (isOver || index === 0) await outbox.failed({ ...parcel, tries, lastError, deadAt: isOver ? now : null })
  }
  return lost
}

/** Oldest first; what is about one service keeps the order of its audit, also where clocks did not agree. */
function inOrder(parcels: readonly Parcel[]): readonly Parcel[] {
  const byEntity = new Map<string, Parcel[]>()
  const entityOf = ({ environment, service }: Notice) => `${environment}/${service ?? ''}`
  for (const parcel of parcels) {
    const known = byEntity.get(entityOf(parcel.notice))
    if (known === undefined) byEntity.set(entityOf(parcel.notice), [parcel])
    else known.push(parcel)
  }
  for (const own of byEntity.values()) own.sort((a, b) => a.notice.seq - b.notice.seq)
  return parcels.flatMap(({ notice }) => byEntity.get(entityOf(notice))?.shift() ?? [])
}
