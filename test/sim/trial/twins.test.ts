import { expect, test } from 'vitest'
import { live } from '../../../sim/trial/live.ts'
import { drawScenario, type Scenario } from '../../../sim/trial/scenario.ts'
import type { TraceEvent } from '../../../sim/trial/trace.ts'
import { withoutStorageTroubles } from '../../../sim/trial/wire/scenario.ts'

/** Short lives with a rollback, a promotion, failures, dead and racing workers, and hands. None in which a refusal is told in the words of its plug. */
const SEEDS = [1, 2, 4, 7, 9, 12, 14, 17]

/** Everything that took effect, in order; what is told outside, by sink, since two sinks are told at the same time. */
async function told(scenario: Scenario) {
  const events: unknown[] = []
  const notices: Record<string, unknown[]> = { chat: [], pager: [] }
  await live(scenario, (event: TraceEvent) => {
    // How deep in which files an error arose is no effect.
    if (event.kind === 'log') return
    const { n: _, ...effect } = event
    if (event.kind === 'notice') notices[event.sink]?.push(effect)
    else events.push(effect)
  })
  return { events, notices }
}

test.each(SEEDS)(
  'a life without troubles of storage is the same on the real plugs, effect by effect (seed %i)',
  { timeout: 120_000 },
  async (seed) => {
    const scenario = withoutStorageTroubles(drawScenario(seed))
    const onSim = await told(scenario)
    const onReal = await told({ ...scenario, adapters: 'real' })
    const at = onSim.events.findIndex((event, index) => !same(event, onReal.events[index]))
    if (at >= 0) expect(onReal.events.slice(at, at + 3)).toEqual(onSim.events.slice(at, at + 3))
    expect(onReal.events.length).toBe(onSim.events.length)
    expect(onReal.notices).toEqual(onSim.notices)
    expect(onSim.events.length).toBeGreaterThan(80)
  },
)

/** Rows come back from storage with their properties in another order, which nothing depends on. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(pairs.map(([name, inner]) => [name, sorted(inner)]))
}
