import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FreezeView, GateView, ServiceView } from '../../lib/api.ts'
import { gateListSchema } from '../../lib/schema/api/command.ts'
import { freezeListSchema, freezeViewSchema } from '../../lib/schema/api/freeze.ts'
import { healthyProfile } from '../../sim/azure/image-profile.ts'
import type { LocalRole } from '../../sim/azure/openid.ts'
import { wallClock } from '../../sim/clock.ts'
import { createLoad, type Load } from '../../sim/load.ts'
import { REGISTRY_HOST } from '../../sim/start/local-azure.ts'
import { localToken } from '../../sim/start/token.ts'
import { acrPush } from '../../sim/start/webhook.ts'
import { manifest } from './manifests.ts'
import { type Answer, all, errorsOf, expectProblem, itemsOf, openScene, type Scene, until } from './scene.ts'

let scene: Scene
let load: Load | null = null

beforeAll(async () => {
  const steps = '[{ setWeight: 10 }, { bake: 1s }, { pause: {} }, { setWeight: 50 }, { bake: 1h }, { setWeight: 100 }]'
  const gated = `${manifest({ name: 'routing', steps, minRequests: 3 })}approvals: { required: 2 }\n`
  scene = await openScene([gated, manifest({ name: 'pricing' })], { SLIPWAY_SWEEP_SCHEDULE: '* * * * * *' })
  const url = scene.stack.local.services.routing ?? ''
  load = createLoad({ streams: [{ name: 'routing', url, rps: 40 }], clock: wallClock })
})

afterAll(async () => {
  await load?.close()
  await scene?.close()
})

async function as(role: LocalRole, path: string, init: RequestInit = {}): Promise<Answer> {
  const authorization = `Bearer ${await localToken(scene.stack.local, role)}`
  return scene.api(path, { ...init, headers: { ...init.headers, authorization } })
}

const post = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', 'if-match': '*' },
  body: JSON.stringify(body),
})

const statusOf = async (service: string) =>
  (await scene.api(`/v1/services/${service}/status`)).json as unknown as ServiceView

async function push(service: string, tag: string): Promise<void> {
  const { azure } = scene.stack
  const digest = azure.publish(service, tag, healthyProfile(tag))
  azure.world.behave(`${REGISTRY_HOST}/${service}@${digest}`, { readyAfterMs: 500 })
  expect((await scene.hook('acr', acrPush(REGISTRY_HOST, service, tag, digest))).status).toBe(202)
}

const STOP = { environment: 'production', services: ['routing'], reason: 'the database is being moved' }

test('a stop of the line is added once, however often it is asked for, and holds what is pushed', async () => {
  const added = await as('admin', '/v1/freezes', post({ id: 'db-move', ...STOP }))
  expect(added.status).toBe(201)
  expect(freezeViewSchema.parse(added.json)).toMatchObject({
    id: 'db-move',
    kind: 'stop',
    active: true,
    by: 'local-admin',
  })
  const again = await as('admin', '/v1/freezes', post({ id: 'db-move', ...STOP }))
  expect({ status: again.status, json: again.json }).toEqual({ status: 200, json: added.json })
  const other = await as('admin', '/v1/freezes', post({ id: 'db-move', ...STOP, reason: 'something else' }))
  expectProblem(other, 422, 'id-reused', /used before/)
  await push('routing', 'v2')
  const held = await until('it is held', async () => {
    const status = await statusOf('routing')
    return status.phase === 'preparing' && status.next.startsWith('held by freeze db-move') && status
  })
  expect(held.freeze).toEqual({ id: 'db-move', reason: STOP.reason, by: 'local-admin', until: null })
  expect((await statusOf('pricing')).freeze).toBeNull()
})

test('a glass is broken by admins alone, and with a reason', async () => {
  const path = '/v1/services/routing/commands/promote'
  const why = 'the fix cannot wait any longer'
  const asked = { id: randomUUID(), override: true, reason: why }
  expectProblem(await as('approver', path, post(asked)), 403, 'forbidden')
  const short = await as('admin', path, post({ ...asked, reason: 'now' }))
  expectProblem(short, 422, 'invalid')
  expect(errorsOf(short)).toMatchObject([{ path: 'reason' }])
  const done = await as('admin', path, post(asked))
  expect(done.json).toMatchObject({ because: expect.stringContaining('past freeze db-move') })
  const rows = await all(scene.api, '/v1/audit?environment=production&service=routing')
  expect(JSON.stringify(rows)).toContain('BREAK GLASS: local-admin broke the glass with promote')
})

test('a gate shows what it takes and who may open it, and opens with the second approval', async () => {
  const waiting = await until('the gate waits', async () => {
    const answer = await as('approver', '/v1/approvals')
    const [gate] = gateListSchema.parse(answer.json).items as readonly GateView[]
    return gate
  })
  expect(waiting).toMatchObject({
    service: 'routing',
    rollout: 'routing-1',
    tag: 'v2',
    gate: { step: 1, required: 2, given: [], from: null, notAuthor: false },
    mine: { may: true, because: 'you may approve step 1' },
  })
  const [seen] = itemsOf(await as('operator', '/v1/approvals'))
  expect(seen).toMatchObject({ mine: { may: false, because: 'it takes the role approver' } })
  const path = '/v1/services/routing/commands/approve'
  const yes = { step: 1, digest: waiting.digest }
  expectProblem(await as('operator', path, post({ id: randomUUID(), ...yes })), 403, 'forbidden')
  const wrong = await as('approver', path, post({ id: randomUUID(), ...yes, step: 2 }))
  expectProblem(wrong, 409, 'conflict', /waits for approvals of step 1/)
  const first = await as('approver', path, post({ id: randomUUID(), ...yes }))
  expect(first.json).toMatchObject({ because: '1 of 2 approvals (by local-approver); 1 more is needed' })
  const [after] = itemsOf(await as('approver', '/v1/approvals'))
  expect(after).toMatchObject({
    gate: { given: [{ by: 'local-approver' }] },
    mine: { because: expect.stringMatching(/have approved/) },
  })
  expect((await statusOf('routing')).commands).toContain('approve')
  const last = await as('admin', path, post({ id: randomUUID(), ...yes }))
  expect(last.json).toMatchObject({ because: expect.stringContaining('held by freeze db-move') })
})

test('a freeze is lifted by its id, and what it held goes on', async () => {
  expectProblem(await as('approver', '/v1/freezes/production/db-move', { method: 'DELETE' }), 403, 'forbidden')
  const odd = await as('admin', `/v1/freezes/production/db-move?reason=${encodeURIComponent('two\nlines')}`, {
    method: 'DELETE',
  })
  expectProblem(odd, 422, 'invalid')
  const lifted = await as('admin', '/v1/freezes/production/db-move?reason=it+is+moved', { method: 'DELETE' })
  expect(lifted.status).toBe(204)
  expectProblem(await as('admin', '/v1/freezes/production/db-move', { method: 'DELETE' }), 404, 'not-found')
  expectProblem(await as('admin', '/v1/freezes/nowhere/db-move', { method: 'DELETE' }), 404, 'not-found')
  await until('step 2 has begun', async () => (await statusOf('routing')).step?.number === 2)
  const rows = (await all(scene.api, '/v1/audit?environment=production')) as {
    readonly id: string
    readonly kind: string
  }[]
  expect(rows.filter(({ id }) => id.startsWith('production#')).map(({ kind }) => kind)).toEqual([
    'freeze-lifted',
    'freeze-added',
  ])
})

test('freezes that hold and that come are listed page by page', async () => {
  const sale = {
    environment: 'production',
    reason: 'the sale',
    from: '2099-11-27T00:00:00Z',
    until: '2099-12-01T00:00:00Z',
  }
  const weekend = {
    environment: 'production',
    reason: 'weekend',
    cron: '0 18 * * FRI',
    timeZone: 'Europe/Berlin',
    duration: '62h',
  }
  expect((await as('admin', '/v1/freezes', post({ id: 'sale', ...sale }))).status).toBe(201)
  expect((await as('admin', '/v1/freezes', post({ id: 'weekend', ...weekend }))).status).toBe(201)
  const list = freezeListSchema.parse((await as('viewer', '/v1/freezes')).json)
  expect(list.items.map(({ id, kind }: FreezeView) => `${id} ${kind}`)).toEqual(['sale once', 'weekend recurring'])
  expect(list.items[1]).toMatchObject({ cron: '0 18 * * FRI', timeZone: 'Europe/Berlin', duration: '62h' })
  const pages = (await all(scene.api, '/v1/freezes?limit=1')) as FreezeView[]
  expect(pages.map(({ id }) => id)).toEqual(['sale', 'weekend'])
  expectProblem(await scene.api('/v1/freezes?from=elsewhere'), 400, 'bad-request')
})

test.each([
  [{ environment: 'nowhere', reason: 'x' }, 404, 'not-found'],
  [{ environment: 'production' }, 422, 'invalid'],
  [{ environment: 'production', reason: 'x', services: ['unknown-one'] }, 422, 'invalid'],
  [{ environment: 'production', reason: 'x', cron: '99 * * * *', timeZone: 'UTC', duration: '1h' }, 422, 'invalid'],
] as const)('%j is no freeze: %i', async (body, status, kind) => {
  expectProblem(await as('admin', '/v1/freezes', post({ id: randomUUID(), ...body })), status, kind)
})

test('a freeze needs an id of its own', async () => {
  expectProblem(await as('admin', '/v1/freezes', post(STOP)), 400, 'bad-request', /Idempotency-Key/)
  const keyed = post(STOP)
  const headers = { ...keyed.headers, 'idempotency-key': 'keyed' }
  expect((await as('admin', '/v1/freezes', { ...keyed, headers })).json).toMatchObject({ id: 'keyed' })
})

test('an undo names what can be undone to', async () => {
  const answer = await as('operator', '/v1/services/pricing/commands/undo', post({ id: randomUUID() }))
  expectProblem(answer, 409, 'conflict', /no rollout yet/)
})
