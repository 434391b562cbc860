import { describe, expect, test } from 'vitest'
import { adjusted } from '../../../lib/core/drift-report/adjust.ts'
import { type Compared, compared, countedAmong } from '../../../lib/core/drift-report/drift-of.ts'
import type { Series } from '../../../lib/core/drift-report/effective-size.ts'
import { driftDay } from './days.ts'

/** The numbers from 0 on in an order in which neighbours say nothing of each other, for so many minutes of a day. */
const mixed = (minutes: number, of = 240): Series =>
  Array.from({ length: 1440 }, (_, minute) => (minute < minutes ? (minute * 97) % of : null))
const higher = (day: Series, by: number): Series => day.map((value) => (value === null ? null : value + by))
const NONE: Series = Array<null>(1440).fill(null)

describe('four hours of a day', () => {
  test('are enough, and their quantiles lie between the neighbours', () => {
    const week = mixed(240)
    expect(compared(driftDay({ today: higher(week, 120), weekBefore: week }))).toMatchObject({
      service: 'production/shop',
      kpi: 'latency',
      unit: 'ms',
      kind: 'compared',
      against: 'week-before',
      minutes: 240,
      distance: 0.5,
      shifts: [
        { quantile: 0.5, before: 119.5, today: 239.5 },
        { quantile: 0.9, before: expect.closeTo(215.1, 9), today: expect.closeTo(335.1, 9) },
        { quantile: 0.95, before: expect.closeTo(227.05, 9), today: expect.closeTo(347.05, 9) },
        { quantile: 0.99, before: expect.closeTo(236.61, 9), today: expect.closeTo(356.61, 9) },
      ],
    })
  })

  test('of the day before stand in for one minute less of the week before', () => {
    const today = mixed(240)
    const one = driftDay({ today, weekBefore: mixed(239), dayBefore: higher(mixed(1440), 1) })
    expect(compared(one)).toMatchObject({ kind: 'compared', against: 'day-before', minutes: 240 })
    expect(compared({ ...one, dayBefore: mixed(239) })).toMatchObject({
      kind: 'unclear',
      why: 'only 239 of its minutes were measured a week before too, and 239 the day before; 240 are needed',
    })
  })

  test('less a minute are too few, whatever it is held against', () => {
    expect(compared(driftDay({ today: mixed(239), weekBefore: mixed(1440) }))).toEqual({
      service: 'production/shop',
      kpi: 'latency',
      unit: 'ms',
      kind: 'unclear',
      why: 'it was measured in only 239 minutes of the day, 240 are needed',
    })
    expect(compared(driftDay({ today: mixed(240), weekBefore: NONE, dayBefore: NONE }))).toMatchObject({
      why: 'only 0 of its minutes were measured a week before too, and 0 the day before; 240 are needed',
    })
  })

  test('that hold figures that are none count without them', () => {
    const today = mixed(240).map((value, minute) => (minute === 0 ? Number.NaN : value))
    const odd = today.map((value, minute) => (minute === 1 ? ('9' as unknown as number) : value))
    expect(compared(driftDay({ today, weekBefore: mixed(1440) }))).toMatchObject({
      why: 'it was measured in only 239 minutes of the day, 240 are needed',
    })
    expect(compared(driftDay({ today: odd, weekBefore: mixed(1440) }))).toMatchObject({
      why: 'it was measured in only 238 minutes of the day, 240 are needed',
    })
  })
})

describe('what counts as moved', () => {
  const one = (p: number, distance: number): Compared => ({
    service: 'production/shop',
    kpi: 'latency',
    unit: 'ms',
    kind: 'compared',
    against: 'week-before',
    distance,
    p,
    minutes: 1440,
    effective: 100,
    shifts: [],
  })
  const unclear: Compared = { service: 'production/shop', kpi: 'errors', unit: 'ratio', kind: 'unclear', why: 'so' }

  test.each([
    [0.0099, 0.1, 'moved'],
    [0.01, 0.1, 'steady'],
    [0.0099, 0.0999, 'steady'],
    [0.5, 0.9, 'steady'],
  ] as const)('is a chance of %d with a distance of %d: %s', (p, distance, kind) => {
    expect(countedAmong([one(p, distance)])).toEqual([{ ...one(p, distance), kind, adjustedP: p, among: 1 }])
  })

  test('is counted among those that could be compared, and each keeps its place', () => {
    const found = countedAmong([unclear, one(0.008, 0.2), unclear, one(0.004, 0.2), one(0.5, 0.2)])
    expect(found.map((each) => (each.kind === 'unclear' ? each : [each.kind, each.adjustedP, each.among]))).toEqual([
      unclear,
      ['steady', 0.012, 3],
      unclear,
      ['steady', 0.012, 3],
      ['steady', 0.5, 3],
    ])
  })

  test('leaves the chances as they were given', () => {
    const ps = [0.01, 0.04, 0.02]
    expect(adjusted(ps)).toEqual([0.03, 0.04, 0.03])
    expect(ps).toEqual([0.01, 0.04, 0.02])
  })
})
