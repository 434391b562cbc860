import { describe, expect, test } from 'vitest'
import type { LogsAnswer } from '../../../lib/adapters/metrics/azure-logs-answer.ts'
import { HTTP_LOGS_BODY, LOG_COLUMNS } from '../../../lib/adapters/metrics/azure-logs-query.ts'
import type { Reading } from '../../../lib/core/judge/reading.ts'
import { asksIn, fake, fakeAnswer, type Row, WORKSPACE, whyOf } from './azure-logs-client.ts'
import { objectionsTo } from './kql.ts'
import { errorRate, gauge, latency, MINUTE, query, ratio, START, uptime } from './queries.ts'

const FIRST = new Date(START)

describe('one read', { timeout: 60_000 }, () => {
  test('puts all queries of a workspace into one text that holds against the schema', async () => {
    const { sent, metrics } = fake(() => [])
    await metrics.read([
      query({ revision: 'shop--a' }),
      query({ revision: 'cart--b', environment: 'staging', from: START - MINUTE }),
      query({ revision: 'shop--a', kpi: errorRate(), to: START + 10 * MINUTE }),
      query({ revision: 'shop--b', arm: 'baseline', bucketMs: 1000 }),
    ])
    expect(sent).toHaveLength(1)
    expect(sent[0]?.asks.map((ask) => ask.revision)).toEqual(['shop--a', 'cart--b', 'shop--a', 'shop--b'])
    expect(sent[0]?.timespan).toEqual({ startTime: new Date(START - MINUTE), endTime: new Date(START + 10 * MINUTE) })
    expect(objectionsTo(sent[0]?.text ?? '')).toEqual([])
  })

  test('asks once for latency, errors and uptime of one window and tells them apart in the answer', async () => {
    const { sent, metrics } = fake((asks) => asks.map((ask) => [ask.id, FIRST, 'env', 1000, 7, 990, 40]))
    const readings = await metrics.read([
      query({ kpi: errorRate() }),
      query({ kpi: latency() }),
      query({ kpi: uptime() }),
    ])
    expect(sent[0]?.asks).toEqual([
      { id: '0', revision: 'shop--a', from: iso(0), to: iso(5 * MINUTE), bucketMs: MINUTE, slowMs: 200, alsoBad: '' },
    ])
    expect(readings.map(firstOf)).toEqual([
      { at: START, bad: 7, total: 1000, value: null },
      { at: START, bad: 40, total: 990, value: null },
      { at: START, bad: 7, total: 1000, value: null },
    ])
  })

  test('asks as often as there are limits or lists of statuses, and no more', async () => {
    const { sent, metrics } = fake((asks) =>
      asks.map((ask) => [ask.id, FIRST, 'env', 100, ask.alsoBad.length, 100, ask.slowMs / 10]),
    )
    const readings = await metrics.read([
      query({ kpi: latency({ limitMs: 100 }) }),
      query({ kpi: latency({ limitMs: 300 }) }),
      query({ kpi: latency({ limitMs: 300, percentile: 97.5 }) }),
      query({ kpi: errorRate({ alsoBad: [429, 404, 429] }) }),
      query({ kpi: errorRate() }),
      query({ kpi: errorRate({ alsoBad: [418] }) }),
    ])
    expect(sent[0]?.asks.map(({ slowMs, alsoBad }) => [slowMs, alsoBad])).toEqual([
      [100, ',404,429,'],
      [300, ''],
      [0, ',418,'],
    ])
    expect(readings.map((reading) => firstOf(reading)?.bad)).toEqual([10, 30, 30, 9, 0, 5])
  })

  test('fills the buckets that have no row, because the source was asked and there were no requests', async () => {
    const third = new Date(START + 2 * MINUTE)
    const { metrics } = fake((asks) => [[asks[0]?.id, third, 'env', 10, 1, 10, 0]])
    const [reading, silent] = await metrics.read([query({ kpi: errorRate() }), query({ revision: 'cart--b' })])
    expect(bucketsOf(reading).map(({ at, bad, total }) => [at - START, bad, total])).toEqual([
      [0, 0, 0],
      [MINUTE, 0, 0],
      [2 * MINUTE, 1, 10],
      [3 * MINUTE, 0, 0],
      [4 * MINUTE, 0, 0],
    ])
    expect(bucketsOf(silent).map(({ total }) => total)).toEqual([0, 0, 0, 0, 0])
    expect(reading).toMatchObject({ quality: 'exact', note: null })
  })

  test('does not count requests without a duration among those that could be slow', async () => {
    const { metrics } = fake((asks) => asks.map((ask) => [ask.id, FIRST, 'env', 100, 3, 0, 0]))
    const [slow, failed] = await metrics.read([query({ kpi: latency() }), query({ kpi: errorRate() })])
    expect(firstOf(slow)).toMatchObject({ bad: 0, total: 0 })
    expect(firstOf(failed)).toMatchObject({ bad: 3, total: 100 })
  })

  test('sends one text per workspace, and more only where the parameters grow too long', async () => {
    const { sent, metrics } = fake(() => [], { maxChars: 1000, workspaceOf: (environment) => `ws-${environment}` })
    const many = Array.from({ length: 12 }, (_, place) => query({ revision: `shop--${place}` }))
    const readings = await metrics.read([...many, query({ environment: 'staging' })])
    expect(new Set(sent.map((call) => call.workspace))).toEqual(new Set(['ws-production', 'ws-staging']))
    expect(sent.length).toBeGreaterThan(2)
    expect(sent.every((call) => call.text.length < HTTP_LOGS_BODY.length + 1200)).toBe(true)
    expect(sent.flatMap((call) => call.asks.map((ask) => ask.revision)).sort()).toEqual(
      [...many.map((one) => one.revision), 'shop--a'].sort(),
    )
    expect(readings.map((reading) => reading.kind)).toEqual(Array.from({ length: 13 }, () => 'measured'))
  })

  test('sends another text where more buckets would come back than fit into an answer, and for looks back over hours', async () => {
    const { sent, metrics } = fake(() => [], { maxRows: 3000 })
    const days = ['a', 'b', 'c', 'd'].map((name) => query({ revision: `shop--${name}`, from: START - 1435 * MINUTE }))
    const huge = query({ revision: 'cart--x', from: START - 4000 * MINUTE })
    await metrics.read([...days, query({ revision: 'tiny--a' }), huge])
    expect(sent.map((call) => call.asks.map((ask) => ask.revision))).toEqual([
      ['tiny--a'],
      ['shop--a', 'shop--b'],
      ['shop--c', 'shop--d'],
      ['cart--x'],
    ])
  })

  test('sends nothing when nothing is asked', async () => {
    const { sent, metrics } = fake(() => [])
    expect(await metrics.read([])).toEqual([])
    expect(sent).toEqual([])
  })

  test('gives the text with this ask alone to every reading', async () => {
    const { metrics } = fake(() => [])
    const readings = await metrics.read([query({ revision: 'shop--a' }), query({ revision: 'cart--b' })])
    const asked = readings.map((reading) => asksIn(reading.query).map((ask) => [ask.id, ask.revision]))
    expect(asked).toEqual([[['0', 'shop--a']], [['0', 'cart--b']]])
    for (const reading of readings) expect(objectionsTo(reading.query)).toEqual([])
  })
})

describe('a query that cannot be asked', { timeout: 60_000 }, () => {
  test('is missing and names the setting where the environment has no workspace', async () => {
    const { sent, metrics } = fake(() => [], {
      workspaceOf: (environment) => (environment === 'staging' ? WORKSPACE : null),
    })
    const readings = await metrics.read([query(), query({ environment: 'staging' })])
    expect(readings[0]).toMatchObject({ kind: 'missing', silence: 'unset' })
    expect(whyOf(readings[0])).toMatch(/environment production.*logWorkspaceId.*SLIPWAY_ENVIRONMENTS/)
    expect(asksIn(readings[0]?.query ?? '')).toHaveLength(1)
    expect(readings[1]?.kind).toBe('measured')
    expect(sent).toHaveLength(1)
  })

  test.each([
    ['an empty window', { to: START }, /empty/],
    ['a window that is no time', { from: Number.NaN }, /no time/],
    ['a window beyond all calendars', { to: 1e20 }, /no time/],
    ['a bucket without a length', { bucketMs: 0 }, /bucket of 0 ms/],
    ['half a millisecond', { bucketMs: 0.5 }, /bucket of 0.5 ms/],
    ['a window that cuts its first bucket', { from: START + 1 }, /whole buckets of 60000 ms/],
    ['a window that cuts its last bucket', { to: START + MINUTE + 1 }, /whole buckets of 60000 ms/],
    ['more buckets than anyone reads', { bucketMs: 1, to: START + 100_001 }, /more than 100000.*analysis\.bucket/],
    ['a limit that is no number', { kpi: latency({ limitMs: Number.NaN }) }, /NaN ms is not a number/],
    ['a name with a control character', { revision: 'shop--a\u0000' }, /"shop--a\\u0000" holds what no name can hold/],
    ['a name with half a character', { revision: 'shop--\ud800' }, /holds what no name can hold/],
    ['a ratio', { kpi: ratio() }, /refused-orders.*prometheus or http/],
    ['a gauge', { kpi: gauge() }, /queue-length.*prometheus or http/],
  ])('is refused for %s, and its neighbour is answered', async (_, over, why) => {
    const { metrics } = fake(() => [])
    const readings = await metrics.read([query(over), query()])
    expect(readings[0]).toMatchObject({ kind: 'missing', silence: 'refused' })
    expect(whyOf(readings[0])).toMatch(why)
    expect(readings[1]?.kind).toBe('measured')
  })
})

describe('an answer that cannot be used', { timeout: 60_000 }, () => {
  const good: Row = ['0', FIRST, 'env', 100, 1, 100, 2]
  test.each([
    ['a negative count', ['0', FIRST, 'env', -1, 0, 0, 0], /no counts.*total -1/],
    ['a NaN count', ['0', FIRST, 'env', 100, Number.NaN, 0, 0], /no counts.*errors NaN/],
    ['a count that is text', ['0', FIRST, 'env', '100', 0, 0, 0], /no counts/],
    ['half a request', ['0', FIRST, 'env', 100, 0.5, 0, 0], /no counts/],
    ['more errors than requests', ['0', FIRST, 'env', 100, 101, 100, 0], /more of a part than of the whole/],
    ['more durations than requests', ['0', FIRST, 'env', 100, 0, 101, 0], /more of a part than of the whole/],
    ['more slow ones than durations', ['0', FIRST, 'env', 100, 0, 50, 51], /more of a part than of the whole/],
    ['a bucket after the window', ['0', new Date(START + 5 * MINUTE), 'env', 1, 0, 1, 0], /no bucket of revision/],
    ['a bucket before the window', ['0', new Date(START - MINUTE), 'env', 1, 0, 1, 0], /no bucket of revision/],
    ['a bucket between two', ['0', new Date(START + 1), 'env', 1, 0, 1, 0], /no bucket of revision/],
    ['a time that is none', ['0', 'yesterday', 'env', 1, 0, 1, 0], /yesterday, which is no bucket/],
    ['a broken date', ['0', new Date(Number.NaN), 'env', 1, 0, 1, 0], /no bucket of revision/],
    ['a row that nobody asked for', ['9', FIRST, 'env', 1, 0, 1, 0], /nobody asked for/],
    ['a row that is too short', ['0', FIRST], /length/],
    ['a row that is none', 7, /length/],
  ])('is malformed: %s', async (_, row, why) => {
    const { metrics } = fake(() => [row as Row])
    const [reading] = await metrics.read([query()])
    expect(reading).toMatchObject({ kind: 'missing', silence: 'malformed' })
    expect(whyOf(reading)).toMatch(why)
  })

  test('is malformed where one bucket comes twice', async () => {
    const { metrics } = fake(() => [good, good])
    expect(whyOf((await metrics.read([query()]))[0])).toMatch(/2026-01-01T00:00:00.000Z of revision shop--a twice/)
  })

  test('harms only the ask of the bad row', async () => {
    const { metrics } = fake(() => [
      ['0', FIRST, 'env', -1, 0, 0, 0],
      ['1', FIRST, 'env', 100, 1, 100, 2],
    ])
    const readings = await metrics.read([query(), query({ revision: 'cart--b' })])
    expect(readings.map((reading) => reading.kind)).toEqual(['missing', 'measured'])
  })

  test('never adds up two Container Apps environments with the same revision name, be it in different buckets', async () => {
    const { metrics } = fake(() => [good, ['0', new Date(START + MINUTE), 'other', 1, 0, 1, 0]])
    const [reading] = await metrics.read([query()])
    expect(reading).toMatchObject({ kind: 'missing', silence: 'refused' })
    expect(whyOf(reading)).toMatch(/more than one Container Apps environment.*workspace of its own/)
  })

  const table = (over: object) => ({ columnDescriptors: LOG_COLUMNS, rows: [good], ...over })
  const texts = LOG_COLUMNS.map((column) => ({ ...column, type: 'string' }))
  test.each([
    ['no tables', { status: 'Success' }, /no table/],
    ['an empty list of tables', { status: 'Success', tables: [] }, /no table/],
    ['no columns', { status: 'Success', tables: [{ rows: [] }] }, /without columns/],
    ['other columns', { status: 'Success', tables: [table({ columnDescriptors: LOG_COLUMNS.slice(1) })] }, /\(bucket/],
    ['other types', { status: 'Success', tables: [table({ columnDescriptors: texts })] }, /id:string, bucket:string/],
    ['columns that are none', { status: 'Success', tables: [table({ columnDescriptors: [null] })] }, /columns \(\?\)/],
    ['an unknown status', { status: 'Perhaps', tables: [table({})] }, /unknown status "Perhaps"/],
    ['nothing', null, /could not be read/],
  ])('is malformed: %s', async (_, answer, why) => {
    const { metrics } = fakeAnswer(async () => answer as LogsAnswer)
    const [reading] = await metrics.read([query()])
    expect(reading).toMatchObject({ kind: 'missing', silence: 'malformed' })
    expect(whyOf(reading)).toMatch(why)
  })

  test('is partial when only a part was answered, even though there are rows', async () => {
    const partialError = { code: 'PartialError', message: 'Query result set has exceeded the limits' }
    const { metrics } = fakeAnswer(async () => ({ status: 'PartialFailure', partialError, tables: [table({})] }))
    const [reading] = await metrics.read([query()])
    expect(reading).toMatchObject({ kind: 'missing', silence: 'partial' })
    expect(whyOf(reading)).toMatch(/only a part \(PartialError: Query result set.*not counted/)
    const bare = fakeAnswer(async () => ({ status: 'PartialFailure' }))
    expect(whyOf((await bare.metrics.read([query()]))[0])).toMatch(/only a part \(no reason given\)/)
  })
})

function bucketsOf(reading: Reading | undefined) {
  if (reading?.kind !== 'measured') throw new Error(`not measured: ${JSON.stringify(reading)}`)
  return reading.buckets
}

function firstOf(reading: Reading | undefined) {
  return bucketsOf(reading)[0]
}

function iso(afterMs: number): string {
  return new Date(START + afterMs).toISOString()
}
