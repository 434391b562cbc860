import { setImmediate as soon } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createPrometheus } from '../../../lib/adapters/metrics/prometheus.ts'
import type { Query } from '../../../lib/core/judge/reading.ts'
import { query, ratio, SOURCES } from './queries.ts'

const EMPTY = { status: 'success', data: { resultType: 'matrix', result: [] } }

/** A query that no other shares a text with. */
function nth(place: number, over: Partial<Query> = {}): Query {
  const counters = { bad: `bad_${place}_total`, total: 'all_total' }
  return query({ kpi: ratio({ source: { ...SOURCES.prometheus, counters } }), ...over })
}

function many(count: number, over: Partial<Query> = {}): readonly Query[] {
  return Array.from({ length: count }, (_, place) => nth(place, over))
}

/** A server that answers each query a few turns later, and knows how many it had at once. */
function busy(answer: () => Response = () => Response.json(EMPTY)) {
  const asked: string[] = []
  const peaks: Record<string, number> = {}
  const now: Record<string, number> = {}
  const send: typeof fetch = async (url, init) => {
    const { host } = new URL(String(url))
    asked.push(`${host} ${/bad_\d+/.exec(new URLSearchParams(String(init?.body)).get('query') ?? '')?.[0]}`)
    now[host] = (now[host] ?? 0) + 1
    peaks[host] = Math.max(peaks[host] ?? 0, now[host])
    for (let turn = asked.length % 5; turn >= 0; turn -= 1) await soon()
    now[host] -= 1
    return answer()
  }
  const urlOf = (environment: string) =>
    `http://${environment === 'staging' ? 'staging' : 'prom'}.example/${environment}`
  return { asked, peaks, metrics: createPrometheus({ urlOf, fetch: send }) }
}

test('a server is asked eight queries at a time, in order, however many reads there are', async () => {
  const { asked, peaks, metrics } = busy()
  const readings = await Promise.all([metrics.read(many(60)), metrics.read(many(30, { environment: 'canada' }))])
  expect(readings.map((all) => all.length)).toEqual([60, 30])
  expect(peaks).toEqual({ 'prom.example': 8 })
  const places = [...Array(60).keys(), ...Array(30).keys()]
  expect(asked).toEqual(places.map((place) => `prom.example bad_${place}`))
})

test('a server waits for no other', async () => {
  const { peaks, metrics } = busy()
  await metrics.read([...many(20), ...many(20, { environment: 'staging' })])
  expect(peaks).toEqual({ 'prom.example': 8, 'staging.example': 8 })
})

test.each([
  ['throttles', () => new Response('', { status: 429 }), 'throttled'],
  ['is unavailable', () => new Response('', { status: 503 }), 'down'],
])('a server that %s eight times in a row is left alone until the next look', async (_, answer, silence) => {
  const { asked, metrics } = busy(answer)
  const readings = await metrics.read(many(60))
  expect(asked.length).toBeLessThan(16)
  expect(new Set(readings.map((one) => one.kind === 'missing' && one.silence))).toEqual(new Set([silence]))
  expect(readings.at(-1)).toMatchObject({ why: expect.stringMatching(/not asked, because 8 queries in a row.*HTTP/) })
  const before = asked.length
  await metrics.read(many(1))
  expect(asked.length).toBe(before + 1)
})

test('a server that says nothing costs two time-outs at most, and every query is told', async () => {
  let sent = 0
  const send: typeof fetch = (_, init) => {
    sent += 1
    return new Promise((_resolve, reject) => {
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))
    })
  }
  const metrics = createPrometheus({ urlOf: () => 'http://prom.example', fetch: send, timeoutMs: 30 })
  const readings = await metrics.read(many(200))
  expect(readings.every((one) => one.kind === 'missing' && one.silence === 'late')).toBe(true)
  expect(sent).toBeLessThan(16)
})

test('a query that is refused says nothing about the next', async () => {
  const { asked, metrics } = busy(() => new Response('', { status: 422 }))
  await metrics.read(many(60))
  expect(asked.length).toBe(60)
})
