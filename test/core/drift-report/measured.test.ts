import { describe, expect, test } from 'vitest'
import { type AskedKpi, askDrift } from '../../../lib/core/drift-report/ask-drift.ts'
import { findingsOf, type MeasuredDay, measuredDay, measuredKpi } from '../../../lib/core/drift-report/measured.ts'
import { type DayName, nightOf } from '../../../lib/core/drift-report/night.ts'
import type { Bucket, Reading } from '../../../lib/core/judge/reading.ts'
import type { Kpi } from '../../../lib/core/service.ts'
import { aManifest, anAnalysis, aRollout, aService, errors, HOUR, latency, MINUTE } from '../../support/builders.ts'
import { dayOf, seeded } from './days.ts'

const NOW = Date.UTC(2026, 10, 21, 2, 30)
const NIGHT = nightOf(NOW)
const { today } = NIGHT.days
const queue: Kpi = {
  name: 'queue',
  role: 'advisory',
  source: { kind: 'http', url: 'https://figures.example.com', secret: null },
  lagMs: 0,
  minRequests: null,
  kind: 'gauge',
  limit: 100,
  wanted: 'below',
}

/** A service whose one rollout was promoted two weeks ago, asked about `kpi`. */
function asked(kpi: Kpi, startedAt = NOW - 336 * HOUR): AskedKpi {
  const at = startedAt + HOUR
  const ended = aRollout(
    { kind: 'finished', outcome: 'promoted', because: 'done', at, watchUntil: at },
    { startedAt, place: { region: 'westeurope', hosts: { 'pricing--r2-abababab': 'r2.example.com' } } },
  )
  const service = aService({ manifest: aManifest({ analysis: anAnalysis({ bucketMs: 1000, kpis: [kpi] }) }) })
  const [one] = askDrift(service, [ended], NIGHT).kpis
  if (one === undefined) throw new Error('nothing was asked')
  return one
}

function answer(kpi: AskedKpi, day: DayName, buckets: readonly Bucket[], over: Partial<Reading> = {}) {
  const id = kpi.days[day].queries[0]?.id ?? ''
  const reading = { id, kind: 'measured', buckets, quality: 'exact', query: '', note: null, ...over } as Reading
  return new Map([[id, reading]])
}

const counts = (minute: number, bad: number, total: number): Bucket => ({
  at: today.from + minute * MINUTE,
  bad,
  total,
  value: null,
})

test('every day is asked for minute by minute, of the revision that served and where it runs', () => {
  const { days } = asked(latency())
  expect(days.weekBefore.queries).toEqual([
    {
      id: `production/pricing/drift/p95/2026-11-13/${NIGHT.days.weekBefore.from}`,
      environment: 'production',
      target: aManifest().target,
      region: 'westeurope',
      arm: 'baseline',
      revision: 'pricing--r2-abababab',
      host: 'r2.example.com',
      kpi: latency(),
      bucketMs: MINUTE,
      ...NIGHT.days.weekBefore,
    },
  ])
  const ids = (Object.keys(days) as DayName[]).flatMap((name) => days[name].queries.map(({ id }) => id))
  expect(new Set(ids).size).toBe(3)
})

describe('a day’s figures', () => {
  test('are the share of bad events; minutes without requests and without data are null', () => {
    const kpi = asked(errors())
    const { series, silences } = measuredDay(
      kpi.days.today,
      answer(kpi, 'today', [counts(0, 1, 4), counts(2, 0, 0), counts(3, 0, 9), counts(1439, 5, 5)]),
    )
    expect(series).toHaveLength(1440)
    expect([series[0], series[1], series[2], series[3], series[1439]]).toEqual([0.25, null, null, 0, 1])
    expect(silences).toEqual([])
  })

  test('are a gauge’s values, 0 among them', () => {
    const kpi = asked(queue)
    const value = (minute: number, figure: number | null) => ({ ...counts(minute, 0, 0), value: figure })
    const buckets = [value(0, 7), value(1, 0), value(2, null), value(3, Number.POSITIVE_INFINITY)]
    expect(measuredDay(kpi.days.today, answer(kpi, 'today', buckets)).series.slice(0, 5)).toEqual([
      7,
      0,
      null,
      null,
      null,
    ])
  })

  test('hold no bucket that nobody asked for', () => {
    const kpi = asked(errors())
    const buckets = [counts(-1, 1, 1), counts(1440, 1, 1), { ...counts(5, 1, 1), at: today.from + 5 * MINUTE + 1 }]
    expect(measuredDay(kpi.days.today, answer(kpi, 'today', buckets)).series.every((figure) => figure === null)).toBe(
      true,
    )
  })

  test('come with what the source says of them', () => {
    const kpi = asked(latency())
    const readings = answer(kpi, 'today', [], { quality: 'approximate', note: 'sampled' })
    expect(measuredDay(kpi.days.today, readings).notes).toEqual(['sampled', 'what is counted as bad is a lower bound'])
  })
})

describe('what cannot be told', () => {
  const full = dayOf(seeded(1), 0.5, 0.01)
  const nothing: MeasuredDay = { series: [], silences: [], notes: [] }
  const measured = (kpi: AskedKpi, days: Partial<Record<DayName, Partial<MeasuredDay>>>) => {
    const day = (name: DayName) => ({ ...nothing, ...days[name] })
    return measuredKpi(kpi, { today: day('today'), weekBefore: day('weekBefore'), dayBefore: day('dayBefore') })
  }
  const whyOf = (kpi: AskedKpi, days: Partial<Record<DayName, Partial<MeasuredDay>>>) => {
    const { compared } = measured(kpi, days)
    return compared.kind === 'unclear' ? compared.why : null
  }

  test('says why the source was silent, and on which days where it was not on all', () => {
    const kpi = asked(errors())
    const silences = ['azure-logs gave no figures: throttled']
    const all = { today: { silences }, weekBefore: { silences }, dayBefore: { silences } }
    expect(whyOf(kpi, all)).toBe('azure-logs gave no figures: throttled')
    expect(whyOf(kpi, { today: { series: full }, weekBefore: { silences } })).toBe(
      'only 0 of its minutes were measured a week before too, and 0 the day before; 240 are needed; azure-logs gave no figures: throttled (2026-11-13)',
    )
  })

  test('says since when a rollout tells who served', () => {
    const kpi = asked(errors(), today.from + HOUR)
    expect(whyOf(kpi, { today: { series: full } })).toBe(
      'only 0 of its minutes were measured a week before too, and 0 the day before; 240 are needed; no rollout tells which revision served before 2026-11-20 01:00; pricing-2 was moving traffic (2026-11-20)',
    )
  })

  test('is only the count of minutes where nothing else is known', () => {
    expect(whyOf(asked(errors()), {})).toBe('it was measured in only 0 minutes of the day, 240 are needed')
  })

  test('leaves alone what can be told', () => {
    const kpi = asked(queue)
    const days = measured(kpi, {
      today: { series: full },
      weekBefore: { series: full },
      dayBefore: { silences: ['x'] },
    })
    expect(findingsOf([kpi], new Map([[kpi, days]]))).toMatchObject([
      { kind: 'steady', unit: 'plain', service: 'production/pricing' },
    ])
  })
})
