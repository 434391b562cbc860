import { describe, expect, it } from 'vitest'
import type { Query, Reading } from '../../lib/core/judge/verdict.ts'
import type { Kpi } from '../../lib/core/service.ts'
import { createSimMetrics } from '../../sim/metrics.ts'
import { NOON, patched, revisionOf, shop, stage, trafficOf } from './world/stage.ts'

const HOUR = 3_600_000
const source = { source: 'azure-logs', lagMs: 0, prometheus: null } as const
const latency: Kpi = { name: 'p95', kind: 'latency', percentile: 95, limitMs: 200, ...source }
const errors: Kpi = { name: 'errors', kind: 'error-rate', limitRatio: 0.01, ...source }

function query(kpi: Kpi, from: number, to: number, revision = 'shop--v2'): Query {
  return { id: `${kpi.name} ${revision}`, environment: 'production', revision, kpi, window: 'fast', from, to }
}

/** `shop--v2` has 10 % of the traffic from noon (plus a few seconds) on; it is two hours later. */
function measured(seed = 1) {
  const at = stage()
  patched(at, revisionOf('shop@sha256:2', 'v2'))
  patched(at, trafficOf({ first: 90, v2: 10 }))
  at.clock.set(NOON + 2 * HOUR)
  const metrics = createSimMetrics({ world: at.world, clock: at.clock, seed })
  metrics.profile('sha256:2', { rps: 100, p95Ms: 150, errorRate: 0.02 })
  return { ...at, metrics }
}

function figures(reading: Reading | undefined) {
  return reading?.kind === 'measured' ? reading : (expect.unreachable('nothing was measured') as never)
}

describe('Simulated metrics', () => {
  it('come from the weight that was dealt out and the profile of the image', async () => {
    const { metrics } = measured()
    const window = [NOON + HOUR, NOON + 2 * HOUR] as const
    const [slow, failed] = (await metrics.read([query(latency, ...window), query(errors, ...window)])).map(figures)
    expect(slow?.total).toBeGreaterThan(35_000)
    expect(slow?.total).toBeLessThan(37_000)
    expect(slow?.total).toBe(failed?.total)
    expect(slow?.value).toBeCloseTo(150, 6)
    expect((slow?.bad ?? 1) / (slow?.total ?? 1)).toBeLessThan(0.05)
    expect(failed?.value).toBeCloseTo(0.02, 2)
    expect(failed?.value).toBe((failed?.bad ?? 0) / (failed?.total ?? 1))
  })

  it('follow a profile that begins later', async () => {
    const { metrics } = measured()
    metrics.profile('sha256:2', { rps: 100, p95Ms: 400, errorRate: 0.5, from: NOON + HOUR })
    const [before, after] = (
      await metrics.read([query(latency, NOON + HOUR / 2, NOON + HOUR), query(latency, NOON + HOUR, NOON + 2 * HOUR)])
    ).map(figures)
    expect(before?.value).toBeCloseTo(150, 6)
    expect(after?.value).toBeCloseTo(400, 6)
    expect((after?.bad ?? 0) / (after?.total ?? 1)).toBeGreaterThan(0.3)
  })

  it('are the same whoever asks in whatever order, add up over windows, and differ by seed', async () => {
    const cut = NOON + 90 * 60_000
    const whole = query(errors, NOON + HOUR, NOON + 2 * HOUR)
    const parts = [query(errors, NOON + HOUR, cut), query(errors, cut, NOON + 2 * HOUR)]
    const [once] = (await measured().metrics.read([whole])).map(figures)
    const [left, right, again] = (await measured().metrics.read([...parts, whole])).map(figures)
    expect(again).toEqual(once)
    expect((left?.bad ?? 0) + (right?.bad ?? 0)).toBe(once?.bad)
    const [other] = (await measured(2).metrics.read([whole])).map(figures)
    expect(other?.total).not.toBe(once?.total)
  })

  it('have no requests for a revision without weight, an unknown one, or a time to come', async () => {
    const { metrics, world, clock } = measured()
    world.edit(shop, (hand) => hand.traffic([{ revisionName: 'shop--first', weight: 100 }]))
    clock.advance(HOUR)
    const readings = await metrics.read([
      query(errors, NOON + 2 * HOUR, NOON + 3 * HOUR),
      query(errors, NOON, NOON + HOUR, 'shop--unknown'),
      query(errors, NOON + 3 * HOUR, NOON + 4 * HOUR, 'shop--first'),
    ])
    expect(readings.map((reading) => figures(reading).total)).toEqual([0, 0, 0])
    expect(figures(readings[0]).value).toBeNaN()
  })

  it('lag behind where they are told to', async () => {
    const { metrics } = measured()
    metrics.lagMs = HOUR / 2
    const [half] = (await metrics.read([query(errors, NOON + HOUR, NOON + 2 * HOUR)])).map(figures)
    expect(half?.total).toBeGreaterThan(17_000)
    expect(half?.total).toBeLessThan(19_000)
  })

  it('go missing in an outage, of one source or of all', async () => {
    const { metrics } = measured()
    const ask = query(errors, NOON + HOUR, NOON + 2 * HOUR)
    metrics.ailment = { kind: 'outage', source: 'prometheus' }
    expect((await metrics.read([ask]))[0]?.kind).toBe('measured')
    metrics.ailment = 'outage'
    expect((await metrics.read([ask]))[0]).toMatchObject({
      id: ask.id,
      kind: 'missing',
      why: 'azure-logs did not answer',
    })
  })

  it('can be no numbers, or silent', async () => {
    const { metrics } = measured()
    const ask = query(errors, NOON + HOUR, NOON + 2 * HOUR)
    metrics.ailment = 'nan'
    expect(figures((await metrics.read([ask]))[0])).toMatchObject({ bad: Number.NaN, value: Number.NaN })
    metrics.ailment = 'silence'
    expect(figures((await metrics.read([ask]))[0])).toMatchObject({ bad: 0, total: 0 })
  })

  it('belong to the environment that is asked for', async () => {
    const { world, clock } = measured()
    const metrics = createSimMetrics({ world, clock, seed: 1, belongs: (environment) => environment === 'staging' })
    const [none] = (await metrics.read([query(errors, NOON + HOUR, NOON + 2 * HOUR)])).map(figures)
    expect(none?.total).toBe(0)
  })
})
