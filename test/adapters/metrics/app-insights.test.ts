import { describe, expect, test } from 'vitest'
import { createAppInsights } from '../../../lib/adapters/metrics/app-insights.ts'
import { APP_REQUESTS } from '../../../lib/adapters/metrics/app-insights-query.ts'
import type { LogAsk } from '../../../lib/adapters/metrics/azure-logs-query.ts'
import type { Kpi, Source } from '../../../lib/core/service.ts'
import { asksIn, type Row, WORKSPACE, whyOf } from './azure-logs-client.ts'
import { errorRate, latency, query, SOURCES, START, uptime } from './queries.ts'

const FIRST = new Date(START)
const dimension = (name: string): Source => ({ kind: 'app-insights', dimension: name })
const about = (kpi: Kpi, revision = 'shop--a') => query({ kpi, revision })

describe('what Application Insights is asked', { timeout: 60_000 }, () => {
  test('names the custom dimension where the KPI has one, and shares an ask between KPIs that agree on it', async () => {
    const { sent, metrics } = fake(() => [])
    await metrics.read([
      about(latency({ source: SOURCES.appInsights })),
      about(errorRate({ source: SOURCES.appInsights })),
      about(uptime({ source: dimension('revision') })),
      about(latency({ source: dimension('revision') })),
      about(latency({ source: dimension('rev"ision') })),
    ])
    expect(sent.map((asks) => asks.map((ask) => [ask.dimension, ask.slowMs]))).toEqual([
      [
        [undefined, 200],
        ['revision', 200],
        ['rev"ision', 200],
      ],
    ])
  })
})

describe('what Application Insights answers', { timeout: 60_000 }, () => {
  test('is counted in rows, with a note on the requests they stand for', async () => {
    const { metrics } = fake((asks) => asks.map((ask) => [ask.id, FIRST, 'ai', 100, 3, 90, 9, 1000, 60, 900, 45]))
    const [failed, slow] = await metrics.read([
      about(errorRate({ source: SOURCES.appInsights })),
      about(latency({ source: SOURCES.appInsights })),
    ])
    expect(failed).toMatchObject({
      quality: 'exact',
      note: 'sampled: 100 rows stand for 1000 requests, of which 6 % were failed; what is counted here are the rows',
    })
    expect(failed).toHaveProperty('buckets.0', { at: START, bad: 3, total: 100, value: null })
    expect(slow).toMatchObject({
      note: expect.stringContaining('90 rows stand for 900 requests, of which 5 % were slow'),
    })
    expect(slow).toHaveProperty('buckets.0', { at: START, bad: 9, total: 90, value: null })
  })

  test('needs no note where every row is one request', async () => {
    const { metrics } = fake((asks) => asks.map((ask) => [ask.id, FIRST, 'ai', 100, 3, 90, 9, 100, 3, 90, 9]))
    expect(await metrics.read([about(errorRate({ source: SOURCES.appInsights }))])).toMatchObject([{ note: null }])
  })

  test('comes with a note on the role instance where a revision has no requests at all', async () => {
    const { metrics } = fake(() => [])
    const [reading] = await metrics.read([about(errorRate({ source: SOURCES.appInsights }), 'shop--z')])
    expect(reading).toMatchObject({
      note: expect.stringMatching(/revision shop--z.*AppRoleInstance.*source\.dimension/),
    })
  })

  test.each([
    ['more weight of errors than of requests', [100, 3, 90, 9, 1000, 1001, 900, 9]],
    ['more weight of slow ones than of those with a duration', [100, 3, 90, 9, 1000, 3, 900, 901]],
    ['a weight that is no count', [100, 3, 90, 9, null, 3, 900, 9]],
  ])('is malformed: %s', async (_, counts) => {
    const { metrics } = fake((asks) => asks.map((ask) => [ask.id, FIRST, 'ai', ...counts]))
    const [reading] = await metrics.read([about(errorRate({ source: SOURCES.appInsights }))])
    expect(reading).toMatchObject({ kind: 'missing', silence: 'malformed' })
  })

  test('of two resources is refused', async () => {
    const { metrics } = fake((asks) =>
      ['east', 'west'].map((origin) => [asks[0]?.id, FIRST, origin, 1, 0, 1, 0, 1, 0, 1, 0]),
    )
    const [reading] = await metrics.read([about(errorRate({ source: SOURCES.appInsights }))])
    expect(reading).toMatchObject({ kind: 'missing', silence: 'refused' })
    expect(whyOf(reading)).toMatch(/more than one Application Insights resource/)
  })
})

/** The source on a client that answers every text with these rows; `sent` holds the asks of each text. */
function fake(rows: (asks: readonly LogAsk[]) => readonly Row[]) {
  const sent: (readonly LogAsk[])[] = []
  const client = {
    async queryWorkspace(_: string, text: string) {
      const asks = asksIn(text)
      sent.push(asks)
      return { status: 'Success', tables: [{ columnDescriptors: APP_REQUESTS.columns, rows: rows(asks) }] }
    },
  }
  return { sent, metrics: createAppInsights({ client, workspaceOf: () => WORKSPACE }) }
}
