import { describe, expect, test } from 'vitest'
import { createAppInsights } from '../../../lib/adapters/metrics/app-insights.ts'
import { TooLong } from '../../../lib/adapters/metrics/azure-bounds.ts'
import { LOG_COLUMNS } from '../../../lib/adapters/metrics/azure-logs-query.ts'
import type { Silence } from '../../../lib/core/judge/reading.ts'
import { asksIn, fakeAnswer, WORKSPACE, whyOf } from './azure-logs-client.ts'
import { latency, query, SOURCES } from './queries.ts'

const refused = (statusCode: number, error: object = { code: 'SomeError', message: 'some words' }) =>
  Object.assign(new Error('request failed'), { name: 'RestError', statusCode, details: { error } })
const noTable = (name: string) => ({
  code: 'BadArgumentError',
  message: 'The request had some invalid properties',
  innererror: { code: 'SEM0100', message: `Failed to resolve table or column expression named '${name}'` },
})
const failed = (fields: object) => Object.assign(new Error('x'), fields)
const noConnection = failed({ name: 'RestError', code: 'REQUEST_SEND_ERROR' })
const halfJson = failed({ name: 'RestError', statusCode: 200, code: 'PARSE_ERROR' })

describe('a call that fails', { timeout: 60_000 }, () => {
  test.each<[string, unknown, Silence, RegExp]>([
    ['401', refused(401), 'denied', /did not accept the token.*401/],
    [
      '403',
      refused(403),
      'denied',
      /HTTP 403, SomeError: some words.*role "Log Analytics Data Reader" on the workspace/,
    ],
    ['404', refused(404), 'unset', new RegExp(`no workspace ${WORKSPACE}.*logWorkspaceId.*SLIPWAY_ENVIRONMENTS`)],
    ['400', refused(400), 'refused', /refused the query.*SomeError: some words/],
    [
      '400 for want of the table',
      refused(400, noTable('ContainerAppHTTPLogs')),
      'unset',
      /has no table ContainerAppHTTPLogs.*diagnostic setting/,
    ],
    ['429', refused(429), 'throttled', /throttling.*asked again/],
    ['500', refused(500), 'down', /unavailable.*500/],
    ['503 without details', failed({ statusCode: 503 }), 'down', /unavailable.*503/],
    ['504', refused(504), 'late', /ran out of time.*504/],
    ['200 with half a JSON', halfJson, 'malformed', /could not be read \(PARSE_ERROR\)/],
    ['no connection', noConnection, 'down', /could not be reached/],
    ['a call that was cut off', failed({ name: 'AbortError' }), 'late', /ran out of time/],
    ['no identity', failed({ name: 'CredentialUnavailableError' }), 'denied', /no token.*identity/],
    ['an answer that is no JSON', new TypeError('Cannot read'), 'malformed', /could not be read \(TypeError\)/],
    ['something thrown that is no error', 'oops', 'malformed', /could not be read \(unknown error\)/],
  ])('is missing with what to do: %s', async (_, error, silence, why) => {
    const { metrics } = fakeAnswer(() => Promise.reject(error))
    const [reading] = await metrics.read([query()])
    expect(reading).toMatchObject({ kind: 'missing', silence })
    expect(whyOf(reading)).toMatch(why)
    expect(asksIn(reading?.query ?? '')).toHaveLength(1)
  })

  test('names the table of Application Insights where that is what lacks', async () => {
    const client = { queryWorkspace: () => Promise.reject(refused(400, noTable('AppRequests'))) }
    const metrics = createAppInsights({ client, workspaceOf: () => WORKSPACE })
    const [reading] = await metrics.read([query({ kpi: latency({ source: SOURCES.appInsights }) })])
    expect(reading).toMatchObject({ kind: 'missing', silence: 'unset' })
    expect(whyOf(reading)).toMatch(/has no table AppRequests.*connect the Application Insights resource/)
  })

  test.each([
    ['code', refused(403, { code: 'Denied\u001b[31m\r\nERROR forged', message: 'words' })],
    ['message', refused(400, { code: 'Bad', message: 'one\nERROR forged\u001b]0;title\u0007 \u2028\u202e' })],
    ['innermost message', refused(500, { innererror: { code: 'Bad', message: `${'x'.repeat(5000)}\u0000` } })],
  ])('has a reason of one line that no terminal obeys, whatever Azure put into its %s', async (_, error) => {
    const { metrics } = fakeAnswer(() => Promise.reject(error))
    const why = whyOf((await metrics.read([query()]))[0])
    expect(why).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    expect(why.length).toBeLessThan(700)
  })

  test('is malformed when its answer is longer than any', async () => {
    const { metrics } = fakeAnswer(() => Promise.reject(new TooLong('an answer of more than 64 MB')))
    const [reading] = await metrics.read([query()])
    expect(reading).toMatchObject({ kind: 'missing', silence: 'malformed' })
    expect(whyOf(reading)).toMatch(/began an answer of more than 64 MB, which was not read to its end/)
  })

  test('is missing when the client throws before it promises anything', async () => {
    const { metrics } = fakeAnswer(() => {
      throw new TypeError('bad workspace')
    })
    expect((await metrics.read([query()]))[0]).toMatchObject({ kind: 'missing', silence: 'malformed' })
  })

  test('is late when there is no answer in time', async () => {
    const { metrics } = fakeAnswer(() => new Promise(() => {}), { timeoutMs: 20 })
    const [reading] = await metrics.read([query()])
    expect(reading).toMatchObject({ kind: 'missing', silence: 'late' })
    expect(whyOf(reading)).toMatch(/no answer within 20 ms/)
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
