import type { Decision } from '../core/decide/decide.ts'
import { decide } from '../core/decide/decide.ts'
import type { Command, Facts } from '../core/facts.ts'
import type { Judged } from '../core/judge/judge.ts'
import type { Rollout } from '../core/rollout.ts'
import { isRunning, newRollout, waitsFor } from '../core/start.ts'
import type { Change, CommandRecord, Loaded } from '../ports.ts'
import { recordFor } from './answer.ts'
import { inLanes } from './lanes.ts'
import { lookAgain, type Sight, type Subject, see, weigh } from './look.ts'
import { perform } from './perform.ts'
import { ringFor, sealed, type Wheel } from './wheel.ts'

/** Apps that are looked at while what is wished of as many others is done: of more, ARM's calls would be spent on sights alone. */
const PORTION = 100
/** Services that are stored and done at once: each holds a connection, and an instance has few hundred of them. */
const LANES = 32
/** How long a slice is worked at once it was measured: a portion that would not end by then is left to whoever claims it next. */
const AT_IT_MS = 25_000

/** What a turn did, service by service. */
export interface Turned {
  readonly name: string
  /**
   * `lost`: somebody else wrote first, so this turn did nothing. `broken`: our own error; the neighbours go on. `left`: it was
   * not come to in time; it is due as before.
   */
  readonly result: 'saved' | 'lost' | 'broken' | 'nothing' | 'left'
  readonly decision: Decision | null
  /** Why the deeds of the decision are not at Azure yet, in words; null = they are, or there were none. */
  readonly outstanding?: string | null
  readonly error: unknown
  /** Of one that is `broken`: whether its canary may have users that are to go back. Absent = nobody can tell. */
  readonly mayGoBack?: boolean
}

/**
 * One turn of the wheel for the named services of one environment: load, measure in bulk, and a hundred at a time: see, decide, save state and
 * audit in one transaction each, perform, and ring for the next look. Saving comes before performing: a crash in between
 * leaves a wish unmet, which the next turn sees and meets. One sick service never stops its neighbours, and a failing one
 * waits for none of them. Where the portions take longer than a claim counts, those to come are left.
 */
export async function turn(
  wheel: Wheel,
  environment: string,
  names: readonly string[],
  command: Command | null = null,
): Promise<readonly Turned[]> {
  const loaded = await wheel.store.load(environment, names)
  const starting = command === null ? loaded.filter(waitsToStart) : []
  const going = loaded.flatMap((item) => withRollout(item, starting, wheel.longestLifeMs))
  const parts = await Promise.all([
    ...going.filter(isUrgent).map((one) => lookAndSettle(wheel, environment, [one], command)),
    lookAndSettle(
      wheel,
      environment,
      going.filter((one) => !isUrgent(one)),
      command,
      starting,
    ),
  ])
  return parts.flat()
}

/** A rollback is looked at by itself: it waits for no neighbour's measurements, and none waits for its tries. */
function isUrgent({ rollout }: Subject): boolean {
  return rollout.phase.kind === 'rolling-back'
}

async function lookAndSettle(
  wheel: Wheel,
  environment: string,
  going: readonly Going[],
  command: Command | null,
  starting: readonly Loaded[] = [],
): Promise<readonly Turned[]> {
  const weighed = await weigh(wheel, going, command)
  const { fail = [], suspect = [], calm = [] } = Object.groupBy(weighed, haste)
  const portions = createPortions(wheel, environment, command)
  const until = wheel.clock.now() + AT_IT_MS
  const turned = await Promise.all([
    portions(fail, [], Number.POSITIVE_INFINITY),
    portions([...suspect, ...calm], starting, until),
  ])
  return turned.flat()
}

/** What is known to fail is on its way back before anybody else has been looked at; what may be bad comes before all that is well. */
function haste({ judged, restarts }: Measured): 'fail' | 'suspect' | 'calm' {
  if (judged?.verdict.kind === 'fail') return 'fail'
  return judged?.verdict.kind === 'suspect' || (restarts ?? 0) > 0 ? 'suspect' : 'calm'
}

type Measured = { readonly judged: Judged | null; readonly restarts: number | null }
type Portions = (
  weighed: Awaited<ReturnType<typeof weigh<Going>>>,
  starting: readonly Loaded[],
  until: number,
) => Promise<readonly Turned[]>

/** Goes on from what was measured, portion by portion, as long as the next is likely to end before `until`. */
function createPortions(wheel: Wheel, environment: string, command: Command | null): Portions {
  const ring = createRinger(wheel, environment)
  return async (weighed, starting, until) => {
    const turned: Turned[] = []
    if (weighed.length === 0 && starting.length === 0) return turned
    const sightFrom = (from: number) =>
      from === 0 || from < weighed.length ? see(wheel, weighed.slice(from, from + PORTION), command) : NOTHING_MORE
    let begunAt = wheel.clock.now()
    let sight = sightFrom(0)
    for (let from = 0; from === 0 || from < weighed.length; from += PORTION) {
      const looks = await sight
      sight = sightFrom(from + PORTION)
      // It is waited for only once these are done.
      sight.catch(() => {})
      const works = [
        ...(from === 0 ? starting : []).map((item) => ({ item, work: () => startNext(wheel, item) })),
        ...looks.map((seen) => ({ item: seen.item, work: () => settle(wheel, seen, command) })),
      ]
      const done = await inLanes(works, ({ item, work }) => shielded(wheel, item, work), LANES)
      turned.push(...done)
      await ring(done)
      const now = wheel.clock.now()
      if (now + (now - begunAt) > until) return [...turned, ...weighed.slice(from + PORTION).map(leave)]
      begunAt = now
    }
    return turned
  }
}

const NOTHING_MORE: Promise<readonly []> = Promise.resolve([])

function leave({ item: { item } }: { readonly item: Going }): Turned {
  return { name: item.service.key.name, result: 'left', decision: null, error: null }
}

interface Going extends Subject {
  readonly item: Loaded
}

type Seen = Going & Sight

/** Decides, saves, performs for one service. */
async function settle(wheel: Wheel, seen: Seen, command: Command | null): Promise<Turned> {
  const { item, judged, buckets, broken } = seen
  if (broken !== null) throw broken
  const { name } = item.service.key
  const { decided, facts } = await decideClosely(wheel, seen, command)
  if (decided.answer?.kind === 'refused') return { name, result: 'nothing', decision: decided, error: null }
  const decision = { ...decided, next: hurriedByPending(item, decided.next, facts.now) }
  const { service, audit } = sealed(wheel, item.service, decision.rows, facts.now, command)
  const change: Change = {
    key: item.service.key,
    token: item.token,
    ...(audit.length > 0 ? { service } : {}),
    rollout: decision.next,
    ...(judged === null ? {} : { judge: judged }),
    ...(buckets === null ? {} : { buckets }),
    audit,
    ...(command === null ? {} : { command: recordOf(command, decision, facts.now) }),
  }
  if ((await wheel.store.commit(change)) === 'conflict') return { name, result: 'lost', decision: null, error: null }
  const trouble = await perform(wheel, decision.next, decision.actions, facts.now)
  const outstanding = trouble?.message ?? (facts.app.kind === 'unseen' ? facts.app.fault.message : null)
  return { name, result: 'saved', decision, outstanding, error: null }
}

/** A glance decides that all stays as it is, and nothing else: whatever more it would lead to is decided on a closer look. */
async function decideClosely(
  wheel: Wheel,
  { rollout, facts }: Seen,
  command: Command | null,
): Promise<{ readonly decided: Decision; readonly facts: Facts }> {
  const decided = decide(rollout, facts, command)
  const isStill = decided.rows.length === 0 && decided.next.phase === rollout.phase
  if (facts.app.kind !== 'glanced' || isStill) return { decided, facts }
  const closer = await lookAgain(wheel, rollout, facts)
  return { decided: decide(rollout, closer, command), facts: closer }
}

/** Begins the undo that waits, else the rollout of the push that has waited longest. */
async function startNext(wheel: Wheel, item: Loaded): Promise<Turned> {
  const now = wheel.clock.now()
  const { key } = item.service
  const begun = begunNext(item, now)
  if (begun === null) return { name: key.name, result: 'nothing', decision: null, error: null }
  const { service, audit } = sealed(wheel, begun.service, [begun.row], now)
  const { rollout } = begun
  const saved = await wheel.store.commit({ key, token: item.token, service, rollout, audit })
  const decision: Decision = { next: rollout, rows: [begun.row], actions: [], answer: null }
  return { name: key.name, result: saved === 'saved' ? 'saved' : 'lost', decision, error: null }
}

function begunNext({ service, rollout }: Loaded, now: number): ReturnType<typeof newRollout> | null {
  const { undo } = service
  if (undo !== null) {
    const row = { actor: undo.actor, notes: undo.because }
    return newRollout({ ...service, undo: null }, rollout, undo.push, now, { cause: 'undo', row })
  }
  const [push, ...pending] = service.pending
  if (push === undefined) return null
  const begun = newRollout({ ...service, pending }, rollout, push, now)
  const handled = begun.service.handled.map((entry) =>
    entry.eventId === push.eventId && entry.digest === push.digest ? { ...entry, rollout: begun.rollout.id } : entry,
  )
  return { ...begun, service: { ...begun.service, handled } }
}

/** A service whose rollout is to be looked at; nothing for one without, or one where the next is only beginning. */
function withRollout(item: Loaded, starting: readonly Loaded[], longestLifeMs: number): readonly Going[] {
  const { rollout, judge } = item
  if (rollout === null || starting.includes(item)) return []
  return [{ item, rollout: outlasting(rollout, longestLifeMs), judge }]
}

/** The watch after the end outlasts every function: the late write of one that slept would stand for good otherwise. */
function outlasting(rollout: Rollout, longestLifeMs: number): Rollout {
  const { manifest } = rollout
  return manifest.watchMs >= longestLifeMs ? rollout : { ...rollout, manifest: { ...manifest, watchMs: longestLifeMs } }
}

function waitsToStart(item: Loaded): boolean {
  return waitsFor(item.service) && !isRunning(item.rollout)
}

/** A finished rollout behind which something waits is looked at again at once, so that it begins. */
function hurriedByPending(item: Loaded, next: Rollout, now: number): Rollout {
  return waitsFor(item.service) && next.phase.kind === 'finished' ? { ...next, wakeAt: now } : next
}

function recordOf(command: Command, decision: Decision, at: number): CommandRecord {
  return recordFor(command, at, decision.next.id, decision.answer?.because ?? '')
}

/** Rings for the next looks at what was just saved, once for each moment to come, however many portions want it. */
function createRinger(wheel: Wheel, environment: string): (turned: readonly Turned[]) => Promise<void> {
  const rung = new Set<number>()
  return async (turned) => {
    const now = wheel.clock.now()
    const times = turned.flatMap(({ result, decision }) => (result === 'saved' ? [decision?.next.wakeAt ?? null] : []))
    const missing = [...new Set(times.filter((at) => at !== null))].filter((at) => at <= now || !rung.has(at))
    for (const at of missing) rung.add(at)
    await ringFor(
      wheel,
      missing.map((at) => ({ environment, at })),
    )
  }
}

async function shielded({ clock }: Wheel, item: Loaded, work: () => Promise<Turned>): Promise<Turned> {
  try {
    return await work()
  } catch (error) {
    return {
      name: item.service.key.name,
      result: 'broken',
      decision: null,
      error,
      mayGoBack: mayGoBack(item, clock.now()),
    }
  }
}

/**
 * Not where a rollout has no canary with traffic yet, or is over and nobody can bring an older split back any more: the mind
 * that would know better is what broke.
 */
function mayGoBack({ rollout, service }: Loaded, now: number): boolean {
  if (service.undo !== null) return true
  if (rollout === null) return false
  // Until it is done, users are on what was to be undone.
  if (rollout.cause === 'undo' && isRunning(rollout)) return true
  const { phase } = rollout
  if (phase.kind === 'finished') return now < phase.watchUntil
  return phase.kind !== 'preparing' && phase.kind !== 'provisioning'
}
