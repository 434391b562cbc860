import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Identified } from '../../lib/core/caller.ts'
import { operatorDoor } from '../../lib/door/operator.ts'
import { problem, Refusal } from '../../lib/door/problem.ts'
import { addressOf, createMeter, limited } from '../../lib/door/rate.ts'
import { aCaller } from '../support/callers.ts'
import { type Seen, send } from './support.ts'

const LIMITS = { perMinute: 60, burst: 3 }
const MINUTE = 60_000

describe('a bucket', () => {
  test('gives what it holds at once, and then as it is refilled', () => {
    const take = createMeter(LIMITS)
    expect([1, 2, 3].map(() => take('ada', 0))).toEqual([0, 0, 0])
    expect(take('ada', 0)).toBe(1000)
    expect(take('ada', 400)).toBe(600)
    expect(take('ada', 1000)).toBe(0)
    expect(take('ada', 1000)).toBe(1000)
    expect([1, 2, 3, 4].map(() => take('ada', MINUTE))).toEqual([0, 0, 0, 1000])
  })

  test('is one for each', () => {
    const take = createMeter({ perMinute: 1, burst: 1 })
    expect([take('ada', 0), take('grace', 0), take('ada', 0)]).toEqual([0, 0, MINUTE])
  })

  test('is forgotten when ten thousand others came since, and not before', () => {
    const take = createMeter({ perMinute: 1, burst: 1 })
    take('ada', 0)
    for (let n = 0; n < 9_999; n++) take(`stranger ${n}`, 0)
    expect(take('ada', 0)).toBe(MINUTE)
    for (let n = 0; n < 10_000; n++) take(`other ${n}`, 0)
    expect(take('ada', 0)).toBe(0)
  })

  test('never gives more than burst and refill together, and a clock that goes back gives nothing', () => {
    const steps = fc.array(fc.integer({ min: -500, max: 3000 }), { maxLength: 200 })
    fc.assert(
      fc.property(steps, (waits) => {
        const take = createMeter(LIMITS)
        let [now, latest, given] = [0, 0, take('ada', 0) === 0 ? 1 : 0]
        for (const wait of waits) {
          now += wait
          latest = Math.max(latest, now)
          if (take('ada', now) === 0) given += 1
        }
        expect(given).toBeLessThanOrEqual(LIMITS.burst + latest / 1000)
      }),
    )
  })
})

describe('callers', () => {
  const now = 1_000_000
  const identify = async ({ headers }: { headers: Headers }): Promise<Identified> => {
    const name = headers.get('authorization')
    return name === null
      ? { kind: 'unknown', because: 'no token' }
      : { kind: 'known', caller: { ...aCaller(), id: name } }
  }

  function street() {
    const handler = operatorDoor(
      ['send-command'],
      limited(identify, LIMITS, () => now),
      () => ({ status: 204 }),
      {
        accepts: ['application/json'],
        bodyOptional: true,
      },
    )
    return (headers: Record<string, string>, verb = 'promote'): Promise<Seen> =>
      send(handler, { method: 'POST', headers, params: { name: 'pricing', verb } })
  }

  test('who asks too often is answered 429 and told when to come again', async () => {
    const ask = street()
    for (let n = 0; n < LIMITS.burst; n++) expect((await ask({ authorization: 'ada' })).status).toBe(204)
    const seen = await ask({ authorization: 'ada' })
    expect(seen).toMatchObject({ status: 429, json: { type: expect.stringMatching(/too-many-requests$/) } })
    expect(seen.headers.get('retry-after')).toBe('1')
    expect((await ask({ authorization: 'grace' })).status).toBe(204)
  })

  test('abort and pause come through, however much else was asked', async () => {
    const ask = street()
    for (let n = 0; n < 20; n++) await ask({ authorization: 'ada' })
    expect((await ask({ authorization: 'ada' }, 'abort')).status).toBe(204)
    expect((await ask({ authorization: 'ada' }, 'pause')).status).toBe(204)
    expect((await ask({ authorization: 'ada' }, 'resume')).status).toBe(429)
  })

  test('strangers are counted by address, and take nothing from those who are known', async () => {
    const ask = street()
    const from = (address: string) => ({ 'x-forwarded-for': address })
    for (let n = 0; n < LIMITS.burst; n++) expect((await ask(from('1.2.3.4:50001'))).status).toBe(401)
    expect((await ask(from('1.2.3.4:50002'))).status).toBe(429)
    expect((await ask(from('9.9.9.9, 1.2.3.4'))).status).toBe(429)
    expect((await ask(from('1.2.3.5'))).status).toBe(401)
    expect((await ask({ ...from('1.2.3.4'), authorization: 'ada' })).status).toBe(204)
  })

  test('so are those who are refused before anybody knows who they are, as with the cookie of a session that has ended', async () => {
    const refuse = async (): Promise<Identified> => {
      throw new Refusal(problem(401, 'unauthenticated', 'The session has ended: sign in again.'))
    }
    const handler = operatorDoor(
      ['list-services'],
      limited(refuse, LIMITS, () => now),
      () => ({ status: 204 }),
    )
    const from = (address: string) => send(handler, { method: 'GET', headers: { 'x-forwarded-for': address } })
    for (let n = 0; n < LIMITS.burst; n++) expect((await from('1.2.3.4')).status).toBe(401)
    expect((await from('1.2.3.4')).status).toBe(429)
    expect((await from('1.2.3.5')).status).toBe(401)
  })
})

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['203.0.113.7:4711', '203.0.113.7'],
  ['made-up, 203.0.113.7:4711', '203.0.113.7'],
  ['[2001:db8::1]:4711', '2001:db8::1'],
  ['2001:db8::1', '2001:db8::1'],
  ['', ''],
])('of the hops %j the last counts', (hops, address) => {
  expect(addressOf(new Headers({ 'x-forwarded-for': hops }))).toBe(address)
})
