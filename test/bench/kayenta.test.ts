import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { brentZero } from '../../bench/judge/kayenta/brent.ts'
import { type ClassifyOptions, classify, classifyMetric } from '../../bench/judge/kayenta/classify.ts'
import { commonLanguageEffect, meanRatio } from '../../bench/judge/kayenta/effect.ts'
import { boundOf, estimateOf, wilcoxonDiff } from '../../bench/judge/kayenta/rank-test.ts'
import { scoreOf, verdictOf } from '../../bench/judge/kayenta/score.ts'
import { normalQuantile } from '../../bench/judge/reference/normal.ts'

const USUAL: ClassifyOptions = {
  tolerance: 0.25,
  confidence: 0.98,
  direction: 'either',
  effect: null,
  nan: 'remove',
}
const sorted = (values: readonly number[]) => Float64Array.from(values).sort()

/** Values as minutes have them: smooth, few and tied, or mostly zero, in several units. */
const side = fc
  .record({
    kind: fc.constantFrom('smooth', 'tied', 'zeros'),
    unit: fc.constantFrom(1, 100, 0.001),
    values: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 40 }),
    factor: fc.constantFrom(1, 1.3, 2),
  })
  .map(({ kind, unit, values, factor }) =>
    values.map((u) => {
      if (kind === 'smooth') return u * factor * unit
      return kind === 'tied' ? Math.floor(u * 4 * factor) * unit : (u < 0.8 ? 0 : Math.ceil(u * 5 * factor)) * unit
    }),
  )

describe('the standardized rank sum', () => {
  test('is what the ranks of all pairs say', () => {
    fc.assert(
      fc.property(side, side, fc.constantFrom(0, 0.5, 1, -2), (x, y, mu) => {
        const wins = x.flatMap((a) => y.map((b) => Math.sign(a - mu - b) as number))
        const all = [...x.map((a) => a - mu), ...y]
        const ties = [...new Set(all)].map((value) => all.filter((other) => other === value).length)
        const [m, n] = [x.length, y.length]
        const distance = wins.reduce((sum, win) => sum + win, 0) / 2
        const correction = ties.reduce((sum, t) => sum + t ** 3 - t, 0) / ((m + n) * (m + n - 1))
        const sigma = Math.sqrt(((m * n) / 12) * (m + n + 1 - correction))
        fc.pre(sigma > 0)
        const expected = (distance - Math.sign(distance) / 2) / sigma - 1.5
        expect(wilcoxonDiff(sorted(x), sorted(y), mu, 1.5)).toBeCloseTo(expected, 10)
      }),
    )
  })

  test('is not a number where everything is tied', () => {
    expect(wilcoxonDiff(sorted([2, 2]), sorted([1, 1, 1]), 1, 0)).toBeNaN()
  })
})

describe('the search for a zero', () => {
  test.each([
    ['a line', (at: number) => 3 - at, 0, 10, 3],
    ['a curve', (at: number) => Math.exp(-at) - 0.5, -5, 40, Math.LN2],
    ['a step', (at: number) => (at < 7.3 ? 1 : -1), 0, 100, 7.3],
    ['a zero at the lower end', (at: number) => -at, 0, 4, 0],
  ])('finds %s to 1e-4', (_, f, low, high, expected) => {
    expect(Math.abs(brentZero(f, low, high) - expected)).toBeLessThan(2e-4)
  })
})

test('the search stops as soon as 1e-4 is reached, and not before', () => {
  let looks = 0
  const found = brentZero(
    (at) => {
      looks += 1
      return at < 7.3 ? 1 : -1
    },
    0,
    100,
  )
  expect(found).toBeCloseTo(7.300090789794922, 12)
  expect(looks).toBe(22)
})

describe('the label of a metric', () => {
  test('never differs from one that finds every bound', () => {
    const options = fc.record({
      tolerance: fc.constantFrom(0.1, 0.25),
      confidence: fc.constantFrom(0.9, 0.98),
      direction: fc.constantFrom('increase', 'decrease', 'either'),
      effect: fc.constantFrom(null, [0.8, 1.2] as const, [5, 0.2] as const),
      nan: fc.constant('remove'),
    }) as fc.Arbitrary<ClassifyOptions>
    fc.assert(
      fc.property(side, side, options, (experiment, control, given) => {
        const [x, y] = [sorted(experiment), sorted(control)]
        fc.pre(x[0] !== x.at(-1) || y[0] !== y.at(-1))
        const z = -normalQuantile((1 - given.confidence) / 2)
        const clear = given.tolerance * Math.abs(estimateOf(x, y))
        const ratio = meanRatio(y, x)
        const [least, most] = given.effect ?? [1, 1]
        const isHigh = given.direction !== 'decrease' && boundOf(x, y, z) > clear && !(ratio < most)
        const isLow = given.direction !== 'increase' && boundOf(x, y, -z) < -clear && !(ratio > least)
        const expected = isHigh ? 'High' : isLow ? 'Low' : 'Pass'
        expect(classify(control, experiment, given)).toBe(expected)
      }),
      { numRuns: 2000 },
    )
  })

  const tens = [10, 10, 10, 10, 10]
  const ones = [1, 1, 1, 1, 1]
  test.each([
    ['the same values in another order', [1, 2, 3], [3, 1, 2], {}, 'Pass'],
    ['one value on both sides, in other numbers', [4, 4], [4, 4, 4], {}, 'Pass'],
    ['constant values far apart', ones, tens, {}, 'High'],
    ['the same in the direction that nobody minds', ones, tens, { direction: 'decrease' }, 'Pass'],
    ['a fall', tens, ones, {}, 'Low'],
    ['no values on one side', ones, [], {}, 'Nodata'],
    ['nothing but NaN', ones, [Number.NaN, Number.NaN], {}, 'Nodata'],
    ['NaN replaced by 0', tens, [Number.NaN, Number.NaN, 0, 0, 0], { nan: 'replace' }, 'Low'],
    ['no values, when NaN is replaced', ones, [], { nan: 'replace' }, 'Pass'],
    ['an outage in a rise from nothing', [0, 0, 0, 0, 0, 0], [9, 8, 9, 7, 9, 8], {}, 'High'],
    ['one point a side', [1], [5], {}, 'Error'],
    ['figures without end', [1, 2, 3], [4, Number.POSITIVE_INFINITY, 6], {}, 'Pass'],
  ] as const)('for %s', (_, control, experiment, over, expected) => {
    expect(classify(control, experiment, { ...USUAL, confidence: 0.95, ...over })).toBe(expected)
  })

  test('is critical only from the critical ratio on', () => {
    const options = { ...USUAL, confidence: 0.95, critical: true }
    expect(classifyMetric(ones, tens, { ...options, criticalEffect: [1, 12] })).toEqual({
      label: 'High',
      critical: false,
    })
    expect(classifyMetric(ones, tens, { ...options, criticalEffect: [1, 8] })).toEqual({
      label: 'High',
      critical: true,
    })
    expect(classifyMetric(tens, ones, { ...options, criticalEffect: [0.5, 2] })).toEqual({
      label: 'Low',
      critical: true,
    })
    expect(classifyMetric(ones, [], options)).toEqual({ label: 'Nodata', critical: true })
    expect(classifyMetric(ones, [], { ...USUAL, mustHaveData: true }).label).toBe('NodataFailMetric')
  })

  test('can go by the common-language effect instead', () => {
    const [control, experiment] = [
      [1, 2, 3, 4, 5, 6],
      [7, 8, 9, 10, 11, 12],
    ]
    const options = { ...USUAL, confidence: 0.95, measure: 'cles' as const }
    expect(classifyMetric(control, experiment, options).label).toBe('High')
    expect(classifyMetric(control, experiment, { ...options, effect: [0, 1.01] }).label).toBe('Pass')
  })
})

test('the common-language effect is the share of pairs won, ties half', () => {
  fc.assert(
    fc.property(side, side, (control, experiment) => {
      const won = experiment.flatMap((x) => control.map((y) => (Math.sign(x - y) + 1) / 2))
      const share = won.reduce((sum, win) => sum + win, 0) / won.length
      expect(commonLanguageEffect(control, experiment)).toBeCloseTo(share, 10)
    }),
  )
})

describe('the score', () => {
  const metric = (label: Parameters<typeof scoreOf>[0][number]['label'], group: string, critical = false) => ({
    label,
    groups: [group],
    critical,
  })
  test.each([
    ['is the share that passed', [metric('Pass', 'a'), metric('High', 'a')], {}, 50],
    ['is 0 for a critical failure', [metric('Pass', 'a'), metric('Pass', 'a'), metric('Low', 'a', true)], {}, 0],
    ['is 0 when half has no data', [metric('Pass', 'a'), metric('Nodata', 'a')], {}, 0],
    ['counts a group without data as whole', [metric('Pass', 'a'), metric('High', 'a'), metric('Nodata', 'b')], {}, 75],
    ['takes missing data that must be there as failed', [metric('Pass', 'a'), metric('NodataFailMetric', 'a')], {}, 50],
    ['shares what the weights leave', [metric('Pass', 'a'), metric('High', 'b'), metric('Pass', 'c')], { a: 40 }, 70],
  ])('%s', (_, metrics, weights, expected) => {
    expect(scoreOf(metrics, weights)).toBe(expected)
  })

  test('passes, is marginal or fails by two thresholds', () => {
    expect([95, 94.99, 75, 74.99].map((score) => verdictOf(score, 95, 75))).toEqual([
      'Pass',
      'Marginal',
      'Marginal',
      'Fail',
    ])
  })
})
