import type { Plant } from './live.ts'
import { type Broken, tryOut } from './run.ts'
import type { Item, Scenario } from './scenario.ts'

/** Trials that a search may cost: a scenario has some dozen items, and delta debugging needs a few per item. */
const MOST_TRIALS = 300

/** The scenario with those of its items that have one of these ids. */
export function keepOnly(scenario: Scenario, ids: readonly number[]): Scenario {
  const wanted = new Set(ids)
  return { ...scenario, items: scenario.items.filter(({ id }) => wanted.has(id)) }
}

/** The scenario with as few items as still break the same promise: leaving out any one of them makes it hold. */
export async function shrink(scenario: Scenario, invariant: Broken['invariant'], plant?: Plant): Promise<Scenario> {
  const breaks = async (items: readonly Item[]) => {
    const { violations } = await tryOut({ ...scenario, items }, plant === undefined ? {} : { plant })
    return violations.some((violation) => violation.invariant === invariant)
  }
  return { ...scenario, items: await fewest(scenario.items, breaks) }
}

/**
 * Delta debugging (Zeller, Hildebrandt 2002), with complements only: leaves out ever smaller parts for as long as `breaks`
 * still holds of the rest. The answer is minimal in that no single item can be left out, unless the search became too long.
 */
export async function fewest<T>(
  items: readonly T[],
  breaks: (rest: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let left = items
  let parts = 2
  let trials = 0
  while (left.length > 0 && trials < MOST_TRIALS) {
    const size = Math.ceil(left.length / parts)
    let smaller: readonly T[] | null = null
    for (let start = 0; start < left.length && smaller === null && trials < MOST_TRIALS; start += size) {
      const rest = [...left.slice(0, start), ...left.slice(start + size)]
      trials += 1
      if (await breaks(rest)) smaller = rest
    }
    if (smaller === null && size === 1) return left
    parts = smaller === null ? parts * 2 : Math.max(2, parts - 1)
    left = smaller ?? left
  }
  return left
}
