import { expect, test } from 'vitest'
import { notesOn, waitNotes } from '../../cli/notes.ts'
import type { Series } from '../../lib/core/replay/feed.ts'
import { aPlan, arm, type Count, ERRORS_ONLY, errorSeries, times, walk } from '../core/replay-scene.ts'

const STEPS = '[ { setWeight: 10 }, { bake: 1h } ]'
const PLAN = aPlan(STEPS, ERRORS_ONLY)
const GOOD: Count = [1, 300]
const CALM: Count = [9, 2700]

function notes(series: Series, manifest = PLAN): readonly string[] {
  return notesOn({ manifest, series, from: 'the file' }, walk(manifest, series))
}

/** A series with a history of so many minutes that ends `until` minutes before the rollout. */
function withHistory(minutes: number, until = 0): Series {
  const { canary, baseline } = errorSeries(times(9, GOOD), times(9, CALM), null).get('errors') ?? {}
  if (canary === undefined || baseline === undefined) throw new Error('there is no series')
  return new Map([
    ['errors', { canary, baseline: new Map([...arm(times(minutes, CALM), -until - minutes), ...baseline]) }],
  ])
}

test('a file that leaves nothing open has no notes', () => {
  expect(notes(withHistory(31))).toEqual([])
  expect(notes(withHistory(1440))).toEqual([])
})

test('a history that is too short to tell counts as bursty, and the note says so', () => {
  expect(notes(withHistory(30))).toEqual([
    'errors: only 30 minutes of history of the stable revision have requests, and fewer than 31 say nothing, so it is taken to be bursty (φ = 2)',
  ])
  expect(notes(withHistory(0))).toEqual([
    'errors: no history of the stable revision (negative minutes), so it is taken to be bursty (φ = 2)',
  ])
  const overDispersion = (minutes: number) => walk(PLAN, withHistory(minutes)).verdicts[0]?.kpis[0]?.overDispersion
  expect([overDispersion(30), overDispersion(31)]).toEqual([2, 1])
})

test('history that is older than the judge reads is left out, and the note says so', () => {
  expect(notes(withHistory(1442))).toEqual([
    'errors: 2 minutes of history lie more than 1440 before minute 0 and are left out',
  ])
  expect(notes(withHistory(60, 1440))).toEqual([
    'errors: 60 minutes of history lie more than 1440 before minute 0 and are left out',
    expect.stringContaining('errors: no history'),
  ])
})

test('a stored history is believed, long or short', () => {
  const series = withHistory(0)
  const told = (busy: number) => {
    const history = { errors: { phi: 1, buckets: 1440, busy, total: 1 } }
    return notesOn({ manifest: PLAN, series, history, from: 'the service' }, walk(PLAN, series))
  }
  expect(told(1440)).toEqual([])
  expect(told(12)).toEqual([expect.stringContaining('only 12 minutes of history')])
})

test('a KPI that has no rows is one note, and so is one without the canary', () => {
  const many = aPlan(
    STEPS,
    '{ kpis: [ { name: errors, errorRate: { limit: 1% } }, { name: p95, latency: { percentile: 95, limit: 200ms } }, { name: up, uptime: { target: 99.9% } } ] }',
  )
  const series = new Map([...withHistory(60), ['up', { canary: new Map(), baseline: arm(times(9, CALM)) }]])
  expect(notes(series, many)).toEqual(['p95: the file has no rows', 'up: the file has no row of the canary'])
})

test('a gauge is told neither of bursts nor of a split, for it knows neither', () => {
  const queue = '{ name: queue, gauge: { limit: 100 }, source: { http: { url: "https://kpi.example.com/q" } } }'
  const gauge = aPlan(STEPS, `{ kpis: [ ${queue} ] }`)
  const canary = new Map([0, 2].map((at) => [at, { bad: 0, total: 0, value: 7 }]))
  expect(notes(new Map([['queue', { canary, baseline: new Map() }]]), gauge)).toEqual([
    'queue: 1 of 3 minutes of the canary are missing; nothing is concluded from them',
  ])
})

test('only requests show the split, so only they are held without the stable revision', () => {
  const alone = errorSeries(times(9, GOOD), [], null).get('errors')
  if (alone === undefined) throw new Error('there is no series')
  const analysis = (kpi: string) => aPlan(STEPS, `{ kpis: [ ${kpi} ] }`)
  const requests = analysis('{ name: one, errorRate: { limit: 1% } }')
  const custom = analysis('{ name: one, ratio: { limit: 1% }, source: { http: { url: "https://kpi.example.com/q" } } }')
  const series = new Map([['one', alone]])
  expect(notes(series, requests).join()).toContain('the judge holds below 100 % because it cannot see the split')
  expect(notes(series, custom).join()).toContain('so nothing can be compared')
  expect(notes(series, custom).join()).not.toContain('split')
})

test('buckets that are no minutes are called buckets', () => {
  const seconds = aPlan(STEPS, ERRORS_ONLY.replace('{ warmUp', '{ bucket: 10s, warmUp'))
  const canary = [...times<Count | null>(5, GOOD), null, GOOD]
  expect(notes(errorSeries(canary, times(7, CALM)), seconds)).toEqual([
    'errors: 1 of 7 buckets of the canary are missing; nothing is concluded from them',
  ])
  const timeline = walk(seconds, errorSeries(times(9, GOOD), times(9, CALM)))
  const waiting = { ...timeline, verdicts: timeline.verdicts.map((verdict) => ({ ...verdict, weight: 5 })) }
  expect(waitNotes(waiting, seconds)).toEqual([
    'step 1 was due with bucket 0, and nothing was ever measured at 10 %: the canary stays at the weight before',
  ])
})
