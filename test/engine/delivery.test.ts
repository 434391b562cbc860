import { describe, expect, it } from 'vitest'
import type { Caller, Grant } from '../../lib/core/caller.ts'
import { pinnedImage } from '../../lib/core/service.ts'
import { type DeliveryAsk, deliveryReport } from '../../lib/engine/delivery.ts'
import type { AuditLog } from '../../lib/ports.ts'
import type { Stage } from '../../sim/runner.ts'
import { givenPricing, HOUR, MINUTE, PRICING, plan, pricingManifest, untilFinished, version } from '../support/story.ts'

const DAY = 24 * HOUR

function caller(...grants: readonly Partial<Grant>[]): Caller {
  const all = grants.map((grant) => ({ role: 'viewer', environments: null, services: null, ...grant }) as const)
  return { id: 'ada', name: 'ada', kind: 'person', grants: all, method: 'token' }
}

async function report(stage: Stage, ask: Partial<DeliveryAsk> = {}, log: AuditLog = stage.store) {
  const now = stage.clock.now()
  const answer = await deliveryReport(stage.wheel, log, {
    environments: ['production'],
    service: null,
    from: now - 7 * DAY,
    to: now + 1,
    caller: caller({}),
    ...ask,
  })
  if (answer.kind !== 'report') throw new Error(answer.because)
  return answer
}

/** Pushes version `n` now and lets it end; `isSlow`: its users wait too long, so that it is rolled back. */
async function deliver(stage: Stage, n: number, isSlow = false) {
  const push = version(n, { pushedAt: stage.clock.now() - 10 * MINUTE })
  if (isSlow) stage.metrics.profile(pinnedImage(push), { rps: 50, p95Ms: 900, errorRate: 0 })
  await stage.push(push)
  return untilFinished(stage, 12 * HOUR)
}

/** A promoted version, one that was rolled back, and another service that nobody pushed to. */
async function givenDeliveries(): Promise<Stage> {
  const stage = await givenPricing({ stages: plan([10, 1], [100, 0]) })
  const other = pricingManifest({ name: 'fare', target: { ...pricingManifest().target, app: 'fare' } })
  await stage.declare({ ...other, image: { ...other.image, repository: 'fare' } })
  expect(await deliver(stage, 2)).toBe('promoted')
  await stage.run(HOUR)
  expect(await deliver(stage, 3, true)).toBe('rolled-back')
  return stage
}

describe('the delivery report', () => {
  it('measures what really happened, of the environment and of each of its services', async () => {
    const stage = await givenDeliveries()
    const rows = stage.store.auditOf(PRICING)
    const at = (kind: string, rollout: string) =>
      rows.find((row) => row.kind === kind && row.rollout === rollout)?.happenedAt ?? Number.NaN
    const pushed = at('rollout-started', 'pricing-1') - 10 * MINUTE
    const lead = at('finished', 'pricing-1') - pushed
    const restored = at('finished', 'pricing-2') - at('weights-confirmed', 'pricing-2')
    const pricing = {
      environment: 'production',
      service: 'pricing',
      deployments: 1,
      leadTime: { cases: 1, medianMs: lead, p90Ms: lead },
      changeFailure: { failed: 1, total: 2, ratio: 0.5 },
      timeToRestore: { cases: 1, medianMs: restored, p90Ms: restored },
    }
    const { items, from, to } = await report(stage)
    expect(items).toMatchObject([
      { ...pricing, service: null },
      { environment: 'production', service: 'fare', deployments: 0, leadTime: { cases: 0, medianMs: null } },
      pricing,
    ])
    expect(items[0]?.deploymentsPerDay).toBeCloseTo(1 / 7, 5)
    expect(Date.parse(to) - Date.parse(from)).toBe(7 * DAY + 1)
  })

  it('knows the start of a rollout that began before its window', async () => {
    const stage = await givenDeliveries()
    const end = stage.store.auditOf(PRICING).find(({ kind }) => kind === 'finished')?.happenedAt ?? 0
    const { items } = await report(stage, { from: end, to: end + 1 })
    expect(items[0]).toMatchObject({ deployments: 1, leadTime: { cases: 1 }, changeFailure: { failed: 0, total: 1 } })
    expect(items[0]?.leadTime.medianMs).toBeGreaterThan(HOUR)
  })

  it('knows what was undone by its real undo', async () => {
    const stage = await givenPricing({ stages: plan([10, 1], [100, 0]) })
    await deliver(stage, 2)
    await stage.run(HOUR)
    await deliver(stage, 3)
    await stage.run(HOUR)
    const answer = await stage.command(PRICING, 'undo', { reason: 'prices are wrong' })
    expect(answer).toMatchObject({ kind: 'done', rollout: 'pricing-3' })
    expect(await untilFinished(stage, HOUR)).toBe('promoted')
    const [whole] = (await report(stage)).items
    expect(whole).toMatchObject({
      deployments: 2,
      leadTime: { cases: 2 },
      changeFailure: { failed: 1, total: 2, ratio: 0.5 },
      timeToRestore: { cases: 1 },
    })
    const [, second] = stage.store.auditOf(PRICING).filter(({ kind }) => kind === 'finished')
    const before = { from: second?.happenedAt ?? 0, to: (second?.happenedAt ?? 0) + 1 }
    expect((await report(stage, before)).items[0]).toMatchObject({
      changeFailure: { failed: 1, total: 1 },
      timeToRestore: { cases: 0 },
    })
  })

  it('tells one service alone, and nothing of one that there is none of', async () => {
    const stage = await givenDeliveries()
    expect((await report(stage, { service: 'pricing' })).items.map(({ service }) => service)).toEqual(['pricing'])
    expect((await report(stage, { service: 'nobody' })).items).toEqual([])
    expect((await report(stage, { environments: [] })).items).toEqual([])
  })

  it('shows a caller of some services those alone, and not their sum', async () => {
    const stage = await givenDeliveries()
    const seen = async (...grants: readonly Partial<Grant>[]) =>
      (await report(stage, { caller: caller(...grants) })).items.map(({ service }) => service)
    expect(await seen({ services: ['pri*'] })).toEqual(['pricing'])
    expect(await seen({ environments: ['production'] })).toEqual([null, 'fare', 'pricing'])
    expect(await seen({ environments: ['staging'] })).toEqual([])
  })

  it('counts no part of an audit that is too long to be read at once, and says what to do', async () => {
    const stage = await givenDeliveries()
    const endless: AuditLog = { page: async () => ({ items: [], next: 'more' }) }
    await expect(report(stage, {}, endless)).rejects.toThrow(/production had more rollouts.*ask for a shorter window/)
    const later: AuditLog = {
      page: async (query) =>
        query.kind === 'weights-confirmed' ? { items: [], next: 'more' } : { items: [], next: null },
    }
    await expect(report(stage, {}, later)).rejects.toThrow(/shorter window/)
  })
})
