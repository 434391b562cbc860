import { expect, test } from 'vitest'
import { thinned } from '../../cli/thin.ts'
import { feedOf } from '../../lib/core/replay/feed.ts'
import { replay } from '../../lib/core/replay/replay.ts'
import { seriesOf, withUnfinished } from '../../lib/core/replay/stored.ts'
import type { Timeline } from '../../lib/core/replay/timeline.ts'
import { bucketPage, bucketsAsCsv } from '../../lib/engine/buckets.ts'
import type { Stage } from '../../sim/runner.ts'
import { givenPricing, HOUR, MINUTE, PRICING, plan, untilFinished, version } from '../support/story.ts'

async function loaded(stage: Stage) {
  const [item] = await stage.store.load(PRICING.environment, [PRICING.name])
  if (item === undefined) throw new Error('pricing is not stored')
  return item
}

/** The newest rollout, replayed under its own manifest from what was stored of it. */
async function replayed(stage: Stage): Promise<Timeline> {
  const rollout = stage.rollout(PRICING)
  const page = await bucketPage(stage.wheel, await loaded(stage), rollout.number, { limit: 10_000, from: null })
  if (page === null || page.from === null) throw new Error('nothing was judged')
  const { from, bucketMs, history, unfinished, items } = page
  const seen = stage.store.auditOf(PRICING).filter(({ kind }) => kind === 'weights-confirmed')
  const weightAt = (bucket: number) =>
    seen.findLast(({ happenedAt }) => happenedAt <= from + (bucket + 1) * bucketMs)?.weightsAfter?.[rollout.canary] ??
    null
  const feed = thinned(feedOf(withUnfinished(seriesOf(items, from, bucketMs), unfinished, from, bucketMs)), weightAt, 1)
  return replay({ manifest: rollout.manifest, feed, gates: 'open', history })
}

const PLAN = { stages: plan([10, 2], [50, 1], [100, 0]) }

test('a promoted rollout of several steps is promoted again by its stored buckets', async () => {
  const stage = await givenPricing(PLAN)
  stage.metrics.profile(version(2).digest, { rps: 50, p95Ms: 120, errorRate: 0.0002 })
  await stage.push(version(2))
  expect(await untilFinished(stage, 10 * HOUR)).toBe('promoted')
  const timeline = await replayed(stage)
  expect(timeline).toMatchObject({ outcome: 'promoted' })
  const weights = [...new Set(timeline.verdicts.map(({ weight }) => weight))]
  expect(weights).toEqual([10, 50])
})

test('a rollout that was rolled back is rolled back again, within two minutes', async () => {
  const stage = await givenPricing(PLAN)
  const began = stage.clock.now()
  stage.metrics.profile(version(2).digest, { rps: 50, p95Ms: 120, errorRate: 0.0002 })
  stage.metrics.profile(version(2).digest, { rps: 50, p95Ms: 120, errorRate: 0.01, from: began + 90 * MINUTE })
  await stage.push(version(2))
  expect(await untilFinished(stage, 10 * HOUR)).toBe('rolled-back')
  const { phase } = stage.rollout(PRICING)
  const endedAt = phase.kind === 'finished' ? phase.at : 0
  const page = await bucketPage(stage.wheel, await loaded(stage), 1, { limit: 1, from: null })
  const timeline = await replayed(stage)
  // The wheel decided on minutes that were not final yet: they are in no line, and are replayed all the same.
  expect(timeline.outcome).toBe('rolled-back')
  const end = (page?.from ?? 0) + ((timeline.endedAtMinute ?? 0) + 1) * MINUTE
  expect(endedAt - end).toBeLessThanOrEqual(2 * MINUTE)
  expect(endedAt - end).toBeGreaterThanOrEqual(-2 * MINUTE)
})

test('an older rollout is found by its number, and one that never was is not', async () => {
  const stage = await givenPricing({ stages: plan([10, 1], [100, 0]) })
  for (const n of [2, 3]) {
    await stage.push(version(n, { pushedAt: stage.clock.now() }))
    await untilFinished(stage, 10 * HOUR)
  }
  const item = await loaded(stage)
  const ids = await Promise.all(
    [1, 2, 3, 99].map(async (number) => {
      const page = await bucketPage(stage.wheel, item, number, { limit: 5, from: null })
      return [page?.rollout, page?.items.length, page?.next === null]
    }),
  )
  expect(ids).toEqual([
    ['pricing-1', 5, false],
    ['pricing-2', 5, false],
    [undefined, undefined, false],
    [undefined, undefined, false],
  ])
})

test('as CSV the pages of the store are put together, up to the limit, and the rest is a page of its own', async () => {
  const stage = await givenPricing({ stages: plan([10, 20], [100, 0]) })
  await stage.push(version(2))
  await untilFinished(stage, 48 * HOUR)
  const item = await loaded(stage)
  const whole = await bucketsAsCsv(stage.wheel, item, 1, { limit: null, from: null })
  expect(whole?.next).toBeNull()
  // Twenty hours of minutes are more than the store hands out at once.
  expect(new Set(whole?.csv.match(/^\d+/gm)).size).toBeGreaterThan(1000)
  const first = await bucketsAsCsv(stage.wheel, item, 1, { limit: 20, from: null })
  const second = await bucketsAsCsv(stage.wheel, item, 1, { limit: null, from: first?.next ?? null })
  const rows = (csv = '') => csv.trimEnd().split('\r\n').slice(1)
  expect([...rows(first?.csv), ...rows(second?.csv)].sort()).toEqual(rows(whole?.csv).sort())
  expect(await bucketsAsCsv(stage.wheel, item, 9, { limit: null, from: null })).toBeNull()
})

test('a rollout that nothing was judged of yet has no buckets, and says so', async () => {
  const stage = await givenPricing(PLAN)
  await stage.push(version(2))
  const item = await loaded(stage)
  expect(await bucketPage(stage.wheel, item, 1, { limit: 10, from: null })).toMatchObject({
    from: null,
    items: [],
    history: {},
    unfinished: {},
  })
  const csv = await bucketsAsCsv(stage.wheel, item, 1, { limit: null, from: null })
  expect(csv?.csv.split('\r\n').filter((line) => line !== '')).toEqual(['minute,kpi,arm,bad,total,value'])
})

test('a rollout that never was has none: before the first, and after the newest', async () => {
  const stage = await givenPricing(PLAN)
  await stage.push(version(2))
  const item = await loaded(stage)
  for (const number of [0, 2]) {
    expect(await bucketPage(stage.wheel, item, number, { limit: 10, from: null })).toBeNull()
    expect(await bucketsAsCsv(stage.wheel, item, number, { limit: null, from: null })).toBeNull()
  }
})
