import { describe, expect, it } from 'vitest'
import type { Bucket, Query, Reading } from '../../lib/core/judge/reading.ts'
import type { Kpi } from '../../lib/core/service.ts'
import { createSimMetrics } from '../../sim/metrics.ts'
import { NOON, patched, revisionOf, shop, stage, trafficOf } from './world/stage.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const shared = { role: 'required', source: { kind: 'azure-logs' }, lagMs: 0, minRequests: null } as const
const latency: Kpi = { ...shared, name: 'p95', kind: 'latency', percentile: 95, limitMs: 200 }
const errors: Kpi = { ...shared, name: 'errors', kind: 'error-rate', limitRatio: 0.01, alsoBad: [] }
const uptime: Kpi = { ...shared, name: 'up', kind: 'uptime', limitRatio: 0.01 }
const lost: Kpi = { ...shared, name: 'lost', kind: 'ratio', limitRatio: 0.01 }
const queue: Kpi = { ...shared, name: 'queue', kind: 'gauge', limit: 100, wanted: 'below' }

function query(kpi: Kpi, from: number, to: number, changes: Partial<Query> = {}): Query {
  return {
    id: `${kpi.name} ${from}`,
    environment: 'production',
    target: shop,
    region: null,
    arm: 'canary',
    revision: 'shop--v2',
    host: null,
    kpi,
    bucketMs: MINUTE,
    from,
    to,
    ...changes,
  }
}

/** `shop--v2` has 10 % of the traffic from noon (plus a few seconds) on; it is two hours later. */
function given(seed = 1) {
  const at = stage()
  patched(at, revisionOf('shop@sha256:2', 'v2'))
  patched(at, trafficOf({ first: 90, v2: 10 }))
  at.clock.set(NOON + 2 * HOUR)
  const metrics = createSimMetrics({ world: at.world, clock: at.clock, seed })
  metrics.profile('sha256:2', { rps: 100, p95Ms: 150, errorRate: 0.02, figures: { lost: 0.1, queue: 41 } })
  return { ...at, metrics }
}

function bucketsOf(reading: Reading | undefined): readonly Bucket[] {
  return reading?.kind === 'measured' ? reading.buckets : (expect.unreachable('nothing was measured') as never)
}

function sumOf(reading: Reading | undefined): { readonly bad: number; readonly total: number } {
  return bucketsOf(reading).reduce(({ bad, total }, one) => ({ bad: bad + one.bad, total: total + one.total }), {
    bad: 0,
    total: 0,
  })
}

const shareOf = (reading: Reading | undefined): number => sumOf(reading).bad / sumOf(reading).total

describe('Simulated metrics', () => {
  it('come from the weight that was dealt out and the profile of the image, bucket by bucket', async () => {
    const { metrics } = given()
    const hour = [NOON + HOUR, NOON + 2 * HOUR] as const
    const [slow, failed, down, bad] = await metrics.read(
      [latency, errors, uptime, lost].map((kpi) => query(kpi, ...hour)),
    )
    expect(bucketsOf(slow).map(({ at }) => at)).toEqual(Array.from({ length: 60 }, (_, n) => NOON + HOUR + n * MINUTE))
    expect(sumOf(slow).total).toBeGreaterThan(35_000)
    expect(sumOf(slow).total).toBeLessThan(37_000)
    expect(bucketsOf(slow).map(({ total }) => total)).toEqual(bucketsOf(failed).map(({ total }) => total))
    expect(shareOf(slow)).toBeLessThan(0.05)
    expect(shareOf(failed)).toBeCloseTo(0.02, 2)
    expect(shareOf(down)).toBeCloseTo(0.02, 2)
    expect(shareOf(bad)).toBeCloseTo(0.1, 2)
    for (const one of bucketsOf(slow)) {
      expect(one.bad).toBeLessThanOrEqual(one.total)
      expect(one.value).toBeNull()
    }
  })

  it('have a share of slow requests of 5 % where the 95th percentile sits on the limit', async () => {
    const { metrics } = given()
    metrics.profile('sha256:2', { rps: 100, p95Ms: 200, errorRate: 0, from: NOON + HOUR })
    const [slow] = await metrics.read([query(latency, NOON + HOUR, NOON + 2 * HOUR)])
    expect(shareOf(slow)).toBeCloseTo(0.05, 2)
  })

  it('of a gauge are its value without counts, and nothing where there is no traffic', async () => {
    const { metrics } = given()
    const [queued, before] = await metrics.read([
      query(queue, NOON + HOUR, NOON + HOUR + 2 * MINUTE),
      query(queue, NOON - HOUR, NOON - HOUR + MINUTE),
    ])
    expect(bucketsOf(queued)).toEqual(
      [0, 1].map((n) => ({ at: NOON + HOUR + n * MINUTE, bad: 0, total: 0, value: 41 })),
    )
    expect(bucketsOf(before)).toEqual([{ at: NOON - HOUR, bad: 0, total: 0, value: null }])
  })

  it('follow a profile that begins later', async () => {
    const { metrics } = given()
    metrics.profile('sha256:2', { rps: 100, p95Ms: 400, errorRate: 0.5, from: NOON + HOUR })
    const [before, after] = await metrics.read([
      query(latency, NOON + HOUR / 2, NOON + HOUR),
      query(latency, NOON + HOUR, NOON + 2 * HOUR),
    ])
    expect(shareOf(before)).toBeLessThan(0.05)
    expect(shareOf(after)).toBeGreaterThan(0.3)
  })

  it('are the same whoever asks in whatever order and for however long, and differ by seed', async () => {
    const cut = NOON + 90 * MINUTE
    const whole = query(errors, NOON + HOUR, NOON + 2 * HOUR)
    const parts = [query(errors, NOON + HOUR, cut), query(errors, cut, NOON + 2 * HOUR)]
    const [once] = (await given().metrics.read([whole])).map(bucketsOf)
    const [left, right, again] = (await given().metrics.read([...parts, whole])).map(bucketsOf)
    expect(again).toEqual(once)
    expect([...(left ?? []), ...(right ?? [])]).toEqual(once)
    const [other] = (await given(2).metrics.read([whole])).map(bucketsOf)
    expect(other).not.toEqual(once)
  })

  it('are as fine as the buckets that are asked for', async () => {
    const { metrics } = given()
    const [fine] = await metrics.read([query(errors, NOON + HOUR, NOON + HOUR + 10_000, { bucketMs: 1000 })])
    expect(bucketsOf(fine)).toHaveLength(10)
    expect(sumOf(fine).total).toBeGreaterThan(50)
    expect(sumOf(fine).total).toBeLessThan(160)
  })

  it('of a bucket that is running only grow until it is over', async () => {
    const { metrics, clock } = given()
    const running = query(errors, NOON + 2 * HOUR, NOON + 2 * HOUR + MINUTE)
    const seen: { readonly bad: number; readonly total: number }[] = []
    for (const seconds of [0, 15, 30, 45, 60, 90]) {
      clock.set(NOON + 2 * HOUR + seconds * 1000)
      seen.push(sumOf((await metrics.read([running]))[0]))
    }
    expect(seen[0]).toEqual({ bad: 0, total: 0 })
    expect(seen.map(({ total }) => total)).toEqual(seen.map(({ total }) => total).sort((a, b) => a - b))
    expect(seen.map(({ bad }) => bad)).toEqual(seen.map(({ bad }) => bad).sort((a, b) => a - b))
    expect(seen[5]).toEqual(seen[4])
    expect(seen[4]?.total).toBeGreaterThan(500)
  })

  it('have no requests for a revision without weight, an unknown one, or a time to come', async () => {
    const { metrics, world, clock } = given()
    world.edit(shop, (hand) => hand.traffic([{ revisionName: 'shop--first', weight: 100 }]))
    clock.advance(HOUR)
    const readings = await metrics.read([
      query(errors, NOON + 2 * HOUR, NOON + 3 * HOUR),
      query(errors, NOON, NOON + HOUR, { revision: 'shop--unknown' }),
      query(errors, NOON + 3 * HOUR, NOON + 4 * HOUR, { revision: 'shop--first' }),
    ])
    expect(readings.map(sumOf)).toEqual(Array(3).fill({ bad: 0, total: 0 }))
    expect(readings.map((reading) => bucketsOf(reading).length)).toEqual([60, 60, 60])
  })

  it('lag behind where they are told to', async () => {
    const { metrics } = given()
    metrics.lagMs = HOUR / 2
    const [half] = await metrics.read([query(errors, NOON + HOUR, NOON + 2 * HOUR)])
    expect(sumOf(half).total).toBeGreaterThan(17_000)
    expect(sumOf(half).total).toBeLessThan(19_000)
  })

  it('go missing in an outage, of one source or of all', async () => {
    const { metrics } = given()
    const ask = query(errors, NOON + HOUR, NOON + 2 * HOUR)
    metrics.ailment = { kind: 'outage', source: 'prometheus' }
    expect((await metrics.read([ask]))[0]?.kind).toBe('measured')
    metrics.ailment = 'outage'
    expect((await metrics.read([ask]))[0]).toMatchObject({
      id: ask.id,
      kind: 'missing',
      silence: 'down',
      why: 'azure-logs did not answer',
    })
  })

  it('can have holes in place of figures, or be silent', async () => {
    const { metrics } = given()
    const ask = query(errors, NOON + HOUR, NOON + 2 * HOUR)
    metrics.ailment = 'holes'
    expect(bucketsOf((await metrics.read([ask]))[0])).toEqual([])
    metrics.ailment = 'silence'
    const [silent] = await metrics.read([ask])
    expect(bucketsOf(silent)).toHaveLength(60)
    expect(sumOf(silent)).toEqual({ bad: 0, total: 0 })
  })

  it('count what they are asked, and say what it was', async () => {
    const { metrics } = given()
    const [first] = await metrics.read([query(errors, NOON, NOON + HOUR), query(latency, NOON, NOON + HOUR)])
    expect(metrics.asked).toBe(2)
    expect(first?.query).toContain('errors of shop--v2')
  })

  it('belong to the environment that is asked for', async () => {
    const { world, clock } = given()
    const metrics = createSimMetrics({ world, clock, seed: 1, belongs: (environment) => environment === 'staging' })
    const ask = query(errors, NOON + HOUR, NOON + 2 * HOUR)
    const [none, some] = await metrics.read([ask, { ...ask, environment: 'staging' }])
    expect(sumOf(none).total).toBe(0)
    expect(sumOf(some).total).toBeGreaterThan(0)
  })
})
