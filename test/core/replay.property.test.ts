import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ReplayOutcome } from '../../lib/core/replay/timeline.ts'
import { runs } from '../support/runs.ts'
import { aPlan, type Count, ERRORS_ONLY, errorSeries, walk } from './replay-scene.ts'

const PLAN = aPlan(
  '[ { setWeight: 10 }, { bake: 30m }, { setWeight: 50 }, { bake: 20m } ]',
  ERRORS_ONLY.replace('{ warmUp', '{ onInconclusive: { after: 20m }, warmUp'),
)

const BUCKETS = 100
const count = fc
  .tuple(fc.constantFrom(0, 0, 0, 1, 2, 4, 20), fc.integer({ min: 30, max: 300 }))
  .map(([bad, total]): Count => [Math.min(bad, total), total])
const series = fc.array(fc.option(count, { freq: 12 }), { minLength: BUCKETS, maxLength: BUCKETS })
const baseline = fc.array(
  fc.nat({ max: 30 }).map((bad): Count => [bad, 2700]),
  { minLength: BUCKETS, maxLength: BUCKETS },
)

const RANK: Readonly<Partial<Record<ReplayOutcome, number>>> = { promoted: 0, running: 1, paused: 1, 'rolled-back': 2 }

test('a bad event more never makes an outcome better', () => {
  const property = fc.property(series, baseline, fc.nat({ max: BUCKETS - 1 }), (canary, beside, place) => {
    const worse = canary.map((one, index): Count | null =>
      one === null || index !== place || one[0] === one[1] ? one : [one[0] + 1, one[1]],
    )
    const before = walk(PLAN, errorSeries(canary, beside))
    const after = walk(PLAN, errorSeries(worse, beside))
    expect(RANK[after.outcome]).toBeGreaterThanOrEqual(RANK[before.outcome] ?? 0)
  })
  fc.assert(property, runs(75))
})

test('silence alone never passes and never fails, wherever it begins', () => {
  const property = fc.property(fc.array(count, { maxLength: 25 }), baseline, (canary, beside) => {
    const silent = [...canary, ...Array.from({ length: BUCKETS - canary.length }, () => null)]
    const timeline = walk(PLAN, errorSeries(silent, beside))
    const judged = timeline.verdicts.filter(({ minute }) => minute >= canary.length)
    expect(judged.every(({ kind }) => kind !== 'pass')).toBe(true)
    const failed = timeline.verdicts.findIndex(({ kind }) => kind === 'fail')
    expect(failed === -1 || failed < canary.length).toBe(true)
  })
  fc.assert(property, runs(75))
})

test('what comes after the end changes nothing before it', () => {
  const property = fc.property(series, baseline, fc.integer({ min: 1, max: BUCKETS }), (canary, beside, cut) => {
    const whole = walk(PLAN, errorSeries(canary, beside))
    const part = walk(PLAN, errorSeries(canary.slice(0, cut), beside.slice(0, cut)))
    const last = part.endedAtMinute ?? -1
    expect(part.verdicts).toEqual(whole.verdicts.filter(({ minute }) => minute <= last))
  })
  fc.assert(property, runs(50))
})

test('asked again, a replay says the same', () => {
  const property = fc.property(series, baseline, (canary, beside) => {
    expect(walk(PLAN, errorSeries(canary, beside))).toEqual(walk(PLAN, errorSeries(canary, beside)))
  })
  fc.assert(property, runs(10))
})
