import { expect, test } from 'vitest'
import { slipway } from './run.ts'
import { aList, aProblem, aService, aView, type Received, type Reply, TOKEN, withStub } from './stub.ts'

/** Answers `first` so many times, and then as it should. */
function busy(first: Reply, times: number, then: (received: Received) => Reply | null) {
  let left = times
  return (received: Received) => (left-- > 0 ? first : then(received))
}

test('a busy service is asked again after the time it names, and talk of it goes to standard error', async () => {
  const reply = { status: 429, headers: { 'retry-after': '0' }, body: aProblem(429, 'too-many-requests', 'Slower.') }
  await withStub(busy(reply, 2, aService(aView())), async ({ run, received }) => {
    const answer = await run(['services', '--json'])
    expect(answer.code).toBe(0)
    expect(JSON.parse(answer.out)).toMatchObject({ items: [{ service: 'pricing' }], nextLink: null })
    expect(answer.err.match(/429, busy; trying again in 0 s/g)).toHaveLength(2)
    expect(received).toHaveLength(3)
  })
})

test('a command that is sent again carries the same Idempotency-Key', async () => {
  let times = 0
  const reply = { id: 'x', verb: 'abort', repeated: false, rollout: 'pricing-7', because: 'aborted', outstanding: null }
  const service = aService(aView(), ({ method }) => {
    if (method !== 'POST') return null
    times += 1
    return times < 3 ? { status: 503, headers: { 'retry-after': '0' }, body: 'later' } : { body: reply }
  })
  await withStub(service, async ({ run, changes }) => {
    expect(await run(['abort', 'pricing', '--json'])).toMatchObject({ code: 0, out: `${JSON.stringify(reply)}\n` })
    const keys = changes().map(({ headers }) => headers['idempotency-key'])
    expect(keys).toHaveLength(3)
    expect(new Set(keys).size).toBe(1)
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
  })
})

test('a service that stays busy is given up, with what it said', async () => {
  const reply = {
    status: 503,
    headers: { 'retry-after': '0' },
    body: aProblem(503, 'unavailable', 'The tables are away.'),
  }
  await withStub(
    () => reply,
    async ({ run, received }) => {
      expect(await run(['services'])).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringContaining('The tables are away.'),
      })
      expect(received).toHaveLength(4)
    },
  )
})

test('a problem document is told with its detail, its list of errors and the request’s id', async () => {
  const errors = [{ path: 'analysis.kpis[0].limit', message: 'must be a share', line: 12 }]
  const problem = aProblem(422, 'invalid', 'It is not valid.', errors)
  await withStub(
    () => ({ status: 422, body: problem }),
    async ({ run }) => {
      const { code, err } = await run(['services'])
      expect(code).toBe(1)
      expect(err).toBe(
        'slipway: It is not valid.\n  - line 12 analysis.kpis[0].limit: must be a share\n  (422 invalid, request request-17)\n',
      )
      const told = await run(['services', '--json'])
      expect(told).toMatchObject({ code: 1, out: '' })
      expect(JSON.parse(told.err)).toMatchObject({ exit: 1, problem })
    },
  )
})

test('what an answer says cannot steer the terminal', async () => {
  const problem = aProblem(409, 'conflict', 'Look: \u001b[2J\u202egnirts')
  await withStub(
    () => ({ status: 409, body: problem }),
    async ({ run }) => {
      const { err } = await run(['services'])
      expect(err).toContain('Look: �[2J�gnirts')
    },
  )
})

test('an answer of something that is not Slipway is called so', async () => {
  await withStub(
    () => ({ status: 404, body: '<html>' }),
    async ({ run }) => {
      expect((await run(['whoami'])).err).toContain('answered 404 without saying why; is this Slipway')
    },
  )
  await withStub(
    () => ({ body: '<html>' }),
    async ({ run }) => {
      expect(await run(['services'])).toMatchObject({
        code: 1,
        err: expect.stringContaining('is no list; is this Slipway?'),
      })
    },
  )
})

test('a token that has run out is asked for once more, and not for ever', async () => {
  await withStub(
    () => ({ status: 401, body: aProblem(401, 'unauthenticated', 'The token has expired.') }),
    async ({ run, received }) => {
      const { err } = await run(['services'])
      expect(err).toContain('The token has expired.\n  Check the token: slipway help environment')
      expect(received).toHaveLength(2)
      expect(err).not.toContain(TOKEN)
    },
  )
})

test('lists are read to their end, and no page of another house is', async () => {
  const pages: Readonly<Record<string, unknown>> = {
    '': aList([aView({ service: 'one' })], '/api/v1/services?from=2'),
    '2': aList([aView({ service: 'two' })], '/api/v1/services?from=3'),
    '3': aList([aView({ service: 'three' })], null),
  }
  await withStub(
    ({ query }) => ({ body: pages[query.get('from') ?? ''] }),
    async ({ run }) => {
      const { out } = await run(['services'])
      expect(out.match(/^(one|two|three) /gm)).toHaveLength(3)
    },
  )
  await withStub(
    () => ({ body: aList([], 'https://elsewhere.example.com/api/v1/services') }),
    async ({ run, received }) => {
      expect(await run(['services'])).toMatchObject({
        code: 1,
        err: expect.stringContaining('lies at https://elsewhere'),
      })
      expect(received).toHaveLength(1)
    },
  )
})

test('nobody who answers is told at once, with what to check', async () => {
  const closed = await withStub(
    () => null,
    async ({ url }) => url,
  )
  const answer = await slipway(['services'], { env: { SLIPWAY_URL: closed, SLIPWAY_TOKEN: TOKEN } })
  expect(answer).toMatchObject({ code: 1, out: '', err: expect.stringContaining('does not answer') })
  expect(answer.err).toContain('check SLIPWAY_URL')
  expect(answer.err).not.toContain('trying again')
})
