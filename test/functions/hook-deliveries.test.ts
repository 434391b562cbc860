import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { QueueClient } from '@azure/storage-queue'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { acrPush } from '../../sim/start/webhook.ts'
import { manifest } from './manifests.ts'
import { openScene, type Scene, until } from './scene.ts'

let scene: Scene

beforeAll(async () => {
  const acr = 'bimride.azurecr.io'
  const distribution = '127.0.0.1:5000'
  scene = await openScene(
    [
      manifest({ name: 'pricing', registry: acr }),
      manifest({ name: 'routing', registry: distribution, repository: 'pricing' }),
      manifest({ name: 'safety' }),
    ],
    ({ urls }) => ({
      SLIPWAY_REGISTRIES: JSON.stringify(
        Object.fromEntries(
          [acr, distribution, 'registry.example.com'].map((host) => [host, { auth: 'anonymous', url: urls.registry }]),
        ),
      ),
      AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:00',
    }),
  )
})

afterAll(() => scene?.close())

function payload(name: string): unknown {
  return JSON.parse(readFileSync(join(import.meta.dirname, '..', 'schema', 'payloads', `${name}.json`), 'utf8'))
}

/** A real client of a queue of the stack, as Event Grid has one. */
function queue(name: string): QueueClient {
  const { identity, urls, tls } = scene.stack.azure
  const getToken = async () => ({
    token: identity.issue('https://storage.azure.com'),
    expiresOnTimestamp: Date.now() + 3_600_000,
  })
  // The client hands its options on to the transport, which knows tlsOptions; its own types do not say so.
  const options = { tlsOptions: { ca: tls.ca } } as object
  return new QueueClient(`${urls.queues}/${name}`, { getToken }, options)
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')

/** The event of this id, once it was acted on. */
const eventOf = (id: string) =>
  until(`${id} is read back`, async () => (await scene.events()).find((event) => event.id === id))

async function ended(service: string): Promise<void> {
  await until(`the rollouts of ${service} have ended`, async () => {
    const rollouts = await scene.rollouts(service)
    return rollouts.every(({ phase }) => phase.kind === 'finished')
  })
}

const freshDigest = () => `sha256:${Buffer.from(randomUUID().replaceAll('-', '')).toString('hex')}`

test('a push of Event Grid is one rollout, though it comes in both schemas; the second is a duplicate', async () => {
  const cloud = await scene.hook('event-grid', payload('event-grid-cloudevents-image-pushed'), {
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'x-slipway-key': scene.stack.local.hookKey,
  })
  expect(cloud).toMatchObject({ status: 202, json: { accepted: 1 } })
  const own = await scene.hook('event-grid', payload('event-grid-schema-image-pushed'))
  expect(own).toMatchObject({ status: 202, json: { accepted: 1 } })
  const seen = await until('both deliveries are read back', async () => {
    const events = await scene.events()
    const both = events.filter(({ id }) => id === '831e1650-001e-001b-66ab-eeb76e069631@production/pricing')
    return both.length === 2 && both
  })
  const common = {
    source: 'event-grid',
    rollout: 'pricing-1',
    image: 'bimride.azurecr.io/pricing:v1.4.0',
    digest: 'sha256:213bbc182920ab41e18edc2001e06abcca6735d87782d9cef68abd83941cf0e5',
  }
  expect(seen).toMatchObject([common, common])
  expect(seen.map(({ outcome }) => outcome).sort()).toEqual(['duplicate', 'rollout'])
  await ended('pricing')
  expect((await scene.rollouts('pricing')).map(({ id }) => id)).toEqual(['pricing-1'])
})

test('a push of ACR starts a rollout, and the same image announced again under another id is a duplicate', async () => {
  await ended('pricing')
  const push = payload('acr-push') as { id: string }
  expect(await scene.hook('acr', push)).toMatchObject({ status: 202 })
  expect(await eventOf(`${push.id}@production/pricing`)).toMatchObject({ outcome: 'rollout', rollout: 'pricing-2' })
  const again = randomUUID()
  expect(await scene.hook('acr', { ...push, id: again })).toMatchObject({ status: 202 })
  expect(await eventOf(`${again}@production/pricing`)).toMatchObject({
    outcome: 'duplicate',
    reason: expect.stringMatching(/was pushed before as v1\.4\.0/),
  })
})

test('a notification of a Distribution registry starts a rollout for its push and counts the rest', async () => {
  expect(await scene.hook('distribution', payload('distribution-notification'))).toMatchObject({
    status: 202,
    json: { accepted: 2 },
  })
  expect(await eventOf('asdf-asdf-asdf-asdf-2@production/routing')).toMatchObject({
    outcome: 'rollout',
    rollout: 'routing-1',
    image: '127.0.0.1:5000/pricing:v1.4.0',
  })
  const summary = await until('the summary is read back', async () =>
    (await scene.events()).find(({ source, outcome }) => source === 'distribution' && outcome === 'ignored'),
  )
  expect(summary.reason).toMatch(/^2 of 3 events were not pushes of a tagged image: .*a pull/)
})

test.each([
  ['acr-ping', null, /a ping/],
  ['acr-delete', 'afc359ce-df7f-4e32-bdde-1ff8aa80927b', /a deletion/],
  ['acr-chart-push', '6356e9e0-627f-4fed-a7b5-2e1f0c5a7c21', /a chart/],
  ['acr-push-untagged-child-manifest', '0e5f1a0c-21c7-4e8c-9d43-5d1a3f6c7f11', /without a tag/],
])('%s is accepted, ignored, and the reason can be read back', async (name, id, reason) => {
  expect(await scene.hook('acr', payload(name))).toMatchObject({ status: 202, json: { accepted: 1 } })
  const event = await until(`${name} is read back`, async () =>
    (await scene.events()).find((one) => (id === null ? reason.test(one.reason) : one.id === id)),
  )
  expect(event).toMatchObject({ source: 'acr', outcome: 'ignored', reason: expect.stringMatching(reason) })
})

test('an unknown repository and a tag that does not match are answered alike, and ignored with the reason', async () => {
  const stranger = acrPush('registry.example.com', 'nobody/knows', 'v1', freshDigest()) as { id: string }
  const nightly = acrPush('registry.example.com', 'safety', 'nightly', freshDigest()) as { id: string }
  const answers = [await scene.hook('acr', stranger), await scene.hook('acr', nightly)]
  expect(answers.map(({ status, text }) => [status, text])).toEqual([
    [202, '{"accepted":1}'],
    [202, '{"accepted":1}'],
  ])
  expect(await eventOf(stranger.id)).toMatchObject({
    outcome: 'ignored',
    reason: 'no service takes images from registry.example.com/nobody/knows; store a manifest that names it',
  })
  expect(await eventOf(`${nightly.id}@production/safety`)).toMatchObject({
    outcome: 'ignored',
    reason: 'tag nightly does not match v*',
  })
})

test('the same delivery ten times, shuffled among others, is one rollout', async () => {
  const push = acrPush('registry.example.com', 'safety', 'v7', freshDigest()) as { id: string }
  const others = ['acr-ping', 'acr-delete', 'acr-chart-push', 'acr-push-untagged-child-manifest'].map(payload)
  const deliveries = Array.from({ length: 10 }, (_, index) => [push, others[index % others.length]]).flat()
  const shuffled = deliveries.map((body, index) => ({ body, rank: (index * 7) % deliveries.length }))
  shuffled.sort((a, b) => a.rank - b.rank)
  const answers = await Promise.all(shuffled.map(({ body }) => scene.hook('acr', body)))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202))
  const last = acrPush('registry.example.com', 'safety', 'no-match', freshDigest()) as { id: string }
  await until('the queue is empty', async () => {
    const { approximateMessagesCount } = await queue('slipway-intake').getProperties()
    return approximateMessagesCount === 0
  })
  await scene.hook('acr', last)
  await eventOf(`${last.id}@production/safety`)
  const events = (await scene.events()).filter(({ image }) => image === 'registry.example.com/safety:v7')
  expect(new Set(events.map(({ id, rollout }) => `${id} ${rollout}`))).toEqual(
    new Set([`${push.id}@production/safety safety-1`]),
  )
  expect(events.filter(({ outcome }) => outcome === 'rollout')).toHaveLength(1)
  expect(events.filter(({ outcome }) => outcome !== 'rollout').every(({ outcome }) => outcome === 'duplicate')).toBe(
    true,
  )
  expect((await scene.rollouts('safety')).map(({ id }) => id)).toEqual(['safety-1'])
})

test('Event Grid may put its events straight into the queue, in either schema: no hook, no key', async () => {
  await ended('safety')
  const cloud = payload('event-grid-cloudevents-image-pushed') as { data: object }
  const [own] = payload('event-grid-schema-image-pushed') as [{ data: object }]
  for (const [index, envelope] of [cloud, own].entries()) {
    const id = randomUUID()
    const { target, request } = acrPush('registry.example.com', 'safety', `v${20 + index}`, freshDigest()) as {
      target: object
      request: object
    }
    const data = { ...envelope.data, timestamp: new Date().toISOString(), target, request }
    await queue('slipway-events').sendMessage(encoded({ ...envelope, id, data }))
    expect(await eventOf(`${id}@production/safety`)).toMatchObject({
      source: 'event-grid',
      outcome: 'rollout',
      rollout: `safety-${2 + index}`,
      image: `registry.example.com/safety:v${20 + index}`,
    })
    await ended('safety')
  }
})

test('what lies in the queue of Event Grid and is no event is quarantined at once', async () => {
  await queue('slipway-events').sendMessage(encoded({ hello: 'world' }))
  const event = await until('it is read back', async () =>
    (await scene.events()).find(({ reason }) => reason.includes('hello')),
  )
  expect(event).toMatchObject({ source: 'event-grid', outcome: 'quarantined' })
})

test('a message that fails again and again ends as quarantined, and its neighbours go through', async () => {
  await ended('safety')
  await queue('slipway-intake').sendMessage(encoded({ kind: 'push', marker: 'broken-by-hand' }))
  const push = acrPush('registry.example.com', 'safety', 'v30', freshDigest()) as { id: string }
  expect((await scene.hook('acr', push)).status).toBe(202)
  expect(await eventOf(`${push.id}@production/safety`)).toMatchObject({ outcome: 'rollout' })
  const event = await until('it is quarantined', async () =>
    (await scene.events()).find(({ reason }) => reason.includes('broken-by-hand')),
  )
  expect(event).toMatchObject({ source: 'intake', outcome: 'quarantined', image: null, rollout: null })
})

test('a call of the bell that failed for good is let go, whatever it says: the timer makes up for it', async () => {
  const poison = queue('slipway-turns-poison')
  await poison.createIfNotExists()
  for (const call of [{ environment: 'production', at: 1 }, null, 'no call at all', { environment: { x: 1 } }])
    await poison.sendMessage(encoded(call))
  await until('the queue is empty', async () => (await poison.getProperties()).approximateMessagesCount === 0)
  const { json } = await scene.api('/v1/quarantine')
  expect(json?.items).not.toContainEqual(expect.objectContaining({ place: 'slipway-turns' }))
})

test('what is in quarantine is listed, goes back into its queue, and can be dismissed with a reason', async () => {
  const bytes = '{"no":"event","at":1}'
  await queue('slipway-events').sendMessage(Buffer.from(bytes).toString('base64'))
  const standing = async (state: string) => {
    const { json } = await scene.api(`/v1/quarantine?state=${state}`)
    const items = (json?.items ?? []) as readonly {
      readonly id: string
      readonly content: string
      readonly tries: number
    }[]
    return items.find(({ content }) => content === bytes)
  }
  const item = await until('it is in quarantine', () => standing('waiting'))
  expect(item).toMatchObject({ what: 'registry-event', place: 'slipway-events', environment: null, tries: 1 })
  const figures = await scene.api('/metrics')
  expect(figures.text).toMatch(/slipway_quarantined\{environment="none",kind="message"\} [1-9]/)
  const redriven = await scene.api(`/v1/quarantine/${item.id}/redrive`, { method: 'POST' })
  expect(redriven.json).toMatchObject({ outcome: 'queued' })
  const again = await until('it fails again', async () => {
    const found = await standing('waiting')
    return found?.tries === 2 ? found : undefined
  })
  expect(again).toMatchObject({ id: item.id, redriven: { by: expect.any(String) } })
  expect((await scene.api(`/v1/quarantine/${item.id}`, { method: 'DELETE' })).status).toBe(422)
  const dismissed = await scene.api(`/v1/quarantine/${item.id}?reason=not+ours`, { method: 'DELETE' })
  expect(dismissed.status).toBe(204)
  expect(await standing('dismissed')).toMatchObject({ state: 'dismissed', dismissed: { reason: 'not ours' } })
  expect(await standing('waiting')).toBeUndefined()
  const audit = await scene.api('/v1/audit?environment=production&kind=quarantine-dismissed')
  expect(audit.json?.items).toMatchObject([{ detail: { id: item.id }, actor: expect.any(String) }])
  expect((await scene.api('/v1/quarantine/0123456789abcdef')).status).toBe(404)
})

test('no secret stands in any answer, event, audit row or log line of all this', () => scene.expectNoSecrets())
