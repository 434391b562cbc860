import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createPrometheus } from '../../../lib/adapters/metrics/prometheus.ts'
import { errorRate, MINUTE, query, SOURCES, START } from './queries.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const AT = (START + MINUTE) / 1000
const SERIES = `{"metric":{"revision":"shop--a","status":"200"},"values":[[${AT},"7"]]}`
const MEASURED = { kind: 'measured', buckets: [{ at: START, bad: 0, total: 7, value: null }] }
const matrix = (result: string, more = '') =>
  `{"status":"success","data":{"resultType":"matrix","result":[${result}]}${more}}`

test('a plain answer is read, asked by POST', async () => {
  const methods: (string | undefined)[] = []
  const url = await serve((request, response) => {
    methods.push(`${request.method} ${request.url}`)
    response.end(matrix(SERIES))
  })
  expect(await readOne(`${url}/base`)).toMatchObject(MEASURED)
  expect(methods).toEqual(['POST /base/api/v1/query'])
})

test.each([
  [
    '400 with the reason of the server',
    400,
    '{"status":"error","error":"parse error at char 3"}',
    /^refused: .*refused the query \(HTTP 400\): parse error/,
  ],
  ['401', 401, 'who?', /^denied: .*refused us \(HTTP 401\)/],
  ['403', 403, '', /^denied: .*refused us \(HTTP 403\).*allow Slipway/],
  ['404', 404, 'page not found', /^malformed: .*no query API.*prometheusUrl/],
  ['422', 422, '{"error":"too many samples"}', /^refused: .*HTTP 422\): too many samples/],
  ['429', 429, '', /^throttled: .*throttling us \(HTTP 429\)/],
  ['503', 503, '{"error":"starting"}', /^down: .*unavailable \(HTTP 503\): starting/],
  ['503 when the query took too long', 503, '{"errorType":"timeout","error":"query timed out"}', /^late: .*timed out/],
  ['204', 204, '', /^down: .*unavailable \(HTTP 204\)/],
])('an answer of %s is missing', async (_, status, body, why) => {
  const url = await serve((__, response) => void response.writeHead(status).end(body))
  expect(await whyNot(url)).toMatch(why)
})

test.each([
  ['no JSON', '<html>', /^malformed: .*no query result/],
  ['half a JSON', matrix(SERIES).slice(0, -5), /^malformed: .*no query result/],
  ['an empty body', '', /^malformed: .*no query result/],
  ['JSON null', 'null', /^malformed: .*no query result/],
  ['an error with 200', '{"status":"error","error":"x"}', /^malformed: .*no query result/],
  ['no data', '{"status":"success"}', /^malformed: .*no query result/],
  ['a vector', '{"status":"success","data":{"resultType":"vector","result":[]}}', /a vector instead of a matrix/],
  [
    'a matrix that is no list',
    '{"status":"success","data":{"resultType":"matrix","result":{}}}',
    /instead of a matrix/,
  ],
  ['a warning', matrix(SERIES, ',"warnings":["remote read failed"]'), /^partial: .*only a part.*: remote read failed/],
  ['a series that is none', matrix('7'), /^malformed: .*a series that cannot be read/],
  ['a series without a value', matrix('{"metric":{}}'), /^malformed: .*a series that cannot be read/],
  ['a native histogram', matrix('{"metric":{},"histograms":[[1,{}]]}'), /^malformed: .*a series that cannot be read/],
  ['a value that is no text', matrix('{"metric":{},"values":[[1,7]]}'), /^malformed: .*a series that cannot be read/],
  ['a value that is empty', matrix('{"metric":{},"values":[[1,""]]}'), /^malformed: .*a series that cannot be read/],
  ['a point that is none', matrix('{"metric":{},"values":[7]}'), /^malformed: .*a series that cannot be read/],
  [
    'a label that is no text',
    matrix('{"metric":{"revision":7},"values":[[1,"7"]]}'),
    /^malformed: .*a series that cannot be read/,
  ],
])('a body with %s is missing', async (_, body, why) => {
  const url = await serve((__, response) => void response.end(body))
  expect(await whyNot(url)).toMatch(why)
})

const LOUD = `bad\r\n\u001b[31;1mnews\u001b[0m\u0000\u202e of ${'long '.repeat(200)}`

test.each([
  ['an error', 400, { error: LOUD }, /^refused: .*\(HTTP 400\): bad news of long/],
  ['a warning', 200, { status: 'success', data: {}, warnings: [LOUD] }, /^partial: .*: bad news of long/],
  ['a warning that is no text', 200, { status: 'success', data: {}, warnings: [{ a: LOUD }] }, /^partial: .*no text/],
  ['a form', 200, { status: 'success', data: { resultType: LOUD } }, /^malformed: .* a bad news of long/],
  [
    'a status',
    200,
    JSON.parse(matrix(SERIES.replace('"200"', JSON.stringify(LOUD)))),
    /^malformed: .*"bad news of long/,
  ],
])('what the server says in %s is told in one short line of plain text', async (_, status, body, why) => {
  const url = await serve((__, response) => void response.writeHead(status).end(JSON.stringify(body)))
  const told = await whyNot(url)
  expect(told).toMatch(why)
  expect(told).not.toMatch(/\p{C}|\[31|\\u/u)
  expect(told.length).toBeLessThan(450)
})

test('a list of notes does no harm', async () => {
  const url = await serve(
    (_, response) => void response.end(matrix(SERIES, ',"warnings":[],"infos":["maybe no counter"]')),
  )
  expect(await readOne(url)).toMatchObject(MEASURED)
})

test('a redirect is refused and not followed', async () => {
  const visited: string[] = []
  const other = await serve((request, response) => {
    visited.push(request.url ?? '')
    response.end(matrix(SERIES))
  })
  const url = await serve((_, response) => void response.writeHead(307, { location: `${other}/api/v1/query` }).end())
  expect(await whyNot(url)).toMatch(/^malformed: .*redirects \(HTTP 307\).*not followed/)
  expect(visited).toEqual([])
})

test('a body over 16 MiB is refused, even when it never ends', async () => {
  const url = await serve((_, response) => {
    const pour = () => {
      while (!response.destroyed && response.write(' '.repeat(65_536)));
    }
    response.on('drain', pour)
    pour()
  })
  expect(await whyNot(url)).toMatch(/more than 16777216 bytes/)
})

test('a body of one byte over 16 MiB is refused', async () => {
  const url = await serve((_, response) => void response.end(matrix(SERIES).padEnd(16 * 1024 * 1024 + 1)))
  expect(await whyNot(url)).toMatch(/more than 16777216 bytes/)
})

test('a body of exactly 16 MiB is read', async () => {
  const url = await serve((_, response) => void response.end(matrix(SERIES).padEnd(16 * 1024 * 1024)))
  expect(await readOne(url)).toMatchObject(MEASURED)
})

test('a server that says nothing is missing after the time-out', async () => {
  const url = await serve(() => {})
  expect(await whyNot(url, 50)).toMatch(/^late: .*no answer within 50 ms/)
})

test('a server that stops in the middle of its answer is missing after the time-out', async () => {
  const url = await serve((_, response) => void response.write('{"status":'))
  expect(await whyNot(url, 200)).toMatch(/^late: .*no answer within 200 ms/)
})

test('a server that is not there is missing', async () => {
  const url = await serve(() => {})
  for (const close of closers.splice(0)) close()
  expect(await whyNot(url)).toMatch(/^down: .*could not be reached \(ECONNREFUSED\)/)
})

test('a connection that breaks is missing', async () => {
  const url = await serve((request) => void request.socket.destroy())
  expect(await whyNot(url)).toMatch(/^down: .*could not be reached/)
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function readOne(url: string, timeoutMs = 30_000) {
  const metrics = createPrometheus({ urlOf: () => url, timeoutMs })
  const kpi = errorRate({ source: SOURCES.prometheus })
  const [reading] = await metrics.read([query({ kpi })])
  return reading
}

async function whyNot(url: string, timeoutMs?: number): Promise<string> {
  const reading = await readOne(url, timeoutMs)
  return reading?.kind === 'missing' ? `${reading.silence}: ${reading.why}` : `measured: ${JSON.stringify(reading)}`
}
