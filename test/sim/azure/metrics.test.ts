import { readFileSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { MetricsClient } from '@azure/monitor-query-metrics'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createAccessLog } from '../../../sim/azure/access-log.ts'
import { createMetricsServer, METRICS_AUDIENCE, type MetricsServer } from '../../../sim/azure/metrics.ts'
import { handClock } from '../../../sim/clock.ts'
import { requestAt } from './requests.ts'
import { failureOf, type Trust, trust } from './trust.ts'

const NOON = Date.UTC(2026, 0, 15, 12)
const SUBSCRIPTION = '00000000-0000-0000-0000-000000000001'
const ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.App/containerApps/shop`
const NAMESPACE = 'Microsoft.App/containerApps'
const FILTER = "revisionName eq '*' and statusCodeCategory eq '*'"
const clock = handClock(NOON + 150_000)
const log = createAccessLog()
let local: Trust
let server: MetricsServer
let client: MetricsClient

beforeAll(async () => {
  local = await trust()
  server = await createMetricsServer({
    clock,
    tls: local.tls,
    accept: local.identity.accept,
    find: (_, group, app) => (`${group}/${app}`.toLowerCase() === 'rg/shop' ? { region: 'westeurope', log } : null),
  })
  client = clientOf('westeurope')
  for (let place = 0; place < 60; place++) {
    const StatusCode = place < 5 ? 500 : place < 10 ? 404 : 200
    log.append(requestAt(NOON + place * 1000, { StatusCode, ReplicaName: `r${place % 2}` }))
  }
  log.append(requestAt(NOON + 61_000, { RevisionName: 'shop--second' }))
  log.append(requestAt(NOON + 62_000, { ContainerAppName: 'other' }))
})
beforeEach(() => {
  server.faults.clear()
  server.setLag(0)
})
afterAll(async () => {
  await server.close()
  await local.identity.close()
})

function clientOf(region: string): MetricsClient {
  const options = { ...local.client, audience: `${METRICS_AUDIENCE}/.default` }
  return new MetricsClient(server.endpoint.replace('{region}', region), local.credential, options)
}

const WINDOW = { startTime: new Date(NOON), endTime: new Date(NOON + 600_000), interval: 'PT1M', aggregation: 'Total' }

/** Each series as its dimensions and its figures. */
async function seriesOf(options: object, metrics = ['Requests'], ids = [ID]): Promise<readonly string[]> {
  const [result] = await client.queryResources(ids, metrics, NAMESPACE, { ...WINDOW, ...options })
  return (result?.metrics[0]?.timeseries ?? []).map(({ metadatavalues = [], data = [] }) => {
    const dimensions = metadatavalues.map(({ name, value }) => `${name}=${value}`).join(' ')
    return `${dimensions}: ${data.map(({ total, maximum }) => total ?? maximum ?? '-').join(' ')}`
  })
}

test('the real client gets a series per value of every dimension, busiest first, up to the minute that runs', async () => {
  expect(await seriesOf({ filter: FILTER })).toEqual([
    'revisionname=shop--first statuscodecategory=2xx: 50 0 0',
    'revisionname=shop--first statuscodecategory=4xx: 5 0 0',
    'revisionname=shop--first statuscodecategory=5xx: 5 0 0',
    'revisionname=shop--second statuscodecategory=2xx: 0 1 0',
  ])
  expect(await seriesOf({ filter: "podName eq '*' and statusCode eq '404'" })).toEqual([
    'podname=r1 statuscode=404: 3 0 0',
    'podname=r0 statuscode=404: 2 0 0',
  ])
})

test('only the values that a filter names are seen, whatever their letters', async () => {
  const filter = "revisionName eq 'SHOP--SECOND' or revisionName eq 'nobody' and statusCodeCategory eq '*'"
  expect(await seriesOf({ filter })).toEqual(['revisionname=shop--second statuscodecategory=2xx: 0 1 0'])
  expect(await seriesOf({ filter: "revisionName eq 'nobody'" })).toEqual([])
  expect(await seriesOf({})).toEqual([': 60 1 0'])
})

test('no more series come than were allowed, and ten where nothing is said', async () => {
  expect(await seriesOf({ filter: FILTER, top: 2 })).toHaveLength(2)
  for (let place = 0; place < 12; place++) log.append(requestAt(NOON + 125_000, { RevisionName: `shop--n${place}` }))
  expect(await seriesOf({ filter: FILTER })).toHaveLength(10)
  expect(await seriesOf({ filter: FILTER, top: 1000 })).toHaveLength(16)
})

test('requests that are younger than the lag are not there: their minutes say 0, or nothing', async () => {
  const filter = "revisionName eq 'shop--first'"
  server.setLag(120_000)
  expect(await seriesOf({ filter })).toEqual(['revisionname=shop--first: 31 0 0'])
  server.setLag(120_000, 'nothing')
  expect(await seriesOf({ filter })).toEqual(['revisionname=shop--first: 31 - -'])
})

test.each<[string, object, RegExp]>([
  [
    'dimensions that the metric has not',
    { filter: "revision eq '*'" },
    /Metric: Requests does not support requested dimension combination: revision, supported ones are: revisionName,/,
  ],
  ['or between two dimensions', { filter: "revisionName eq 'a' or podName eq 'b'" }, /'or' cannot separate/],
  ['a comparison it does not know', { filter: "revisionName ne 'a'" }, /cannot be read from its character 1 on/],
  ['brackets', { filter: "(revisionName eq 'a')" }, /cannot be read/],
  ['a quote that does not end', { filter: "revisionName eq 'a' and podName eq 'b" }, /from its character 20 on/],
  ['a quote in the middle', { filter: "revisionName eq 'it's'" }, /cannot be read/],
  ['words that are not apart', { filter: "revisionName eq 'a'and podName eq 'b'" }, /cannot be read/],
  ['a dimension twice', { filter: "podName eq 'a' and podName eq 'b'" }, /stands twice/],
  ['an order', { filter: FILTER, orderBy: 'total desc' }, /orderby/],
  ['hours', { interval: 'PT1H' }, /PT1M/],
  ['percentiles', { aggregation: 'P95' }, /aggregation p95 of the metric Requests/],
  ['a window that ends before it starts', { endTime: new Date(NOON - 1) }, /time range/],
  ['too many series', { filter: FILTER, top: 2_147_483_648 }, /invalid TopN/],
])('a question about %s is refused, not guessed', async (_, options, message) => {
  const refused = await failureOf(seriesOf(options))
  expect(refused).toMatchObject({ statusCode: 400, code: 'BadRequest', message: expect.stringMatching(message) })
})

test('a batch is of one to fifty different apps of one subscription, region and type', async () => {
  const messageFor = async (...ids: string[]) => (await failureOf(seriesOf({}, ['Requests'], ids))).message
  const many = Array.from({ length: 51 }, (_, place) => `${ID}${place}`)
  expect(await messageFor(...many)).toMatch(/1 to 50/)
  expect(await messageFor(ID, ID.toLowerCase())).toMatch(/unique/)
  expect(await messageFor(ID, ID.replace('0001', '0002'))).toMatch(/another subscription/)
  expect(await messageFor(ID.replace('containerApps', 'jobs'))).toMatch(/not the id of a container app/)
  expect(await messageFor(ID, `${ID}x`)).toMatch(/was not found/)
  expect((await failureOf(seriesOf({}, ['ResponseTime']))).message).toMatch(/metric ResponseTime/)
  client = clientOf('eastus')
  expect(await messageFor(ID)).toMatch(/region eastus/)
  client = clientOf('westeurope')
})

test('restarts have no status codes, so they cannot be asked for with the same filter', async () => {
  const refused = await failureOf(seriesOf({ filter: FILTER, aggregation: 'Maximum' }, ['RestartCount']))
  expect(refused.message).toMatch(
    /RestartCount does not support .*: revisionname,statuscodecategory, supported ones are/,
  )
})

test('a token for another service is refused', async () => {
  const reply = await send(server.url, '{}', local.identity.issue('https://management.azure.com'))
  expect(reply.status).toBe(401)
})

test('what the simulator says is what Azure publishes, in answers and in refusals', async () => {
  const published = JSON.parse(read('examples/Metrics_Batch.json'))
  expect(faultsIn('MetricResultsResponse', published.responses['200'].body)).toEqual([])
  expect(faultsIn('ErrorResponse', published.responses.default.body)).toEqual([])
  const good = await send(urlWith({ filter: FILTER }))
  expect(good.status).toBe(200)
  expect(faultsIn('MetricResultsResponse', good.body)).toEqual([])
  expect(namesIn(good.body)).toEqual(namesIn(published.responses['200'].body, 'average', 'total'))
  server.setLag(0, 'nothing')
  expect(faultsIn('MetricResultsResponse', (await send(urlWith({ filter: FILTER }))).body)).toEqual([])
  server.faults.inject('partial', 1)
  expect(faultsIn('MetricResultsResponse', (await send(urlWith({ filter: FILTER }))).body)).toEqual([])
  const bad = await send(urlWith({ timespan: 'x' }))
  expect(bad).toMatchObject({ status: 400, code: published.responses.default.headers['x-ms-error-code'] })
  expect(faultsIn('ErrorResponse', bad.body)).toEqual([])
  expect(faultsIn('MetricResultsResponse', { values: [{ surprise: 1 }] })).not.toEqual([])
})

test('the parameters that are understood or refused are those that Azure publishes', async () => {
  for (const name of DESCRIPTION.operations.Batch.parameters) {
    expect((await send(urlWith({ [name]: 'x' }))).body).not.toMatchObject({
      error: { message: expect.stringContaining('not a parameter') },
    })
  }
  const odd = await send(urlWith({ ValidateDimensions: 'false' }))
  expect(odd).toMatchObject({
    status: 400,
    body: { error: { message: expect.stringMatching(/^validatedimensions is not a parameter/) } },
  })
})

const DESCRIPTION = JSON.parse(read('metrics-2024-02-01.json'))

function read(file: string): string {
  return readFileSync(new URL(`../azure-api/${file}`, import.meta.url), 'utf8')
}

/** What is wrong with a value by a definition of the description; names that the definition does not have are wrong. */
function faultsIn(definition: string, value: unknown): readonly unknown[] {
  const ajv = new Ajv({ strict: false })
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  ajv.addFormat('double', true)
  const closed = Object.entries<{ properties?: object }>(DESCRIPTION.definitions).map(([name, schema]) => [
    name,
    schema.properties === undefined ? schema : { ...schema, additionalProperties: false },
  ])
  const validate = ajv.compile({ definitions: Object.fromEntries(closed), $ref: `#/definitions/${definition}` })
  return validate(value) ? [] : (validate.errors ?? [])
}

/** Every name of a JSON value, once, in alphabetical order; `other` in the place of `one`. */
function namesIn(value: unknown, one = '', other = ''): readonly string[] {
  const found = new Set<string>()
  JSON.stringify(value, (name, inner) => {
    if (name !== '' && !/^\d+$/.test(name)) found.add(name === one ? other : name)
    return inner
  })
  return [...found].sort()
}

function urlWith(parameters: Readonly<Record<string, string>>): string {
  const all = new URLSearchParams({
    'api-version': '2024-02-01',
    metricnamespace: NAMESPACE,
    metricnames: 'Requests',
    ...parameters,
  })
  return `${server.endpoint.replace('{region}', 'westeurope')}/subscriptions/${SUBSCRIPTION}/metrics:getBatch?${all}`
}

function send(
  url: string,
  body = JSON.stringify({ resourceids: [ID] }),
  token = local.identity.issue(METRICS_AUDIENCE),
): Promise<{ status: number | undefined; code: unknown; body: unknown }> {
  const options = { method: 'POST', headers: { authorization: `Bearer ${token}` }, ca: local.tls.ca }
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(url, options, async (response) => {
      const parts: Buffer[] = []
      for await (const part of response) parts.push(part)
      const code = response.headers['x-ms-error-code']
      resolve({ status: response.statusCode, code, body: JSON.parse(Buffer.concat(parts).toString('utf8')) })
    })
    sent.on('error', reject).end(body)
  })
}
