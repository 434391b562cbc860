import { expect, test } from 'vitest'
import { livesOf } from '../../../sim/trial/children.ts'
import { drawScenario } from '../../../sim/trial/scenario.ts'

const usual = { adapters: null, realEvery: 10, scenario: null } as const
const onReal = (from: number, to: number, how: Parameters<typeof livesOf>[1]) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)
    .flatMap((seed) => livesOf(seed, how))
    .flatMap(({ seed, adapters }) => (adapters === 'real' ? [seed] : []))

test('every seed is lived on the simulator’s plugs, and one of so many as was said on the real ones as well', () => {
  expect(livesOf(9, usual)).toEqual([{ seed: 9, adapters: 'sim' }])
  expect(livesOf(10, usual)).toEqual([
    { seed: 10, adapters: 'sim' },
    { seed: 10, adapters: 'real' },
  ])
  expect(onReal(1, 100, { ...usual, realEvery: 40 })).toEqual([40, 80])
  expect(onReal(1, 100, { ...usual, realEvery: 0 })).toEqual([])
})

test('plugs that were named are those of every seed, and a given scenario is lived once', () => {
  expect(onReal(1, 3, { ...usual, adapters: 'both' })).toEqual([1, 2, 3])
  expect(onReal(1, 20, { ...usual, adapters: 'sim' })).toEqual([])
  expect(livesOf(10, { ...usual, adapters: 'real' })).toEqual([{ seed: 10, adapters: 'real' }])
  expect(livesOf(10, { ...usual, scenario: drawScenario(10) })).toEqual([{ seed: 10, adapters: 'sim' }])
})
