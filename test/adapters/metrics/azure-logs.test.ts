import { describe, expect, test } from 'vitest'
import { createAzureLogs, type LogsClient } from '../../../lib/adapters/metrics/azure-logs.ts'
import type { LogsAnswer } from '../../../lib/adapters/metrics/azure-logs-answer.ts'
import { HTTP_LOGS_BODY, LOG_COLUMNS, type LogAsk } from '../../../lib/adapters/metrics/azure-logs-query.ts'
import type { Reading } from '../../../lib/core/judge/verdict.ts'
import { objectionsTo, tokensOf } from './kql.ts'
import { errorRate, latency, query, START } from './queries.ts'

const WORKSPACE = '11111111-2222-3333-4444-555555555555'
const NEWEST = new Date(START + 60_000)

type Row = readonly unknown[]
interface Sent {
  readonly workspace: string
  readonly text: string
  readonly timespan: { startTime: Date; endTime: Date }
  readonly asks: readonly LogAsk[]
}

describe('one read', { timeout: 60_000 }, () => {
  test('puts all queries of a workspace into one text that holds against the schema', async () => {
    const { sent, metrics } = fake(() => [])
    await metrics.read([
      query({ revision: 'shop--a' }),
      query({ revision: 'cart--b', environment: 'staging', from: START - 60_000 }),
      query({ revision: 'shop--a', kpi: errorRate(), to: START + 600_000 }),
    ])
    expect(sent).toHaveLength(1)
    expect(sent[0]?.asks.map((ask) => ask.revision)).toEqual(['shop--a', 'cart--b', 'shop--a'])
    expect(sent[0]?.timespan).toEqual({ startTime: new Date(START - 60_000), endTime: new Date(START + 600_000) })
    expect(objectionsTo(sent[0]?.text ?? '')).toEqual([])
  })

  test('asks once for two KPIs of one window and tells them apart in the answer', async () => {
    const { sent, metrics } = fake((asks) => asks.map((ask) => [ask.id, 1000, 7, 40, 180.5, NEWEST]))
    const queries = [query({ kpi: errorRate() }), query({ kpi: latency() })]
    const readings = await metrics.read(queries)
    expect(sent[0]?.asks).toEqual([
      { id: '0', revision: 'shop--a', from: iso(0), to: iso(300_000), slowMs: 200, percentile: 95 },
    ])
    expect(readings.map(figures)).toEqual([
      { id: queries[0]?.id, bad: 7, total: 1000, value: 0.007 },
      { id: queries[1]?.id, bad: 40, total: 1000, value: 180.5 },
    ])
  })

  test('keeps KPIs with other limits, percentiles, windows or revisions apart', async () => {
    const { sent, metrics } = fake((asks) =>
      asks.map((ask) => [ask.id, 100, 0, ask.slowMs / 10, ask.percentile, NEWEST]),
    )
    const readings = await metrics.read([
      query({ kpi: latency({ limitMs: 100 }) }),
      query({ kpi: latency({ limitMs: 300 }) }),
      query({ kpi: latency({ limitMs: 300, percentile: 99 }) }),
    ])
    expect(sent[0]?.asks).toHaveLength(3)
    expect(readings.map(figures)).toMatchObject([
      { bad: 10, value: 95 },
      { bad: 30, value: 95 },
      { bad: 30, value: 99 },
    ])
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

  test('takes a revision without a row as asked and silent', async () => {
    const { metrics } = fake((asks) => [[asks[0]?.id, 10, 0, 0, 12, NEWEST]])
    const readings = await metrics.read([query({ revision: 'shop--a' }), query({ revision: 'cart--b' })])
    expect(readings[1]).toMatchObject({ kind: 'measured', bad: 0, total: 0, value: Number.NaN, approximate: false })
  })
})

describe('a query that cannot be asked', { timeout: 60_000 }, () => {
  test('is missing and names the setting where the environment has no workspace', async () => {
    const { sent, metrics } = fake(() => [], {
      workspaceOf: (environment) => (environment === 'staging' ? WORKSPACE : null),
    })
    const readings = await metrics.read([query(), query({ environment: 'staging' })])
    expect(whyOf(readings[0])).toMatch(/environment production.*logWorkspaceId.*SLIPWAY_ENVIRONMENTS/)
    expect(asksIn(readings[0]?.query ?? '')).toHaveLength(1)
    expect(readings[1]?.kind).toBe('measured')
    expect(sent).toHaveLength(1)
  })

  test.each([
    ['an empty window', { to: START }, /empty/],
    ['a window that is no time', { from: Number.NaN }, /no time/],
    ['a window beyond all calendars', { to: 1e20 }, /no time/],
    [
      'a percentile that the text does not compute',
      { kpi: latency({ percentile: 97 }) },
      /50, 75, 90, 95, 99, 99.9.*97/,
    ],
    ['a limit that is no number', { kpi: latency({ limitMs: Number.NaN }) }, /NaN ms is not a number/],
  ])('is missing for %s, and its neighbour is answered', async (_, over, why) => {
    const { metrics } = fake(() => [])
    const readings = await metrics.read([query(over), query()])
    expect(whyOf(readings[0])).toMatch(why)
    expect(readings[1]?.kind).toBe('measured')
  })
})

describe('an answer that cannot be used', { timeout: 60_000 }, () => {
  const good: Row = ['0', 100, 1, 2, 50, NEWEST]
  test.each([
    ['a negative count', ['0', -1, 0, 0, 50, NEWEST], /counts that are none.*-1/],
    ['a NaN count', ['0', 100, Number.NaN, 0, 50, NEWEST], /counts that are none.*NaN/],
    ['a count that is text', ['0', '100', 0, 0, 50, NEWEST], /counts that are none/],
    ['half a request', ['0', 100, 0.5, 0, 50, NEWEST], /counts that are none/],
    ['more errors than requests', ['0', 100, 101, 0, 50, NEWEST], /more bad requests than requests/],
    ['more slow requests than requests', ['0', 100, 0, 101, 50, NEWEST], /more bad requests than requests/],
    ['a negative duration', ['0', 100, 0, 0, -5, NEWEST], /duration that is none/],
    ['no durations at all', ['0', 100, 0, 0, null, NEWEST], /holds no durations/],
    ['NaN as the duration', ['0', 100, 0, 0, 'NaN', NEWEST], /holds no durations/],
    ['requests outside of the window', ['0', 100, 0, 0, 50, new Date(START + 300_000)], /outside of the window/],
    ['a time that is none', ['0', 100, 0, 0, 50, 'yesterday'], /outside of the window/],
    ['a row that nobody asked for', ['9', 100, 0, 0, 50, NEWEST], /nobody asked for/],
    ['a row that is too short', ['0', 100], /length/],
    ['a row that is none', 7, /length/],
  ])('is missing: %s', async (_, row, why) => {
    const { metrics } = fake(() => [row as Row])
    expect(whyOf((await metrics.read([query()]))[0])).toMatch(why)
  })

  test('leaves error rates alone where only the durations are lacking', async () => {
    const { metrics } = fake(() => [['0', 100, 3, 0, null, NEWEST]])
    expect(figures((await metrics.read([query({ kpi: errorRate() })]))[0])).toMatchObject({
      bad: 3,
      total: 100,
      value: 0.03,
    })
  })

  test('harms only the ask of the bad row', async () => {
    const { metrics } = fake(() => [
      ['0', -1, 0, 0, 50, NEWEST],
      ['1', 100, 1, 2, 50, NEWEST],
    ])
    const readings = await metrics.read([query(), query({ revision: 'cart--b' })])
    expect(readings.map((reading) => reading.kind)).toEqual(['missing', 'measured'])
  })

  test('never adds up two Container Apps environments with the same revision name', async () => {
    const { metrics } = fake(() => [good, good])
    expect(whyOf((await metrics.read([query()]))[0])).toMatch(
      /more than one Container Apps environment.*workspace of its own/,
    )
  })

  const table = (over: object) => ({ columnDescriptors: LOG_COLUMNS, rows: [good], ...over })
  test.each([
    ['no tables', { status: 'Success' }, /no table/],
    ['an empty list of tables', { status: 'Success', tables: [] }, /no table/],
    ['no columns', { status: 'Success', tables: [{ rows: [] }] }, /without columns/],
    [
      'other columns',
      { status: 'Success', tables: [table({ columnDescriptors: LOG_COLUMNS.slice(1) })] },
      /the columns \(total/,
    ],
    [
      'other types',
      { status: 'Success', tables: [table({ columnDescriptors: LOG_COLUMNS.map((c) => ({ ...c, type: 'string' })) })] },
      /id:string, total:string/,
    ],
    [
      'columns that are none',
      { status: 'Success', tables: [table({ columnDescriptors: [null] })] },
      /the columns \(\?\)/,
    ],
    ['an unknown status', { status: 'Perhaps', tables: [table({})] }, /unknown status "Perhaps"/],
    ['nothing', null, /could not be read/],
  ])('is missing: %s', async (_, answer, why) => {
    const { metrics } = fakeAnswer(async () => answer as LogsAnswer)
    expect(whyOf((await metrics.read([query()]))[0])).toMatch(why)
  })

  test('is missing when only a part was answered, even though there are rows', async () => {
    const partialError = { code: 'PartialError', message: 'Query result set has exceeded the limits' }
    const { metrics } = fakeAnswer(async () => ({ status: 'PartialFailure', partialError, tables: [table({})] }))
    expect(whyOf((await metrics.read([query()]))[0])).toMatch(
      /only a part \(PartialError: Query result set.*not counted/,
    )
    const bare = fakeAnswer(async () => ({ status: 'PartialFailure' }))
    expect(whyOf((await bare.metrics.read([query()]))[0])).toMatch(/only a part \(no reason given\)/)
  })
})

describe('a call that fails', { timeout: 60_000 }, () => {
  const refused = (statusCode: number, error: object = { code: 'SomeError', message: 'some words' }) =>
    Object.assign(new Error('request failed'), { name: 'RestError', statusCode, details: { error } })
  const noTable = {
    code: 'BadArgumentError',
    message: 'The request had some invalid properties',
    innererror: {
      code: 'SEM0100',
      message: "Failed to resolve table or column expression named 'ContainerAppHTTPLogs'",
    },
  }
  test.each([
    ['401', refused(401), /did not accept the token.*401/],
    ['403', refused(403), /HTTP 403, SomeError: some words.*role "Log Analytics Data Reader" on the workspace/],
    ['404', refused(404), new RegExp(`no workspace ${WORKSPACE}.*logWorkspaceId.*SLIPWAY_ENVIRONMENTS`)],
    ['400', refused(400), /refused the query.*SomeError: some words/],
    ['400 for want of the table', refused(400, noTable), /has no table ContainerAppHTTPLogs.*diagnostic setting/],
    ['429', refused(429), /throttling.*asked again/],
    ['500', refused(500), /unavailable.*500/],
    ['504 without details', Object.assign(new Error('x'), { statusCode: 504 }), /unavailable.*504/],
    [
      '200 with half a JSON',
      Object.assign(new Error('x'), { name: 'RestError', statusCode: 200, code: 'PARSE_ERROR' }),
      /could not be read \(PARSE_ERROR\)/,
    ],
    [
      'no connection',
      Object.assign(new Error('x'), { name: 'RestError', code: 'REQUEST_SEND_ERROR' }),
      /could not be reached/,
    ],
    ['no identity', Object.assign(new Error('x'), { name: 'CredentialUnavailableError' }), /no token.*identity/],
    [
      'an answer that is no JSON',
      new TypeError('Cannot read properties of undefined'),
      /could not be read \(TypeError\)/,
    ],
    ['something thrown that is no error', 'oops', /could not be read \(unknown error\)/],
  ])('is missing with what to do: %s', async (_, error, why) => {
    const { metrics } = fakeAnswer(() => Promise.reject(error))
    const [reading] = await metrics.read([query()])
    expect(whyOf(reading)).toMatch(why)
    expect(asksIn(reading?.query ?? '')).toHaveLength(1)
  })

  test('is missing when the client throws before it promises anything', async () => {
    const { metrics } = fakeAnswer(() => {
      throw new TypeError('bad workspace')
    })
    expect((await metrics.read([query()]))[0]?.kind).toBe('missing')
  })

  test('is missing when there is no answer in time', async () => {
    const { metrics } = fakeAnswer(() => new Promise(() => {}), { timeoutMs: 20 })
    expect(whyOf((await metrics.read([query()]))[0])).toMatch(/no answer within 20 ms/)
  })

  test('leaves the other workspaces alone', async () => {
    const { metrics } = fakeAnswer(
      async (workspace) => {
        if (workspace === 'production') throw refused(503)
        return { status: 'Success', tables: [{ columnDescriptors: LOG_COLUMNS, rows: [] }] }
      },
      { workspaceOf: (environment) => environment },
    )
    const readings = await metrics.read([query(), query({ environment: 'staging' })])
    expect(readings.map((reading) => reading.kind)).toEqual(['missing', 'measured'])
  })
})

interface Settings {
  readonly workspaceOf?: (environment: string) => string | null
  readonly maxChars?: number
  readonly timeoutMs?: number
}

function fake(rows: (asks: readonly LogAsk[]) => readonly Row[], settings: Settings = {}) {
  return fakeAnswer(
    async (_, asks) => ({ status: 'Success', tables: [{ columnDescriptors: LOG_COLUMNS, rows: rows(asks) }] }),
    settings,
  )
}

function fakeAnswer(
  answer: (workspace: string, asks: readonly LogAsk[]) => Promise<LogsAnswer>,
  settings: Settings = {},
) {
  const sent: Sent[] = []
  const client: LogsClient = {
    queryWorkspace(workspace, text, timespan) {
      const asks = asksIn(text)
      sent.push({ workspace, text, timespan, asks })
      return answer(workspace, asks)
    },
  }
  return { sent, metrics: createAzureLogs({ client, workspaceOf: () => WORKSPACE, ...settings }) }
}

/** The parameter as Kusto's own lexer reads it. */
function asksIn(text: string): readonly LogAsk[] {
  return JSON.parse(tokensOf(text).find((token) => token.value !== null)?.value ?? 'null')
}

function figures(reading: Reading | undefined) {
  if (reading?.kind !== 'measured') throw new Error(`not measured: ${JSON.stringify(reading)}`)
  const { id, bad, total, value } = reading
  return { id, bad, total, value }
}

function whyOf(reading: Reading | undefined): string {
  return reading?.kind === 'missing' ? reading.why : `measured: ${JSON.stringify(reading)}`
}

function iso(afterMs: number): string {
  return new Date(START + afterMs).toISOString()
}
