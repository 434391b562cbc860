import { expect, test } from 'vitest'
import { coverageOf, coverageTable } from '../../../sim/trial/coverage.ts'
import type { Tried } from '../../../sim/trial/run.ts'
import { fewest } from '../../../sim/trial/shrink.ts'
import { emptiness, summarize, summaryText } from '../../../sim/trial/summary.ts'

const PLAIN: Tried = {
  seed: 1,
  canaries: 2,
  simulatedMs: 3_600_000,
  events: 10,
  outcomes: { promoted: 1, aborted: 1 },
  struck: { F8: 2 },
  cells: ['F8/progressing'],
  violations: [{ invariant: 'S1', says: 'no', n: 3 }],
}

test('what came of the seeds is added up', () => {
  const summary = summarize([PLAIN, { ...PLAIN, seed: 2 }], 2, 1)
  expect(summary).toMatchObject({ seeds: 2, canaries: 4, simulatedHours: 2, events: 20, struck: { F8: 4 } })
  expect(summary).toMatchObject({ outcomes: { promoted: 2, aborted: 2 }, violations: { S1: 2 } })
  expect(summary.coverage.seeds.get('F8/progressing')).toBe(2)
})

test('a seed that was lived on both kinds of plugs is one seed', () => {
  const summary = summarize([PLAIN, { ...PLAIN, seed: 10 }, { ...PLAIN, seed: 10, adapters: 'real' }], 2, 1)
  expect(summary).toMatchObject({ seeds: 2, real: 1, canaries: 6 })
  expect(summaryText(summary)).toContain('on real plugs    1\n')
  expect(summarize([{ ...PLAIN, adapters: 'real' }], 2, 1)).toMatchObject({ seeds: 1, real: 1 })
})

test('the speed of a core is told by the CPU time of lives on the simulator alone', () => {
  const quick = { ...PLAIN, cpuMs: 40 }
  const summary = summarize([quick, { ...quick, seed: 10 }, { ...quick, seed: 10, adapters: 'real', cpuMs: 500 }], 2, 1)
  expect(summary).toMatchObject({ cpuSeconds: { sim: 0.08, real: 0.5 }, canariesPerCpuSecond: 50 })
  expect(summaryText(summary)).toContain('50.0 canaries a second of CPU time (0.1 s; the real plugs took 0.5 s)\n')
  const checked = summarize([{ ...quick, checkShare: 0.5 }], 2, 1)
  expect(checked).toMatchObject({ canariesPerCpuSecond: 50, uncheckedPerCpuSecond: 100 })
  expect(summaryText(checked)).toContain('50.0 canaries a second of CPU time, 100.0 without the checks (0.0 s)\n')
  expect(summarize([PLAIN], 2, 1).canariesPerCpuSecond).toBeNull()
  expect(summaryText(summarize([PLAIN], 2, 1))).not.toContain('CPU')
})

test('a run without a canary, or without a fault, is no proof', () => {
  const summary = summarize([PLAIN, PLAIN], 1, 1)
  expect(emptiness(summary, false)).toBeNull()
  expect(emptiness({ ...summary, canaries: 0 }, false)).toContain('not one canary')
  expect(emptiness({ ...summary, struck: {} }, false)).toContain('not one fault')
})

test('cells that were never hit are told', () => {
  const coverage = coverageOf([['F8/progressing']])
  expect(coverage.hit).toBe(1)
  expect(coverage.never).toHaveLength(coverage.possible - 1)
  expect(coverageTable(coverage).split('\n')).toHaveLength(17)
})

test('the fewest items that break are found, and no item too many is kept', async () => {
  const items = Array.from({ length: 40 }, (_, index) => index)
  const breaks = async (rest: readonly number[]) => rest.includes(3) && rest.includes(17)
  expect(await fewest(items, breaks)).toEqual([3, 17])
  expect(await fewest(items, async () => true)).toEqual([])
})
