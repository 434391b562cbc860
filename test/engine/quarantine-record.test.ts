import { describe, expect, test } from 'vitest'
import { type Quarantined, quarantinedAs, type Suspect } from '../../lib/core/quarantine.ts'
import { quarantine, sift } from '../../lib/engine/quarantine.ts'
import { quarantineMeters, waitingIn } from '../../lib/engine/quarantine-meters.ts'
import { quarantineView } from '../../lib/engine/quarantine-view.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { EventRecord, Quarantine } from '../../lib/ports.ts'
import { T0 } from '../support/builders.ts'

const digest = (text: string) => `${text.length} `.repeat(20)

/** Where messages are written down; all that is done, in its order. `broken`: what the catalogue says to a push. */
function given(broken: unknown = new TypeError('x is no list')) {
  const done: unknown[] = []
  const wheel = {
    clock: { now: () => T0 },
    digest,
    events: { record: async (records: readonly EventRecord[]) => void done.push(...records) },
    catalogue: { servicesFor: () => Promise.reject(broken) },
  } as unknown as Wheel
  const admit = async (suspect: Suspect) => {
    done.push(suspect)
    return quarantinedAs('q-1', suspect, null, T0)
  }
  return { wheel, done, shelf: { ward: { admit }, queue: 'slipway-intake' } }
}

const recordOf = (text: string, reason: string, source = 'intake') => ({
  id: `quarantined-${digest(text).slice(0, 32)}`,
  receivedAt: T0,
  source,
  outcome: 'quarantined',
  reason,
  image: null,
  digest: null,
  entityId: null,
  rollout: null,
})
const suspectOf = (content: string, why: string, what: Suspect['what'] = 'delivery') => ({
  kind: 'message',
  what,
  place: 'slipway-intake',
  environment: null,
  service: null,
  field: null,
  why,
  holds: false,
  content,
})

describe('a message that cannot be acted on', () => {
  test('is kept where it can be sent again from, and then seen among the events', async () => {
    const { wheel, done, shelf } = given()
    const record = recordOf('{"n":1}', 'it could not be acted on; it began with "{\\"n\\":1}"')
    expect(await quarantine(wheel, 'intake', { n: 1 }, shelf)).toEqual(record)
    expect(done).toEqual([suspectOf('{"n":1}', 'it could not be acted on'), record])
  })

  test('is only seen among the events where it is kept nowhere', async () => {
    const { wheel, done } = given()
    const record = recordOf('abc', 'it is no event; it began with "abc"', 'event-grid')
    expect(await quarantine(wheel, 'event-grid', 'abc', null, 'it is no event')).toEqual(record)
    expect(done).toEqual([record])
  })

  test('is an event of a registry where it did not come through our own queue', async () => {
    const { wheel, done, shelf } = given()
    await quarantine(wheel, 'event-grid', 'abc', shelf, 'it is no event')
    expect(done[0]).toEqual(suspectOf('abc', 'it is no event', 'registry-event'))
  })

  test('is shown by its beginning, and kept whole', async () => {
    const { wheel, done, shelf } = given()
    const text = 'x'.repeat(201)
    expect((await quarantine(wheel, 'intake', text, shelf)).reason).toBe(
      `it could not be acted on; it began with "${'x'.repeat(200)}"`,
    )
    expect(done[0]).toMatchObject({ content: text })
  })

  test('is told of also where there are no words for it', async () => {
    const { wheel, done, shelf } = given()
    const circle: unknown[] = []
    circle.push(circle)
    await quarantine(wheel, 'intake', circle, shelf)
    await quarantine(wheel, 'intake', undefined, shelf)
    expect(done).toMatchObject([
      { content: 'something that nests too deep to be written' },
      { reason: 'it could not be acted on; it began with "something that nests too deep to be written"' },
      { content: '' },
      { reason: 'it could not be acted on; it began with ""' },
    ])
  })
})

test.each<[string, unknown, string]>([
  ['an error of ours', new TypeError('x is no list'), 'it could not be acted on (TypeError: x is no list)'],
  ['a fault', new Fault('malformed', 'the row is broken'), 'the row is broken'],
  ['an error with a secret', new Error('AccountKey=c2VjcmV0;x'), 'it could not be acted on (Error: AccountKey=***;x)'],
  ['something that is no error', 'oh', 'it could not be acted on'],
])('deliveries are tried one last time, each alone, and what fails is written down: %s', async (_, thrown, why) => {
  const { wheel, done, shelf } = given(thrown)
  const push = { kind: 'push', push: { repository: 'pricing', digest: 'sha256:1', tag: 'v2' }, receivedAt: 1 }
  const ignored = { kind: 'ignored', record: { id: 'e-1' } }
  const text = JSON.stringify(push)
  const record = recordOf(text, `${why}; it began with ${JSON.stringify(text)}`)
  expect(await sift(wheel, 'intake', [push, ignored, push], shelf)).toEqual([record, record])
  expect(done).toEqual([suspectOf(text, why), record, { id: 'e-1' }, suspectOf(text, why), record])
})

test('the count of what waits is told by environment and kind, over all pages', async () => {
  const suspect = { ...suspectOf('{}', 'x'), kind: 'row', environment: 'production' } as Suspect
  const item = (changes: Partial<Quarantined>) => ({
    item: { ...quarantinedAs('q', suspect, null, T0), ...changes },
    token: 1,
  })
  const pages = [
    [item({}), item({ kind: 'service' }), item({ state: 'dismissed' })],
    [item({}), item({ releasedAt: T0 }), item({ state: 'redriven', kind: 'message' })],
  ]
  const asked: unknown[] = []
  const items: Quarantine['items'] = async (...of) => {
    asked.push(of)
    if (of[0] === null) return { items: [item({ kind: 'message' })], next: null }
    return { items: pages[Number(of[2] ?? '0')] ?? [], next: of[2] === null ? '1' : null }
  }
  const sample = (environment: string, kind: string, value: number) => ({ labels: { environment, kind }, value })
  expect(await quarantineMeters({ items } as Quarantine, ['production'])).toEqual([
    {
      name: 'slipway_quarantined',
      help: 'Rows that cannot be read, messages that cannot be acted on, and services that break our own code.',
      type: 'gauge',
      samples: [
        sample('production', 'row', 2),
        sample('production', 'message', 0),
        sample('production', 'service', 1),
        sample('none', 'row', 0),
        sample('none', 'message', 1),
        sample('none', 'service', 0),
      ],
    },
  ])
  expect(await waitingIn({ items }, 'production')).toEqual(['row', 'service', 'row'])
  expect(asked.slice(0, 3)).toEqual([
    ['production', 1000, null],
    [null, 1000, null],
    ['production', 1000, '1'],
  ])
})

test('an item leaves the house with its times in words, and in a list with the beginning of its content', () => {
  const content = `${'x'.repeat(199)}😀`
  const {
    reasons: _,
    owed: __,
    tellings: ___,
    schema: ____,
    ...seen
  } = quarantinedAs('q-1', suspectOf(content, 'no push') as Suspect, null, T0)
  const at = '2026-11-21T12:00:00.000Z'
  const item: Quarantined = { ...seen, schema: 1 }
  expect(quarantineView(item, true)).toEqual({ ...seen, since: at, triedAt: at })
  expect(quarantineView(item, false).content).toBe(`${'x'.repeat(199)}\ufffd`)
  const gone = { ...item, content: null, nextTryAt: T0, redriven: { by: 'bo', at: T0 } }
  expect(quarantineView({ ...gone, dismissed: { by: 'kim', at: T0, reason: 'old' } }, false)).toEqual({
    ...seen,
    content: null,
    since: at,
    triedAt: at,
    nextTryAt: at,
    redriven: { by: 'bo', at },
    dismissed: { by: 'kim', at, reason: 'old' },
  })
})
