import { describe, expect, test } from 'vitest'
import { type Quarantined, quarantinedAs, type Suspect } from '../../lib/core/quarantine.ts'
import { quarantineRow } from '../../lib/core/quarantine-row.ts'
import { createInfirmary, type Outcome } from '../../lib/engine/infirmary.ts'
import { Fault } from '../../lib/errors.ts'
import { createSimQuarantine } from '../../sim/store-quarantine.ts'
import { T0 } from '../support/builders.ts'

const MINUTE = 60_000
const SICK: Suspect = {
  kind: 'service',
  what: 'turn',
  place: 'production/pricing',
  environment: 'production',
  service: 'pricing',
  field: null,
  why: 'TypeError: x is not iterable',
  holds: false,
  content: null,
  mayGoBack: true,
}
const itemOf = (name: string, changes: Partial<Quarantined> = {}): Quarantined => ({
  ...quarantinedAs(`q-${name}`, { ...SICK, service: name }, null, T0),
  ...changes,
})
const BROKEN: Outcome = { name: 'pricing', result: 'broken', error: new TypeError('x is not iterable') }

/** An infirmary that knows these items, and what it asked for: suspects that it admitted, items that it released. */
async function given(items: readonly Quarantined[] = []) {
  const sim = createSimQuarantine(() => null)
  for (const item of items) await sim.keep(item, null)
  const said = { finds: 0, keeps: 0, isRacing: false }
  const [admitted, released, remembered]: [Suspect[], unknown[], Quarantined[]] = [[], [], []]
  const drop = async (item: Quarantined) => sim.remove(item, 1)
  const known = new Map(items.map((item) => [item.service ?? '', item]))
  const infirmary = createInfirmary({
    quarantine: {
      find: async (...place) => {
        said.finds += 1
        return sim.find(...place)
      },
      keep: async (...change) => {
        said.keeps += 1
        return said.isRacing ? 'conflict' : sim.keep(...change)
      },
    },
    clock: { now: () => T0 },
    ailingIn: async (environment) => (environment === 'production' ? known : new Map()),
    admit: async (suspect) => {
      admitted.push(suspect)
      return itemOf('pricing')
    },
    release: async (...given) => released.push(given),
    remember: (item) => remembered.push(item),
    attempted: async (work) => void (await work()),
  })
  const note = (...turned: readonly Outcome[]) => infirmary.note('production', turned)
  return { infirmary, note, drop, said, admitted, released, remembered, known }
}

describe('a turn that breaks', () => {
  test('is written down the third time in a row, with all that is known of it', async () => {
    const { note, admitted } = await given()
    await note(BROKEN)
    await note(BROKEN)
    expect(admitted).toEqual([])
    await note(BROKEN)
    expect(admitted).toEqual([SICK])
    await note({ ...BROKEN, mayGoBack: false })
    expect(admitted[1]).toEqual({ ...SICK, mayGoBack: false })
  })

  test.each<[string, unknown, string | null]>([
    ['an error of ours', new RangeError('too deep'), 'RangeError: too deep'],
    ['what nobody can store', new Fault('malformed', 'the change is too large'), 'Fault: the change is too large'],
    ['something that is no error', 'oh', 'what was thrown is no error'],
    ['an error with a secret in it', new Error('AccountKey=c2VjcmV0c2VjcmV0;x'), 'Error: AccountKey=***;x'],
    ['storage that is away', new Fault('unavailable', 'storage is away'), null],
    ['a refusal', new Fault('denied', 'no right'), null],
  ])('is told of by its reason, if it is ours: %s', async (_, error, why) => {
    const { note, admitted } = await given()
    for (let n = 0; n < 3; n += 1) await note({ ...BROKEN, error })
    expect(admitted.map((suspect) => suspect.why)).toEqual(why === null ? [] : [why])
  })

  test.each<[Outcome['result'], boolean]>([
    ['saved', false],
    ['nothing', false],
    ['lost', true],
    ['left', true],
  ])('counts on after one that is %s: %s', async (result, goesOn) => {
    const { note, admitted } = await given()
    await note(BROKEN)
    await note(BROKEN)
    await note({ ...BROKEN, result })
    expect(admitted).toEqual([])
    await note(BROKEN)
    expect(admitted).toHaveLength(goesOn ? 1 : 0)
    await note(BROKEN)
    await note(BROKEN)
    expect(admitted).toHaveLength(goesOn ? 3 : 1)
  })

  test('is counted for each service, of each environment', async () => {
    const { infirmary, note, admitted } = await given()
    await note(BROKEN, { ...BROKEN, name: 'basket' })
    await note(BROKEN, { ...BROKEN, name: 'basket' })
    await infirmary.note('staging', [BROKEN])
    expect(admitted).toEqual([])
    await note({ ...BROKEN, name: 'basket' })
    expect(admitted.map(({ place }) => place)).toEqual(['production/basket'])
  })

  test.each<[string, Partial<Quarantined>, boolean]>([
    ['less than half a minute ago', { triedAt: T0 - 29_999 }, false],
    ['just now', { triedAt: T0 }, false],
    ['half a minute ago', { triedAt: T0 - 30_000 }, true],
    ['by a clock that was ahead', { triedAt: T0 + 1 }, true],
    ['just now, and was sent again since', { triedAt: T0, state: 'redriven' }, true],
  ])('of one that is known is written down at once, but for one that was tried %s', async (_, changes, isWritten) => {
    const { note, admitted } = await given([itemOf('pricing', changes)])
    await note(BROKEN)
    expect(admitted).toHaveLength(isWritten ? 1 : 0)
  })
})

describe('a turn that does not break', () => {
  test.each<Outcome['result']>(['saved', 'nothing'])('releases a service that is known: %s', async (result) => {
    const item = itemOf('pricing')
    const { note, released } = await given([item])
    await note({ name: 'pricing', result, error: null })
    expect(released).toEqual([[item, 1, quarantineRow('quarantine-over', item, 'slipway')]])
  })

  test('releases nothing where the service is gone from the quarantine by now', async () => {
    const item = itemOf('pricing')
    const { note, drop, released } = await given([item])
    await drop(item)
    await note({ name: 'pricing', result: 'saved', error: null })
    expect(released).toEqual([])
  })

  test.each<Outcome['result']>(['lost', 'left'])('says nothing of it: %s', async (result) => {
    const { note, released, admitted } = await given([itemOf('pricing')])
    await note({ name: 'pricing', result, error: new TypeError('x') })
    expect([released, admitted]).toEqual([[], []])
  })

  test('of a service that nobody knows asks storage for nothing', async () => {
    const { note, said, released } = await given()
    await note({ name: 'pricing', result: 'saved', error: null })
    expect([said.finds, released]).toEqual([0, []])
  })
})

test('those rest whose next try is to come, and all that are known are sick', async () => {
  const items = [
    itemOf('soon', { nextTryAt: T0 + 1 }),
    itemOf('now', { nextTryAt: T0 }),
    itemOf('late', { nextTryAt: T0 + 15 * MINUTE + 1 }),
    itemOf('awake', { nextTryAt: null }),
  ]
  const { infirmary } = await given(items)
  expect([...(await infirmary.restingIn('production'))]).toEqual(['soon'])
  expect([...(await infirmary.sickIn('production'))]).toEqual(['soon', 'now', 'late', 'awake'])
  expect([...(await infirmary.restingIn('staging')), ...(await infirmary.sickIn('staging'))]).toEqual([])
})

test('one that nobody knows is woken by nothing', async () => {
  const { infirmary, said, remembered } = await given([itemOf('basket')])
  await infirmary.wake('production', 'pricing')
  expect([said, remembered]).toEqual([{ finds: 0, keeps: 0, isRacing: false }, []])
})

test('one that others are always faster at is left to them after eight tries', async () => {
  const { infirmary, said, remembered } = await given([itemOf('pricing', { nextTryAt: T0 + MINUTE })])
  said.isRacing = true
  await infirmary.wake('production', 'pricing')
  expect([said.finds, said.keeps, remembered]).toEqual([8, 8, []])
})
