import { expect, test } from 'vitest'
import { bucketsCsv, incomparable, seriesOf, withUnfinished } from '../../lib/core/replay/stored.ts'
import { aPlan } from './replay-scene.ts'

const FROM = 1_700_000_040_000
const at = (bucket: number) => FROM + bucket * 60_000

const LINES = [
  { rollout: 'pricing-7', at: at(0), kpis: { errors: [[at(0), 1, 300, null, 2, 2700, null]], p95: [[at(0), null]] } },
  {
    rollout: 'pricing-7',
    at: at(1),
    kpis: {
      errors: [
        [at(1), null],
        [at(2), 0, 310, null, null, null, null],
      ],
      p95: [[at(1), 9, 300, null, 80, 2700, null]],
      queue: [[at(2), 0, 0, 12.5, 0, 0, 11]],
    },
  },
] as const

test('stored lines become series by number of the bucket, without what is missing', () => {
  const series = seriesOf(LINES, FROM, 60_000)
  expect([...(series.get('errors')?.canary ?? [])]).toEqual([
    [0, { bad: 1, total: 300, value: null }],
    [2, { bad: 0, total: 310, value: null }],
  ])
  expect([...(series.get('errors')?.baseline ?? [])]).toEqual([[0, { bad: 2, total: 2700, value: null }]])
  expect([...(series.get('queue')?.baseline ?? [])]).toEqual([[2, { bad: 0, total: 0, value: 11 }]])
})

test('series become CSV in the order of time, which the command reads again', () => {
  expect(bucketsCsv(seriesOf(LINES, FROM, 60_000)).split('\r\n')).toEqual([
    'minute,kpi,arm,bad,total,value',
    '0,errors,canary,1,300,',
    '0,errors,baseline,2,2700,',
    '1,p95,canary,9,300,',
    '1,p95,baseline,80,2700,',
    '2,errors,canary,0,310,',
    '2,queue,canary,0,0,12.5',
    '2,queue,baseline,0,0,11',
    '',
  ])
})

test('buckets that were not final come along with their bad events and overstated traffic, gauges without', () => {
  const unfinished = {
    errors: [[at(3), 7, 90, null, 1, 700, null]],
    p95: [[at(3), 1, 900, null, 0, 0, null]],
    queue: [[at(3), 0, 0, 99, 0, 0, null]],
  } as const
  const series = withUnfinished(seriesOf(LINES, FROM, 60_000), unfinished, FROM, 60_000)
  expect(series.get('errors')?.canary.get(3)).toEqual({ bad: 7, total: Math.ceil(1.2 * 305), value: null })
  expect(series.get('errors')?.baseline.get(3)).toEqual({ bad: 1, total: 700, value: null })
  expect(series.get('p95')?.canary.get(3)).toEqual({ bad: 1, total: 900, value: null })
  expect(series.get('queue')?.canary.get(3)).toBeUndefined()
  expect(series.get('errors')?.canary.get(0)).toEqual({ bad: 1, total: 300, value: null })
})

const STEPS = '[ { setWeight: 10 } ]'
const BEFORE = aPlan(STEPS)

test.each([
  [
    'limits, percentiles and roles',
    '{ kpis: [ { name: p95, role: guard, latency: { percentile: 99, limit: 200ms } }, { name: errors, errorRate: { limit: 2% } } ] }',
  ],
  ['fewer KPIs', '{ kpis: [ { name: errors, errorRate: { limit: 2% } } ] }'],
  ['another source and lag', '{ kpis: [ { name: errors, errorRate: { limit: 2% }, source: prometheus, lag: 5m } ] }'],
])('other %s can be judged by the same counts', (_, analysis) => {
  expect(incomparable(BEFORE, aPlan(STEPS, analysis))).toEqual([])
})

test('another limit in milliseconds cannot, for the counts know only of the old one', () => {
  const changed = aPlan(STEPS, '{ kpis: [ { name: p95, latency: { percentile: 95, limit: 250ms } } ] }')
  expect(incomparable(BEFORE, changed)).toEqual([
    'KPI p95 has a limit in milliseconds of 250, but was counted with 200; write 200 again',
  ])
})
