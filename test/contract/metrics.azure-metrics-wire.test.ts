import { request as httpsRequest } from 'node:https'
import { ManagedIdentityCredential } from '@azure/identity'
import { MetricsClient } from '@azure/monitor-query-metrics'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createAzureMetrics } from '../../lib/adapters/metrics/azure-metrics.ts'
import { METRICS_SCOPE } from '../../lib/adapters/metrics/azure-metrics-request.ts'
import { createAzureRestarts } from '../../lib/adapters/metrics/azure-metrics-restarts.ts'
import type { Query, Reading } from '../../lib/core/judge/reading.ts'
import type { Target } from '../../lib/core/service.ts'
import { createAccessLog } from '../../sim/azure/access-log.ts'
import { createMetricsServer, type MetricsFault, type MetricsServer } from '../../sim/azure/metrics.ts'
import type { MeasuredApp } from '../../sim/azure/metrics-series.ts'
import { handClock } from '../../sim/clock.ts'
import { query as anyQuery, errorRate, MINUTE, START, uptime } from '../adapters/metrics/queries.ts'
import { requestAt } from '../sim/azure/requests.ts'
import { type Trust, trust } from '../sim/azure/trust.ts'

const [NORTH, SOUTH] = ['00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-00000000000b']
const HOSTILE = "it's' or revisionName eq 'shop--b' and podName eq '*"
const query = (over: Partial<Query> = {}) => anyQuery({ kpi: errorRate(), to: START + 3 * MINUTE, ...over })

describe('metrics from Azure Monitor, through the real client over https', { timeout: 60_000 }, () => {
  const clock = handClock(START + 10 * MINUTE)
  const apps = new Map<string, MeasuredApp>()
  let local: Trust
  let server: MetricsServer

  beforeAll(async () => {
    local = await trust()
    const { accept } = local.identity
    const find = (subscription: string, group: string, app: string) => apps.get(key(subscription, group, app)) ?? null
    server = await createMetricsServer({ clock, tls: local.tls, accept, find })
    fill()
  }, 60_000)
  beforeEach(() => {
    server.faults.clear()
    server.setLag(0)
  })
  afterAll(async () => {
    await server?.close()
    await local?.identity.close()
  })

  /** Per minute: shop--a 100 requests with 3 of 503, 2 of 429; shop--b 900 with 1 of 500. Minute 1: shop--b only. */
  function fill(): void {
    const log = createAccessLog()
    for (const minute of [0, 1, 2]) {
      const at = START + minute * MINUTE
      if (minute !== 1) {
        for (let place = 0; place < 100; place++) {
          const StatusCode = place < 3 ? 503 : place < 5 ? 429 : place < 6 ? 302 : 200
          log.append(requestAt(at + place, { RevisionName: 'shop--a', StatusCode }))
        }
      }
      for (let place = 0; place < 900; place++) {
        log.append(requestAt(at + 200 + place, { RevisionName: 'shop--b', StatusCode: place < 1 ? 500 : 200 }))
      }
    }
    log.append(requestAt(START + 2 * MINUTE + 5_000, { RevisionName: HOSTILE, StatusCode: 500 }))
    apps.set(key(NORTH, 'rg', 'shop'), { region: 'westeurope', log })
  }

  function addApp(app: string, other: Partial<Target> & { region?: string } = {}): Query {
    const { region = 'westeurope', ...of } = other
    const target = { subscriptionId: NORTH, resourceGroup: 'rg', app, container: null, ...of }
    const log = createAccessLog()
    log.append(requestAt(START + 1, { ContainerAppName: app, RevisionName: `${app}--a`, StatusCode: 502 }))
    apps.set(key(target.subscriptionId, target.resourceGroup, app), { region, log })
    return query({ target, region, revision: `${app}--a`, to: START + MINUTE })
  }

  const clientOptions = () => ({ ...local.client, audience: METRICS_SCOPE })
  const clientFor = (endpoint: string) => new MetricsClient(endpoint, local.credential, clientOptions())

  function read(queries: readonly Query[], timeoutMs = 30_000): Promise<readonly Reading[]> {
    return createAzureMetrics({ clientFor, endpoint: server.endpoint, timeoutMs }).read(queries)
  }

  test('one call answers both arms and every KPI, minute by minute', async () => {
    const before = server.calls.length
    const readings = await read([
      query(),
      query({ arm: 'baseline', revision: 'shop--b' }),
      query({ kpi: errorRate({ alsoBad: [429] }) }),
      query({ kpi: uptime(), from: START + 2 * MINUTE }),
    ])
    expect(readings.map(bucketsOf)).toEqual([
      ['0: 3/100', '1: 0/0', '2: 3/100'],
      ['0: 1/900', '1: 1/900', '2: 1/900'],
      ['0: 5/100', '1: 0/0', '2: 5/100'],
      ['2: 3/100'],
    ])
    expect(readings[0]).toMatchObject({ kind: 'measured', quality: 'exact', note: null })
    expect(server.calls.slice(before)).toEqual([
      {
        region: 'westeurope',
        apps: 1,
        filter:
          "revisionName eq 'shop--a' or revisionName eq 'shop--b' and statusCodeCategory eq '*' and statusCode eq '*'",
      },
    ])
  })

  test('status codes are asked for only where a KPI needs them', async () => {
    const before = server.calls.length
    await read([query({ kpi: errorRate({ alsoBad: [503] }) }), query({ kpi: uptime() })])
    expect(server.calls.slice(before).map(({ filter }) => filter)).toEqual([
      "revisionName eq 'shop--a' and statusCodeCategory eq '*'",
    ])
  })

  test('a revision without traffic beside one that has some was asked and had none', async () => {
    const readings = await read([query({ revision: 'shop--idle' }), query({ arm: 'baseline', revision: 'shop--b' })])
    expect(bucketsOf(readings[0])).toEqual(['0: 0/0', '1: 0/0', '2: 0/0'])
  })

  test.each(['zero', 'nothing'] as const)(
    'minutes that Azure has not finished, and says %s of, are absent',
    async (word) => {
      server.setLag(8.5 * MINUTE, word)
      const readings = await read([
        query({ to: START + 8 * MINUTE }),
        query({ revision: 'shop--b', to: START + 8 * MINUTE }),
      ])
      expect(readings.map(bucketsOf)).toEqual([
        ['0: 3/100', '1: 0/0'],
        ['0: 1/900', '1: 1/900'],
      ])
    },
  )

  test('an app that shows no request at all is silent, not healthy', async () => {
    const [reading] = await read([query({ from: START + 5 * MINUTE, to: START + 8 * MINUTE })])
    expect(reading).toMatchObject({ kind: 'measured', buckets: [] })
  })

  test('buckets of several minutes are there when all their minutes are', async () => {
    const wide = { bucketMs: 2 * MINUTE, to: START + 4 * MINUTE }
    const readings = await read([query(wide), query({ ...wide, revision: 'shop--b' })])
    expect(readings.map(bucketsOf)).toEqual([['0: 3/100'], ['0: 2/1800']])
  })

  test('services, subscriptions and regions cost one call each kind, and fifty apps share one', async () => {
    const many = Array.from({ length: 101 }, (_, place) => addApp(`many${place}`))
    const queries = [
      ...many,
      addApp('far', { region: 'eastus' }),
      addApp('else', { subscriptionId: SOUTH, resourceGroup: 'x' }),
    ]
    const before = server.calls.length
    const readings = await read(queries.flatMap((one) => [one, { ...one, kpi: uptime() }]))
    expect(readings.map(bucketsOf)).toEqual(readings.map(() => ['0: 1/1']))
    const calls = server.calls.slice(before).map(({ region, apps }) => `${region} ${apps}`)
    expect(calls.sort()).toEqual(['eastus 1', 'westeurope 1', 'westeurope 1', 'westeurope 50', 'westeurope 50'])
    expect(server.calls.slice(before).every(({ filter }) => filter.length < 4_000)).toBe(true)
  })

  test('regions behind one address are asked apart', async () => {
    const [near, far] = [addApp('near'), addApp('far', { region: 'eastus' })]
    const before = server.calls.length
    const readings = await createAzureMetrics({ clientFor, endpoint: server.url }).read([near, far])
    expect(readings.map(bucketsOf)).toEqual([['0: 1/1'], ['0: 1/1']])
    expect(server.calls.slice(before).map(({ region, apps }) => `${region} ${apps}`)).toEqual([' 1', ' 1'])
  })

  test('more series than Azure gives by default are all counted', async () => {
    const log = createAccessLog()
    const codes = [200, 201, 204, 301, 302, 304, 400, 401, 403, 404, 409, 410, 418, 429, 500, 502, 503, 504]
    codes.forEach((StatusCode, place) => {
      log.append(requestAt(START + place, { ContainerAppName: 'wide', RevisionName: 'wide--a', StatusCode }))
    })
    apps.set(key(NORTH, 'rg', 'wide'), { region: 'westeurope', log })
    const target = { subscriptionId: NORTH, resourceGroup: 'rg', app: 'wide', container: null }
    const kpi = errorRate({ alsoBad: [418, 429] })
    const [reading] = await read([query({ target, revision: 'wide--a', kpi, to: START + MINUTE })])
    expect(bucketsOf(reading)).toEqual([`0: 6/${codes.length}`])
  })

  test('a revision name that is filter syntax is a name', async () => {
    const readings = await read([query({ revision: HOSTILE }), query(), query({ revision: '*' })])
    expect(bucketsOf(readings[0])).toEqual(['0: 0/0', '2: 1/1'])
    expect(bucketsOf(readings[1])).toEqual(['0: 3/100', '2: 3/100'])
    expect(bucketsOf(readings[2])).toEqual(['0: 0/0', '2: 0/0'])
  })

  test('an app name that would name something else is refused, and one that is odd only finds itself', async () => {
    const target = (app: string) => ({ subscriptionId: NORTH, resourceGroup: 'rg', app, container: null })
    const readings = await read([
      query({ target: target('shop/providers/x') }),
      query({ target: target('shop"]}') }),
      query({ target: target("shop' or") }),
      query(),
    ])
    expect(readings[0]).toMatchObject({
      silence: 'refused',
      why: expect.stringMatching(/"shop\/providers\/x".*target/),
    })
    expect(readings[1]).toMatchObject({ silence: 'refused', why: expect.stringMatching(/404, ResourceNotFound/) })
    expect(readings[2]).toMatchObject({ silence: 'refused' })
    expect(bucketsOf(readings[3])).toEqual(['0: 3/100', '2: 3/100'])
  })

  test('an app that is gone, and one that lives elsewhere, blind nobody but themselves from the second look on', async () => {
    const others = Array.from({ length: 20 }, (_, place) => addApp(`near${place}`))
    const gone = query({ target: { subscriptionId: NORTH, resourceGroup: 'rg', app: 'gone', container: null } })
    const moved = { ...addApp('moved', { region: 'eastus' }), region: 'westeurope' }
    const source = createAzureMetrics({ clientFor, endpoint: server.endpoint })
    const queries = [...others.slice(0, 7), gone, ...others.slice(7), moved]
    const before = server.calls.length
    await source.read(queries)
    expect(server.calls.length - before).toBeLessThanOrEqual(9)
    const readings = await source.read(queries)
    expect(readings.filter(({ kind }) => kind === 'measured')).toHaveLength(20)
    expect(readings[7]).toMatchObject({ silence: 'refused', why: expect.stringMatching(/404.*not found/) })
    expect(readings[21]).toMatchObject({ silence: 'refused', why: expect.stringMatching(/400.*region westeurope/) })
  })

  test('the query of a reading gives the same figures when it is sent again as it stands', async () => {
    const readings = await read([
      query({ revision: HOSTILE }),
      query({ arm: 'baseline', revision: 'shop--b' }),
      addApp('other'),
    ])
    const text = readings[0]?.query ?? ''
    expect(text).not.toContain('other')
    const again = JSON.parse(await sendAgain(text))
    expect(again.values).toHaveLength(1)
    const hostile = again.values[0].value[0].timeseries.filter(
      (series: { metadatavalues: { value: string }[] }) => series.metadatavalues[0]?.value === HOSTILE,
    )
    expect(hostile).toMatchObject([
      { data: [{ total: 0 }, { total: 0 }, { timeStamp: '2026-01-01T00:02:00Z', total: 1 }] },
    ])
  })

  test.each<[MetricsFault, string, RegExp]>([
    ['down', 'down', /unavailable.*HTTP 503, ServiceUnavailable/],
    ['denied', 'denied', /HTTP 401, AuthorizationFailed.*role "Monitoring Reader" on the subscription/],
    ['throttled', 'throttled', /HTTP 429, TooManyRequests.*wants 17 s of rest/],
    ['busy', 'throttled', /HTTP 529/],
    ['malformed', 'malformed', /could not be read/],
  ])('a service that is %s leaves every reading missing, with the reason', async (fault, silence, why) => {
    server.faults.inject(fault)
    const readings = await read([query(), query({ revision: 'shop--b' })])
    for (const reading of readings)
      expect(reading).toMatchObject({ kind: 'missing', silence, why: expect.stringMatching(why) })
    expect(readings[0]?.query).toContain('metrics:getBatch?starttime=2026-01-01T00%3A00%3A00.000Z')
  })

  test.each<[MetricsFault, RegExp]>([
    ['partial', /could not answer for shop \(InternalError: The metrics backend did not answer/],
    ['missing', /leaves shop out/],
  ])('an answer that is %s for one app is none for this app only', async (fault, why) => {
    const other = addApp('other')
    server.faults.inject(fault)
    const readings = await read([query(), other])
    expect(readings[0]).toMatchObject({ kind: 'missing', silence: 'partial', why: expect.stringMatching(why) })
    expect(bucketsOf(readings[1])).toEqual(['0: 1/1'])
  })

  test('an answer that does not come in time is late', async () => {
    server.faults.inject('slow', 1)
    const [reading] = await read([query()], 50)
    expect(reading).toMatchObject({ silence: 'late', why: expect.stringMatching(/no answer within 50 ms/) })
  })

  test('one region that is down leaves the other alone', async () => {
    const far = addApp('far', { region: 'eastus' })
    const dead = (endpoint: string) => clientFor(endpoint.includes('eastus') ? 'https://127.0.0.1:1' : endpoint)
    const readings = await createAzureMetrics({ clientFor: dead, endpoint: server.endpoint }).read([far, query()])
    expect(readings[0]).toMatchObject({ silence: 'down', why: expect.stringMatching(/could not be reached/) })
    expect(readings[1]).toMatchObject({ kind: 'measured' })
  })

  test.each(['denied', 'malformed'] as const)('an identity endpoint that is %s denies', async (fault) => {
    local.identity.faults.inject(fault)
    // Tokens are cached per identity, so each case asks for another one.
    const credential = new ManagedIdentityCredential({ clientId: fault, retryOptions: { maxRetries: 0 } })
    const client = new MetricsClient(server.endpoint.replace('{region}', 'westeurope'), credential, clientOptions())
    const [reading] = await createAzureMetrics({ clientFor: () => client }).read([query()])
    local.identity.faults.clear()
    expect(reading).toMatchObject({ silence: 'denied', why: expect.stringMatching(/no token for Azure Monitor/) })
  })

  test('a client with the scope that the SDK takes by itself is denied', async () => {
    const bare = (endpoint: string) => new MetricsClient(endpoint, local.credential, local.client)
    const [reading] = await createAzureMetrics({ clientFor: bare, endpoint: server.endpoint }).read([query()])
    expect(reading).toMatchObject({ silence: 'denied', why: expect.stringMatching(/InvalidAuthenticationToken/) })
  })

  test('restarts of a revision are counted per replica, one call for all', async () => {
    const { log } = apps.get(key(NORTH, 'rg', 'shop')) as MeasuredApp
    const restart = (minute: number, ReplicaName: string, RevisionName = 'shop--a') => ({
      at: START + minute * MINUTE + 1,
      ReplicaName,
      RevisionName,
    })
    const restarts = [
      restart(1, 'r1'),
      restart(2, 'r2'),
      restart(2, 'r9', 'shop--b'),
      restart(3, 'r1'),
      restart(5, 'r1'),
    ]
    apps.set(key(NORTH, 'rg', 'shop'), { region: 'westeurope', log, restarts })
    server.setLag(4 * MINUTE)
    const before = server.calls.length
    const count = createAzureRestarts({ clientFor, endpoint: server.endpoint })
    const { target, region } = query()
    const ask = { target, region, from: START, to: START + 10 * MINUTE }
    const counts = await count([
      { ...ask, revision: 'shop--a' },
      { ...ask, revision: 'shop--a', from: START + 3 * MINUTE },
      { ...ask, revision: 'shop--idle' },
      { ...ask, revision: 'shop--a', region: null },
    ])
    expect(counts.slice(0, 3)).toEqual([4, 1, 0].map((restarts) => ({ kind: 'counted', restarts })))
    expect(counts[3]).toMatchObject({ kind: 'missing', silence: 'unset' })
    expect(server.calls.slice(before)).toHaveLength(1)
  })

  /** Sends the text of a reading's query byte for byte, with a token. */
  function sendAgain(text: string): Promise<string> {
    const [line = '', body = ''] = text.split('\n')
    const [method = '', url = ''] = line.split(' ')
    const authorization = `Bearer ${local.identity.issue('https://metrics.monitor.azure.com')}`
    const headers = { authorization, 'content-type': 'application/json' }
    return new Promise((resolve, reject) => {
      const sent = httpsRequest(url, { method, headers, ca: local.tls.ca }, async (response) => {
        const parts: Buffer[] = []
        for await (const part of response) parts.push(part)
        resolve(Buffer.concat(parts).toString('utf8'))
      })
      sent.on('error', reject).end(body)
    })
  }
})

function key(subscription: string, group: string, app: string): string {
  return `${subscription}/${group}/${app}`.toLowerCase()
}

/** Each bucket as `minute: bad/total`; a reading without any says why. */
function bucketsOf(reading: Reading | undefined): readonly string[] {
  if (reading?.kind !== 'measured') return [JSON.stringify(reading)]
  return reading.buckets.map(({ at, bad, total }) => `${(at - START) / MINUTE}: ${bad}/${total}`)
}
