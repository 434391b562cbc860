import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DIGEST, REGISTRY_HOST, REPOSITORY, TAG } from '../../../lib/schema/grammar.ts'
import { isPushSource, type PushSource, readPush } from '../../../lib/schema/push/index.ts'
import { runs } from '../../support/runs.ts'
import { ignoredOf, pathsOf, payload, pushesOf, RECEIVED, read, withValue } from './fixtures.ts'

const SOURCES: readonly PushSource[] = ['acr', 'event-grid', 'distribution']

const source = fc.constantFrom(...SOURCES)

/** Real bodies with the paths of their telling parts. */
const REAL = [
  { source: 'acr', body: payload('acr-push'), event: [] },
  { source: 'event-grid', body: payload('event-grid-cloudevents-image-pushed'), event: ['data'] },
  { source: 'event-grid', body: payload('event-grid-schema-image-pushed'), event: [0, 'data'] },
  { source: 'distribution', body: payload('distribution-notification'), event: ['events', 2] },
] as const

const PARTS = [
  ['target', 'repository'],
  ['target', 'tag'],
  ['target', 'digest'],
  ['target', 'mediaType'],
  ['request', 'host'],
  ['target'],
  ['request'],
  ['id'],
  ['timestamp'],
  ['action'],
] as const

const NASTY = [
  "x' or PartitionKey ne '",
  '../../etc/passwd',
  'a/../b',
  '$(id)',
  '`id`',
  '<script>alert(1)</script>',
  'x\r\nSet-Cookie: a=b',
  '\u202epricing',
  '__proto__',
  'https://169.254.169.254/',
  '169.254.169.254/latest',
  'user@host',
  '=1+1',
  'ｐricing',
  'a'.repeat(100_000),
]

const hostile = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary', maxLength: 400 }), fc.constantFrom(...NASTY))

describe('the author of a push', () => {
  const acr = payload('acr-push')
  it.each([
    [{ name: 'ada@example.com' }, 'ada@example.com'],
    [{ name: '  ada ' }, 'ada'],
    [{ name: '' }, null],
    [{ name: 'turned \u202e round' }, 'turned \ufffd round'],
    [{ name: 7 }, null],
    [{}, null],
    ['ada', null],
    [null, null],
  ])('of actor %j is %j, and the push counts all the same', (actor, author) => {
    expect(pushesOf(read('acr', { ...(acr as object), actor }))).toMatchObject([{ tag: 'v1.4.0', author }])
  })
})

describe('a body', () => {
  it('never makes a reader throw, whatever it is', () => {
    fc.assert(
      fc.property(source, fc.jsonValue({ maxDepth: 6 }), (from, body) => typeof read(from, body).kind === 'string'),
      runs(1000),
    )
  })

  it('never lets a hostile name through, wherever in a real body it stands', () => {
    fc.assert(
      fc.property(fc.constantFrom(...REAL), fc.constantFrom(...PARTS), hostile, (real, part, value) => {
        const reading = read(real.source, withValue(real.body, [...real.event, ...part], value))
        for (const push of pushesOf(reading)) {
          expect(push.registry).toMatch(REGISTRY_HOST)
          expect(push.repository).toMatch(REPOSITORY)
          expect(push.tag).toMatch(TAG)
          expect(push.digest).toMatch(DIGEST)
          expect(push.eventId).toMatch(/^[\x21-\x7e]{1,200}$/)
          expect(Number.isSafeInteger(push.pushedAt)).toBe(true)
        }
        for (const record of ignoredOf(reading)) {
          expect(record.id).toMatch(/^[\x21-\x7e]{1,200}$/)
          expect(record.image ?? 'a').toMatch(/^[a-z0-9.:_/-]+(:[A-Za-z0-9_][A-Za-z0-9._-]*)?$/)
          expect(record.digest ?? `sha256:${'0'.repeat(64)}`).toMatch(DIGEST)
          expect(record.reason).not.toMatch(/[\p{Cc}\p{Cf}]/u)
          expect(record.reason.length).toBeLessThan(1000)
        }
      }),
      runs(1500),
    )
  })

  it('is read the same every time', () => {
    fc.assert(
      fc.property(source, fc.jsonValue(), (from, body) => {
        expect(read(from, body)).toEqual(read(from, structuredClone(body)))
      }),
    )
  })

  it.each(SOURCES)('of %s that is nested without end is refused', (from) => {
    const text = `${'['.repeat(5000)}${']'.repeat(5000)}`
    expect(read(from, JSON.parse(text))).toEqual({
      kind: 'issues',
      issues: [{ path: '', message: 'is nested deeper than 16 levels' }],
    })
    expect(read('event-grid', text).kind).toBe('issues')
  })

  it('with more values than any sender has is refused', () => {
    expect(pathsOf(read('acr', { action: 'ping', junk: Array.from({ length: 50_001 }, () => 0) }))).toEqual([''])
  })
})

it('the sources are three, and no other word is one', () => {
  expect(SOURCES.every(isPushSource)).toBe(true)
  expect(isPushSource('constructor')).toBe(false)
  expect(isPushSource('docker-hub')).toBe(false)
})

it('headers do not change what a body says', () => {
  const context = { receivedAt: RECEIVED, headers: { 'x-registry': 'elsewhere.example.com' } }
  expect(readPush('acr', payload('acr-push'), context)).toEqual(read('acr', payload('acr-push')))
})
