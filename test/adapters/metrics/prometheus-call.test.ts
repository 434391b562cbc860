import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createPrometheus } from '../../../lib/adapters/metrics/prometheus.ts'
import { errorRate, NAMES, query } from './queries.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const SERIES = '{"metric":{"revision":"shop--a","status":"200"},"value":[1,"7"]}'
const vector = (result: string, more = '') =>
  `{"status":"success","data":{"resultType":"vector","result":[${result}]}${more}}`

test('a plain answer is read, asked by POST', async () => {
  const methods: (string | undefined)[] = []
  const url = await serve((request, response) => {
    methods.push(`${request.method} ${request.url}`)
    response.end(vector(SERIES))
  })
  expect(await readOne(`${url}/base`)).toMatchObject({ kind: 'measured', total: 7 })
  expect(methods).toEqual(['POST /base/api/v1/query'])
})

test.each([
  [
    '400 with the reason of the server',
    400,
    '{"status":"error","error":"parse error at char 3"}',
    /refused the query \(HTTP 400\): parse error/,
  ],
  ['401', 401, 'who?', /refused us \(HTTP 401\)/],
  ['403', 403, '', /refused us \(HTTP 403\).*allow Slipway/],
  ['404', 404, 'page not found', /no query API.*prometheusUrl/],
  ['422', 422, '{"error":"too many samples"}', /HTTP 422\): too many samples/],
  ['429', 429, '', /unavailable \(HTTP 429\)/],
  ['503', 503, '{"error":"starting"}', /unavailable \(HTTP 503\): starting/],
  ['204', 204, '', /unavailable \(HTTP 204\)/],
])('an answer of %s is missing', async (_, status, body, why) => {
  const url = await serve((__, response) => void response.writeHead(status).end(body))
  expect(await whyNot(url)).toMatch(why)
})

test.each([
  ['no JSON', '<html>', /no query result/],
  ['half a JSON', vector(SERIES).slice(0, -5), /no query result/],
  ['an empty body', '', /no query result/],
  ['JSON null', 'null', /no query result/],
  ['an error with 200', '{"status":"error","error":"x"}', /no query result/],
  ['no data', '{"status":"success"}', /no query result/],
  ['a matrix', '{"status":"success","data":{"resultType":"matrix","result":[]}}', /a matrix instead of a vector/],
  [
    'a vector that is no list',
    '{"status":"success","data":{"resultType":"vector","result":{}}}',
    /instead of a vector/,
  ],
  ['a warning', vector(SERIES, ',"warnings":["remote read failed"]'), /warning.*only a part: remote read failed/],
  ['a series that is none', vector('7'), /a series that cannot be read/],
  ['a series without a value', vector('{"metric":{}}'), /a series that cannot be read/],
  ['a native histogram', vector('{"metric":{},"histogram":[1,{}]}'), /a series that cannot be read/],
  ['a value that is no text', vector('{"metric":{},"value":[1,7]}'), /a series that cannot be read/],
  ['a label that is no text', vector('{"metric":{"revision":7},"value":[1,"7"]}'), /a series that cannot be read/],
])('a body with %s is missing', async (_, body, why) => {
  const url = await serve((__, response) => void response.end(body))
  expect(await whyNot(url)).toMatch(why)
})

test('a list of notes does no harm', async () => {
  const url = await serve(
    (_, response) => void response.end(vector(SERIES, ',"warnings":[],"infos":["maybe no counter"]')),
  )
  expect(await readOne(url)).toMatchObject({ kind: 'measured', total: 7 })
})

test('a redirect is refused and not followed', async () => {
  const visited: string[] = []
  const other = await serve((request, response) => {
    visited.push(request.url ?? '')
    response.end(vector(SERIES))
  })
  const url = await serve((_, response) => void response.writeHead(307, { location: `${other}/api/v1/query` }).end())
  expect(await whyNot(url)).toMatch(/redirects \(HTTP 307\).*not followed/)
  expect(visited).toEqual([])
})

test('a body over 1 MiB is refused, even when it never ends', async () => {
  const url = await serve((_, response) => {
    const pour = () => {
      while (!response.destroyed && response.write(' '.repeat(65_536)));
    }
    response.on('drain', pour)
    pour()
  })
  expect(await whyNot(url)).toMatch(/more than 1048576 bytes/)
})

test('a body of one byte over 1 MiB is refused', async () => {
  const url = await serve((_, response) => void response.end(vector(SERIES).padEnd(1024 * 1024 + 1)))
  expect(await whyNot(url)).toMatch(/more than 1048576 bytes/)
})

test('a body of exactly 1 MiB is read', async () => {
  const url = await serve((_, response) => void response.end(vector(SERIES).padEnd(1024 * 1024)))
  expect(await readOne(url)).toMatchObject({ kind: 'measured', total: 7 })
})

test('a server that says nothing is missing after the time-out', async () => {
  const url = await serve(() => {})
  expect(await whyNot(url, 50)).toMatch(/no answer within 50 ms/)
})

test('a server that stops in the middle of its answer is missing after the time-out', async () => {
  const url = await serve((_, response) => void response.write('{"status":'))
  expect(await whyNot(url, 200)).toMatch(/no answer within 200 ms/)
})

test('a server that is not there is missing', async () => {
  const url = await serve(() => {})
  for (const close of closers.splice(0)) close()
  expect(await whyNot(url)).toMatch(/could not be reached \(ECONNREFUSED\)/)
})

test('a connection that breaks is missing', async () => {
  const url = await serve((request) => void request.socket.destroy())
  expect(await whyNot(url)).toMatch(/could not be reached/)
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
  const kpi = errorRate({ source: 'prometheus', prometheus: NAMES })
  const [reading] = await metrics.read([query({ kpi })])
  return reading
}

async function whyNot(url: string, timeoutMs?: number): Promise<string> {
  const reading = await readOne(url, timeoutMs)
  return reading?.kind === 'missing' ? reading.why : `measured: ${JSON.stringify(reading)}`
}
