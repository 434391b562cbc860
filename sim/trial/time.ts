import { sweep } from '../../lib/engine/sweep.ts'
import { errorLine, Fault } from '../../lib/errors.ts'
import { chance } from '../chance.ts'
import { Crash } from '../crash.ts'
import type { Wakes } from './befall.ts'
import { type Errand, patienceOf } from './errands.ts'
import type { Ground } from './ground.ts'
import type { Monitor } from './monitor.ts'
import { ENVIRONMENT } from './parts.ts'
import { nextRound, tellOutside } from './sinks.ts'
import type { TraceBody } from './trace.ts'
import type { Work, Workers } from './workers.ts'

const MINUTE_MS = 60_000
const RETRY_MS = 30_000
/** How often things may happen at one and the same moment. */
const AT_ONCE = 5000

/** All that moves a trial on. */
export interface Life {
  readonly ground: Ground
  readonly workers: Workers
  readonly wakes: Wakes
  readonly errands: Errand[]
  readonly monitor: Monitor
  readonly luck: number
  /** Calls of the bell that come late, twice or again. */
  readonly late: number[]
  /** Workers that sleep, and until when. */
  readonly asleep: { readonly until: number; readonly wake: () => Promise<void> }[]
  /** When the next item begins or ends, epoch milliseconds. */
  nextAt(): number
  happen(): void
  calm(): void
}

/** Lets time pass, from one due time to the next, until `until` or `isOver`. */
export async function passTime(life: Life, until: number, isOver: () => boolean): Promise<void> {
  const { clock } = life.ground.stage
  let [turns, at] = [0, clock.now()]
  while (clock.now() < until && !isOver()) {
    clock.set(Math.max(clock.now(), Math.min(nextTime(life), until)))
    turns = at === clock.now() ? turns + 1 : 0
    at = clock.now()
    if (turns > AT_ONCE) throw new Error(`at ${new Date(at).toISOString()} there is no end of things to do`)
    life.ground.watchTraffic()
    life.happen()
    // With the control plane gone, who slept in it is gone as well.
    if (life.wakes.gone) life.asleep.splice(0)
    else await goOn(life, turns)
    await life.monitor.ask(earliestDue(life.ground), clock.now(), life.wakes.gone)
  }
}

async function goOn(life: Life, turns: number): Promise<void> {
  // Nothing is waited for where there is nothing to do: a life has thousands of moments.
  if (life.asleep.length > 0) await wakeSleepers(life)
  if (life.errands.length > 0) await runErrands(life, turns)
  life.happen()
  await runSweeps(life)
  if (isPostDue(life)) await runPost(life)
}

function nextTime({ ground, wakes, errands, late, asleep, nextAt, workers, monitor }: Life): number {
  const { clock, bell } = ground.stage
  const now = clock.now()
  let next = nextAt()
  for (let service = 0; service < ground.manifests.length; service += 1)
    next = Math.min(next, monitor.nextAt(dueAt(ground, service), now))
  if (wakes.gone) return next
  next = Math.min(next, bell.next()?.at ?? Number.POSITIVE_INFINITY)
  for (const at of late) next = Math.min(next, at)
  for (const { at } of errands) next = Math.min(next, at)
  for (const { until } of asleep) next = Math.min(next, until)
  if (wakes.timer === 'silent') return next
  const believed = earliestDue(ground) - furthestAhead(workers)
  return Math.min(next, ground.post.at, Math.ceil(Math.max(now + 1, believed) / MINUTE_MS) * MINUTE_MS)
}

function dueAt(ground: Ground, service: number): number {
  return ground.rolloutOf(service)?.wakeAt ?? Number.POSITIVE_INFINITY
}

function earliestDue(ground: Ground): number {
  let earliest = Number.POSITIVE_INFINITY
  for (let service = 0; service < ground.manifests.length; service += 1)
    earliest = Math.min(earliest, dueAt(ground, service))
  return earliest
}

function furthestAhead({ skews }: Workers): number {
  let furthest = 0
  for (const skew of skews) furthest = Math.max(furthest, skew)
  return furthest
}

async function wakeSleepers({ ground, asleep }: Life): Promise<void> {
  const now = ground.stage.clock.now()
  for (const sleeper of asleep.splice(0)) {
    if (sleeper.until > now) asleep.push(sleeper)
    else await sleeper.wake()
  }
}

/** What came from outside, the oldest first; those of one group at the same moment. */
async function runErrands({ ground, workers, errands, luck }: Life, turns: number): Promise<void> {
  const { clock } = ground.stage
  const now = clock.now()
  const due = errands.filter(({ at }) => at <= now)
  const place = Math.floor(chance(luck, now, turns) * workers.count)
  const taken = new Set<Errand>()
  for (const errand of due) {
    if (taken.has(errand)) continue
    const group = errand.group === null ? [errand] : due.filter((one) => one.group === errand.group)
    for (const one of group) {
      taken.add(one)
      errands.splice(errands.indexOf(one), 1)
    }
    const works = group.map((one) => awake(ground, one.path, one.work))
    const came =
      works.length === 1
        ? [await workers.once(place, works[0] as Work<unknown>)]
        : await workers.together(works, luck + now)
    for (const [index, one] of group.entries()) {
      if (came[index]?.kind !== 'again') continue
      one.tries += 1
      one.at = now + patienceOf(one)
      errands.push(one)
    }
  }
}

type Path = Extract<TraceBody, { readonly kind: 'wake' }>['path']

function awake<T>({ tell }: Ground, path: Path, work: Work<T>): Work<T> {
  return async (wheel, worker) => {
    tell({ kind: 'wake', worker, path, environment: ENVIRONMENT, clock: wheel.clock.now() })
    try {
      return await work(wheel, worker)
    } catch (error) {
      // What a function throws, its host writes to the log; the dead write nothing.
      if (!(error instanceof Crash)) tell(logged(worker, path, error))
      throw error
    }
  }
}

function logged(worker: number, what: string, error: unknown): TraceBody {
  return { kind: 'log', worker, level: 'error', line: errorLine(what, error) }
}

function isPostDue({ ground, wakes }: Life): boolean {
  return ground.post.at <= ground.stage.clock.now() && wakes.timer !== 'silent'
}

/** Tells outside what waits, at its beat; two at once where timers come twice. */
async function runPost({ ground, workers, wakes, luck }: Life): Promise<void> {
  const now = ground.stage.clock.now()
  const place = Math.floor(chance(luck, now, 4) * workers.count)
  const work = awake(ground, 'notices', tellOutside)
  if (wakes.timer === 'doubled') await workers.together([work, work], luck + now)
  else await workers.once(place, work)
  ground.post.at = await nextRound(ground)
}

async function runSweeps(life: Life): Promise<void> {
  const { ground, wakes, late, workers, luck } = life
  const { clock, bell } = ground.stage
  const now = clock.now()
  const rung = bell.take(now).length > 0
  const again = late.some((at) => at <= now)
  if (again) late.splice(0, late.length, ...late.filter((at) => at > now))
  if (rung && wakes.bell === 'doubled') late.push(now + 1 + Math.floor(chance(luck, now, 2) * MINUTE_MS))
  if (rung && wakes.bell === 'late') late.push(now + 1 + Math.floor(chance(luck, now, 3) * 10 * MINUTE_MS))
  const isTimer = now % MINUTE_MS === 0 && wakes.timer !== 'silent'
  const isQueue = again || (rung && wakes.bell !== 'late')
  if (!isTimer && !isQueue) return
  if (earliestDue(ground) > now + furthestAhead(workers)) return
  const place = Math.floor(chance(luck, now, 1) * workers.count)
  const path = isQueue ? 'queue' : 'timer'
  await sweepBy(life, place, path)
  if (isTimer && wakes.timer === 'doubled') await sweepBy(life, place + 1, 'timer')
}

async function sweepBy({ ground, wakes, workers, late, asleep, luck }: Life, place: number, path: 'timer' | 'queue') {
  const { clock } = ground.stage
  const now = clock.now()
  const work = awake(ground, path, sweepSoundly(ground, workers.count > 1 && luck % 2 === 0))
  if (wakes.stall !== null) {
    const sleeper = await workers.stall(place, work, wakes.stall)
    if (sleeper === null) return
    asleep.push({ until: now + wakes.stall * 7 * MINUTE_MS, wake: sleeper.wake })
    wakes.stall = null
    late.push(now + RETRY_MS)
    return
  }
  const came =
    wakes.race === null ? [await workers.once(place, work)] : await workers.together([work, work], wakes.race + now)
  if (came.some(({ kind }) => kind === 'again') && path === 'queue') late.push(now + RETRY_MS)
}

/**
 * A sweep; an error that is neither the outside's nor a death is the product's own, and ends the trial. Several workers share
 * what is due in every other trial, one service at a time, as they do among thousands; in the others they race for all of it.
 */
function sweepSoundly({ tell }: Ground, isShared: boolean): Work<void> {
  const how = isShared ? { slice: 1 } : {}
  return async (wheel, worker) => {
    for (const { name, result, error } of await sweep(wheel, ENVIRONMENT, how)) {
      if (result !== 'broken' || error instanceof Crash) continue
      tell(logged(worker, name, error))
      if (!(error instanceof Fault)) throw new Error(`the turn of ${name} broke: ${String(error)}`, { cause: error })
    }
  }
}
