import { describe, expect, test } from 'vitest'
import { feedOf } from '../../lib/core/replay/feed.ts'
import { replay } from '../../lib/core/replay/replay.ts'
import type { Manifest } from '../../lib/core/service.ts'
import { aPlan, arm, type Count, ERRORS_ONLY, errorSeries, times, walk } from './replay-scene.ts'

const HOUR_PLAN = '[ { setWeight: 10 }, { bake: 1h }, { setWeight: 100 } ]'
const GOOD: Count = [1, 300]
const CALM: Count = [9, 2700]

/** What every bucket said, shortened: `pass@1` is a pass in step 1. */
const said = (timeline: ReturnType<typeof walk>) => [
  ...new Set(timeline.verdicts.map(({ kind, step }) => `${kind}@${step}`)),
]

describe('an outcome', () => {
  test('of a healthy canary is a promotion with the bucket that completes the last bake', () => {
    const timeline = walk(aPlan(HOUR_PLAN, ERRORS_ONLY), errorSeries(times(90, GOOD), times(90, CALM)))
    expect(timeline).toMatchObject({ outcome: 'promoted', endedAtMinute: 59, steps: 2, bucketMs: 60_000 })
    expect(timeline.because).toContain('serves all traffic')
    expect(timeline.verdicts.map(({ minute }) => minute)).toEqual(times(60, 0).map((_, index) => index))
    expect(said(timeline)).toEqual(['inconclusive@1', 'pass@1'])
  })

  test('is the promotion too where the data end with the bake: nothing is judged at 100 %', () => {
    const timeline = walk(aPlan(HOUR_PLAN, ERRORS_ONLY), errorSeries(times(60, GOOD), times(60, CALM)))
    expect(timeline).toMatchObject({ outcome: 'promoted', endedAtMinute: 59 })
  })

  test('of a broken canary is a rollback, and the verdict that decided is the last', () => {
    const broken = [...times(20, GOOD), ...times<Count>(70, [150, 300])]
    const timeline = walk(aPlan(HOUR_PLAN, ERRORS_ONLY), errorSeries(broken, times(90, CALM)))
    expect(timeline).toMatchObject({ outcome: 'rolled-back', endedAtMinute: 21 })
    expect(timeline.verdicts.at(-1)).toMatchObject({ minute: 21, kind: 'fail', step: 1, weight: 10 })
    expect(timeline.because).toBe(timeline.verdicts.at(-1)?.because)
    expect(timeline.verdicts.at(-1)?.kpis[0]).toMatchObject({ kpi: 'errors', kind: 'fail', bad: 320, total: 6600 })
  })

  test('is open where the data end before the bake does', () => {
    const timeline = walk(aPlan(HOUR_PLAN, ERRORS_ONLY), errorSeries(times(30, GOOD), times(30, CALM)))
    expect(timeline).toMatchObject({ outcome: 'running', endedAtMinute: 29 })
    expect(timeline.because).toContain('the data end in step 1 of 2, still inconclusive')
  })

  test('is open and without an end where there are no data at all', () => {
    expect(walk(aPlan(HOUR_PLAN), new Map())).toMatchObject({ outcome: 'running', endedAtMinute: null, verdicts: [] })
  })

  test('without any bake is a promotion before the first bucket', () => {
    const timeline = walk(aPlan('[ { setWeight: 100 } ]'), errorSeries(times(5, GOOD)))
    expect(timeline).toMatchObject({ outcome: 'promoted', endedAtMinute: null, verdicts: [] })
  })
})

describe('steps', () => {
  const STEPS = '[ { setWeight: 10 }, { bake: 30m }, { setWeight: 50 }, { bake: 30m } ]'

  test('follow each other at once, and every bucket tells its step and weight', () => {
    const half: Count = [5, 1500]
    const series = errorSeries([...times(30, GOOD), ...times(60, half)], [...times(30, CALM), ...times(60, half)])
    const timeline = walk(aPlan(STEPS, ERRORS_ONLY), series)
    expect(timeline).toMatchObject({ outcome: 'promoted', endedAtMinute: 59 })
    const weights = timeline.verdicts.map(({ weight, step }) => `${step}:${weight}`)
    expect(weights).toEqual([...times(30, '1:10'), ...times(30, '2:50')])
    expect(timeline.verdicts[30]?.kpis[0]).toMatchObject({ bad: 5, total: 1500 })
  })

  test('are held where the figures do not show the traffic that the plan sends', () => {
    const timeline = walk(aPlan(STEPS, ERRORS_ONLY), errorSeries(times(90, GOOD), times(90, CALM)))
    expect(timeline).toMatchObject({ outcome: 'running', endedAtMinute: 89 })
    expect(timeline.verdicts.at(-1)).toMatchObject({ kind: 'suspect', step: 2 })
  })

  test('end at a gate only where gates wait', () => {
    const gated = aPlan('[ { setWeight: 10 }, { bake: 30m }, { pause: {} }, { setWeight: 100 } ]', ERRORS_ONLY)
    const series = errorSeries(times(60, GOOD), times(60, CALM))
    expect(walk(gated, series)).toMatchObject({ outcome: 'promoted', endedAtMinute: 29 })
    const waiting = replay({ manifest: gated, feed: feedOf(series), gates: 'wait' })
    expect(waiting).toMatchObject({ outcome: 'paused', endedAtMinute: 29 })
    expect(waiting.because).toContain('must open the gate')
  })

  test('at 100 % are judged without a baseline', () => {
    const whole = aPlan('[ { setWeight: 100 }, { bake: 30m } ]', ERRORS_ONLY)
    expect(walk(whole, errorSeries(times(60, GOOD)))).toMatchObject({ outcome: 'promoted', endedAtMinute: 29 })
  })
})

describe('a step that stays unclear', () => {
  const over = (then: string) =>
    aPlan(HOUR_PLAN, ERRORS_ONLY.replace('{ warmUp', `{ onInconclusive: { after: 1h, then: ${then} }, warmUp`))
  /** A little over the limit: more than chance would like, less than evidence needs. */
  const UNCLEAR = errorSeries(times(300, [1, 97]), times(300, [9, 900]))

  test.each([
    ['wait', 'paused'],
    ['abort', 'aborted'],
    ['promote-never', 'paused'],
  ])('ends with %s after its extension as %s', (then, outcome) => {
    const timeline = walk(over(then), UNCLEAR)
    expect(timeline).toMatchObject({ outcome, endedAtMinute: 119 })
    expect(timeline.because).toContain('stayed inconclusive for 1h after its bake')
  })
})

describe('missing data', () => {
  test('hold the step as nodata, and what is missing must be watched later', () => {
    const canary = [...times(20, GOOD), ...times(30, null), ...times(60, GOOD)]
    const timeline = walk(aPlan(HOUR_PLAN, ERRORS_ONLY), errorSeries(canary, times(110, CALM)))
    expect(timeline.verdicts[30]).toMatchObject({ kind: 'nodata' })
    expect(timeline.verdicts[60]).toMatchObject({ kind: 'nodata' })
    // 57 buckets are 95 % of the bake: 20 before the gap, 37 after it.
    expect(timeline).toMatchObject({ outcome: 'promoted', endedAtMinute: 86 })
  })

  test('of a KPI that has none never pass and never fail', () => {
    const two = aPlan(HOUR_PLAN)
    const series = new Map([['errors', { canary: arm(times(200, [0, 300])), baseline: arm(times(200, [2, 2700])) }]])
    const timeline = walk(two, series)
    expect(timeline.outcome).toBe('paused')
    expect(timeline.verdicts.at(-1)?.kpis.map(({ kind }) => kind)).toContain('nodata')
  })
})

describe('history', () => {
  const broken = errorSeries(times<Count>(30, [9, 300]), times(30, CALM), null)
  const overDispersion = (manifest: Manifest, series: typeof broken) =>
    walk(manifest, series).verdicts[0]?.kpis[0]?.overDispersion

  test('before the rollout tells how bursty the service is; without one it is taken to be 2', () => {
    const plan = aPlan(HOUR_PLAN, ERRORS_ONLY)
    expect(overDispersion(plan, broken)).toBe(2)
    expect(overDispersion(plan, errorSeries(times(30, GOOD), times(30, CALM)))).toBe(1)
  })

  test('that was stored is taken instead of the one in the feed', () => {
    const plan = aPlan(HOUR_PLAN, ERRORS_ONLY)
    const history = { errors: { phi: 3.5, buckets: 1440, busy: 1440, total: 4_320_000 } }
    const timeline = replay({ manifest: plan, feed: feedOf(broken), gates: 'open', history })
    expect(timeline.verdicts[0]?.kpis[0]).toMatchObject({ overDispersion: 3.5 })
  })
})

test('a bucket that the feed cannot show at the wanted weight ends the replay, and the reason is told', () => {
  const plan = aPlan(HOUR_PLAN, ERRORS_ONLY)
  const feed = { ...feedOf(errorSeries(times(40, GOOD), times(40, CALM))) }
  const obstacle = (bucket: number) => (bucket === 12 ? 'minute 12 was not seen' : null)
  const timeline = replay({ manifest: plan, feed: { ...feed, obstacle }, gates: 'open' })
  expect(timeline).toMatchObject({ outcome: 'running', endedAtMinute: 11 })
  expect(timeline.because).toContain('minute 12 was not seen')
})
