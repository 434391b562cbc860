import { describe, expect, test } from 'vitest'
import type { AuditDraft } from '../../lib/core/audit.ts'
import type { BucketLine } from '../../lib/core/judge/state.ts'
import { bucketsAsCsv } from '../../lib/engine/buckets.ts'
import { inLanes } from '../../lib/engine/lanes.ts'
import { rolloutOf, rolloutView } from '../../lib/engine/rollout.ts'
import { checkReadable, ringFor, sealed, type Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import { aCommand, aRollout, aService, finished, KEY, MINUTE, T0 } from '../support/builders.ts'
import { loaded, NOW, toldWheel } from './told-wheel.ts'

describe('work in lanes', () => {
  async function most(count: number, lanes?: number): Promise<readonly unknown[]> {
    let [now, highest] = [0, 0]
    const work = async (item: number) => {
      now += 1
      highest = Math.max(highest, now)
      await new Promise((resolve) => setImmediate(resolve))
      now -= 1
      return item * 2
    }
    const answers = await inLanes(
      Array.from({ length: count }, (_, n) => n),
      work,
      lanes,
    )
    return [highest, answers.length, answers.at(-1)]
  }

  test('is under way eight at a time, or as many as were asked for, and never more than there are', async () => {
    expect(await most(20)).toEqual([8, 20, 38])
    expect(await most(20, 3)).toEqual([3, 20, 38])
    expect(await most(2)).toEqual([2, 2, 2])
    expect(await most(0)).toEqual([0, 0, undefined])
  })
})

describe('a rollout by its number', () => {
  const of = (number: number) => aRollout(finished('promoted'), { id: `pricing-${number}`, number })
  const newest = of(250)

  /** The store hands out these numbers page by page. */
  async function found(number: number, pages: readonly (readonly number[])[], text?: string) {
    const { wheel } = toldWheel({})
    const calls: unknown[] = []
    const rollouts: Wheel['catalogue']['rollouts'] = async (...given) => {
      calls.push(given)
      const [, , from] = given
      const page = Number(from ?? 0)
      return { items: (pages[page] ?? []).map(of), next: page + 1 < pages.length ? `${page + 1}` : null }
    }
    const own = { ...wheel, catalogue: { ...wheel.catalogue, rollouts } }
    const item = { ...loaded(newest), service: aService({ rolloutNumber: 250 }) }
    const seen = text === undefined ? await rolloutOf(own, item, number) : await rolloutView(own, item, text)
    return { seen, calls }
  }

  test('is the newest without another read, and one that is to come is none', async () => {
    expect(await found(250, [[250]])).toEqual({ seen: newest, calls: [] })
    expect(await found(251, [[251]])).toEqual({ seen: null, calls: [] })
  })

  test('is looked for page by page, a hundred at a time, until it is found', async () => {
    expect(await found(248, [[250, 249], [248, 247], [246]])).toEqual({
      seen: of(248),
      calls: [
        [KEY, 100, null],
        [KEY, 100, '1'],
      ],
    })
  })

  test('is not looked for behind a lower number, nor behind the last page', async () => {
    expect(await found(249, [[250, 248], [249]])).toEqual({ seen: null, calls: [[KEY, 100, null]] })
    const { seen, calls } = await found(1, [[250], [249, 248]])
    expect([seen, calls.length]).toEqual([null, 2])
  })

  test('is found by the newest number too where the newest rollout is not at hand', async () => {
    const { wheel } = toldWheel({})
    const rollouts = async () => ({ items: [newest], next: null })
    const item = { ...loaded(null), service: aService({ rolloutNumber: 250 }) }
    expect(await rolloutOf({ ...wheel, catalogue: { ...wheel.catalogue, rollouts } }, item, 250)).toEqual(newest)
  })

  test.each(['0', '01', '1x', 'x1', ' 1', '', '1.0', '-1', '2500000000', '1a'])('is not called %j', async (text) => {
    expect(await found(0, [[1]], text)).toEqual({ seen: null, calls: [] })
  })

  test('carries its tag, and may have nine digits', async () => {
    expect((await found(0, [], '250')).seen).toMatchObject({
      id: 'pricing-250',
      etag: `"pricing-250.finished.0.${T0}"`,
    })
    expect((await found(0, [[1]], '1')).seen).toMatchObject({ id: 'pricing-1' })
    expect((await found(0, [], '123456789')).seen).toBeNull()
  })
})

describe('buckets as CSV', () => {
  const line = (n: number): BucketLine => {
    return { rollout: 'pricing-2', at: n * MINUTE, kpis: { p95: [[n * MINUTE, n, 10, null, null, null, null]] } }
  }

  /** The store hands out as many lines as are asked for, of `there`. */
  async function csvOf(there: number, limit: number | null) {
    const { wheel } = toldWheel({})
    const limits: number[] = []
    const lines: Wheel['buckets']['lines'] = async (_key, _number, most, from) => {
      limits.push(most)
      const begin = Number(from ?? 0)
      const items = Array.from({ length: Math.min(most, there - begin) }, (_, n) => line(begin + n))
      return { items, next: begin + items.length < there ? `${begin + items.length}` : null }
    }
    const own = { ...wheel, buckets: { lines, judged: async () => null } }
    const csv = await bucketsAsCsv(own, loaded(aRollout()), 2, { limit, from: null })
    return { limits, next: csv?.next, rows: (csv?.csv.trimEnd().split('\r\n').length ?? 0) - 1, csv: csv?.csv }
  }

  test('are read a thousand at a time, up to the limit', async () => {
    expect(await csvOf(2, null)).toEqual({
      limits: [1000],
      next: null,
      rows: 2,
      csv: 'minute,kpi,arm,bad,total,value\r\n0,p95,canary,0,10,\r\n1,p95,canary,1,10,\r\n',
    })
    expect(await csvOf(5000, 2500)).toMatchObject({ limits: [1000, 1000, 500], next: '2500', rows: 2500 })
    expect(await csvOf(5000, 2000)).toMatchObject({ limits: [1000, 1000], next: '2000', rows: 2000 })
    expect(await csvOf(30, 20)).toMatchObject({ limits: [20], next: '20', rows: 20 })
  })

  test('are twenty thousand at most where nobody names a limit', async () => {
    const { limits, next } = await csvOf(20_500, null)
    expect([limits.length, new Set(limits), next]).toEqual([20, new Set([1000]), '20000'])
  })
})

describe('the wheel', () => {
  const draft = (actor: string, detail: AuditDraft['detail'] = null): AuditDraft => {
    const empty = { step: null, weightsBefore: null, weightsAfter: null, evidence: [], value: null, metric: 'none' }
    return { kind: 'paused', notes: 'n', actor, rollout: 'pricing-2', detail, ...empty } as AuditDraft
  }
  const asked = { request: 'r-1', signIn: 'token', app: null } as const
  const { wheel } = toldWheel({})

  test('seals no rows as nothing, and otherwise moves the chain on', () => {
    const service = aService()
    expect(sealed(wheel, service, [], NOW)).toEqual({ service, audit: [] })
    const { service: after, audit } = sealed(wheel, service, [draft('ada')], NOW)
    expect(after).toEqual({ ...service, chain: { seq: 1, hash: audit[0]?.hash } })
    expect(audit).toMatchObject([{ seq: 1, detail: null, happenedAt: NOW }])
  })

  test('writes into the rows of who asked, and no others, under which request it was', () => {
    const command = aCommand('pause', { id: 'c-1', asked })
    const drafts = [draft('ada', { why: 'lunch' }), draft('slipway')]
    expect(sealed(wheel, aService(), drafts, NOW, command).audit.map(({ detail }) => detail)).toEqual([
      { why: 'lunch', asked: { ...asked, command: 'c-1' } },
      null,
    ])
    expect(sealed(wheel, aService(), drafts, NOW, aCommand('pause')).audit.map(({ detail }) => detail)).toEqual([
      { why: 'lunch' },
      null,
    ])
  })

  test('refuses what is there and cannot be read, with the reason and when to come back', () => {
    const refusal = () => checkReadable({ heldBy: ({ name }) => `${name} is in quarantine as q-1` }, KEY, 'release it')
    expect(refusal).toThrow(Fault)
    expect(refusal).toThrow(
      expect.objectContaining({
        kind: 'unavailable',
        message: 'pricing is in quarantine as q-1; release it',
        retryAfterMs: MINUTE,
      }),
    )
    expect(checkReadable({ heldBy: () => null }, KEY, 'x')).toBeUndefined()
    expect(checkReadable({}, KEY, 'x')).toBeUndefined()
  })

  test('rings for no calls not at all, bears a bell that is out of order, and shows a bug', async () => {
    const rung: unknown[] = []
    const ringing = (ring: () => Promise<void>) => ({
      ...wheel,
      bell: {
        ring: async (calls: unknown) => {
          rung.push(calls)
          await ring()
        },
      },
    })
    const call = { environment: 'production', at: NOW }
    await ringFor(
      ringing(async () => {}),
      [],
    )
    expect(rung).toEqual([])
    await ringFor(
      ringing(async () => {
        throw new Fault('unavailable', 'no queue')
      }),
      [call],
    )
    expect(rung).toEqual([[call]])
    await expect(
      ringFor(
        ringing(async () => {
          throw new TypeError('our own bug')
        }),
        [call],
      ),
    ).rejects.toThrow('our own bug')
  })
})
