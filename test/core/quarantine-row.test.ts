import { describe, expect, test } from 'vitest'
import { nameOfSuspect, plainWords, quarantinedAs, type Suspect } from '../../lib/core/quarantine.ts'
import { owing, type QuarantineKind, quarantineRow, toldWith, withoutPaid } from '../../lib/core/quarantine-row.ts'
import { T0 } from '../support/state.ts'

const DAY = 86_400_000
const ROW: Suspect = {
  kind: 'row',
  what: 'service',
  place: 'State/production/s!pricing',
  environment: 'production',
  service: 'pricing',
  field: 'schema',
  why: 'schema 2, known is 1',
  holds: true,
  content: null,
}
const MESSAGE: Suspect = { ...ROW, kind: 'message', what: 'delivery', place: 'slipway-intake', content: '{}' }
const SERVICE: Suspect = { ...ROW, kind: 'service', what: 'turn', place: 'production/pricing', why: 'TypeError: x' }
const kept = (suspect: Suspect) => quarantinedAs('q-1', suspect, null, T0)

describe('a row of the audit about what is in quarantine', () => {
  const KINDS = ['quarantine-added', 'quarantine-redriven', 'quarantine-over', 'quarantine-dismissed'] as const
  const breaks =
    "the turn of production/pricing breaks Slipway's own code; its traffic stays where it is, and it is tried again"
  test.each<[string, Suspect, Readonly<Record<QuarantineKind, string>>]>([
    [
      'a row',
      ROW,
      {
        'quarantine-added':
          'the service row State/production/s!pricing is left out until it can be read: schema 2, known is 1',
        'quarantine-redriven': 'the service row State/production/s!pricing is tried again',
        'quarantine-over': 'the service row State/production/s!pricing can be read again, or is gone',
        'quarantine-dismissed': 'nobody waits for the service row State/production/s!pricing any more',
      },
    ],
    [
      'a message',
      MESSAGE,
      {
        'quarantine-added':
          'a message of slipway-intake is left out until somebody sends it again: schema 2, known is 1',
        'quarantine-redriven': 'a message of slipway-intake is tried again',
        'quarantine-over': 'a message of slipway-intake can be read again, or is gone',
        'quarantine-dismissed': 'nobody waits for a message of slipway-intake any more',
      },
    ],
    [
      'a service',
      SERVICE,
      {
        'quarantine-added': `${breaks} with growing pauses: TypeError: x`,
        'quarantine-redriven': 'the turn of production/pricing is tried again',
        'quarantine-over': 'the turn of production/pricing succeeds again',
        'quarantine-dismissed': 'nobody waits for the turn of production/pricing any more',
      },
    ],
  ])('says of %s what happened to it, and what a person gave as the reason', (_, suspect, notes) => {
    for (const kind of KINDS) expect(quarantineRow(kind, kept(suspect), 'ada').notes).toBe(notes[kind])
    for (const kind of ['quarantine-redriven', 'quarantine-dismissed'] as const)
      expect(quarantineRow(kind, kept(suspect), 'ada', 'the shop is closed').notes).toBe(
        `${notes[kind]}: the shop is closed`,
      )
  })

  test('says that a service whose canary may have users is tried at every look', () => {
    expect(quarantineRow('quarantine-added', kept({ ...SERVICE, mayGoBack: true }), 'slipway').notes).toBe(
      `${breaks} at every look: TypeError: x`,
    )
  })

  test('shows a place with marks in it as a terminal may show it', () => {
    const marked = (suspect: Suspect) => quarantineRow('quarantine-redriven', kept(suspect), 'ada').notes
    expect(marked({ ...ROW, place: 'a\u001bb' })).toBe('the service row a\\u001bb is tried again')
    expect(marked({ ...MESSAGE, place: 'a\u001bb' })).toBe('a message of a\\u001bb is tried again')
    expect(marked({ ...SERVICE, place: 'a\u001bb' })).toBe('the turn of a\\u001bb is tried again')
  })

  test('has nothing of a rollout, and all that names the item', () => {
    expect(quarantineRow('quarantine-added', { ...kept(ROW), tries: 4 }, 'slipway')).toEqual({
      kind: 'quarantine-added',
      metric: 'quarantine',
      value: 4,
      notes: 'the service row State/production/s!pricing is left out until it can be read: schema 2, known is 1',
      actor: 'slipway',
      rollout: null,
      step: null,
      weightsBefore: null,
      weightsAfter: null,
      evidence: [],
      detail: {
        id: 'q-1',
        what: 'service',
        place: 'State/production/s!pricing',
        service: 'pricing',
        field: 'schema',
        why: 'schema 2, known is 1',
        since: T0,
        tries: 4,
      },
    })
  })
})

describe('what the audit is owed', () => {
  const row = quarantineRow('quarantine-added', kept(ROW), 'slipway')
  const both = ['production', 'staging']

  test('has an id of its own for each telling, also of an item of an older build', () => {
    const { owed: _, tellings: __, ...old } = kept(ROW)
    const once = owing(old, row, both, T0)
    expect(once).toEqual({ ...old, owed: [{ id: `q-1 ${T0} 1`, row, environments: both }], tellings: 1 })
    expect(owing(once, row, ['staging'], T0 + 1)).toEqual({
      ...old,
      owed: [...(once.owed ?? []), { id: `q-1 ${T0 + 1} 2`, row, environments: ['staging'] }],
      tellings: 2,
    })
  })

  test('is what nobody has written down yet, environment by environment', () => {
    const item = owing(owing(kept(ROW), row, both, T0), row, both, T0)
    const [one, other] = [`q-1 ${T0} 1`, `q-1 ${T0} 2`]
    const left = (paid: readonly (readonly [string, readonly string[]])[]) =>
      withoutPaid(item, new Map(paid.map(([id, environments]) => [id, new Set(environments)]))).owed?.map(
        ({ id, environments }) => [id, environments],
      )
    expect(left([])).toEqual([
      [one, both],
      [other, both],
    ])
    expect(left([[one, ['staging']]])).toEqual([
      [one, ['production']],
      [other, both],
    ])
    expect(left([[one, both]])).toEqual([[other, both]])
    expect(
      left([
        [one, both],
        [other, both],
      ]),
    ).toEqual([])
    const { owed: _, ...old } = kept(ROW)
    expect(withoutPaid(old, new Map()).owed).toEqual([])
  })

  test('was told before where its id is remembered, for three days', () => {
    const told = [
      { id: 'late', at: T0 - 1 },
      { id: 'edge', at: T0 - 3 * DAY + 1 },
      { id: 'gone', at: T0 - 3 * DAY },
    ]
    expect(toldWith(told, 'late', T0)).toBeNull()
    expect(toldWith(told, 'gone', T0)).toBeNull()
    expect(toldWith(told, 'new', T0)).toEqual([{ id: 'new', at: T0 }, told[0], told[1]])
  })

  test('is remembered for the newest two hundred at most', () => {
    const told = Array.from({ length: 200 }, (_, n) => ({ id: `${n}`, at: T0 - n }))
    expect(toldWith(told.slice(0, 199), 'new', T0)).toHaveLength(200)
    expect(toldWith(told, 'new', T0)).toEqual([{ id: 'new', at: T0 }, ...told.slice(0, 199)])
  })
})

describe('a suspect', () => {
  test('is named by its place, and a message by what it says as well', () => {
    expect([ROW, MESSAGE, SERVICE].map(nameOfSuspect)).toEqual([
      'State/production/s!pricing',
      'slipway-intake\n{}',
      'turn production/pricing',
    ])
  })

  test('is kept under its id, with words that can be shown and a message as it came', () => {
    const bad = 'a\u0000\u202e\u2028\u2029b'
    const item = kept({ ...MESSAGE, why: bad, field: bad, content: bad, mayGoBack: true })
    expect(item).toMatchObject({ schema: 1, id: 'q-1', content: bad, mayGoBack: true, redriven: null, dismissed: null })
    expect([item.why, item.field]).toEqual(Array(2).fill('a\\u0000\\u202e\\u2028\\u2029b'))
    expect(kept({ ...ROW, field: null })).toMatchObject({ field: null, content: null })
  })

  test('has no more words than people read, and no more of a message than a queue takes', () => {
    const item = kept({ ...MESSAGE, why: 'w'.repeat(1_001), content: 'c'.repeat(65_537) })
    expect([item.why, item.content]).toEqual(['w'.repeat(1_000), 'c'.repeat(65_536)])
    expect(plainWords(`${'w'.repeat(999)}😀`)).toBe(`${'w'.repeat(999)}\ufffd`)
  })
})
