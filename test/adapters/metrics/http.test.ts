import { execFileSync } from 'node:child_process'
import { afterEach, describe, expect, test } from 'vitest'
import { Fault } from '../../../lib/errors.ts'
import { closeAll, kpiAt, metrics, readAt, readFrom, recorded, serve, service } from './http-service.ts'
import { errorRate, latency, MINUTE, query, START } from './queries.ts'

afterEach(closeAll)

describe('one read', () => {
  test('is one POST per URL and secret, which says what is asked', async () => {
    const { origin, seen } = await service(() => '{"readings":[]}')
    const kpi = latency({ source: { kind: 'http', url: `${origin}/kpi`, secret: 'kpi-token' } })
    const other = errorRate({ source: { kind: 'http', url: `${origin}/other`, secret: null } })
    await metrics(origin).read([
      query({ id: 'a', kpi }),
      query({ id: 'b', kpi, arm: 'baseline', revision: 'shop--b' }),
      query({ id: 'c', kpi: other }),
    ])
    expect(seen.map(({ url, authorization }) => [url, authorization]).toSorted()).toEqual([
      ['/kpi', 'Bearer s3cret'],
      ['/other', undefined],
    ])
    const { body, ...rest } = seen.find(({ url }) => url === '/kpi') ?? { body: '' }
    expect(rest).toMatchObject({ method: 'POST', type: 'application/json', agent: 'Slipway/1' })
    expect(JSON.parse(body)).toEqual({
      version: 1,
      queries: [
        {
          id: 'a',
          environment: 'production',
          app: 'shop',
          revision: 'shop--a',
          arm: 'canary',
          kpi: 'p95',
          kind: 'latency',
          limitMs: 200,
          bucketMs: 60_000,
          from: '2026-01-01T00:00:00.000Z',
          to: '2026-01-01T00:05:00.000Z',
        },
        expect.objectContaining({ id: 'b', arm: 'baseline', revision: 'shop--b' }),
      ],
    })
  })

  test('gives a command that asks the same again, whatever the names hold', async () => {
    const { origin, seen } = await service(() => '{"readings":[]}')
    const revision = `it's "quoted" $(touch /nowhere) \\ \n`
    const [reading] = await metrics(origin).read([query({ id: 'a', kpi: kpiAt(origin), revision })])
    expect(reading?.query).toMatch(/^curl .*authorization: Bearer \$TOKEN/)
    const words = execFileSync('sh', ['-c', `printf '%s\\0' ${reading?.query}`], { env: { TOKEN: 'mine' } })
    const [body, url] = words.toString().split('\0').slice(-3)
    expect(url).toBe(`${origin}/kpi`)
    expect(body).toBe(seen[0]?.body)
  })
})

describe('a service', () => {
  test.each([
    [400, 'refused', /refused the question \(HTTP 400: bad <arm> … here\)/],
    [401, 'denied', /refused us \(HTTP 401\)/],
    [403, 'denied', /HTTP 403/],
    [404, 'malformed', /HTTP 404 instead of 200: check the url/],
    [204, 'malformed', /HTTP 204 instead of 200/],
    [307, 'malformed', /redirects \(HTTP 307\), which is not followed/],
    [422, 'refused', /HTTP 422: bad <arm> … here/],
    [429, 'throttled', /throttling/],
    [500, 'down', /unavailable \(HTTP 500/],
  ])('that answers %d is %s', async (status, silence, why) => {
    const others = await service(() => '{"readings":[]}')
    const { origin } = await serve((_, response) => {
      response.writeHead(status, { location: `${others.origin}/kpi` })
      response.end(status === 204 ? undefined : 'bad <arm>\n s3cret here')
    })
    const reading = await readAt(origin)
    expect(reading).toMatchObject({ kind: 'missing', silence, why: expect.stringMatching(why) })
    expect(JSON.stringify(reading)).not.toContain('s3cret')
    expect(others.seen).toEqual([])
  })

  test('that says nothing is late, also in the middle of its answer', async () => {
    for (const start of ['', '{"readings":']) {
      const { origin } = await serve((_, response) => {
        if (start !== '') response.write(start)
      })
      expect(await readAt(origin, { timeoutMs: 100 })).toMatchObject({
        silence: 'late',
        why: expect.stringMatching(/100 ms/),
      })
    }
  })

  test('that is not there is down, and so is one that hangs up', async () => {
    const { origin } = await serve((request) => void request.socket.destroy())
    expect(await readAt(origin)).toMatchObject({ silence: 'down' })
    closeAll()
    expect(await readAt(origin)).toMatchObject({ silence: 'down', why: expect.stringMatching(/ECONNREFUSED/) })
  })

  test('that never stops talking is cut off', async () => {
    const { origin } = await serve((_, response) => {
      const pour = () => {
        while (!response.destroyed && response.write(' '.repeat(65_536)));
      }
      response.on('drain', pour)
      pour()
    })
    expect(await readAt(origin)).toMatchObject({
      silence: 'malformed',
      why: expect.stringMatching(/more than 5242880 bytes/),
    })
  })
})

describe('many queries', () => {
  const DAY = { from: START, to: START + 1440 * MINUTE }
  const days = (count: number) =>
    Array.from({ length: count }, (_, n) => query({ id: `d${n}`, kpi: kpiAt('https://kpi.example'), ...DAY }))

  test('of a day each are asked in POSTs of 15,000 buckets, four at once, and all are answered', async () => {
    const sizes: number[] = []
    let [open, most] = [0, 0]
    const send: typeof fetch = async (_, init) => {
      most = Math.max(most, ++open)
      const { queries } = JSON.parse(String(init?.body)) as { queries: { id: string }[] }
      sizes.push(queries.length)
      await new Promise(setImmediate)
      open -= 1
      return new Response(JSON.stringify({ readings: queries.map(({ id }) => ({ id, buckets: fullDay() })) }))
    }
    const asked = days(90)
    const readings = await metrics('https://kpi.example', { fetch: send }).read(asked)
    expect(sizes).toEqual(Array(9).fill(10))
    expect(most).toBe(4)
    expect(readings.map(({ id, kind }) => `${id} ${kind}`)).toEqual(asked.map(({ id }) => `${id} measured`))
  })

  test('share the four places of their URL also where their secrets differ, and each secret is read once', async () => {
    let [open, most] = [0, 0]
    const tokens: string[] = []
    const send: typeof fetch = async () => {
      most = Math.max(most, ++open)
      await new Promise(setImmediate)
      open -= 1
      return new Response('{"readings":[]}')
    }
    const source = metrics('https://kpi.example', {
      fetch: send,
      originsOf: () => ({ 'https://kpi.example': ['kpi-a', 'kpi-b'] }),
      secretOf: async (name) => {
        tokens.push(name)
        return 's3cret'
      },
    })
    const half = (secret: string) =>
      days(30).map((one) => ({
        ...one,
        kpi: errorRate({ source: { kind: 'http', url: 'https://kpi.example/kpi', secret } }),
      }))
    await source.read([...half('kpi-a'), ...half('kpi-b')])
    expect(most).toBe(4)
    expect(tokens).toEqual(['kpi-a', 'kpi-b'])
  })

  test('longer than a POST may be are asked one by one', async () => {
    const sizes: number[] = []
    const send: typeof fetch = async (_, init) => {
      sizes.push((JSON.parse(String(init?.body)) as { queries: unknown[] }).queries.length)
      return new Response('{"readings":[]}')
    }
    const long = days(3).map((one) => ({ ...one, bucketMs: 1000 }))
    await metrics('https://kpi.example', { fetch: send }).read([...long, ...days(2)])
    expect(sizes).toEqual([1, 1, 1, 2])
  })

  test('are not pressed upon a service that throttles us', async () => {
    let calls = 0
    const send = async () => {
      calls += 1
      return new Response('', { status: 429 })
    }
    const readings = await metrics('https://kpi.example', { fetch: send }).read(days(90))
    expect(calls).toBe(4)
    expect(new Set(readings.map((one) => one.kind === 'missing' && one.silence))).toEqual(new Set(['throttled']))
  })

  function fullDay(): readonly object[] {
    return Array.from({ length: 1440 }, (_, minute) => ({
      at: new Date(START + minute * MINUTE).toISOString(),
      bad: 1,
      total: 100_000,
    }))
  }
})

describe('a URL is not asked', () => {
  test.each([
    [
      'of another origin',
      'https://evil.example/kpi',
      /https:\/\/evil.example is not allowed to environment production: add it to httpOrigins/,
    ],
    ['of another port', 'https://kpi.example:8443/kpi', /not allowed/],
    ['of the metadata service', 'http://169.254.169.254/metadata', /not allowed/],
    ['over http where https is allowed', 'http://kpi.example/kpi', /not allowed/],
    ['that looks like an allowed one', 'https://kpi.example.evil.example/', /not allowed/],
    ['with a password', 'https://me:hunter2@kpi.example/', /without credentials/],
    ['of another scheme', 'file:///etc/passwd', /no http\(s\) URL/],
    ['that is none', 'kpi', /no http\(s\) URL/],
  ])('%s', async (_, url, why) => {
    const { read, sent } = recorded()
    const reading = await read({ kind: 'http', url, secret: 'kpi-token' })
    expect(reading).toMatchObject({ kind: 'missing', silence: 'refused', why: expect.stringMatching(why) })
    expect(JSON.stringify(reading)).not.toContain('hunter2')
    expect(sent).toEqual([])
  })

  test('with a secret that is not meant for it', async () => {
    const { read, sent } = recorded()
    const source = { kind: 'http', url: 'https://kpi.example/', secret: 'slipway-hook-keys' } as const
    expect(await read(source)).toMatchObject({
      silence: 'refused',
      why: expect.stringMatching(/is sent to nobody, since its name does not begin with kpi-/),
    })
    expect(sent).toEqual([])
  })

  test('with a secret that is named for another origin only', async () => {
    const origins = { 'https://kpi.example': ['kpi-token'], 'https://other.example': ['kpi-other'] }
    const { read, sent } = recorded({ originsOf: () => origins })
    const source = { kind: 'http', url: 'https://kpi.example/', secret: 'kpi-other' } as const
    expect(await read(source)).toMatchObject({
      silence: 'refused',
      why: expect.stringMatching(
        /kpi-other may not be sent to https:\/\/kpi\.example from environment production: name it/,
      ),
    })
    expect(sent).toEqual([])
    await read({ ...source, url: 'https://other.example/' })
    await read({ ...source, secret: null })
    expect(sent).toEqual(['Bearer s3cret', null])
  })

  test('for a KPI of another source', async () => {
    const { read, sent } = recorded()
    expect(await read({ kind: 'azure-logs' })).toMatchObject({ silence: 'refused' })
    expect(sent).toEqual([])
  })
})

describe('a token', () => {
  test.each([
    [new Fault('not-found', 'no such secret'), 'unset'],
    [new Fault('denied', 'no role'), 'denied'],
    [new Fault('throttled', 'too many'), 'throttled'],
    [new Fault('unavailable', 'no answer'), 'down'],
    [new Fault('malformed', 'odd'), 'malformed'],
    [new Error('s3cret in here'), 'down'],
  ])('that cannot be read (%s) is said as %s', async (fault, silence) => {
    const { read, sent } = recorded({
      secretOf: async () => {
        throw fault
      },
    })
    const reading = await read({ kind: 'http', url: 'https://kpi.example/', secret: 'kpi-token' })
    expect(reading).toMatchObject({ silence, why: expect.stringMatching(/kpi-token could not be read/) })
    expect(JSON.stringify(reading)).not.toContain('s3cret')
    expect(sent).toEqual([])
  })

  test.each(['', ' \n', 'two words', 'line\nbreak', 'ä'])('that is none (%j) is not sent', async (token) => {
    const { read, sent } = recorded({ secretOf: async () => token })
    const reading = await read({ kind: 'http', url: 'https://kpi.example/', secret: 'kpi-token' })
    expect(reading).toMatchObject({ silence: 'unset', why: expect.stringMatching(/holds no token/) })
    expect(sent).toEqual([])
  })

  test.each<[string, object]>([
    ['why there are no figures', { readings: [{ id: 'a', missing: 'no rights for s3cret here' }] }],
    ['a reason that is cut', { readings: [{ id: 'a', missing: `${'x'.repeat(297)}s3cret` }] }],
    ['an id', { readings: [{ id: 's3cret', bad: 0, total: 1 }] }],
    [
      'an id beside an answer',
      {
        readings: [
          { id: 'a', bad: 0, total: 1 },
          { id: 's3cret', bad: 0, total: 1 },
        ],
      },
    ],
    ['a count', { readings: [{ id: 'a', bad: 's3cret', total: 1 }] }],
    ['a count that is cut', { readings: [{ id: 'a', bad: `${'x'.repeat(77)}s3cret`, total: 1 }] }],
    ['a version', { version: 's3cret', readings: [] }],
    ['a field', { readings: [{ id: 'a', s3cret: 1 }] }],
    ['a time', { readings: [{ id: 'a', buckets: [{ at: 's3cret', bad: 0, total: 1 }] }] }],
  ])('that is echoed in %s is in no reading', async (_, answer) => {
    const reading = await readFrom(answer)
    expect(JSON.stringify(reading)).toMatch(/readings|says why|version/)
    expect(JSON.stringify(reading)).not.toMatch(/s3c/)
  })

  test('with quotes is in no reading either, whether it was echoed as it is or as JSON', async () => {
    for (const body of ['no "a\\b" here', JSON.stringify({ got: '"a\\b"' })]) {
      const { read } = recorded({
        secretOf: async () => '"a\\b"',
        fetch: async () => new Response(body, { status: 422 }),
      })
      const reading = await read({ kind: 'http', url: 'https://kpi.example/', secret: 'kpi-token' })
      expect(reading).toMatchObject({ silence: 'refused', why: expect.stringMatching(/HTTP 422: .*…/) })
    }
  })

  test('may end with a line end', async () => {
    const { read, sent } = recorded({ secretOf: async () => 's3cret\n' })
    await read({ kind: 'http', url: 'https://kpi.example/', secret: 'kpi-token' })
    expect(sent).toEqual(['Bearer s3cret'])
  })
})
