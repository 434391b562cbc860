import { expect, test } from 'vitest'
import { createPrometheus, type PrometheusOptions } from '../../../lib/adapters/metrics/prometheus.ts'
import { errorRate, gauge, MINUTE, query, SOURCES, START } from './queries.ts'

const AUDIENCE = 'https://prometheus.monitor.azure.com'
const TOKEN = 'eyJ0.not-a-real.token'
const ERRORS = errorRate({ source: SOURCES.prometheus })
const DEPTH = gauge({ source: { ...SOURCES.prometheus, gauge: 'depth' } })
const SERIES = { metric: { revision: 'shop--a', status: '200' }, values: [[(START + MINUTE) / 1000, '7']] }
const MATRIX = { status: 'success', data: { resultType: 'matrix', result: [SERIES] } }

/** A source whose servers in production want a token; what they are sent is kept. */
function managed(over: Partial<PrometheusOptions> = {}, answer = () => Response.json(MATRIX)) {
  const sent: (readonly [string, string | null])[] = []
  const audiences: string[] = []
  const metrics = createPrometheus({
    urlOf: () => 'https://shop.westeurope.prometheus.example/',
    audienceOf: (environment) => (environment === 'production' ? AUDIENCE : null),
    tokenOf: async (audience) => {
      audiences.push(audience)
      return TOKEN
    },
    fetch: async (url, init) => {
      sent.push([new URL(String(url)).host, new Headers(init?.headers).get('authorization')])
      return answer()
    },
    ...over,
  })
  return { sent, audiences, metrics }
}

test('a managed server is asked with a bearer token, had once per read; another environment sends none', async () => {
  const { sent, audiences, metrics } = managed()
  const [ours, , theirs] = await metrics.read([
    query({ kpi: ERRORS }),
    query({ kpi: DEPTH }),
    query({ kpi: ERRORS, environment: 'staging' }),
  ])
  const host = 'shop.westeurope.prometheus.example'
  expect(sent.toSorted()).toEqual([
    [host, null],
    [host, `Bearer ${TOKEN}`],
    [host, `Bearer ${TOKEN}`],
  ])
  expect(audiences).toEqual([AUDIENCE])
  expect([ours?.kind, theirs?.kind]).toEqual(['measured', 'measured'])
})

test.each<[string, Partial<PrometheusOptions>, RegExp]>([
  ['no identity', { tokenOf: () => Promise.reject(new Error(TOKEN)) }, /^denied: no token for https:.*could be had/],
  ['a token that is none', { tokenOf: async () => `${TOKEN}\r\nx: y` }, /^denied: no token.*is none/],
  ['an empty token', { tokenOf: async () => '' }, /^denied: no token.*is none/],
  ['an identity that is silent', { tokenOf: () => new Promise(() => {}), timeoutMs: 20 }, /^late: no token.*20 ms/],
  ['a server without TLS', { urlOf: () => 'http://prometheus.example' }, /^unset: .*https.*never sent/],
])('with %s nothing is sent, and the reading says why', async (_, over, why) => {
  const { sent, metrics } = managed(over)
  const [reading] = await metrics.read([query({ kpi: ERRORS })])
  expect(reading?.kind === 'missing' && `${reading.silence}: ${reading.why}`).toMatch(why)
  expect(JSON.stringify(reading)).not.toContain(TOKEN)
  expect(sent).toEqual([])
})

test.each<[string, () => Response]>([
  ['an error', () => Response.json({ error: `cannot take ${TOKEN}` }, { status: 403 })],
  ['a warning', () => Response.json({ ...MATRIX, warnings: [`seen: ${TOKEN}`] })],
  ['half of it in a long error', () => Response.json({ error: `${'x'.repeat(290)}${TOKEN}` }, { status: 403 })],
  ['its type', () => Response.json({ status: 'success', data: { resultType: TOKEN } })],
  [
    'a status',
    () =>
      Response.json({
        ...MATRIX,
        data: { resultType: 'matrix', result: [{ ...SERIES, metric: { revision: 'shop--a', status: TOKEN } }] },
      }),
  ],
])('a server that repeats the token in %s never brings it into a reading', async (_, answer) => {
  const { sent, metrics } = managed({}, answer)
  const [reading] = await metrics.read([query({ kpi: ERRORS })])
  expect(sent.length).toBe(1)
  expect(reading?.kind).toBe('missing')
  expect(JSON.stringify(reading)).not.toContain('eyJ0')
})

test.each<[Partial<PrometheusOptions>, RegExp]>([
  [{}, /allow Slipway.*role Monitoring Data Reader/],
  [{ audienceOf: () => null }, /allow Slipway.*prometheusAudience/],
])('a refusal says what to do', async (over, why) => {
  const { metrics } = managed(over, () => new Response('', { status: 401 }))
  expect(await metrics.read([query({ kpi: ERRORS })])).toMatchObject([
    { silence: 'denied', why: expect.stringMatching(why) },
  ])
})
