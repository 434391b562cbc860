import { expect, test } from 'vitest'
import { aProblem, aService, aView, DIGEST, type Received, type Reply, withStub } from './stub.ts'

const GATE = {
  step: 1,
  digest: DIGEST,
  required: 2,
  given: [{ by: 'ada@example.com', at: '2026-11-21T10:00:00.000Z', expiresAt: null }],
  from: null,
  notAuthor: true,
  author: 'bob@example.com',
  expiresAt: null,
}

const WAITING = aView({
  phase: 'paused',
  gate: GATE,
  commands: ['promote', 'promote-full', 'approve', 'abort', 'undo'],
  may: ['promote', 'promote-full', 'approve', 'abort', 'undo'],
})

/** Says yes to every command. */
function obedient({ method, path }: Received): Reply | null {
  const verb = /\/commands\/([a-z-]+)$/.exec(path)?.[1]
  if (method !== 'POST' || verb === undefined) return null
  return {
    body: { id: 'x', verb, repeated: false, rollout: 'pricing-7', because: `${verb} by you`, outstanding: null },
  }
}

test('a command names the rollout that was seen, and holds only while it is as it was seen', async () => {
  await withStub(aService(WAITING, obedient), async ({ run, changes }) => {
    const answer = await run(['promote', 'pricing', '--reason', 'looks good'])
    expect(answer).toMatchObject({ code: 0, out: '✔ pricing-7: promote by you\n' })
    expect(answer.err).toContain('Watch it: slipway get pricing --watch')
    const [sent] = changes()
    expect(sent).toMatchObject({ method: 'POST', path: '/v1/services/pricing/commands/promote' })
    expect(sent?.query.get('environment')).toBe('production')
    expect(sent?.headers['if-match']).toBe(WAITING.etag)
    expect(JSON.parse(sent?.body ?? '')).toEqual({ rollout: 'pricing-7', reason: 'looks good' })
  })
})

test('an abort asks nothing, and no condition stands in its way', async () => {
  await withStub(aService(WAITING, obedient), async ({ run, changes }) => {
    expect(await run(['abort', 'pricing'])).toMatchObject({ code: 0, out: '✔ pricing-7: abort by you\n' })
    expect(changes()[0]?.headers['if-match']).toBeUndefined()
  })
})

test('an approval is bound to the step and the digest that wait', async () => {
  await withStub(aService(WAITING, obedient), async ({ run, changes }) => {
    expect((await run(['approve', 'pricing'])).code).toBe(0)
    expect(JSON.parse(changes()[0]?.body ?? '')).toEqual({ rollout: 'pricing-7', step: 1, digest: DIGEST })
  })
  await withStub(aService(aView(), obedient), async ({ run, changes }) => {
    const answer = await run(['approve', 'pricing'])
    expect(answer).toMatchObject({ code: 1, out: '', err: expect.stringContaining('nothing to approve') })
    expect(changes()).toEqual([])
  })
})

test.each([
  [['promote', 'pricing', '--full'], 'v2 (sha256:1febbce9) takes 100 % of the traffic at once'],
  [['undo', 'pricing', '--to-revision', 'pricing-5'], 'pricing-5 is brought back'],
  [['promote', 'pricing', '--override', '--reason', 'the bank is down'], 'This breaks the glass'],
])('%j wants a yes: without one it does nothing and says what it would have done', async (args, says) => {
  await withStub(aService(WAITING, obedient), async ({ run, changes }) => {
    const asked = await run(args)
    expect(asked).toMatchObject({ code: 2, out: '' })
    expect(asked.err).toContain(says)
    expect(asked.err).toContain('say it again with --yes')
    expect(changes()).toEqual([])
    expect((await run([...args, '--yes'])).code).toBe(0)
    expect(changes()).toHaveLength(1)
  })
})

test('full, undo and override travel as the API has them', async () => {
  await withStub(aService(WAITING, obedient), async ({ run, changes }) => {
    await run(['promote', 'pricing', '--full', '-y'])
    await run(['undo', 'pricing', '--to-revision', 'pricing-5', '-y'])
    await run(['promote', 'pricing', '--override', '--reason', 'why', '-y'])
    expect(changes().map(({ path }) => path.split('/').at(-1))).toEqual(['promote-full', 'undo', 'promote'])
    expect(JSON.parse(changes()[1]?.body ?? '')).toMatchObject({ to: 'pricing-5' })
    expect(JSON.parse(changes()[2]?.body ?? '')).toMatchObject({ override: true, reason: 'why' })
  })
})

test('breaking the glass needs a reason before anything is asked', async () => {
  await withStub(aService(WAITING, obedient), async ({ run, received }) => {
    expect(await run(['promote', 'pricing', '--override'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('add --reason'),
    })
    expect(received).toEqual([])
  })
})

test.each([
  ['push', ['push', 'pricing', 'v3', '--digest', DIGEST]],
  ['approve', ['approve', 'pricing']],
  ['promote', ['promote', 'pricing']],
  ['promote --full', ['promote', 'pricing', '--full']],
  ['pause', ['pause', 'pricing']],
  ['resume', ['resume', 'pricing']],
  ['abort', ['abort', 'pricing']],
  ['retry', ['retry', 'pricing']],
  ['undo', ['undo', 'pricing']],
  ['freeze add', ['freeze', 'add', '--from', '2026-12-24', '--until', '2026-12-27', '--reason', 'holidays']],
  ['freeze stop', ['freeze', 'stop', '--reason', 'fire']],
])('%s with --dry-run changes nothing and says so', async (_, args) => {
  await withStub(aService(WAITING, obedient), async ({ run, changes }) => {
    const told = await run([...args, '--dry-run'])
    expect(told.out).toMatch(/^Would (do|be refused): ./)
    expect(told.code).toBe(told.out.startsWith('Would do') ? 0 : 1)
    const json = await run([...args, '--dry-run', '--json'])
    expect(JSON.parse(json.out)).toMatchObject({ dryRun: true, would: expect.stringMatching(/./) })
    expect(changes()).toEqual([])
  })
})

test('a dry run tells why it would be refused', async () => {
  await withStub(aService(aView(), obedient), async ({ run }) => {
    expect((await run(['promote', 'pricing', '--dry-run'])).out).toContain('your roles do not let you promote pricing')
    expect((await run(['retry', 'pricing', '--dry-run'])).out).toContain('it takes promote, promote-full, pause, abort')
    expect((await run(['abort', 'pricing-3', '--dry-run'])).out).toContain(
      'pricing-3 is not the newest rollout of pricing',
    )
  })
})

test('what went on while somebody looked is not steered by what they saw', async () => {
  const stale = ({ method }: Received) =>
    method === 'POST' ? { status: 412, body: aProblem(412, 'precondition-failed', 'It is in step 2 now.') } : null
  await withStub(aService(WAITING, stale), async ({ run }) => {
    const { code, err } = await run(['promote', 'pricing'])
    expect(code).toBe(1)
    expect(err).toContain('pricing went on while you looked; nothing was done. Look again: slipway get pricing')
    expect(err).toContain('It is in step 2 now.')
  })
})

test('names that are nearly right are guessed: commands, options, services, freezes', async () => {
  await withStub(
    aService(aView(), ({ path }) => (path === '/v1/freezes' ? { body: { items: [], nextLink: null } } : null)),
    async ({ run }) => {
      expect(await run(['promot', 'pricing'])).toMatchObject({
        code: 2,
        err: expect.stringContaining('Did you mean promote?'),
      })
      expect(await run(['abort', 'pricing', '--reson', 'x'])).toMatchObject({
        code: 2,
        err: expect.stringContaining('Did you mean --reason?'),
      })
      expect(await run(['get', 'pricng'])).toMatchObject({
        code: 1,
        err: expect.stringContaining('Did you mean `pricing`?'),
      })
      expect(await run(['help', 'enviroment'])).toMatchObject({
        code: 2,
        err: expect.stringContaining('Did you mean `environment`?'),
      })
      expect(await run(['freeze', 'lift', 'x'])).toMatchObject({
        code: 1,
        err: expect.stringContaining('there is no freeze x'),
      })
    },
  )
})

test('a push needs a digest where no local stack makes the image, and tells what became of it', async () => {
  const pushed = ({ method }: Received) =>
    method === 'POST' ? { body: { id: 'x', outcome: 'rejected', reason: 'another runs', rollout: null } } : null
  await withStub(aService(aView(), pushed), async ({ run, changes }) => {
    expect(await run(['push', 'pricing', 'v3'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--digest sha256:'),
    })
    expect(await run(['push', 'pricing', 'v3', '--digest', 'v3'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('is no digest'),
    })
    expect(changes()).toEqual([])
    const sent = await run(['push', 'pricing', 'v3', '--digest', DIGEST])
    expect(sent).toMatchObject({ code: 1, out: expect.stringContaining('rejected: another runs') })
    expect(JSON.parse(changes()[0]?.body ?? '')).toEqual({ tag: 'v3', digest: DIGEST })
    expect(changes()[0]?.headers['idempotency-key']).toMatch(/./)
  })
})

test('a tag that is none is refused before anything is asked', async () => {
  await withStub(aService(aView()), async ({ run, received }) => {
    expect(await run(['push', 'pricing', 'v 3', '--digest', DIGEST])).toMatchObject({
      code: 2,
      err: expect.stringContaining('v 3 is no tag; it is 1 to 128'),
    })
    expect(received).toEqual([])
  })
})

test('freeze add names all that is missing at once', async () => {
  await withStub(aService(aView()), async ({ run, changes }) => {
    const { code, err } = await run(['freeze', 'add', '-e', 'production'])
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringMatching(/say why with --reason[\s\S]*say when: --from/),
    })
    expect(changes()).toEqual([])
  })
})

test('signs beyond ASCII are left out where the terminal does not know them', async () => {
  await withStub(aService(WAITING, obedient), async ({ run }) => {
    expect((await run(['promote', 'pricing'], { env: { LC_ALL: 'C' } })).out).toBe('+ pricing-7: promote by you\n')
    const { out } = await run(['get', 'pricing'], { env: { SLIPWAY_ASCII: '1' } })
    expect(out).toMatch(/^= pricing-7 - v2 - waiting for approval/)
    expect(out).toMatch(/^[\x20-\x7e\n]*$/)
  })
})
