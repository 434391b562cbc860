import { type Turned, turn } from './turn.ts'
import type { Wheel } from './wheel.ts'

/** How many services one turn takes at most; a sweep turns as often as it must. */
const BATCH = 100

/**
 * Does everything that is due in an environment now, whatever was missed before: each due service gets one turn. Harmless
 * when run twice, late, or by two at once. Services that fail are in the answer and stay due.
 */
export async function sweep(wheel: Wheel, environment: string): Promise<readonly Turned[]> {
  const until = wheel.clock.now()
  const done = new Set<string>()
  const all: Turned[] = []
  for (;;) {
    const due = await wheel.store.due(environment, until, BATCH + done.size)
    const fresh = due.filter((name) => !done.has(name)).slice(0, BATCH)
    if (fresh.length === 0) return all
    for (const name of fresh) done.add(name)
    all.push(...(await turn(wheel, environment, fresh)))
  }
}
