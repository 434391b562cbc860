import { byWorkers, inOrder, type WriteOf } from '../../sim/choose.ts'
import type { Chooser } from '../../sim/schedule.ts'
import type { Wire } from '../../sim/wire.ts'
import { type ChoreRace, SWEEPS } from './chores.ts'
import { ASIDE } from './chores-aside.ts'
import { KEEPING } from './chores-keeping.ts'
import { PEOPLE } from './chores-people.ts'
import { type Rung, raceOn } from './wire-races.ts'

/** Every race at what is no rollout's own row, on the real plugs, request by request. */
export const CHORES: readonly ChoreRace[] = [...SWEEPS, ...KEEPING, ...ASIDE, ...PEOPLE]

/** Runs a race in the order that is chosen, and checks what must hold; `plant` puts a bug into what the workers send. */
export async function runChore(race: ChoreRace, choose: Chooser, plant?: (wire: Wire) => Wire): Promise<Rung> {
  const { ring, works, settle } = await race.set()
  const rung = await raceOn(ring, works, choose, { plant })
  await settle(rung)
  return rung
}

/** Both orders of every pair of writes of two workers. */
async function pairsOf(race: ChoreRace): Promise<readonly (readonly [WriteOf, WriteOf])[]> {
  const workers = (await race.set()).works.map((_, index) => index)
  const counts: number[] = []
  for (const worker of workers) {
    const { passed } = await runChore(race, byWorkers([worker, ...workers.filter((other) => other !== worker)]))
    counts.push(passed.filter((gate) => gate.worker === worker && gate.write > 0).length)
  }
  const writes = (worker: number) =>
    Array.from({ length: counts[worker] ?? 0 }, (_, index): WriteOf => ({ worker, write: index + 1 }))
  return workers.flatMap((one) =>
    workers
      .filter((other) => other !== one)
      .flatMap((other) => writes(one).flatMap((first) => writes(other).map((second) => [first, second] as const))),
  )
}

/** Tries one order; what is wrong is told with how to come to it again. */
export async function tryChore(race: ChoreRace, how: string, choose: Chooser): Promise<void> {
  try {
    await runChore(race, choose)
  } catch (error) {
    throw new Error(`${race.name}, ${how}: ${String(error)}`, { cause: error })
  }
}

/** Tries pairs of writes: of so many one, beginning with the first. Resolves to how many were tried. */
export async function tryPairs(race: ChoreRace, every = 1): Promise<number> {
  const pairs = (await pairsOf(race)).filter((_, index) => index % every === 0)
  for (const [one, two] of pairs) {
    const how = `write ${one.write} of worker ${one.worker} right before write ${two.write} of worker ${two.worker}`
    await tryChore(race, how, inOrder(one, two))
  }
  return pairs.length
}
