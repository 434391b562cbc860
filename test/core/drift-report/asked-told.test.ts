import { describe, expect, test } from 'vitest'
import { type AskedKpi, type AskedService, askDrift } from '../../../lib/core/drift-report/ask-drift.ts'
import type { DriftFinding } from '../../../lib/core/drift-report/drift-of.ts'
import {
  findingsOf,
  type MeasuredDay,
  type MeasuredKpi,
  measuredDay,
  measuredKpi,
  uncompared,
} from '../../../lib/core/drift-report/measured.ts'
import { MINUTE_MS, nightOf } from '../../../lib/core/drift-report/night.ts'
import { remarksOf } from '../../../lib/core/drift-report/remarks.ts'
import type { Stretch } from '../../../lib/core/drift-report/serving.ts'
import type { Reading } from '../../../lib/core/judge/reading.ts'
import type { Kpi } from '../../../lib/core/service.ts'
import { aManifest, anAnalysis, aRollout, aService, errors, HOUR, latency } from '../../support/builders.ts'

const NIGHT = nightOf(Date.UTC(2026, 10, 21, 2, 30))
const { today } = NIGHT.days
const PROBE = { ...errors(), name: 'probe', source: { kind: 'probe' } } as unknown as Kpi
const GAUGE = { ...errors(), name: 'queue', kind: 'gauge', limit: 5, wanted: 'below' } as unknown as Kpi

function serviceWith(...kpis: readonly Kpi[]) {
  return aService({ manifest: aManifest({ analysis: anAnalysis({ kpis }) }) })
}
function askedWith(kpi: Kpi): AskedKpi {
  const [one] = askDrift(serviceWith(kpi), 'nobody knows', NIGHT).kpis
  if (one === undefined) throw new Error('nothing was asked')
  return one
}

describe('what is asked', () => {
  test('is nothing of a service whose rollouts are not known, and each day says why', () => {
    const { serving, kpis } = askDrift(serviceWith(errors()), 'they could not be read', NIGHT)
    expect(serving.today).toEqual([{ ...today, revision: null, why: 'they could not be read' }])
    const day = (span: typeof today) => ({ span, kpi: errors(), queries: [], gaps: ['they could not be read'] })
    const { dayBefore, weekBefore } = NIGHT.days
    expect(kpis).toEqual([
      {
        service: 'production/pricing',
        kpi: errors(),
        days: { today: day(today), dayBefore: day(dayBefore), weekBefore: day(weekBefore) },
      },
    ])
  })

  test('is nothing of probes, whose past nobody kept', () => {
    const gaps = ['probes see the present only, so there is no past to compare']
    expect(askedWith(PROBE).days.today).toEqual({ span: today, kpi: PROBE, queries: [], gaps })
  })

  test('is asked without a place of a rollout that knew none, and a reason that holds twice is said once', () => {
    const at = today.from - 20 * 24 * HOUR
    const ended = aRollout(
      { kind: 'finished', outcome: 'promoted', because: 'done', at, watchUntil: at },
      { startedAt: at, place: null },
    )
    const { kpis } = askDrift(serviceWith(errors()), [ended], NIGHT)
    expect(kpis[0]?.days.today.queries).toMatchObject([{ region: null, host: null, revision: ended.canary }])
    const elsewhere = { ...ended, place: { region: 'westeurope', hosts: { another: 'h' } } }
    const [there] = askDrift(serviceWith(errors()), [elsewhere], NIGHT).kpis
    expect(there?.days.today.queries).toMatchObject([{ region: 'westeurope', host: null }])
  })
})

describe('a day as it was measured', () => {
  const query = (id: string, from: number, to: number) => ({ id, from, to }) as AskedKpi['days']['today']['queries'][0]
  const minute = (n: number) => today.from + n * MINUTE_MS
  const day = (kpi: Kpi) => ({
    span: { from: minute(0), to: minute(4) },
    kpi,
    queries: [query('a', minute(0), minute(2)), query('b', minute(2), minute(4))],
    gaps: [],
  })
  const measured = (id: string, buckets: readonly [n: number, bad: number, total: number, value?: number | null][]) =>
    ({
      id,
      kind: 'measured',
      quality: 'exact',
      query: '',
      note: null,
      buckets: buckets.map(([n, bad, total, value = null]) => ({ at: minute(n), bad, total, value })),
    }) as Reading
  const of = (kpi: Kpi, ...readings: readonly Reading[]) =>
    measuredDay(day(kpi), new Map(readings.map((reading) => [reading.id, reading])))

  test('takes of every reading the minutes that were asked of it', () => {
    const a = measured('a', [
      [-1, 1, 1],
      [0, 1, 4],
      [1, 0, 5],
      [2, 9, 9],
      [0.5, 1, 1],
    ])
    const b = measured('b', [
      [1, 9, 9],
      [2, 3, 0],
      [3, 2, 4],
      [4, 9, 9],
    ])
    expect(of(errors(), a, b)).toEqual({ series: [0.25, 0, null, 0.5], silences: [], notes: [] })
    const gauge = measured('a', [
      [0, 1, 4, 0],
      [1, 1, 4, Number.NaN],
    ])
    expect(
      of(
        GAUGE,
        gauge,
        measured('b', [
          [2, 1, 4, null],
          [3, 0, 0, 7],
        ]),
      ).series,
    ).toEqual([0, null, null, 7])
  })

  test('says of what is missing why, and of what is there what should be known', () => {
    const missing = { id: 'a', kind: 'missing', silence: 'down', why: 'it is down', query: '' } as Reading
    const odd = { ...measured('b', []), quality: 'approximate', note: 'sampled' } as Reading
    expect(of(errors(), missing, odd)).toEqual({
      series: [null, null, null, null],
      silences: ['azure-logs gave no figures: it is down'],
      notes: ['sampled', 'what is counted as bad is a lower bound'],
    })
    expect(of(errors()).silences).toEqual(['azure-logs gave no figures: it could not be asked'])
  })
})

describe('a KPI that cannot be told', () => {
  const nothing: MeasuredDay = { series: Array(1440).fill(null), silences: [], notes: [] }
  const one = (silences: readonly string[], minutes = 0): MeasuredDay => ({
    series: nothing.series.map((_, minute) => (minute < minutes ? 1 : null)),
    silences,
    notes: ['a note'],
  })
  const whyOf = (kpi: Kpi, days: Parameters<typeof measuredKpi>[1], gaps: readonly string[] = []) => {
    const asked = askedWith(kpi)
    const bare = { ...asked.days.today, gaps }
    const { dayBefore, weekBefore } = asked.days
    const other = { dayBefore: { ...dayBefore, gaps: [] }, weekBefore: { ...weekBefore, gaps: [] } }
    return measuredKpi({ ...asked, days: { ...other, today: bare } }, days)
  }

  test('says the reasons of each day, those alone where nothing was measured, and four at most', () => {
    const all = { today: one(['a', 'all']), weekBefore: one(['b', 'a', 'all']), dayBefore: one(['c', 'all']) }
    expect(whyOf(errors(), all, ['gap'])).toEqual({
      compared: {
        service: 'production/pricing',
        kpi: 'errors',
        unit: 'ratio',
        kind: 'unclear',
        why: 'gap (2026-11-20); a (2026-11-20, 2026-11-13); all; b (2026-11-13)',
      },
      notes: ['a note'],
    })
  })

  test('says how few minutes there were before the reasons, or that alone', () => {
    const few = 'it was measured in only 7 minutes of the day, 240 are needed'
    const days = { today: one(['it was down'], 7), weekBefore: nothing, dayBefore: nothing }
    expect(whyOf(GAUGE, days).compared).toMatchObject({ unit: 'plain', why: `${few}; it was down (2026-11-20)` })
    expect(whyOf(GAUGE, { ...days, today: one([], 7) }).compared).toMatchObject({ why: few })
  })

  test('was not compared, and is left out where nobody measured it', () => {
    const [slow, bad] = [askedWith(latency()), askedWith(errors())]
    const why = 'it was late'
    const left: MeasuredKpi = {
      compared: { service: 'production/pricing', kpi: 'p95', unit: 'ratio', kind: 'unclear', why },
      notes: [],
    }
    expect(uncompared(slow, why)).toEqual(left)
    expect(findingsOf([bad, slow], new Map([[slow, left]]))).toEqual([left.compared])
  })
})

describe('what a reader should know', () => {
  const told = (kpi: string, against: 'week-before' | 'day-before' = 'week-before'): DriftFinding => ({
    service: 'production/pricing',
    kpi,
    unit: 'ratio',
    kind: 'steady',
    against,
    distance: 0,
    p: 1,
    adjustedP: 1,
    among: 1,
    minutes: 1440,
    effective: 100,
    shifts: [],
  })
  const unclear: DriftFinding = { service: 'x', kpi: 'errors', unit: 'ratio', kind: 'unclear', why: 'so' }
  const served = (revision: string, minutes: readonly [number, number] = [0, 1440]): Stretch => ({
    from: today.from + minutes[0] * MINUTE_MS,
    to: today.from + minutes[1] * MINUTE_MS,
    revision,
    rollout: aRollout(),
  })
  const nobody = (minutes: number): Stretch => {
    return { from: today.from, to: today.from + minutes * MINUTE_MS, revision: null, why: 'r-9 was moving traffic' }
  }
  const same = { today: [served('r1')], dayBefore: [served('r1')], weekBefore: [served('r1')] }
  const asked = askDrift(serviceWith(latency(), errors()), 'nobody knows', NIGHT)
  const say = (serving: AskedService['serving'], findings: readonly DriftFinding[], notes: readonly string[] = []) => {
    const measured = new Map(asked.kpis.map((one) => [one, { notes } as unknown as MeasuredKpi]))
    return remarksOf({ ...asked, serving }, findings, measured, NIGHT)
  }

  test('is nothing where nothing could be told, or nothing is odd', () => {
    expect(say({ ...same, today: [nobody(9)] }, [unclear], ['x'])).toEqual([])
    expect(say(same, [told('errors'), unclear])).toEqual([])
  })

  test('is what a KPI’s figure is, and what was said of each that was told', () => {
    const slow = 'pricing: p95: its figure is the share of requests slower than 200 ms.'
    expect(say(same, [told('p95')], ['sampled'])).toEqual([slow, 'pricing: p95: sampled.'])
    expect(say(same, [told('errors')], ['sampled', 'odd'])).toEqual([
      'pricing: errors: sampled.',
      'pricing: errors: odd.',
    ])
    expect(remarksOf({ ...asked, serving: same }, [told('p95')], new Map(), NIGHT)).toEqual([slow])
  })

  test('is that other revisions served on the days that were held against each other, and on no others', () => {
    const rolled = {
      today: [served('r2', [0, 700]), nobody(0), served('r3', [700, 1440]), served('r3')],
      weekBefore: [served('r1')],
      dayBefore: [],
    }
    const differ = (said: string) =>
      `pricing: not the same revision served: ${said}; a difference may be the release’s doing.`
    const now = 'r2 and r3 on 2026-11-20'
    const [first] = say(rolled, [told('errors')])
    expect(first).toBe(differ(`${now}, r1 on 2026-11-13`))
    expect(say(rolled, [told('errors', 'day-before')])[0]).toBe(differ(`${now}, no revision alone on 2026-11-19`))
    expect(say(rolled, [told('errors', 'day-before'), told('p95')])[0]).toBe(
      differ(`${now}, r1 on 2026-11-13, no revision alone on 2026-11-19`),
    )
    expect(say({ ...same, dayBefore: [served('r0')] }, [told('errors')])).toEqual([])
  })

  test('is which minutes were left out, and of which day', () => {
    const holed = { ...same, today: [served('r1'), nobody(1)], weekBefore: [nobody(61), served('r1')] }
    expect(say(holed, [told('errors')])).toEqual([
      'pricing: 1 minute of 2026-11-20 is left out: r-9 was moving traffic.',
      'pricing: 61 minutes of 2026-11-13 are left out: r-9 was moving traffic.',
    ])
  })
})
