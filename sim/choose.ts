import { chance } from './chance.ts'
import type { Chooser, Parked } from './schedule.ts'

/** Chooses among all parked calls by chance: the same seed, the same choices. */
export function bySeed(seed: number): Chooser {
  let drawn = 0
  return (parked) => {
    drawn += 1
    return Math.floor(chance(seed, drawn) * parked.length)
  }
}

/** Lets the named workers go on in this order, one call each; those that have nothing parked are passed over. Then the oldest. */
export function byList(workers: readonly number[]): Chooser {
  const left = [...workers]
  return (parked) => {
    for (;;) {
      const next = left.shift()
      if (next === undefined) return 0
      const index = parked.findIndex(({ worker }) => worker === next)
      if (index >= 0) return index
    }
  }
}

/** Lets each worker do all of its work before the next one in this order does anything; those not named come last. */
export function byWorkers(order: readonly number[]): Chooser {
  const place = (worker: number) => (order.includes(worker) ? order.indexOf(worker) : order.length)
  return (parked) => {
    const first = Math.min(...parked.map(({ worker }) => place(worker)))
    return parked.findIndex(({ worker }) => place(worker) === first)
  }
}

/** The `write`-th write of a worker, both from where a schedule counts: writes from 1, workers from 0. */
export interface WriteOf {
  readonly worker: number
  readonly write: number
}

/**
 * Brings two writes side by side: everyone goes on until each stands before its write, then `first` happens, then `second`
 * at once, then everything else, the oldest first. A write that never comes is not waited for.
 */
export function inOrder(first: WriteOf, second: WriteOf): Chooser {
  const at = (parked: readonly Parked[], { worker, write }: WriteOf) =>
    parked.findIndex((gate) => gate.worker === worker && gate.write === write && gate.moment === 'before')
  let done = 0
  return (parked) => {
    const [one, two] = [at(parked, first), at(parked, second)]
    const others = parked.findIndex((_, index) => index !== one && index !== two)
    if (done === 0 && one >= 0 && two >= 0) {
      done = 1
      return one
    }
    if (done === 1 && two >= 0) {
      done = 2
      return two
    }
    return others >= 0 ? others : 0
  }
}

/** What an exploration found: how many schedules it ran, and whether none is left within its bounds. */
export interface Explored {
  readonly schedules: number
  readonly isComplete: boolean
}

/**
 * Runs every schedule in which workers take turns, up to `switches` times away from a worker that could have gone on, and up
 * to `limit` schedules in all. `run` must behave the same for the same choices; what it throws ends the exploration, with
 * the choices in its message.
 */
export async function explore(
  bounds: { readonly switches: number; readonly limit: number },
  run: (choose: Chooser) => Promise<void>,
): Promise<Explored> {
  let prefix: readonly number[] | null = []
  let schedules = 0
  while (prefix !== null) {
    if (schedules >= bounds.limit) return { schedules, isComplete: false }
    const trail: Fork[] = []
    try {
      await run(walking(prefix, trail))
    } catch (error) {
      const choices = trail.map(({ taken }) => taken).join('')
      throw new Error(`with the choices ${choices}: ${String(error)}`, { cause: error })
    }
    schedules += 1
    prefix = nextPrefix(trail, bounds.switches)
  }
  return { schedules, isComplete: true }
}

/** Walks by a list of choices (0 = the worker that went on last goes on, n = the n-th other), then straight on. */
export function walking(choices: readonly number[], trail: Fork[] = []): Chooser {
  let current = -1
  return (parked) => {
    const workers = [...new Set(parked.map(({ worker }) => worker))].sort((a, b) => a - b)
    const isFree = !workers.includes(current)
    const order = isFree ? workers : [current, ...workers.filter((worker) => worker !== current)]
    const taken = choices[trail.length] ?? 0
    if (order.length > 1) trail.push({ taken, width: order.length, isFree })
    current = order[order.length > 1 ? taken : 0] ?? 0
    return parked.findIndex(({ worker }) => worker === current)
  }
}

/** One choice among several workers; free where the worker that went on last could not go on. */
export interface Fork {
  readonly taken: number
  readonly width: number
  readonly isFree: boolean
}

function nextPrefix(trail: readonly Fork[], switches: number): readonly number[] | null {
  for (let length = trail.length; length > 0; length -= 1) {
    const fork = trail[length - 1] as Fork
    const before = trail.slice(0, length - 1)
    const spent = before.filter(({ taken, isFree }) => taken > 0 && !isFree).length
    const isAffordable = fork.isFree || spent < switches
    if (fork.taken + 1 < fork.width && isAffordable) return [...before.map(({ taken }) => taken), fork.taken + 1]
  }
  return null
}
