import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import { bySeed } from '../choose.ts'
import { Crash, type Guard, guarded } from '../crash.ts'
import { createSchedule, isWrite, type Schedule } from '../schedule.ts'
import type { Body } from './footing.ts'
import type { Ground } from './ground.ts'
import type { Postal } from './sinks.ts'
import { toldSockets } from './sockets.ts'

/** The sockets of a worker: those that the wheel turns with, and those that telling outside takes. */
export type TrialWheel = Wheel & Postal

/** A worker of a trial; one that died is followed by one with a new number. */
export interface TrialWorker {
  readonly number: number
  readonly wheel: TrialWheel
  isDead: boolean
  /** It dies at this call from now, counted from 1: of its sockets, or of its SDKs (`wire`); null = it lives on. */
  doom: { calls: number; readonly moment: 'before' | 'after'; readonly wire?: boolean } | null
}

/** What came of a piece of work: `again` = its worker died or was refused, so that it is to be done again. */
export type Came<T> = { readonly kind: 'done'; readonly result: T } | { readonly kind: 'again' }

/** A piece of work, by whoever has these sockets. */
export type Work<T> = (wheel: TrialWheel, worker: number) => Promise<T>

/** The workers of a trial: each place is taken anew when somebody has died. */
export interface Workers {
  readonly count: number
  at(place: number): TrialWorker
  /** How far the clock of a place is ahead. */
  readonly skews: number[]
  once<T>(place: number, work: Work<T>): Promise<Came<T>>
  /** The same moment for several pieces of work: their calls take turns by the seed. */
  together<T>(works: readonly Work<T>[], luck: number): Promise<readonly Came<T>[]>
  /** One worker falls asleep before its `write`-th write of this work; `wake` lets it go on. Null = it never came so far. */
  stall<T>(place: number, work: Work<T>, write: number): Promise<{ wake(): Promise<void> } | null>
}

/** A bug that is put between the engine and its sockets, to show that it is found. */
export type Plant = (sockets: TrialWheel) => TrialWheel

/** Workers for a trial, all alive. `mourn` is told of each death. */
export function createWorkers(ground: Ground, count: number, mourn: () => void, plant: Plant | undefined): Workers {
  const skews = Array.from({ length: count }, () => 0)
  let born = 0
  const bear = (place: number): TrialWorker => {
    born += 1
    return newborn(ground, born - 1, () => skews[place] ?? 0, mourn, plant)
  }
  const places = Array.from({ length: count }, (_, place) => bear(place))
  const at = (place: number) => {
    const index = place % count
    const known = places[index]
    if (known !== undefined && !known.isDead) return known
    const next = bear(index)
    places[index] = next
    return next
  }
  return {
    count,
    skews,
    at,
    once: (place, work) => {
      const worker = at(place)
      return outcomeOf(worker, work(worker.wheel, worker.number))
    },
    together: async (works, luck) => {
      const schedule = createSchedule({ choose: bySeed(luck) })
      const begun = works.map((work, index) => begin(schedule, at(index), work))
      await schedule.settle()
      return Promise.all(begun)
    },
    stall: async (place, work, write) => {
      const worker = at(place)
      const isIt = (gate: { readonly call: string; readonly write: number }) =>
        isWrite(gate.call) && gate.write === write
      const fate = (gate: { readonly call: string; readonly write: number }) => (isIt(gate) ? 'hold' : 'go')
      const schedule = createSchedule({ choose: () => 0, fate })
      let isOver = false
      const begun = begin(schedule, worker, work).then(() => {
        isOver = true
      })
      await schedule.settle()
      await Promise.race([begun, new Promise((resolve) => setImmediate(resolve))])
      if (isOver) return null
      // Whoever sleeps does so in all that it has under way at once: neighbours are settled side by side.
      for (const { call } of schedule.parked(0)) ground.tell({ kind: 'asleep', worker: worker.number, call })
      places[place % count] = bear(place % count)
      return {
        wake: async () => {
          schedule.free(0)
          await schedule.settle()
          await begun
        },
      }
    },
  }
}

function newborn(
  ground: Ground,
  number: number,
  skew: () => number,
  mourn: () => void,
  plant: Plant | undefined,
): TrialWorker {
  const worker: TrialWorker = { number, wheel: UNBORN, isDead: false, doom: null }
  const die = (call: string, moment: 'before' | 'after'): never => {
    worker.isDead = true
    ground.tell({ kind: 'crash', worker: number, call, moment })
    mourn()
    throw new Crash(`worker ${number} died ${moment} ${call}`)
  }
  const body = Object.assign(worker, { fateOf: () => fateOf(worker, true), die })
  const told = toldSockets(ground, body, skew)
  const sockets = plant === undefined ? told : plant(told)
  return Object.assign(worker, { wheel: mortal(body, sockets) })
}

function begin<T>(schedule: Schedule, worker: TrialWorker, work: Work<T>): Promise<Came<T>> {
  const scheduled = schedule.worker(worker.wheel)
  return outcomeOf(
    worker,
    schedule.start(scheduled, () => work(scheduled.sockets, worker.number)),
  )
}

async function outcomeOf<T>(worker: TrialWorker, work: Promise<T>): Promise<Came<T>> {
  try {
    const result = await work
    return worker.isDead ? { kind: 'again' } : { kind: 'done', result }
  } catch (error) {
    if (error instanceof Crash || error instanceof Fault) return { kind: 'again' }
    throw error
  }
}

/** What a worker has before it has its sockets. */
const UNBORN = {} as TrialWheel

/** Counts a call of a worker: whether it dies there. */
function fateOf({ doom }: TrialWorker, isWire: boolean): 'before' | 'after' | null {
  if (doom === null || (doom.wire ?? false) !== isWire) return null
  doom.calls -= 1
  return doom.calls === 0 ? doom.moment : null
}

/** The sockets of a worker that may die at any call; the dead do nothing more. */
function mortal(worker: TrialWorker & Pick<Body, 'die'>, sockets: TrialWheel): TrialWheel {
  const alive = (call: string) => {
    if (worker.isDead) throw new Crash(`${call} was called by worker ${worker.number}, which is dead`)
  }
  const doomed = async (call: string, effect: () => unknown) => {
    const fate = fateOf(worker, false)
    if (fate === 'before') return worker.die(call, 'before')
    let result: unknown
    try {
      result = await effect()
    } catch (error) {
      alive(call)
      if (fate === null || !(error instanceof Fault)) throw error
    }
    // Whoever died at a request in between hears of no answer, whatever its plugs made of that.
    alive(call)
    if (fate === null) return result
    return worker.die(call, 'after')
  }
  const guard: Guard = async (call, effect) => {
    alive(call)
    return doomed(call, effect)
  }
  // Most workers die of nothing, and a life has thousands of calls: these are not even counted.
  return guarded(sockets, guard, () => worker.doom === null && !worker.isDead)
}
