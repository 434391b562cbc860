import { expect, test } from 'vitest'
import type { QuarantineView } from '../../lib/api.ts'
import { aProblem, aService, aView, type Received, type Reply, withStub } from './stub.ts'

const ITEM: QuarantineView = {
  id: 'ab'.repeat(16),
  kind: 'row',
  what: 'rollout',
  place: 'SlipwayState/production/r!pricing!999992',
  environment: 'production',
  service: 'pricing',
  field: 'schema',
  why: 'schema 2, known is 1\u001b[2J',
  holds: true,
  state: 'waiting',
  since: '2026-11-21T10:00:00.000Z',
  triedAt: '2026-11-21T10:15:00.000Z',
  tries: 4,
  nextTryAt: '2026-11-21T10:30:00.000Z',
  redriven: null,
  dismissed: null,
  content: null,
}

function ward(outcome: string, items: readonly QuarantineView[] = [ITEM]): (received: Received) => Reply | null {
  return ({ method, path }) => {
    if (path === '/v1/quarantine') return { body: { items, nextLink: null } }
    if (path === `/v1/quarantine/${ITEM.id}/redrive`) return { body: { outcome, item: ITEM } }
    if (path === `/v1/quarantine/${ITEM.id}`) return method === 'DELETE' ? { status: 204 } : { body: ITEM }
    return null
  }
}

test('what is in quarantine is listed with why, since when and how often tried, and moves no terminal', async () => {
  await withStub(aService(aView(), ward('released')), async ({ run, received }) => {
    const { code, out } = await run(['quarantine', 'list', '-e', 'production', '--state', 'waiting'])
    expect(code).toBe(0)
    expect(out).toMatch(/ID +WHAT +OF +STATE +SINCE \(UTC\) +TRIES +WHY/)
    expect(out).toMatch(/rollout +production\/pricing +waiting +2026-11-21 10:00:00 +4 +schema 2, known is 1/)
    expect(out).not.toContain('\u001b[2J')
    expect(received.at(-1)?.query.get('state')).toBe('waiting')
    const json = await run(['quarantine', 'list', '--json'])
    expect(JSON.parse(json.out)).toEqual({ items: [ITEM], nextLink: null })
  })
  await withStub(aService(aView(), ward('released', [])), async ({ run }) => {
    expect(await run(['quarantine', 'list'])).toMatchObject({ code: 0, out: '', err: 'Nothing is in quarantine.\n' })
  })
})

test('one item is told whole, line by line', async () => {
  await withStub(aService(aView(), ward('released')), async ({ run }) => {
    const { code, out } = await run(['quarantine', 'show', ITEM.id])
    expect(code).toBe(0)
    expect(out).toContain('place        SlipwayState/production/r!pricing!999992\n')
    expect(out).toContain('service      pricing, left alone as long as this lasts\n')
    expect(out).toContain('tried        4 times, last 2026-11-21T10:15:00.000Z\n')
    expect(out).not.toContain('dismissed')
  })
})

test.each([
  ['released', 0, 'can be read again, or is gone'],
  ['queued', 0, 'the message is in SlipwayState'],
  ['unreadable', 1, 'still cannot be read: schema 2, known is 1'],
] as const)('another try that ends as %s exits with %i and says so', async (outcome, code, words) => {
  await withStub(aService(aView(), ward(outcome)), async ({ run, changes }) => {
    const answer = await run(['quarantine', 'redrive', ITEM.id])
    expect(answer.code).toBe(code)
    expect(answer.out).toContain(words)
    expect(changes()).toMatchObject([{ method: 'POST', path: `/v1/quarantine/${ITEM.id}/redrive` }])
  })
})

test('nothing is dismissed without a reason, nor in a dry run', async () => {
  await withStub(aService(aView(), ward('released')), async ({ run, changes }) => {
    expect(await run(['quarantine', 'dismiss', ITEM.id])).toMatchObject({ code: 2 })
    const dry = await run(['quarantine', 'dismiss', ITEM.id, '--reason', 'gone', '--dry-run'])
    expect(dry.out).toContain('Would do: dismiss')
    expect((await run(['quarantine', 'redrive', ITEM.id, '--dry-run'])).out).toContain('Would do: try')
    expect(changes()).toEqual([])
    expect(await run(['quarantine', 'dismiss', ITEM.id, '--reason', 'gone'])).toMatchObject({ code: 0 })
    expect(changes()[0]?.query.get('reason')).toBe('gone')
  })
})

test('a problem document of somebody else, whose errors are no list or lack their parts, is told all the same', async () => {
  for (const errors of [{ a: 1 }, 'all of it', [null, { line: 3 }, 7]]) {
    const problem = { ...aProblem(422, 'invalid', 'It is not valid.', []), errors }
    await withStub(
      () => ({ status: 422, body: problem }),
      async ({ run }) => {
        const { code, err } = await run(['services'])
        expect(code).toBe(1)
        expect(err).toContain('slipway: It is not valid.\n')
      },
    )
  }
})
