import { expect, test } from 'vitest'
import { createChecks, createRounds } from '../../../sim/checks/all.ts'
import type { Check, Violation } from '../../../sim/checks/check.ts'
import { keptScenarios } from '../../../sim/trial/kept.ts'
import { tryOut } from '../../../sim/trial/run.ts'
import { drawScenario } from '../../../sim/trial/scenario.ts'
import type { TraceEvent } from '../../../sim/trial/trace.ts'
import { PLANTS } from '../trial/plants.ts'

/** All that checks find in these events, each event told to those whom `roundFor` names. */
function foundIn(
  events: readonly TraceEvent[],
  checks: readonly Check[],
  roundFor: (event: TraceEvent) => readonly Check[],
): readonly Violation[] {
  const found = events.flatMap((event) => roundFor(event).flatMap((check) => check.see(event)))
  return [...found, ...checks.flatMap((check) => check.end())]
}

const PLANTED = keptScenarios().filter(({ plant }) => plant !== null)

test.each(PLANTED)('$name: who is told of its own kinds of events finds what it would find in all', async (kept) => {
  const events: TraceEvent[] = []
  const write = (event: TraceEvent) => {
    if (event.kind !== 'violation') events.push(event)
  }
  await tryOut(kept.scenario, {
    write,
    ...(kept.plant !== null && { plant: PLANTS[kept.plant] ?? ((wheel) => wheel) }),
  })
  const told = createChecks()
  const found = foundIn(events, told, createRounds(told))
  const all = createChecks()
  expect(found).toEqual(foundIn(events, all, () => all))
  expect(found.map(({ invariant }) => invariant)).toContain(kept.invariant)
})

test('most events are told to few', async () => {
  const checks = createChecks()
  const roundFor = createRounds(checks)
  let [events, told] = [0, 0]
  const write = (event: TraceEvent) => {
    events += 1
    told += roundFor(event).length
  }
  await tryOut(drawScenario(2), { write })
  expect(told / events).toBeLessThan(checks.length / 2)
})
