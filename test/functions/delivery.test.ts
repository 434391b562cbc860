import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DeliveryReport } from '../../lib/api.ts'
import { healthyProfile } from '../../sim/azure/image-profile.ts'
import { REGISTRY_HOST } from '../../sim/start/local-azure.ts'
import { acrPush } from '../../sim/start/webhook.ts'
import { manifest } from './manifests.ts'
import { errorsOf, expectProblem, itemsOf, openScene, type Scene, until } from './scene.ts'

let scene: Scene

/** One version reaches all users, and the next is aborted by a person while it has ten percent. */
beforeAll(async () => {
  const steps = '[{ setWeight: 10 }, { bake: 1h }, { setWeight: 100 }]'
  scene = await openScene([manifest({ name: 'pricing', steps }), manifest({ name: 'safety' })], {
    SLIPWAY_SWEEP_SCHEDULE: '* * * * * *',
  })
  await push('v2')
  await command('promote-full', 'progressing')
  await ends('promoted')
  await push('v3')
  await until('the canary takes traffic', async () => (await kinds('pricing-2')).includes('weights-confirmed'))
  await command('abort', 'progressing')
  await ends('aborted')
})

afterAll(() => scene?.close())

async function push(tag: string): Promise<void> {
  const { azure } = scene.stack
  const digest = azure.publish('pricing', tag, healthyProfile(tag))
  azure.world.behave(`${REGISTRY_HOST}/pricing@${digest}`, { readyAfterMs: 500 })
  expect((await scene.hook('acr', acrPush(REGISTRY_HOST, 'pricing', tag, digest))).status).toBe(202)
}

const phase = async () =>
  (await scene.api('/v1/services/pricing/status')).json as { phase: string; outcome: string | null }

async function command(verb: string, at: string): Promise<void> {
  await until(`pricing is ${at}`, async () => (await phase()).phase === at)
  const answer = await scene.command('pricing', verb, { id: randomUUID(), reason: 'by hand' })
  expect([200, 202]).toContain(answer.status)
}

const ends = (outcome: string) => until(`pricing ends ${outcome}`, async () => (await phase()).outcome === outcome)

async function kinds(rollout: string): Promise<readonly unknown[]> {
  const rows = itemsOf(await scene.api(`/v1/audit?environment=production&rollout=${rollout}&limit=100`))
  return rows.map(({ kind }) => kind)
}

test('what was delivered is measured from the audit, of the environment and of each service', async () => {
  const answer = await scene.api('/v1/delivery?environment=production&window=7d')
  expect(answer.status).toBe(200)
  const { from, to, items } = answer.json as unknown as DeliveryReport
  expect(Date.parse(to) - Date.parse(from)).toBe(7 * 86_400_000)
  const pricing = {
    environment: 'production',
    service: 'pricing',
    deployments: 1,
    leadTime: { cases: 1, medianMs: expect.any(Number), p90Ms: expect.any(Number) },
    changeFailure: { failed: 1, total: 2, ratio: 0.5 },
    timeToRestore: { cases: 1, medianMs: expect.any(Number), p90Ms: expect.any(Number) },
  }
  expect(items).toMatchObject([
    { ...pricing, service: null },
    pricing,
    { service: 'safety', deployments: 0, changeFailure: { total: 0, ratio: null } },
  ])
})

test('one service can be asked for alone, over days of one’s own', async () => {
  const answer = await scene.api('/v1/delivery?service=pricing&from=2026-01-01&to=2026-01-08&api-version=1')
  expect(answer.json).toMatchObject({
    from: '2026-01-01T00:00:00.000Z',
    to: '2026-01-08T00:00:00.000Z',
    items: [{ service: 'pricing', deployments: 0, leadTime: { cases: 0, medianMs: null, p90Ms: null } }],
  })
})

test('what is wrong with a question is said where it is wrong', async () => {
  const wrong = await scene.api('/v1/delivery?window=8d')
  expectProblem(wrong, 422, 'invalid')
  expect(errorsOf(wrong)).toEqual([{ path: 'window', message: 'must be `7d`, `30d` or `90d`' }])
  expectProblem(await scene.api('/v1/delivery?widnow=7d'), 400, 'bad-request', /window/)
  expectProblem(await scene.api('/v1/delivery?environment=nowhere'), 404, 'not-found', /There are: production/)
  expectProblem(await scene.api('/v1/delivery?service=nobody'), 404, 'not-found', /nobody/)
})
