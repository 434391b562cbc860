import { describe, expect, test } from 'vitest'
import { adjusted } from '../../../lib/core/drift-report/adjust.ts'
import { type DriftFinding, driftOf } from '../../../lib/core/drift-report/drift-of.ts'
import { stepsPerValue } from '../../../lib/core/drift-report/effective-size.ts'
import { ksTest } from '../../../lib/core/stats/kolmogorov.ts'
import { dayOf, driftDay, seeded } from './days.ts'

const NIGHTS = 120

/** Share of seeded nights on which a KPI moved, each looked at by itself. */
function movedShare(rho: number, factor: number, nights: number): number {
  const next = seeded(11)
  const findings = Array.from({ length: nights }, () => {
    const [today, weekBefore] = [dayOf(next, rho, 150 * factor), dayOf(next, rho)]
    return driftOf([driftDay({ today, weekBefore })])[0]?.kind
  })
  return findings.filter((kind) => kind === 'moved').length / nights
}

function only(findings: readonly DriftFinding[]): DriftFinding {
  expect(findings).toHaveLength(1)
  return findings[0] as DriftFinding
}

describe('a healthy night', () => {
  test('is flagged more often than not by a test that takes minutes for independent', () => {
    const next = seeded(3)
    const flagged = Array.from({ length: NIGHTS }, () => ksTest(dayOf(next, 0.9), dayOf(next, 0.9)).p < 0.01)
    expect(flagged.filter(Boolean).length / NIGHTS).toBeGreaterThanOrEqual(0.5)
  })

  test.each([0.5, 0.9, 0.98])('is hardly ever flagged when minutes resemble their neighbours by %s', (rho) => {
    expect(movedShare(rho, 1, NIGHTS)).toBeLessThanOrEqual(0.03)
  })
})

test('a rise by a tenth is found nine times of ten although minutes resemble their neighbours by 0.9', () => {
  expect(movedShare(0.9, 1.1, 100)).toBeGreaterThanOrEqual(0.9)
})

test('a finding tells how far which quantiles moved, and what it rests on', () => {
  const next = seeded(5)
  const weekBefore = dayOf(next, 0.5)
  const finding = only(driftOf([driftDay({ today: weekBefore.map((value) => value * 1.2), weekBefore })]))
  if (finding.kind === 'unclear') throw new Error(finding.why)
  expect(finding).toMatchObject({ kind: 'moved', against: 'week-before', minutes: 1440 })
  expect(finding.shifts.map(({ quantile }) => quantile)).toEqual([0.5, 0.9, 0.95, 0.99])
  for (const { before, today } of finding.shifts) expect(today / before).toBeCloseTo(1.2, 9)
  expect(finding.effective).toBeLessThan(1440 / 2)
  expect(finding.p).toBeLessThan(1e-6)
})

test('a difference that is sure but small is not flagged', () => {
  const weekBefore = dayOf(seeded(9), 0)
  const finding = only(driftOf([driftDay({ today: weekBefore.map((value) => value * 1.02), weekBefore })]))
  if (finding.kind === 'unclear') throw new Error(finding.why)
  expect(finding.adjustedP).toBeLessThan(0.01)
  expect(finding.distance).toBeLessThan(0.1)
  expect(finding.kind).toBe('steady')
})

test('among many KPIs a chance that would count alone does not count', () => {
  const next = seeded(21)
  const usual = dayOf(next, 0.9)
  const steady = Array.from({ length: 30 }, () => driftDay({ today: usual, weekBefore: usual }))
  const alone = [1.04, 1.05, 1.06, 1.07, 1.08, 1.09].find((factor) => {
    const finding = only(driftOf([driftDay({ today: usual.map((value) => value * factor), weekBefore: usual })]))
    return finding.kind === 'moved' && finding.p > 0.01 / 31
  })
  expect(alone).toBeDefined()
  const today = usual.map((value) => value * (alone ?? 1))
  const findings = driftOf([driftDay({ today, weekBefore: usual }), ...steady])
  expect(findings.map(({ kind }) => kind)).toEqual(Array(31).fill('steady'))
})

describe('what is too thin to tell', () => {
  const full = dayOf(seeded(1), 0.5)
  const hours = (count: number) => full.map((value, minute) => (minute < count * 60 ? value : null))

  test('no data at all', () => {
    expect(only(driftOf([driftDay({})]))).toMatchObject({
      kind: 'unclear',
      why: expect.stringContaining('only 0 minutes'),
    })
  })

  test('three hours of today', () => {
    const told = only(driftOf([driftDay({ today: hours(3), weekBefore: full })]))
    expect(told).toMatchObject({
      kind: 'unclear',
      why: 'it was measured in only 180 minutes of the day, 240 are needed',
    })
  })

  test('nothing to hold it against', () => {
    const told = only(driftOf([driftDay({ today: full.map((value) => value * 9), weekBefore: hours(2) })]))
    expect(told).toMatchObject({ kind: 'unclear', why: expect.stringContaining('only 120 of its minutes') })
  })

  test('minutes of which almost none says something new', () => {
    const slope = Array.from({ length: 300 }, (_, minute) => minute)
    const told = only(driftOf([driftDay({ today: slope, weekBefore: slope.map((value) => 300 - value) })]))
    expect(told).toMatchObject({ kind: 'unclear', why: expect.stringContaining('worth only') })
  })

  test('figures that are none', () => {
    const told = only(driftOf([driftDay({ today: full.map(() => Number.NaN), weekBefore: full })]))
    expect(told.kind).toBe('unclear')
  })
})

test('the day before stands in where the week before says too little', () => {
  const next = seeded(2)
  const [today, dayBefore] = [dayOf(next, 0.5, 200), dayOf(next, 0.5)]
  expect(only(driftOf([driftDay({ today, dayBefore })]))).toMatchObject({ kind: 'moved', against: 'day-before' })
})

test('only the minutes that both days have are compared', () => {
  const weekBefore = dayOf(seeded(4), 0.5)
  const busy = (minute: number) => minute >= 720
  const today = weekBefore.map((value, minute) => (busy(minute) ? value : null))
  const before = weekBefore.map((value, minute) => (busy(minute) ? value : value * 5))
  expect(only(driftOf([driftDay({ today, weekBefore: before })]))).toMatchObject({
    kind: 'steady',
    distance: 0,
    minutes: 720,
  })
})

test('a KPI that never changes has not moved, and one that jumps from constant to constant has', () => {
  const [zeros, ones] = [Array<number>(1440).fill(0), Array<number>(1440).fill(1)]
  const kinds = driftOf([driftDay({ today: zeros, weekBefore: zeros }), driftDay({ today: ones, weekBefore: zeros })])
  expect(kinds.map(({ kind }) => kind)).toEqual(['steady', 'moved'])
})

describe('what a minute is worth', () => {
  test.each([
    [0, 1, 1.3],
    [0.5, 2, 4],
    [0.9, 9, 21],
  ])('at a resemblance of %s is one of %s to %s', (rho, least, most) => {
    const next = seeded(8)
    const steps = stepsPerValue([dayOf(next, rho), dayOf(next, rho)])
    expect(steps).toBeGreaterThanOrEqual(least)
    expect(steps).toBeLessThanOrEqual(most)
  })

  test('is never more than one, and missing minutes do not change it much', () => {
    const next = seeded(6)
    const [one, other] = [dayOf(next, 0.9), dayOf(next, 0.9)]
    const gaps = one.map((value, minute) => (minute % 7 === 0 ? null : value))
    expect(stepsPerValue([gaps, other]) / stepsPerValue([one, other])).toBeCloseTo(1, 0)
    const zigzag = Array.from({ length: 1440 }, (_, minute) => minute % 2)
    expect(stepsPerValue([zigzag])).toBe(1)
  })
})

describe('p-values among many', () => {
  test('are those of a hand-made example', () => {
    expect(adjusted([0.01, 0.04, 0.03, 0.005]).map((p) => Number(p.toFixed(4)))).toEqual([0.02, 0.04, 0.04, 0.02])
  })

  test('stay what they are alone, and never exceed 1', () => {
    expect(adjusted([0.3])).toEqual([0.3])
    expect(adjusted([])).toEqual([])
    expect(Math.max(...adjusted([0.9, 0.95, 1]))).toBe(1)
  })
})
