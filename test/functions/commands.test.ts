import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Status } from '../../lib/core/status.ts'
import { healthyProfile } from '../../sim/azure/image-profile.ts'
import { wallClock } from '../../sim/clock.ts'
import { createLoad, type Load } from '../../sim/load.ts'
import { REGISTRY_HOST, targetOf } from '../../sim/start/local-azure.ts'
import { acrPush } from '../../sim/start/webhook.ts'
import { manifest } from './manifests.ts'
import { type Answer, all, errorsOf, expectProblem, openScene, type Scene, until } from './scene.ts'

let scene: Scene
let load: Load | null = null

beforeAll(async () => {
  const steps = `[{ setWeight: 10 }, { bake: 1h }, { setWeight: 50 }, { bake: 1h }, { setWeight: 100 }, { bake: 1h }]`
  scene = await openScene(
    [
      manifest({ name: 'pricing', steps }),
      manifest({ name: 'safety' }),
      manifest({ name: 'routing', steps: '[{ setWeight: 10 }, { pause: {} }, { setWeight: 100 }]', minRequests: 3 }),
    ],
    // A watch lasts at least as long as a function may live.
    { SLIPWAY_SWEEP_SCHEDULE: '* * * * * *', AzureFunctionsJobHost__functionTimeout: '00:00:02' },
  )
  const url = scene.stack.local.services.routing ?? ''
  load = createLoad({ streams: [{ name: 'routing', url, rps: 40 }], clock: wallClock })
})

afterAll(async () => {
  await load?.close()
  await scene?.close()
})

const statusOf = async (service: string) =>
  (await scene.api(`/v1/services/${service}/status`)).json as unknown as Status

/** Publishes an image whose revisions are quickly ready, and announces it. */
async function push(service: string, tag: string): Promise<void> {
  const { azure } = scene.stack
  const digest = azure.publish(service, tag, healthyProfile(tag))
  azure.world.behave(`${REGISTRY_HOST}/${service}@${digest}`, { readyAfterMs: 1500 })
  expect((await scene.hook('acr', acrPush(REGISTRY_HOST, service, tag, digest))).status).toBe(202)
}

/** Waits until a canary really has its weight. */
const weighs = (service: string, percent: number) =>
  until(`the canary of ${service} has ${percent} %`, async () => {
    const status = await statusOf(service)
    return status.canary !== null && status.weights.actual?.[status.canary] === percent && status
  })

/** Waits for a phase, so that what is asked for next meets it. */
const reaches = (service: string, phase: string) =>
  until(`${service} is ${phase}`, async () => {
    const status = await statusOf(service)
    return status.phase === phase && status
  })

function expectDone(answer: Answer, because: RegExp, repeated = false): void {
  expect({ status: answer.status, json: answer.json }).toMatchObject({
    status: 200,
    json: { repeated, because: expect.stringMatching(because) },
  })
}

const auditOf = async (service: string) =>
  (await all(scene.api, `/v1/audit?environment=production&service=${service}&limit=100`)) as {
    readonly kind: string
    readonly actor: string
    readonly notes: string
  }[]

test('status says what, why, what next and when: idle, provisioning, progressing', async () => {
  expect(await statusOf('pricing')).toMatchObject({ phase: 'idle', next: 'the next matching push starts a rollout' })
  await Promise.all(['pricing', 'safety', 'routing'].map((service) => push(service, 'v2')))
  const waiting = await reaches('pricing', 'provisioning')
  expect(waiting).toMatchObject({
    rollout: 'pricing-1',
    tag: 'v2',
    what: 'pricing-1 (v2) is waiting for its revision',
    why: `${waiting.canary} must be healthy before it takes traffic`,
    next: `step 1 begins once ${waiting.canary} is ready; otherwise rollback`,
    weights: { wanted: { 'pricing--v1': 100 } },
  })
  expect(Date.parse(waiting.nextAt ?? '')).toBeGreaterThan(Date.now())
  await weighs('pricing', 10)
  const going = await until('the bake has begun', async () => {
    const status = await statusOf('pricing')
    return status.next.startsWith('step 2') && status
  })
  expect(going).toMatchObject({
    phase: 'progressing',
    step: { number: 1, of: 3 },
    stable: 'pricing--v1',
    what: 'pricing-1 (v2) is in step 1',
    next: 'step 2 of 3 with 50 % when the KPIs hold over the whole step',
    weights: { wanted: { 'pricing--v1': 90 }, actual: { 'pricing--v1': 90 } },
    outcome: null,
  })
  expect(going.why).not.toBe('')
  const inMs = Date.parse(going.nextAt ?? '') - Date.now()
  expect(inMs).toBeGreaterThan(50 * 60_000)
  expect(inMs).toBeLessThanOrEqual(61 * 60_000)
})

test('pause holds a rollout and resume lets it go on; the same id again is answered again and changes nothing', async () => {
  const id = randomUUID()
  const body = { id, reason: 'looking at a graph' }
  expectDone(await scene.command('pricing', 'pause', body), /^paused by local-admin: looking at a graph$/)
  expect(await statusOf('pricing')).toMatchObject({
    phase: 'paused',
    why: 'paused by local-admin: looking at a graph',
    next: 'resume goes on, abort rolls back',
    nextAt: null,
  })
  expectDone(await scene.command('pricing', 'resume', { id: randomUUID() }), /^resumed by local-admin$/)
  const before = await auditOf('pricing')
  expectDone(await scene.command('pricing', 'pause', body), /^paused by local-admin: looking at a graph$/, true)
  expect((await statusOf('pricing')).phase).toBe('progressing')
  expect((await auditOf('pricing')).filter(({ kind }) => kind === 'paused')).toHaveLength(1)
  expect(before.filter(({ kind, actor }) => kind === 'resumed' && actor === 'local-admin')).toHaveLength(1)
  const other = await scene.command('pricing', 'abort', { id })
  expectProblem(other, 422, 'id-reused', /was used before for pause; take a fresh one/)
})

test('a command without an id of its own is answered 400, a wrong one 422, and nothing is done', async () => {
  for (const body of [{}, { reason: 'in haste' }]) {
    expectProblem(
      await scene.command('pricing', 'abort', body),
      400,
      'bad-request',
      /"id" in the body or as Idempotency/,
    )
  }
  const bare = await scene.api('/v1/services/pricing/commands/abort', { method: 'POST' })
  expectProblem(bare, 400, 'bad-request')
  const wrong = await scene.command('pricing', 'abort', { id: '1', reson: 'typo', actor: 'Ada' })
  expectProblem(wrong, 422, 'invalid', /Nothing was done/)
  expect(errorsOf(wrong).map(({ path, message }) => `${path} ${message}`)).toEqual([
    expect.stringMatching(/actor .*whoever the token names/),
    expect.stringMatching(/reson .*Did you mean `reason`/),
  ])
  for (const body of [[], ['id'], 'id', 5, true]) {
    const answer = await scene.command('pricing', 'abort', body, { 'idempotency-key': randomUUID() })
    expectProblem(answer, 422, 'invalid')
  }
  const plain = await scene.command('pricing', 'abort', { id: '1' }, { 'content-type': 'text/plain' })
  expectProblem(plain, 415, 'unsupported-media-type')
  expect((await statusOf('pricing')).phase).toBe('progressing')
})

test('a command for a rollout that is not the newest is refused with the newest', async () => {
  const answer = await scene.command('pricing', 'abort', { id: randomUUID(), rollout: 'pricing-7' })
  expectProblem(answer, 409, 'conflict', 'the newest rollout is pricing-1, not pricing-7')
  const resume = await scene.command('pricing', 'resume', { id: randomUUID() })
  expectProblem(resume, 409, 'conflict', 'pricing-1 is not paused; it is in step 1')
  const retry = await scene.command('pricing', 'retry', { id: randomUUID() })
  expectProblem(retry, 409, 'conflict', 'pricing-1 is not finished; abort it first')
})

test('promote goes on to the next step; the id may come as Idempotency-Key, and once is enough', async () => {
  const key = { 'idempotency-key': `"${randomUUID()}"` }
  const promoted = await Promise.all([1, 2, 3].map(() => scene.command('pricing', 'promote', {}, key)))
  expect(promoted.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(promoted.map(({ json }) => json?.because)).toEqual(Array(3).fill('promoted by local-admin to step 2 of 3'))
  expect(promoted.filter(({ json }) => json?.repeated === false)).toHaveLength(1)
  expect(await weighs('pricing', 50)).toMatchObject({ step: { number: 2, of: 3 } })
})

test('promote-full goes on to the last step, and one more promote ends it there', async () => {
  const full = await scene.command('pricing', 'promote-full', { id: randomUUID() })
  expectDone(full, /^promoted by local-admin to step 3 of 3$/)
  const last = await weighs('pricing', 100)
  await until('the weight is confirmed', async () =>
    (await statusOf('pricing')).next.startsWith('the rollout is promoted'),
  )
  const end = await scene.command('pricing', 'promote', { id: randomUUID() })
  expectDone(end, /^promoted by local-admin without waiting for the end of the last step$/)
  const over = await until('the watch has ended', async () => {
    const status = await statusOf('pricing')
    return status.nextAt === null && status
  })
  expect(over).toMatchObject({
    phase: 'finished',
    outcome: 'promoted',
    what: 'pricing-1 (v2) is finished (promoted)',
    why: `${last.canary} serves all traffic`,
    next: 'nothing; the next matching push starts a rollout',
  })
  for (const verb of ['abort', 'pause', 'promote', 'retry']) {
    expectProblem(await scene.command('pricing', verb, { id: randomUUID() }), 409, 'conflict', /finished/)
  }
})

test('abort is applied within the request: when the answer has come, the write that takes the traffic away is at Azure', async () => {
  const { canary } = await weighs('safety', 10)
  const writes = () => scene.stack.azure.world.log.filter(({ target }) => target.app === targetOf('safety').app)
  const before = writes().length
  const answer = await scene.command('safety', 'abort', { id: 'abort-1', reason: 'customers call' })
  const fresh = writes().slice(before)
  expectDone(answer, /^aborted by local-admin: customers call$/)
  expect(fresh).toMatchObject([{ actor: 'slipway', kind: 'patch' }])
  expect(fresh[0]?.traffic?.['safety--v1']).toBe(100)
  expect(fresh[0]?.traffic?.[canary ?? ''] ?? 0).toBe(0)
  const again = await scene.command('safety', 'abort', { id: 'abort-1', reason: 'customers call' })
  expectDone(again, /^aborted by local-admin: customers call$/, true)
  expect(await reaches('safety', 'finished')).toMatchObject({
    outcome: 'aborted',
    why: 'aborted by local-admin: customers call',
  })
  const shifts = writes().filter(({ traffic }) => traffic?.['safety--v1'] === 100)
  expect(shifts).toHaveLength(1)
  expect((await auditOf('safety')).filter(({ kind }) => kind === 'rollback-started')).toMatchObject([
    { actor: 'local-admin' },
  ])
})

test('retry begins a new attempt with the same image, once for one id', async () => {
  const id = randomUUID()
  const answers = [await scene.command('safety', 'retry', { id }), await scene.command('safety', 'retry', { id })]
  expectDone(answers[0] as Answer, /^rollout safety-2 tries v2 again$/)
  expectDone(answers[1] as Answer, /^rollout safety-2 tries v2 again$/, true)
  expect(await weighs('safety', 10)).toMatchObject({ rollout: 'safety-2', tag: 'v2' })
  expect((await scene.rollouts('safety')).map((rollout) => rollout.id)).toEqual(['safety-2', 'safety-1'])
})

test('abort reaches a rollout whose revision is not ready yet, and one that is being prepared', async () => {
  const id = randomUUID()
  expectDone(await scene.command('safety', 'abort', { id }), /^aborted by local-admin$/)
  await reaches('safety', 'finished')
  await push('safety', 'v3')
  await reaches('safety', 'provisioning')
  expectDone(await scene.command('safety', 'abort', { id: randomUUID() }), /^aborted by local-admin$/)
  expect(await reaches('safety', 'finished')).toMatchObject({ outcome: 'aborted', rollout: 'safety-3' })
  const { weights } = scene.stack.azure.world.ingress(targetOf('safety'))
  expect(weights).toEqual({ 'safety--v1': 100 })
})

test('at a manual gate resume is refused, and promote opens it', { timeout: 120_000 }, async () => {
  const gate = await reaches('routing', 'paused')
  expect(gate).toMatchObject({ next: expect.stringMatching(/^promote opens the gate, abort rolls back/) })
  const resume = await scene.command('routing', 'resume', { id: randomUUID() })
  expectProblem(resume, 409, 'conflict', /waits at a manual gate; approve or promote opens it/)
  expectDone(
    await scene.command('routing', 'promote', { id: randomUUID() }),
    /^promoted by local-admin to step 2 of 2$/,
  )
  await weighs('routing', 100)
})

test('no secret stands in any answer, event, audit row or log line of all this', () => scene.expectNoSecrets())
