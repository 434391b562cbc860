import { afterAll, beforeAll, expect, test } from 'vitest'
import { healthyProfile } from '../../sim/azure/image-profile.ts'
import { parseExposition } from '../support/exposition.ts'
import { manifest } from './manifests.ts'
import { expectProblem, openScene, type Scene } from './scene.ts'

const PRICING = manifest({ name: 'pricing' })
const STATUS = '/v1/services/pricing/status'
let scene: Scene
beforeAll(async () => {
  scene = await openScene([PRICING])
}, 120_000)
afterAll(() => scene?.close())

const post = (path: string, body: string, headers: Record<string, string>) =>
  scene.api(path, { method: 'POST', body, headers })

test('who waits for a change is answered when it comes, and 304 when none does', async () => {
  const etag = (await scene.api(STATUS)).headers.get('etag') ?? ''
  const none = await scene.api(STATUS, { headers: { 'if-none-match': etag, prefer: 'wait=1' } })
  expect([none.status, none.headers.get('preference-applied')]).toEqual([304, 'wait=1'])
  const waiting = scene.api(STATUS, { headers: { 'if-none-match': etag, prefer: 'wait=25' } })
  await scene.put('pricing', PRICING.replace('200ms', '150ms'))
  const news = await waiting
  expect([news.status, news.json?.manifestVersion]).toEqual([200, 2])
})

test('a plan tells what would change, and stores nothing', async () => {
  const yaml = { 'content-type': 'application/yaml' }
  const plan = await post('/v1/services/pricing/plan', PRICING.replace('200ms', '99ms'), yaml)
  expect(plan.json).toMatchObject({ version: { now: 2, next: 3 }, changes: [{ after: '99ms' }] })
  expect((await scene.api(STATUS)).json?.manifestVersion).toBe(2)
  expectProblem(await post('/v1/services/safety/plan', PRICING, yaml), 400, 'bad-request')
  expectProblem(await post('/v1/services/pricing/plan', 'name: pricing', yaml), 422, 'invalid')
})

test('a push by hand begins a rollout once, and its id means nothing else', async () => {
  const json = { 'content-type': 'application/json' }
  const digest = scene.stack.azure.publish('pricing', 'v7', healthyProfile('v7'))
  const send = (body: object) => post('/v1/services/pricing/pushes', JSON.stringify(body), json)
  expectProblem(await send({ tag: 'v7', digest }), 400, 'bad-request', /an id of its own/)
  expectProblem(await send({ id: '1', tag: 'latest', digest }), 422, 'invalid')
  expect((await send({ id: '1', tag: 'v7', digest })).json).toMatchObject({ outcome: 'rollout', rollout: 'pricing-1' })
  expect((await send({ id: '1', tag: 'v7', digest })).json).toMatchObject({
    outcome: 'duplicate',
    rollout: 'pricing-1',
  })
  expectProblem(await send({ id: '1', tag: 'v8', digest }), 422, 'id-reused')
  expect((await scene.api('/v1/services/pricing/rollouts/1')).json).toMatchObject({ id: 'pricing-1' })
  expectProblem(await scene.api('/v1/services/pricing/rollouts/9'), 404, 'not-found')
})

test('chains are verified, parts told ready, and figures given to Prometheus', async () => {
  const verify = '/v1/audit/verify?environment=production'
  expect((await scene.api(`${verify}&service=pricing`)).json).toMatchObject({ intact: true, nextLink: null })
  expect((await scene.api(verify)).json).toMatchObject({ entityId: 'production', intact: true })
  expectProblem(await scene.api(`${verify}&service=nobody`), 404, 'not-found')
  expect((await scene.ask('/health/ready')).json?.status).toBe('ok')
  const names = parseExposition((await scene.api('/metrics')).text).map(({ name }) => name)
  expect(names).toContain('slipway_rollouts')
})
