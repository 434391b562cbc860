import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ServiceView } from '../../lib/api.ts'
import { aService, aView, type Received, type Reply, TOKEN, withStub } from './stub.ts'

const SLIPWAY = join(import.meta.dirname, '..', '..', 'cli', 'slipway.mjs')

/** A service that goes on by one view each time its status is asked for; the last one stays. */
function unfolding(views: readonly ServiceView[]) {
  let at = -1
  return ({ method, path, headers }: Received): Reply | null => {
    if (method !== 'GET' || path !== '/v1/services/pricing/status') return null
    at = Math.min(at + 1, views.length - 1)
    const body = views[at] as ServiceView
    const held = { etag: `"look-${at}"`, 'preference-applied': 'wait' }
    return headers['if-none-match'] === held.etag ? { status: 304, headers: held } : { body, headers: held }
  }
}

const ENDED = { phase: 'finished', commands: [], may: [], step: null } as const

test.each([
  ['promoted', aView({ ...ENDED, outcome: 'promoted' }), 0],
  ['rolled-back', aView({ ...ENDED, outcome: 'rolled-back' }), 3],
  ['aborted', aView({ ...ENDED, outcome: 'aborted' }), 3],
  ['superseded', aView({ ...ENDED, outcome: 'superseded' }), 3],
  ['paused', aView({ phase: 'paused' }), 5],
])('status --wait ends when a rollout is %s, and says every change on the way', async (word, last, code) => {
  const views = [aView(), aView(), aView({ step: { number: 2, of: 3 } }), last]
  await withStub(aService(aView(), unfolding(views)), async ({ run, received }) => {
    const answer = await run(['status', 'pricing', '--wait'])
    expect(answer.code).toBe(code)
    expect(answer.out).toContain(word)
    expect(answer.err.match(/step [12]\/3/g)?.slice(0, 2)).toEqual(['step 1/3', 'step 2/3'])
    const asked = received.filter(({ headers }) => headers.prefer === 'wait=20')
    expect(asked.length).toBeGreaterThan(1)
    expect(asked[1]?.headers['if-none-match']).toMatch(/^"look-/)
  })
})

test('status --wait gives up when its time is over', async () => {
  await withStub(aService(aView()), async ({ run }) => {
    const answer = await run(['status', 'pricing', '--wait', '--timeout', '1s', '--json'])
    expect(answer).toMatchObject({ code: 4, err: expect.stringContaining('the rollout goes on') })
    expect(JSON.parse(answer.out)).toMatchObject({ rollout: 'pricing-7' })
  })
})

test('status --wait --tag waits for the rollout of that tag, and is not content with an older one', async () => {
  const views = [
    aView({ ...ENDED, outcome: 'promoted', rollout: 'pricing-6', tag: 'v1' }),
    aView({ ...ENDED, outcome: 'promoted', rollout: 'pricing-6', tag: 'v1' }),
    aView(),
    aView({ ...ENDED, outcome: 'rolled-back' }),
  ]
  await withStub(aService(aView(), unfolding(views)), async ({ run }) => {
    const answer = await run(['status', 'pricing', '--wait', '--tag', 'v2'])
    expect(answer).toMatchObject({ code: 3, out: expect.stringContaining('pricing-7 v2 · rolled-back') })
  })
})

test.each([
  [aView(), 0],
  [aView({ phase: 'paused' }), 5],
  [aView({ phase: 'rolling-back' }), 3],
  [aView({ phase: 'idle', rollout: null }), 0],
])('status without --wait tells in its exit code where it stands', async (view, code) => {
  await withStub(aService(view), async ({ run }) => {
    expect((await run(['status', 'pricing'])).code).toBe(code)
  })
})

const FROZEN = aView({
  freeze: { id: 'xmas', reason: 'the holidays', by: 'ada@example.com', until: null },
  next: 'held by freeze xmas (the holidays, by ada@example.com) until it is lifted; then step 2',
  nextAt: null,
  nextInMs: null,
})
const HELD = 'held by freeze xmas (the holidays) until it is lifted; inconclusive'

test('status names the freeze that holds the rollout, with the code of what waits for a person', async () => {
  await withStub(aService(FROZEN), async ({ run }) => {
    expect(await run(['status', 'pricing'])).toMatchObject({ code: 5, out: expect.stringContaining(HELD) })
    expect((await run(['get', 'pricing'])).out).toMatch(/Why\s+held by freeze xmas \(the holidays\) until it is lifted/)
  })
})

test('status --wait does not wait for a freeze that only a person ends, or that outlasts --timeout', async () => {
  const late = { ...FROZEN, freeze: { ...FROZEN.freeze, until: '2099-01-01T00:00:00.000Z' } } as ServiceView
  await withStub(aService(aView(), unfolding([aView(), FROZEN])), async ({ run }) => {
    const answer = await run(['status', 'pricing', '--wait'])
    expect(answer).toMatchObject({ code: 5, out: expect.stringContaining(HELD) })
    expect(answer.err).toContain('until somebody lifts it: slipway freeze lift xmas -e production')
  })
  await withStub(aService({ ...late, nextInMs: 7_200_000 }), async ({ run }) => {
    const answer = await run(['status', 'pricing', '--wait', '--timeout', '1h'])
    expect(answer).toMatchObject({ code: 5, err: expect.stringContaining('holds it for longer than --timeout') })
    expect(answer.out).toContain('until 2099-01-01 00:00:00Z')
  })
})

test('status --wait goes on past a freeze that ends within its time, and past one that holds nothing', async () => {
  const over = aView({ ...ENDED, outcome: 'promoted' })
  for (const view of [{ ...FROZEN, nextInMs: 1000 }, aView({ freeze: FROZEN.freeze })]) {
    await withStub(aService(view, unfolding([view, view, over])), async ({ run }) => {
      expect((await run(['status', 'pricing', '--wait'])).code).toBe(0)
    })
  }
})

const UNREAD = { id: 'unreadable', reason: 'no answer', by: 'slipway', until: null } as const

test.each([
  ['a bake', { freeze: { ...UNREAD, unreadable: true } }],
  ['a gate that has its approvals', { freeze: { ...UNREAD, unreadable: true }, phase: 'paused' }],
  ['a bake, told by the build before', { freeze: UNREAD }],
] as const)(
  'status --wait goes on where freezes could not be read, which is no person’s to end: %s',
  async (_, held) => {
    const unread = aView({
      ...held,
      next: 'held by freezes that cannot be read (no answer) until they can; then step 2',
      nextAt: null,
      nextInMs: 60_000,
    })
    const over = aView({ ...ENDED, outcome: 'promoted' })
    await withStub(aService(unread, unfolding([unread, unread, over])), async ({ run }) => {
      const answer = await run(['status', 'pricing', '--wait', '--timeout', '59s'])
      expect(answer).toMatchObject({
        code: 0,
        err: expect.stringContaining('held by freezes that cannot be read (no answer) until they can; inconclusive'),
      })
      expect((await run(['status', 'pricing'])).err).not.toContain('lift')
    })
  },
)

test('a rollout that a newer one took over from is told as it is stored', async () => {
  const phase = { kind: 'finished', outcome: 'superseded', because: 'v2 came', at: 1, watchUntil: 1 }
  const past = { id: 'pricing-6', push: { tag: 'v1' }, phase }
  const service = aService(aView(), ({ path }) => (path.endsWith('/rollouts/6') ? { body: past } : null))
  await withStub(service, async ({ run }) => {
    const answer = await run(['status', 'pricing-6', '--wait'])
    expect(answer).toMatchObject({ code: 3, out: 'pricing-6 v1 superseded: v2 came\n' })
  })
})

test('get --watch in a pipe prints a line a change, or a body of the API with --json, and ends with its rollout', async () => {
  const views = [aView(), aView(), aView({ step: { number: 2, of: 3 } }), aView({ ...ENDED, outcome: 'promoted' })]
  await withStub(aService(aView(), unfolding(views)), async ({ run }) => {
    const lines = await run(['get', 'pricing-7', '--watch'])
    expect(lines.code).toBe(0)
    expect(
      lines.out
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/^\S+ /, '')),
    ).toEqual([
      'pricing-7 v2 · progressing · step 1/3 · canary 5 %: inconclusive: p95: 2,400 more requests needed',
      'pricing-7 v2 · progressing · step 2/3 · canary 5 %: inconclusive: p95: 2,400 more requests needed',
      'pricing-7 v2 · promoted · canary 5 %: inconclusive: p95: 2,400 more requests needed',
    ])
  })
  await withStub(aService(aView(), unfolding(views)), async ({ run }) => {
    const { out } = await run(['get', 'pricing-7', '--watch', '--json'])
    const bodies = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(bodies.map(({ step, outcome }) => [step?.number, outcome])).toEqual([
      [1, null],
      [2, null],
      [undefined, 'promoted'],
    ])
  })
})

test('an outage does not end a watch; it is told, and goes on when the service is back', async () => {
  let asked = 0
  const views = [aView(), aView({ ...ENDED, outcome: 'promoted' })]
  const next = unfolding(views)
  const shaky = (received: Received): Reply | null => {
    if (received.path !== '/v1/services/pricing/status') return null
    asked += 1
    return asked === 2 ? { status: 503, body: 'away' } : next(received)
  }
  await withStub(aService(aView(), shaky), async ({ run }) => {
    const answer = await run(['get', 'pricing-7', '--watch'])
    expect(answer).toMatchObject({ code: 0, err: expect.stringContaining('answered 503') })
    expect(answer.out).toContain('promoted')
  })
})

test('Ctrl-C ends a watch at once, with 130 and without a word', async () => {
  const quiet = ({ path, headers }: Received): Promise<Reply> | Reply | null => {
    if (!path.endsWith('/status') || headers['if-none-match'] === undefined) return null
    return new Promise(() => {})
  }
  const service = aService(aView())
  await withStub(
    (received) => quiet(received) ?? service(received),
    async ({ url }) => {
      const env = { ...process.env, SLIPWAY_URL: url, SLIPWAY_TOKEN: TOKEN }
      const child = spawn(process.execPath, [SLIPWAY, 'get', 'pricing', '--watch'], {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let err = ''
      child.stderr.on('data', (part: Buffer) => (err += part.toString()))
      await new Promise((resolve) => child.stdout.once('data', resolve))
      child.kill('SIGINT')
      const code = await new Promise((resolve) => child.on('close', resolve))
      expect({ code, err }).toEqual({ code: 130, err: '' })
    },
  )
})
