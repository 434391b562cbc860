import { expect, test } from 'vitest'
import { keptScenarios } from '../../../sim/trial/kept.ts'
import { tryOut } from '../../../sim/trial/run.ts'
import type { TraceEvent } from '../../../sim/trial/trace.ts'
import { PLANTS } from './plants.ts'

const KEPT = keptScenarios()
/** A trial of a few days needs some dozen; sixty thousand were once written. */
const MOST_WRITES = 1_000

test('every kept scenario says why it is kept', () => {
  expect(KEPT.length).toBeGreaterThan(0)
  for (const { name, why } of KEPT) expect(why.length, name).toBeGreaterThan(40)
})

test.each(KEPT)('$name breaks no promise, and does not write to Azure without end', async ({ scenario }) => {
  let writes = 0
  const write = ({ kind }: TraceEvent) => {
    if (kind === 'arm-write') writes += 1
  }
  expect((await tryOut(scenario, { write })).violations).toEqual([])
  expect(writes).toBeLessThan(MOST_WRITES)
})

test.each(KEPT.filter(({ plant }) => plant !== null))('$name still finds its planted bug', async (kept) => {
  const plant = PLANTS[kept.plant ?? '']
  if (plant === undefined) throw new Error(`no planted bug is called ${kept.plant}`)
  const { violations } = await tryOut(kept.scenario, { plant })
  expect(violations.map(({ invariant }) => invariant)).toContain(kept.invariant)
})

test('for each of these promises there is a planted bug that a kept scenario finds', () => {
  const found = new Set(KEPT.filter(({ plant }) => plant !== null).map(({ invariant }) => invariant))
  const safety = ['S2', 'S3', 'S6', 'S10', 'S12', 'S13', 'S14', 'S15', 'S16', 'S17', 'S18']
  const progress = ['L1', 'L2', 'L3', 'L4', 'L5', 'L6', 'L7']
  for (const promise of [...safety, ...progress]) expect([...found]).toContain(promise)
})
