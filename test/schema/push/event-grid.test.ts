import { describe, expect, it } from 'vitest'
import { ignoredOf, pathsOf, payload, pushesOf, RECEIVED, read, withValue } from './fixtures.ts'

const CLOUD = payload('event-grid-cloudevents-image-pushed')
const GRID = payload('event-grid-schema-image-pushed') as unknown as Record<string, unknown>[]
const HANDSHAKE = payload('event-grid-subscription-validation')

const PUSH = {
  registry: 'bimride.azurecr.io',
  repository: 'pricing',
  tag: 'v1.4.0',
  digest: 'sha256:213bbc182920ab41e18edc2001e06abcca6735d87782d9cef68abd83941cf0e5',
  pushedAt: Date.UTC(2018, 3, 25, 21, 39, 47, 276),
  eventId: '831e1650-001e-001b-66ab-eeb76e069631',
  source: 'event-grid',
  author: null,
}

describe('Event Grid', () => {
  it.each<[string, unknown]>([
    ['a CloudEvent', CLOUD],
    ['a batch of one CloudEvent', [CLOUD]],
    ['a list in its own schema', GRID],
    ['one event in its own schema, as it lies in a queue', GRID[0]],
    ['the text of a queue message', JSON.stringify(GRID[0])],
    ['the text of a queue message in base64', Buffer.from(JSON.stringify(CLOUD)).toString('base64')],
  ])('with %s brings the push', (_, body) => {
    expect(pushesOf(read('event-grid', body))).toEqual([PUSH])
  })

  it('with a batch brings each push and writes down the rest', () => {
    const other = { ...CLOUD, id: 'second', type: 'Microsoft.ContainerRegistry.ImageDeleted' }
    const reading = read('event-grid', [CLOUD, other, { ...CLOUD, id: 'third' }])
    expect(pushesOf(reading).map(({ eventId }) => eventId)).toEqual([PUSH.eventId, 'third'])
    expect(ignoredOf(reading)).toMatchObject([{ id: 'second', source: 'event-grid', outcome: 'ignored' }])
  })

  it.each([
    ['Microsoft.ContainerRegistry.ImageDeleted', 'deletion'],
    ['Microsoft.ContainerRegistry.ChartPushed', 'chart'],
    ['Microsoft.ContainerRegistry.ChartDeleted', 'chart'],
    ['Microsoft.EventGrid.SubscriptionDeletedEvent', 'subscription was deleted'],
    ['Microsoft.Storage.BlobCreated', 'Microsoft.Storage.BlobCreated'],
  ])('with %s is ignored, and the reason says "%s"', (type, reason) => {
    expect(ignoredOf(read('event-grid', { ...CLOUD, type }))[0]?.reason).toContain(reason)
    expect(ignoredOf(read('event-grid', [{ ...GRID[0], eventType: type }]))[0]?.reason).toContain(reason)
  })

  it('with an untagged image is ignored under the id of the event', () => {
    const [record] = ignoredOf(read('event-grid', withValue(CLOUD, ['data', 'target', 'tag'], undefined)))
    expect(record).toMatchObject({ id: PUSH.eventId, image: 'bimride.azurecr.io/pricing', digest: PUSH.digest })
  })

  it('asks for a handshake, which is a result of its own', () => {
    expect(read('event-grid', HANDSHAKE)).toEqual({
      kind: 'handshake',
      validationCode: '512d38b6-c7b8-40c8-89fe-f46f9e9622b6',
      topic:
        '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rides/providers/Microsoft.ContainerRegistry/registries/bimride',
    })
  })

  it.each([
    [[0, 'data', 'validationCode'], 'a b', 'data.validationCode'],
    [[0, 'data', 'validationCode'], 'x'.repeat(201), 'data.validationCode'],
    [[0, 'data'], undefined, 'data'],
    [[0, 'topic'], 7, 'topic'],
  ])('with a handshake whose %j is %j is refused', (path, value, issue) => {
    expect(pathsOf(read('event-grid', withValue(HANDSHAKE, path, value)))).toEqual([issue])
  })

  it('with a handshake among other events answers none', () => {
    const reading = read('event-grid', [CLOUD, (HANDSHAKE as unknown as unknown[])[0]])
    expect(pushesOf(reading)).toHaveLength(1)
    expect(ignoredOf(reading)[0]?.reason).toContain('handshake')
  })

  it('with one bad event among good ones keeps the good ones and writes the bad one down', () => {
    const bad = withValue({ ...CLOUD, id: 'bad' }, ['data', 'target', 'repository'], '../x')
    const reading = read('event-grid', [bad, CLOUD])
    expect(pushesOf(reading)).toEqual([PUSH])
    expect(ignoredOf(reading)).toMatchObject([{ id: 'bad', image: null }])
    expect(ignoredOf(reading)[0]?.reason).toContain('data.target.repository')
  })

  it.each<[string, unknown, string[]]>([
    ['a bad digest', withValue(CLOUD, ['data', 'target', 'digest'], 'x'), ['data.target.digest']],
    ['a bad tag in a list', withValue(GRID, [0, 'data', 'target', 'tag'], '?'), ['[0].data.target.tag']],
    ['no id', withValue(CLOUD, ['id'], undefined), ['id']],
    ['no type', withValue(CLOUD, ['type'], undefined), ['']],
    ['no data', withValue(CLOUD, ['data'], undefined), ['data']],
    ['text that is no JSON', 'hello', ['']],
    ['a number', 7, ['']],
    ['nested lists', [[[[]]]], ['[0]']],
  ])('with %s is refused', (_, body, paths) => {
    expect(pathsOf(read('event-grid', body))).toEqual(paths)
  })

  it('takes the time of the envelope where the data has none', () => {
    const [push] = pushesOf(read('event-grid', withValue(CLOUD, ['data', 'timestamp'], undefined)))
    expect(push?.pushedAt).toBe(Date.UTC(2018, 3, 25, 21, 39, 47, 654))
    const bare = withValue(withValue(CLOUD, ['data', 'timestamp'], undefined), ['time'], 5)
    expect(pushesOf(read('event-grid', bare))[0]?.pushedAt).toBe(RECEIVED)
  })

  it('with an empty list has nothing to deliver', () => {
    expect(read('event-grid', [])).toEqual({ kind: 'deliveries', deliveries: [] })
  })
})
