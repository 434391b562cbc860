import { describe, expect, it } from 'vitest'
import { ignoredOf, pathsOf, payload, pushesOf, RECEIVED, read, withValue } from './fixtures.ts'

const PUSH = payload('acr-push')

describe('an ACR webhook', () => {
  it('with a tagged image is a push', () => {
    expect(read('acr', PUSH)).toEqual({
      kind: 'deliveries',
      deliveries: [
        {
          kind: 'push',
          receivedAt: RECEIVED,
          push: {
            registry: 'bimride.azurecr.io',
            repository: 'pricing',
            tag: 'v1.4.0',
            digest: 'sha256:80f0d5c8786bb9e621a45ece0db56d11cdc624ad20da9fe62e9d25490f331d7d',
            pushedAt: Date.UTC(2023, 10, 17, 16, 52, 1, 343),
            eventId: 'cb8c3971-9adc-488b-a1b2-43cbb4974ff5',
            source: 'acr',
            author: null,
          },
        },
      ],
    })
  })

  it.each([
    ['acr-push-untagged-child-manifest', 'without a tag', 'bimride.azurecr.io/pricing'],
    ['acr-ping', 'ping', null],
    ['acr-delete', 'deletion', 'bimride.azurecr.io/pricing'],
    ['acr-chart-push', 'chart', 'repo:wordpress-5.4.0.tgz'],
  ])('%s is ignored, and the reason says "%s"', (name, reason, image) => {
    const reading = read('acr', payload(name))
    expect(ignoredOf(reading)).toMatchObject([{ outcome: 'ignored', source: 'acr', receivedAt: RECEIVED, image }])
    expect(ignoredOf(reading)[0]?.reason).toContain(reason)
    expect(pushesOf(reading)).toEqual([])
  })

  it.each([
    [['action'], 'quarantine', 'quarantine'],
    [['action'], 'chart_delete', 'chart'],
    [['action'], 'mirror', 'mirror'],
    [['target', 'tag'], '', 'without a tag'],
    [['target', 'mediaType'], 'application/vnd.acr.helm.chart', 'not the manifest of an image'],
  ])('with %j of %s is ignored', (path, value, reason) => {
    expect(ignoredOf(read('acr', withValue(PUSH, path, value)))[0]?.reason).toContain(reason)
  })

  it.each([
    'application/vnd.docker.distribution.manifest.list.v2+json',
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.oci.image.index.v1+json',
  ])('with the media type %s is a push', (type) => {
    expect(pushesOf(read('acr', withValue(PUSH, ['target', 'mediaType'], type)))).toHaveLength(1)
  })

  it.each<[string, unknown]>([
    ['target.repository', '../admin'],
    ['target.repository', 'Pricing'],
    ['target.repository', "pricing' or 1 eq 1"],
    ['target.repository', 'a'.repeat(256)],
    ['target.repository', 7],
    ['target.tag', 'v1;rm -rf'],
    ['target.tag', 'x'.repeat(129)],
    ['target.tag', ['v1']],
    ['target.digest', 'sha256:80F0'],
    ['target.digest', `sha512:${'0'.repeat(64)}`],
    ['target.digest', undefined],
    ['target.mediaType', undefined],
    ['target', undefined],
    ['request', undefined],
    ['request.host', 'https://bimride.azurecr.io'],
    ['request.host', 'evil_host.azurecr.io'],
    ['request.host', 'bimride.azurecr.io/../x'],
    ['request.host', 'x'.repeat(300)],
    ['timestamp', 'yesterday'],
    ['timestamp', 5],
    ['id', 'two\nlines'],
    ['id', 'x'.repeat(201)],
    ['action', undefined],
    ['action', { push: true }],
    ['action', 'x'.repeat(65)],
  ])('is refused at %s when that is %j', (path, value) => {
    expect(pathsOf(read('acr', withValue(PUSH, path.split('.'), value)))).toEqual([path])
  })

  it('tells all that is wrong at once', () => {
    const body = withValue(withValue(PUSH, ['target', 'tag'], '-'), ['target', 'digest'], 'x')
    expect(pathsOf(read('acr', body))).toEqual(['target.tag', 'target.digest'])
  })

  it('has its host in lower case, port and all', () => {
    expect(pushesOf(read('acr', withValue(PUSH, ['request', 'host'], 'Bimride.AzureCR.io:8443')))[0]?.registry).toBe(
      'bimride.azurecr.io:8443',
    )
  })

  it.each([
    ['is missing', undefined],
    ['is the zero of Go', '0001-01-01T00:00:00Z'],
    ['runs far ahead', '2999-01-01T00:00:00Z'],
  ])('counts as pushed when received where its moment %s', (_, timestamp) => {
    expect(pushesOf(read('acr', withValue(PUSH, ['timestamp'], timestamp)))[0]?.pushedAt).toBe(RECEIVED)
  })

  it('keeps a moment that is a little ahead', () => {
    const at = RECEIVED + 60_000
    expect(pushesOf(read('acr', withValue(PUSH, ['timestamp'], new Date(at).toISOString())))[0]?.pushedAt).toBe(at)
  })

  it('without an id gets one that is the same at the second delivery and differs for another image', () => {
    const nameless = withValue(PUSH, ['id'], undefined)
    const [first] = pushesOf(read('acr', nameless))
    expect(first?.eventId).toMatch(/^acr-[0-9a-f]{32}$/)
    expect(pushesOf(read('acr', structuredClone(nameless)))[0]?.eventId).toBe(first?.eventId)
    expect(pushesOf(read('acr', withValue(nameless, ['target', 'tag'], 'v2')))[0]?.eventId).not.toBe(first?.eventId)
  })

  it('that is ignored names no image longer than an image may be', () => {
    const long = withValue(payload('acr-delete'), ['target', 'repository'], 'a'.repeat(256))
    expect(ignoredOf(read('acr', long))).toMatchObject([{ image: null }])
  })

  it('that is ignored keeps its id at the second delivery', () => {
    const ids = [payload('acr-delete'), payload('acr-delete'), payload('acr-ping'), payload('acr-ping')].map(
      (body) => ignoredOf(read('acr', body))[0]?.id,
    )
    expect(ids[0]).toBe('afc359ce-df7f-4e32-bdde-1ff8aa80927b')
    expect(ids[1]).toBe(ids[0])
    expect(ids[2]).toMatch(/^acr-[0-9a-f]{32}$/)
    expect(ids[3]).toBe(ids[2])
  })

  it.each([null, 'push', 7, [], [{ action: 'push' }], {}])('that is %j is refused', (body) => {
    expect(read('acr', body).kind).toBe('issues')
  })
})
