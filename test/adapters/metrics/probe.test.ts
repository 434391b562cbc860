import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, test } from 'vitest'
import { createProbe, type ProbeOptions } from '../../../lib/adapters/metrics/probe.ts'
import { saysNothing } from '../../../lib/adapters/metrics/probe-outcome.ts'
import type { Query, Reading } from '../../../lib/core/judge/reading.ts'
import type { Source } from '../../../lib/core/service.ts'
import { listen } from '../../../sim/azure/serve.ts'
import { createLocalTls } from '../../../sim/azure/tls.ts'
import { freePort } from '../../support/ports.ts'
import { errorRate, gauge, latency, MINUTE, query, ratio, START, uptime } from './queries.ts'

const tls = await createLocalTls()
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

describe('a probe', () => {
  test('asks the path over https, says who it is, and each time over a new connection', async () => {
    const seen: IncomingMessage[] = []
    const ports = new Set<number | undefined>()
    const host = await serve((request, response) => {
      seen.push(request)
      ports.add(request.socket.remotePort)
      response.end('well')
    })
    expect(await readOne({ host, kpi: up({ path: '/health?deep=1&name=ä b' }) })).toMatchObject({
      kind: 'measured',
      quality: 'exact',
      note: null,
      buckets: [{ at: START + 2 * MINUTE, bad: 0, total: 3, value: null }],
    })
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual(
      Array(3).fill('GET /health?deep=1&name=%C3%A4%20b'),
    )
    expect(seen[0]?.headers).toMatchObject({ 'slipway-probe': '1', 'user-agent': 'Slipway-Probe/1', host })
    expect(ports.size).toBe(3)
  })

  test.each([
    [200, 0, null],
    [204, 0, null],
    [302, 0, null],
    [304, 0, null],
    [
      401,
      3,
      'of 3 probes 3 failed: 3 × status 401; 400–499 counts as failed: is /healthz a path that answers without a login?',
    ],
    [
      404,
      3,
      'of 3 probes 3 failed: 3 × status 404; 400–499 counts as failed: is /healthz a path that answers without a login?',
    ],
    [
      429,
      3,
      'of 3 probes 3 failed: 3 × status 429; 400–499 counts as failed: is /healthz a path that answers without a login?',
    ],
    [500, 3, 'of 3 probes 3 failed: 3 × status 500'],
    [503, 3, 'of 3 probes 3 failed: 3 × status 503'],
  ])('that is answered by %d', async (status, bad, note) => {
    const host = await serve((_, response) => void response.writeHead(status).end())
    expect(await readOne({ host })).toMatchObject({ buckets: [{ bad, total: 3 }], note })
  })

  test('does not follow a redirect', async () => {
    const visited: string[] = []
    const other = await serve((request, response) => {
      visited.push(request.url ?? '')
      response.end()
    })
    const host = await serve((_, response) => void response.writeHead(307, { location: `https://${other}/` }).end())
    expect(await readOne({ host })).toMatchObject({ buckets: [{ bad: 0, total: 3 }] })
    expect(visited).toEqual([])
  })

  test('has failed when there is no answer in time, also when it stops in the middle', async () => {
    const silent = await serve(() => {})
    const half = await serve((_, response) => void response.write('half'))
    for (const host of [silent, half]) {
      const reading = await readOne({ host, kpi: up({ timeoutMs: 100 }) })
      expect(reading).toMatchObject({ buckets: [{ bad: 3, total: 3 }], note: 'of 3 probes 3 failed: 3 × TIMEOUT' })
    }
  })

  test('has failed when the connection is refused or breaks', async () => {
    const gone = `127.0.0.1:${await freePort()}`
    expect(await readOne({ host: gone })).toMatchObject({
      buckets: [{ bad: 3, total: 3 }],
      note: expect.stringMatching(/ECONNREFUSED/),
    })
    const broken = await serve((request) => void request.socket.destroy())
    expect(await readOne({ host: broken })).toMatchObject({
      buckets: [{ bad: 3, total: 3 }],
      note: expect.stringMatching(/ECONNRESET/),
    })
    const cut = await serve((request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half', () => request.socket.destroy())
    })
    expect(await readOne({ host: cut })).toMatchObject({
      buckets: [{ bad: 3, total: 3 }],
      note: expect.stringMatching(/ECONNRESET/),
    })
  })

  test('has failed when what answers speaks no TLS', async () => {
    const plain = createServer((socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\n'))
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
    closers.push(() => plain.close())
    const address = plain.address()
    const host = `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    expect(await readOne({ host })).toMatchObject({ buckets: [{ bad: 3, total: 3 }] })
  })

  test('has its answer once 64 KiB of a body that never ends have come', async () => {
    const host = await serve((_, response) => {
      const pour = () => {
        while (!response.destroyed && response.write(' '.repeat(65_536)));
      }
      response.on('drain', pour)
      pour()
    })
    expect(await readOne({ host })).toMatchObject({ buckets: [{ bad: 0, total: 3 }] })
  })

  test('that fails now and then is counted as often', async () => {
    let place = 0
    const host = await serve((_, response) => {
      place += 1
      response.writeHead(place % 3 === 0 ? 503 : 200).end()
    })
    const reading = await readOne({ host, kpi: up({ count: 6 }) })
    expect(reading).toMatchObject({ buckets: [{ bad: 2, total: 6 }], note: 'of 6 probes 2 failed: 2 × status 503' })
  })
})

describe('what says nothing about the revision is not counted', () => {
  type Lookup = NonNullable<NonNullable<ProbeOptions['tls']>['lookup']>
  const failing = (code: string) => Object.assign(new Error('told by the test'), { code })

  test.each(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_SYSTEM', 'EAI_OF_ANOTHER_DAY'])(
    'a name that cannot be looked up (%s)',
    async (code) => {
      const lookup: Lookup = (_, __, done) => done(failing(code), '')
      const reading = await readOne({ host: 'shop--a.example' }, { tls: { lookup } })
      const why = expect.stringMatching(new RegExp(`in DNS \\(${code}\\).*look the name up`))
      expect(reading).toMatchObject({ kind: 'missing', silence: 'down', why })
    },
  )

  test('a resolver that hangs', async () => {
    const kpi = up({ timeoutMs: 10 })
    const reading = await readOne({ host: 'shop--a.example', kpi }, { tls: { lookup: () => {} }, lookupMs: 50 })
    const why = expect.stringMatching(/in DNS \(TIMEOUT of the lookup\)/)
    expect(reading).toMatchObject({ kind: 'missing', silence: 'down', why })
  })

  test('a resolver that gives up after the time-out of the probe', async () => {
    const lookup: Lookup = (_, __, done) => void setTimeout(() => done(failing('EAI_AGAIN'), ''), 100)
    const reading = await readOne({ host: 'shop--a.example', kpi: up({ timeoutMs: 10 }) }, { tls: { lookup } })
    expect(reading).toMatchObject({ kind: 'missing', silence: 'down', why: expect.stringMatching(/DNS \(EAI_AGAIN\)/) })
  })

  test('how long a name took to be looked up', async () => {
    const host = await serve((_, response) => void response.end())
    const lookup: Lookup = (_, { all }, done) => {
      const address = [{ address: '127.0.0.1', family: 4 }]
      setTimeout(() => (all === true ? done(null, address) : done(null, '127.0.0.1', 4)), 3100)
    }
    const named = host.replace('127.0.0.1', 'localhost')
    const source = probe({ count: 1, timeoutMs: 3000 })
    const kpi = latency({ source, limitMs: 3000 })
    const reading = await readOne({ host: named, kpi }, { tls: { ca: tls.ca, lookup }, lookupMs: 60_000 })
    expect(reading).toMatchObject({ buckets: [{ bad: 0, total: 1 }], note: null })
  })

  test.each([
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ENOBUFS',
    'EACCES',
    'EPERM',
    'ECANCELED',
    'EADDRNOTAVAIL',
    'EMFILE',
    'EAI_NODATA',
    'EAI_MEMORY',
  ])('a failure of its own (%s)', (code) => {
    expect(saysNothing({ status: null, tookMs: 1, code, stage: 'connect' })).toBe(true)
  })

  test('an ingress that takes no connection in time', async () => {
    const host = await stuck()
    const reading = await readOne({ host, kpi: up({ timeoutMs: 200 }) })
    const why = expect.stringMatching(/did not reach its ingress \(TIMEOUT of the connect\)/)
    expect(reading).toMatchObject({ kind: 'missing', silence: 'down', why })
  })

  test('and the others are, with a note', async () => {
    const host = await serve((_, response) => void response.writeHead(503).end())
    let place = 0
    const lookup: Lookup = (_, { all }, done) => {
      place += 1
      if (place === 2) done(failing('EAI_AGAIN'), '')
      else if (all === true) done(null, [{ address: '127.0.0.1', family: 4 }])
      else done(null, '127.0.0.1', 4)
    }
    const named = host.replace('127.0.0.1', 'localhost')
    expect(await readOne({ host: named }, { tls: { ca: tls.ca, lookup } })).toMatchObject({
      buckets: [{ bad: 2, total: 2 }],
      note: 'of 2 probes 2 failed: 2 × status 503; not counted, since they say nothing about the revision: 1 × EAI_AGAIN',
    })
  })

  test('a certificate that is not trusted', async () => {
    const host = await serve((_, response) => void response.end())
    const reading = await readOne({ host }, { tls: {} })
    expect(reading).toMatchObject({
      kind: 'missing',
      silence: 'down',
      why: expect.stringMatching(/CERT.*Slipway's network/),
    })
  })
})

describe('latency', () => {
  test('counts answers slower than the limit, and those that failed', async () => {
    let place = 0
    const host = await serve(async (_, response) => {
      place += 1
      if (place === 1) await sleep(2100)
      response.writeHead(place === 3 ? 404 : 200).end()
    })
    const kpi = latency({ source: probe(), limitMs: 2000 })
    expect(await readOne({ host, kpi })).toMatchObject({ buckets: [{ bad: 2, total: 3 }] })
  })

  test('below the limit is well', async () => {
    const host = await serve((_, response) => void response.end())
    const kpi = latency({ source: probe(), limitMs: 9000 })
    expect(await readOne({ host, kpi })).toMatchObject({ buckets: [{ bad: 0, total: 3 }] })
  })
})

test('an error rate counts what the KPI names beside failures', async () => {
  const host = await serve((_, response) => void response.writeHead(302).end())
  const kpi = errorRate({ source: probe(), alsoBad: [302] })
  expect(await readOne({ host, kpi })).toMatchObject({ buckets: [{ bad: 3, total: 3 }] })
})

describe('one read', () => {
  test('probes an address once for all KPIs that look at it, and judges each by its own settings', async () => {
    let calls = 0
    const host = await serve(async (_, response) => {
      calls += 1
      await sleep(300)
      response.end()
    })
    const readings = await createProbe(USUAL).read([
      query({ host, kpi: up({ count: 2 }) }),
      query({ host, kpi: up({ count: 4 }) }),
      query({ host, kpi: up({ count: 3, timeoutMs: 200 }) }),
      query({ host, kpi: latency({ source: probe({ count: 1 }), limitMs: 100 }) }),
    ])
    expect(calls).toBe(4)
    expect(readings.map((reading) => reading.kind === 'measured' && reading.buckets[0])).toMatchObject([
      { bad: 0, total: 2 },
      { bad: 0, total: 4 },
      { bad: 3, total: 3 },
      { bad: 1, total: 1 },
    ])
  })

  test('tells hosts and paths apart', async () => {
    const well = await serve((request, response) => void response.writeHead(request.url === '/well' ? 200 : 500).end())
    const sick = await serve((_, response) => void response.writeHead(500).end())
    const readings = await createProbe(USUAL).read([
      query({ host: well, kpi: up({ path: '/well' }) }),
      query({ host: well, kpi: up({ path: '/sick' }) }),
      query({ host: sick, kpi: up({ path: '/well' }) }),
    ])
    expect(readings.map((reading) => reading.kind === 'measured' && reading.buckets[0]?.bad)).toEqual([0, 3, 3])
  })

  test('never has more probes under way than allowed, over all rollouts', async () => {
    let open = 0
    let most = 0
    const listener: RequestListener = async (_, response) => {
      most = Math.max(most, ++open)
      await sleep(20)
      open -= 1
      response.end()
    }
    const hosts = await Promise.all(Array.from({ length: 6 }, () => serve(listener)))
    const readings = await createProbe({ ...USUAL, atOnce: 4 }).read(hosts.map((host) => query({ host, kpi: up() })))
    expect(readings.map((reading) => reading.kind === 'measured' && reading.buckets[0])).toMatchObject(
      hosts.map(() => ({ bad: 0, total: 3 })),
    )
    expect(most).toBeLessThanOrEqual(4)
  })

  test('leaves out probes that have no turn in time, and says so where none had', async () => {
    const silent = await serve(() => {})
    const kpi = up({ count: 1, timeoutMs: 300 })
    const hosts = [silent, silent.replace('127.0.0.1', 'localhost')]
    const [first, second] = await createProbe({ ...USUAL, atOnce: 1, sendMs: 100 }).read(
      hosts.map((host) => query({ host, kpi })),
    )
    expect(first).toMatchObject({ kind: 'measured', buckets: [{ bad: 1, total: 1 }] })
    expect(second).toMatchObject({
      kind: 'missing',
      silence: 'late',
      why: expect.stringMatching(/no turn in time.*fewer/),
    })
  })

  test('sends all probes in time, however long the gaps should be', async () => {
    const host = await serve((_, response) => void response.end())
    const reading = await readOne({ host }, { gapMs: 600_000, sendMs: 3000 })
    expect(reading).toMatchObject({ buckets: [{ bad: 0, total: 3 }] })
  })
})

describe('the bucket', () => {
  test.each([
    ['is the one in which the probes began', START + MINUTE, 1],
    ['is the newest asked for where the next began meanwhile', START + 5 * MINUTE + 29_000, 4],
  ])('%s', async (_, now, minute) => {
    const host = await serve((__, response) => void response.end())
    expect(await readOne({ host }, { now: () => now })).toMatchObject({ buckets: [{ at: START + minute * MINUTE }] })
  })

  test.each([START - 1, START + 7 * MINUTE])('is none of another time (%d)', async (now) => {
    const host = await serve((_, response) => void response.end())
    expect(await readOne({ host }, { now: () => now })).toMatchObject({
      buckets: [],
      note: expect.stringMatching(/probes know no past/),
    })
  })
})

describe('a query that cannot be probed', () => {
  test.each<[string, Partial<Query>, object]>([
    ['has no host', { host: null }, { silence: 'unset', why: /no address of its own.*ingress/ }],
    ['has a host with a path', { host: 'a.example/x' }, { silence: 'refused', why: /no host/ }],
    ['has a host with a user', { host: 'me@a.example' }, { silence: 'refused', why: /no host/ }],
    ['has a host with a line end', { host: 'a.example\r\nx' }, { silence: 'refused', why: /no host/ }],
    ['has a port that is none', { host: 'a.example:70000' }, { silence: 'refused', why: /no host/ }],
    ['has an empty host', { host: '' }, { silence: 'refused', why: /no host/ }],
    ['has a path without a slash', { kpi: up({ path: '@evil.example/' }) }, { silence: 'refused', why: /slash/ }],
    ['is a ratio', { kpi: ratio({ source: probe() }) }, { silence: 'refused', why: /no ratio/ }],
    ['is a gauge', { kpi: gauge({ source: probe() }) }, { silence: 'refused', why: /no gauge/ }],
    ['is for another source', { kpi: uptime() }, { silence: 'refused', why: /azure-logs/ }],
    ['has no time', { to: Number.NaN }, { silence: 'refused', why: /no time/ }],
  ])('%s', async (_, over, expected) => {
    const host = `127.0.0.1:${await freePort()}`
    const { why, ...rest } = expected as { why: RegExp }
    const reading = await readOne({ host, ...over })
    expect(reading).toMatchObject({ kind: 'missing', ...rest, why: expect.stringMatching(why) })
  })
})

test('the query of a reading is a command that asks the same', async () => {
  const seen: (string | undefined)[] = []
  const host = await serve((request, response) => {
    seen.push(request.url)
    response.end()
  })
  const reading = await readOne({ host, kpi: up({ path: "/it's?a=$HOME" }) })
  const words = execFileSync('sh', ['-c', `printf '%s\\0' ${reading?.query}`])
    .toString()
    .split('\0')
    .slice(0, -1)
  expect(words.slice(0, 2)).toEqual(['curl', '-sS'])
  expect(words.slice(-3)).toEqual(['-H', 'slipway-probe: 1', `https://${host}/it's?a=$HOME`])
  expect(seen[0]).toBe("/it's?a=$HOME")
})

const USUAL: ProbeOptions = { now: () => START + 2.5 * MINUTE, gapMs: 5, sendMs: 60_000, tls: { ca: tls.ca } }

async function readOne(over: Partial<Query>, options: ProbeOptions = {}): Promise<Reading | undefined> {
  return (await createProbe({ ...USUAL, ...options }).read([query({ kpi: up(), ...over })]))[0]
}

function probe(over: Partial<Extract<Source, { kind: 'probe' }>> = {}): Source {
  return { kind: 'probe', path: '/healthz', count: 3, timeoutMs: 20_000, ...over }
}

function up(over: Partial<Extract<Source, { kind: 'probe' }>> = {}) {
  return uptime({ source: probe(over) })
}

/** Where a thread listens that never takes a connection, with its queue full: whoever connects waits. */
async function stuck(): Promise<string> {
  const code = `
    const { parentPort } = require('node:worker_threads')
    const server = require('node:net').createServer()
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`
  const thread = new Worker(code, { eval: true })
  closers.push(() => thread.terminate())
  const [port] = (await once(thread, 'message')) as [number]
  const waiting = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  for (const socket of waiting) closers.push(() => socket.destroy())
  await Promise.race(waiting.map((socket) => once(socket, 'connect')))
  return `127.0.0.1:${port}`
}

async function serve(listener: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<string> {
  const server = await listen((request, response) => void listener(request, response), tls)
  closers.push(server.close)
  return server.url.replace('https://', '')
}
