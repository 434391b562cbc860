import { expect, test } from 'vitest'
import { tryOut } from '../../../sim/trial/run.ts'
import { drawScenario } from '../../../sim/trial/scenario.ts'
import { shrink } from '../../../sim/trial/shrink.ts'
import type { TraceEvent } from '../../../sim/trial/trace.ts'
import { PLANTS } from './plants.ts'

const MOST_SEEDS = 50

/** Which promise each planted bug breaks; `run` = the store refuses what the bug brings it. */
const BREAKS = {
  'one percent more': 'S3',
  'a bake of half the time': 'S16',
  'an audit row left out': 'run',
  'an audit row altered': 'S13',
  'the stable revision switched off': 'S6',
} as const

test.each(Object.entries(BREAKS))('%s is found as %s, and shrunk to a few items', async (name, invariant) => {
  const plant = PLANTS[name]
  if (plant === undefined) throw new Error(`no planted bug is called ${name}`)
  for (let seed = 1; seed <= MOST_SEEDS; seed += 1) {
    const scenario = drawScenario(seed)
    const { violations } = await tryOut(scenario, { plant })
    if (!violations.some((one) => one.invariant === invariant)) continue
    const least = await shrink(scenario, invariant, plant)
    expect(least.items.length).toBeLessThanOrEqual(2)
    const again = await tryOut(least, { plant })
    expect(again.violations.map((one) => one.invariant)).toContain(invariant)
    const clean = await tryOut(least)
    expect(clean.violations.map((one) => one.invariant)).not.toContain(invariant)
    return
  }
  throw new Error(`${name} was not found in ${MOST_SEEDS} seeds`)
})

test('a violation stands in the trace behind what it was seen at, and the end still comes last', async () => {
  const events: TraceEvent[] = []
  const plant = PLANTS['a bake of half the time']
  if (plant === undefined) throw new Error('not planted')
  const { violations } = await tryOut(drawScenario(1), { plant, write: (event) => events.push(event) })
  expect(events.map(({ n }) => n)).toEqual(events.map((_, index) => index + 1))
  expect(events.filter(({ kind }) => kind === 'violation')).toHaveLength(violations.length)
  expect(events.at(-1)).toMatchObject({ kind: 'end', violations: violations.length })
})

test('an error of the trial itself is a violation', async () => {
  const plant = () => {
    throw new Error('nothing works')
  }
  const { violations } = await tryOut(drawScenario(1), { plant })
  expect(violations.at(0)).toMatchObject({
    invariant: 'run',
    says: 'the trial ended in an error that nobody expected: Error: nothing works',
  })
})
