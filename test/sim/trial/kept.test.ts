import { expect, test } from 'vitest'
import { keptScenarios } from '../../../sim/trial/kept.ts'
import { tryOut } from '../../../sim/trial/run.ts'
import { PLANTS } from './plants.ts'

const KEPT = keptScenarios()

test('every kept scenario says why it is kept', () => {
  expect(KEPT.length).toBeGreaterThan(0)
  for (const { name, why } of KEPT) expect(why.length, name).toBeGreaterThan(40)
})

test.each(KEPT)('$name breaks no promise', async ({ scenario }) => {
  expect((await tryOut(scenario)).violations).toEqual([])
})

test.each(KEPT.filter(({ plant }) => plant !== null))('$name still finds its planted bug', async (kept) => {
  const plant = PLANTS[kept.plant ?? '']
  if (plant === undefined) throw new Error(`no planted bug is called ${kept.plant}`)
  const { violations } = await tryOut(kept.scenario, { plant })
  expect(violations.map(({ invariant }) => invariant)).toContain(kept.invariant)
})
