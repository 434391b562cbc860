import { describe, expect, test } from 'vitest'
import { notify } from '../../lib/engine/notify.ts'
import { Fault } from '../../lib/errors.ts'
import { aNotice } from '../support/notices.ts'
import { createPlace } from '../support/places.ts'
import { DAY, ENV, HOUR, ids, MINUTE, notices, range, SECOND, scene } from '../support/postman.ts'
import { T0 } from '../support/state.ts'

describe('a round in peace', () => {
  test('tells every sink what it wants, once and in order', async () => {
    const [all, grave] = [createPlace('all'), createPlace('grave', ({ severity }) => severity === 'critical')]
    const { outbox, round } = scene(all, grave)
    outbox.put([aNotice(1), aNotice(2, { severity: 'critical' }), aNotice(3)])
    expect(await round()).toEqual({ delivered: 4, dead: [], troubles: [] })
    expect(await round()).toEqual({ delivered: 0, dead: [], troubles: [] })
    expect([all.taken, grave.taken]).toEqual([ids(1, 2, 3), ids(2)])
  })

  test('keeps one conversation per rollout and sink', async () => {
    const [one, other] = [createPlace('one'), createPlace('other', ({ seq }) => seq > 1)]
    const { outbox, round } = scene(one, other)
    outbox.put([aNotice(1), aNotice(2), aNotice(3, { rollout: 'pricing-8' })])
    await round()
    outbox.put([aNotice(4)])
    await round()
    const [a, b] = ['thread of production/pricing#1', 'thread of production/pricing#2']
    expect(one.threads).toEqual([null, a, null, a])
    expect(other.threads).toEqual([null, null, b])
  })

  test('does nothing where nothing is to be told, and knows no sink by rights', async () => {
    const { round, outbox } = scene()
    outbox.put([aNotice(1)])
    expect(await round()).toEqual({ delivered: 0, dead: [], troubles: [] })
    expect(await outbox.unsent(ENV, 10)).toEqual([])
  })

  test('keeps the order of the audit also where the clocks of two workers did not agree', async () => {
    const place = createPlace('ops')
    const { outbox, round } = scene(place)
    const routing = { service: 'routing', rollout: 'routing-1' }
    outbox.put([aNotice(2, { at: T0 }), aNotice(1, { at: T0 + 9 }), aNotice(1, { ...routing, at: T0 + 5 })])
    await round()
    expect(place.taken).toEqual(['production/pricing#1', 'production/routing#1', 'production/pricing#2'])
  })

  test('does a bounded piece of work, and the next rounds do the rest', async () => {
    const place = createPlace('ops')
    const { outbox, round, rounds } = scene(place)
    outbox.put(notices(1, 260))
    expect((await round()).delivered).toBe(50)
    expect(await outbox.unsent(ENV, 1_000)).toHaveLength(60)
    await rounds(2 * MINUTE)
    expect(place.taken).toEqual(range(1, 260))
  })

  test('does not stay with a slow sink for longer than the others can wait', async () => {
    const place = createPlace('ops')
    const { clock, outbox, round, rounds } = scene(place)
    place.before = () => clock.set(clock.now() + 10 * SECOND)
    outbox.put(notices(1, 9))
    expect((await round()).delivered).toBe(2)
    await rounds(5 * MINUTE)
    expect(place.taken).toEqual(range(1, 9))
  })
})

describe('a sink that is down for an hour', () => {
  test('loses nothing, keeps its order, and delays no other sink', async () => {
    const [ill, well] = [createPlace('ill'), createPlace('well')]
    const { outbox, rounds } = scene(ill, well)
    ill.mood = 'unavailable'
    for (let minute = 0; minute < 60; minute += 1) {
      outbox.put(notices(minute + 1, minute + 1))
      const [first] = await rounds(MINUTE)
      expect(first?.delivered).toBe(1)
    }
    expect(well.taken).toEqual(range(1, 60))
    expect(ill.taken).toEqual([])
    ill.mood = 'well'
    await rounds(20 * MINUTE)
    expect(ill.taken).toEqual(range(1, 60))
    expect(ill.threads.slice(0, 2)).toEqual([null, 'thread of production/pricing#1'])
  })

  test('is asked less and less often', async () => {
    const ill = createPlace('ill')
    const { outbox, rounds } = scene(ill)
    ill.mood = 'unavailable'
    outbox.put(notices(1, 100))
    await rounds(5 * MINUTE)
    const early = ill.calls
    await rounds(2 * HOUR)
    const late = ill.calls - early
    expect(early).toBeGreaterThan(3)
    expect(early).toBeLessThan(10)
    // A quarter of an hour at most, of which half is chance: about six an hour.
    expect(late).toBeGreaterThan(8)
    expect(late).toBeLessThan(18)
  })

  test('is left alone for as long as it asks', async () => {
    const ill = createPlace('ill')
    const { outbox, rounds } = scene(ill)
    ill.mood = 'throttled'
    ill.retryAfterMs = 40 * MINUTE
    outbox.put(notices(1, 2))
    await rounds(39 * MINUTE)
    expect(ill.calls).toBe(1)
    ill.mood = 'well'
    await rounds(2 * MINUTE)
    expect(ill.taken).toEqual(ids(1, 2))
  })

  test('shows why, and how often it was tried', async () => {
    const ill = createPlace('ill')
    const { outbox, round, clock } = scene(ill)
    ill.mood = 'denied'
    outbox.put(notices(1, 2))
    await round()
    const { items } = await outbox.parcels(ENV, false, 10, null)
    expect(items.map(({ tries, lastError }) => [tries, lastError])).toEqual([
      [1, 'the place is denied'],
      [0, null],
    ])
    expect((await outbox.sink(ENV, 'ill')).state).toEqual({
      leasedUntil: 0,
      failures: 1,
      failingSince: clock.now(),
      pausedUntil: clock.now() + 3_750,
      lastError: 'the place is denied',
    })
  })
})

describe('what is given up', () => {
  test('is a notice that a sink refuses for good; those behind it go on', async () => {
    const place = createPlace('ops')
    const { outbox, round, dead } = scene(place)
    place.mood = 'malformed'
    place.meets = ({ seq }) => seq === 2
    outbox.put(notices(1, 3))
    const { delivered, dead: lost } = await round()
    expect(delivered).toBe(2)
    expect(place.taken).toEqual(ids(1, 3))
    expect(lost).toEqual(await dead())
    expect(lost).toMatchObject([{ sink: 'ops', tries: 1, lastError: 'the place is malformed', notice: { seq: 2 } }])
  })

  test('is a notice over which our own code breaks, and the error is told', async () => {
    const place = createPlace('ops')
    const { outbox, round } = scene(place)
    place.mood = 'bug'
    place.meets = ({ seq }) => seq === 1
    outbox.put(notices(1, 2))
    const { dead, troubles } = await round()
    expect(place.taken).toEqual(ids(2))
    expect(dead).toHaveLength(1)
    expect(troubles).toEqual([new TypeError('undefined is not a function')])
    expect(dead[0]?.lastError).not.toContain('undefined')
  })

  test('is what waited for a day at a sink that took nothing for a day; what came later waits on', async () => {
    const ill = createPlace('ill')
    const { outbox, rounds, dead } = scene(ill)
    ill.mood = 'unavailable'
    outbox.put(notices(1, 3))
    await rounds(12 * HOUR)
    outbox.put(notices(4, 4))
    const all = await rounds(12 * HOUR - MINUTE)
    expect(all.flatMap((one) => one.dead)).toEqual([])
    const late = await rounds(HOUR)
    expect(late.flatMap((one) => one.dead.map(({ notice }) => notice.id))).toEqual(ids(1, 2, 3))
    expect((await dead()).map(({ notice }) => notice.seq)).toEqual([1, 2, 3])
    ill.mood = 'well'
    await rounds(HOUR)
    expect(ill.taken).toEqual(ids(4))
  })

  test('is not what merely waited long because nobody made rounds', async () => {
    const ill = createPlace('ill')
    const { clock, outbox, round, rounds, dead } = scene(ill)
    ill.mood = 'unavailable'
    outbox.put(notices(1, 1))
    clock.set(clock.now() + 3 * DAY)
    await round()
    expect(await dead()).toEqual([])
    ill.mood = 'well'
    await rounds(MINUTE)
    expect(ill.taken).toEqual(ids(1))
  })
})

test('what waited for days in its line is not given up when its sink fails for the first time', async () => {
  const ill = createPlace('ill')
  const { clock, outbox, round, dead } = scene(ill)
  outbox.put(notices(1, 1))
  for (const unsent of await outbox.unsent(ENV, 1)) await outbox.handOut(unsent, ['ill'], clock.now())
  clock.set(clock.now() + 3 * DAY)
  ill.mood = 'unavailable'
  await round()
  expect(await dead()).toEqual([])
  expect(await outbox.line(ENV, 'ill', 10)).toHaveLength(1)
})

describe('two dispatchers', () => {
  test('at once tell each sink once', async () => {
    const place = createPlace('ops')
    const { outbox, round } = scene(place)
    outbox.put(notices(1, 30))
    await Promise.all([round(), round(), round()])
    await round()
    expect(place.taken).toEqual(range(1, 30))
  })

  test('of which one died with a sink in its hand: the other takes it over when its time is up', async () => {
    const place = createPlace('ops')
    const { clock, outbox, round } = scene(place)
    outbox.put(notices(1, 1))
    const { state, token } = await outbox.sink(ENV, 'ops')
    await outbox.keepSink(ENV, 'ops', { ...state, leasedUntil: clock.now() + MINUTE }, token)
    await round()
    expect(place.taken).toEqual([])
    clock.set(clock.now() + MINUTE)
    await round()
    expect(place.taken).toEqual(ids(1))
  })

  test('of which one had a clock that ran ahead do not wait for it', async () => {
    const place = createPlace('ops')
    const { clock, outbox, round } = scene(place)
    outbox.put(notices(1, 1))
    const { state, token } = await outbox.sink(ENV, 'ops')
    await outbox.keepSink(ENV, 'ops', { ...state, leasedUntil: clock.now() + DAY }, token)
    await round()
    expect(place.taken).toEqual(ids(1))
  })
})

describe('where storage fails', () => {
  const broken = async (): Promise<never> => {
    throw new Fault('unavailable', 'the table is away')
  }

  test('at handing out, what was handed out before is told all the same', async () => {
    const place = createPlace('ops')
    const { outbox, round, ...postman } = scene(place)
    outbox.put(notices(1, 1))
    place.mood = 'unavailable'
    await round()
    place.mood = 'well'
    postman.clock.set(postman.clock.now() + MINUTE)
    const told = await notify({ ...postman, outbox: { ...outbox, unsent: broken } }, ENV)
    expect(told.troubles).toEqual([new Fault('unavailable', 'the table is away')])
    expect(place.taken).toEqual(ids(1))
  })

  test('at one line, the others are worked off', async () => {
    const [a, b] = [createPlace('a'), createPlace('b')]
    const { outbox, ...postman } = scene(a, b)
    outbox.put(notices(1, 1))
    const line: typeof outbox.line = (env, sink, limit) => (sink === 'a' ? broken() : outbox.line(env, sink, limit))
    const told = await notify({ ...postman, outbox: { ...outbox, line } }, ENV)
    expect(told.troubles).toHaveLength(1)
    expect([a.taken, b.taken]).toEqual([[], ids(1)])
  })
})
