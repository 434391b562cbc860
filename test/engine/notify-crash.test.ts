import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { notify } from '../../lib/engine/notify.ts'
import { Crash, mortal } from '../../sim/crash.ts'
import { createPlace, type Mood } from '../support/places.ts'
import { ENV, HOUR, ids, MINUTE, notices, SECOND, scene } from '../support/postman.ts'

describe('wherever the dispatcher dies', () => {
  const told = async (call: number, moment: 'before' | 'after') => {
    const place = createPlace('ops')
    const { clock, outbox, ...rest } = scene(place)
    const worker = mortal({ outbox, notifier: place.notifier }, { call, moment })
    const { tell } = worker.sockets.notifier
    const sinks = [{ ...place, notifier: { hasThreads: true, tell } }]
    outbox.put(notices(1, 3))
    let deaths = 0
    for (let tries = 0; tries < 12; tries += 1) {
      const round = await notify({ ...rest, clock, outbox: worker.sockets.outbox, sinks }, ENV)
      if (round.troubles.some((error) => error instanceof Crash)) deaths += 1
      worker.revive()
      clock.set(clock.now() + 15 * SECOND)
    }
    return { place, deaths, calls: worker.calls.length, dead: await outbox.parcels(ENV, true, 10, null) }
  }
  const CALLS = Array.from({ length: 20 }, (_, index) => index + 1)

  test.each(CALLS)('at call %i, before or after it took effect, nothing is lost or out of order', async (call) => {
    for (const moment of ['before', 'after'] as const) {
      const { place, deaths, dead } = await told(call, moment)
      expect(deaths).toBe(1)
      const firsts = [...new Set(place.taken)]
      expect(firsts).toEqual(ids(1, 2, 3))
      expect(dead.items).toEqual([])
      expect(place.taken.length - firsts.length).toBeLessThanOrEqual(1)
    }
  })
})

test('always tells every sink everything at least once, and each service in its order, whatever sinks do for a while', async () => {
  const moods = fc.array(fc.constantFrom<Mood>('well', 'well', 'unavailable', 'throttled', 'denied', 'lost-answer'), {
    maxLength: 40,
  })
  await fc.assert(
    fc.asyncProperty(
      moods,
      moods,
      fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 25 }),
      async (one, other, puts) => {
        const places = [createPlace('one'), createPlace('other')] as const
        for (const [place, own] of [
          [places[0], one],
          [places[1], other],
        ] as const)
          place.before = () => {
            place.mood = own[place.calls - 1] ?? 'well'
          }
        const { outbox, rounds } = scene(...places)
        let seq = 0
        for (const count of puts) {
          const service = count % 2 === 0 ? 'pricing' : 'routing'
          outbox.put(notices(seq + 1, seq + count, { service, rollout: `${service}-1` }))
          seq += count
          await rounds(MINUTE)
        }
        await rounds(6 * HOUR)
        for (const place of places) {
          const firsts = [...new Set(place.taken)]
          expect(firsts).toHaveLength(seq)
          for (const service of ['pricing', 'routing']) {
            const own = firsts.filter((id) => id.includes(service)).map((id) => Number(id.split('#')[1]))
            expect(own).toEqual([...own].sort((a, b) => a - b))
          }
        }
      },
    ),
    { numRuns: 60 },
  )
})
