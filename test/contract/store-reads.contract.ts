import { expect, it } from 'vitest'
import type { AuditRow } from '../../lib/core/audit.ts'
import type { ServiceKey } from '../../lib/core/service.ts'
import type { AuditQuery, Page } from '../../lib/ports.ts'
import { anEvent, aRollout, aService, auditRows, T0 } from '../support/state.ts'
import { type AnyStore, begin, decision, idleTick, KEY, loaded } from './store.contract.ts'

const ANYTIME = T0 + 1_000_000_000

/** Walks a listing to its end and returns everything it showed. */
async function walk<T>(read: (from: string | null) => Promise<Page<T>>): Promise<readonly T[]> {
  const all: T[] = []
  let from: string | null = null
  do {
    const page: Page<T> = await read(from)
    all.push(...page.items)
    from = page.next
  } while (from !== null)
  return all
}

/** How a store answers: who is due, what is listed, in which order, page by page. */
export function readContract(open: () => Promise<AnyStore>): void {
  dueContract(open)
  claimContract(open)
  auditContract(open)
  listContract(open)
  eventContract(open)
}

function dueContract(open: () => Promise<AnyStore>): void {
  it('names who is due, earliest first, and at most as many as asked for', async () => {
    const store = await open()
    for (const [name, wakeAt] of [
      ['late', 3],
      ['first', 1],
      ['same-b', 2],
      ['same-a', 2],
      ['never', null],
    ] as const) {
      const key = { environment: 'production', name }
      await begin(store, key, aRollout(key, { wakeAt: wakeAt === null ? null : T0 + wakeAt }))
    }
    expect(await store.due('production', T0, 10)).toEqual([])
    expect(await store.due('production', T0 + 2, 10)).toEqual(['first', 'same-a', 'same-b'])
    expect(await store.due('production', ANYTIME, 10)).toEqual(['first', 'same-a', 'same-b', 'late'])
    expect(await store.due('production', ANYTIME, 2)).toEqual(['first', 'same-a'])
    expect(await store.due('nowhere', ANYTIME, 10)).toEqual([])
  })

  it('moves a service among the due ones with every commit of its rollout', async () => {
    const store = await open()
    await begin(store)
    expect(await store.commit(idleTick(await loaded(store), T0 + 5))).toBe('saved')
    expect(await store.due('production', T0 + 5, 10)).toEqual(['pricing'])
    expect(await store.commit(idleTick(await loaded(store), T0 + 5))).toBe('saved')
    expect(await store.due('production', T0 + 5, 10)).toEqual(['pricing'])
    expect(await store.commit(idleTick(await loaded(store), T0 + 9))).toBe('saved')
    expect(await store.due('production', T0 + 8, 10)).toEqual([])
    expect(await store.commit(decision(await loaded(store), { wakeAt: null }))).toBe('saved')
    expect(await store.due('production', ANYTIME, 10)).toEqual([])
    expect(await store.commit(idleTick(await loaded(store), T0 + 7))).toBe('saved')
    expect(await store.due('production', ANYTIME, 10)).toEqual(['pricing'])
  })

  it('forgets when the older rollout wanted a look once a newer one begins', async () => {
    const store = await open()
    const start = await begin(store, KEY, aRollout(KEY, { wakeAt: T0 + 1 }))
    await store.commit(decision({ ...start, rollout: aRollout(KEY, { number: 2, wakeAt: T0 + 5 }) }))
    expect(await store.due('production', T0 + 4, 10)).toEqual([])
    expect(await store.due('production', T0 + 5, 10)).toEqual(['pricing'])
    const second = await loaded(store)
    await store.commit(decision({ ...second, rollout: aRollout(KEY, { number: 3, wakeAt: T0 + 5 }) }))
    expect(await store.due('production', ANYTIME, 10)).toEqual(['pricing'])
    await store.commit(idleTick(await loaded(store), null))
    expect(await store.due('production', ANYTIME, 10)).toEqual([])
  })
}

const NONE: ReadonlySet<string> = new Set()
const nobody = { left: 0, othersUntil: null }

function claimContract(open: () => Promise<AnyStore>): void {
  /** Services `a`, `b`, … that are due at T0 + 1, T0 + 2, … */
  const waiting = async (store: AnyStore, count: number, urgent: readonly string[] = []) => {
    for (let n = 1; n <= count; n += 1) {
      const key = { environment: 'production', name: `svc-${n}` }
      const phase = { kind: 'rolling-back', outcome: 'rolled-back', because: '', since: T0 } as const
      const rollout = aRollout(key, { wakeAt: T0 + n })
      await begin(store, key, urgent.includes(key.name) ? { ...rollout, phase } : rollout)
    }
  }
  const [one, two, three, four] = ['svc-1', 'svc-2', 'svc-3', 'svc-4'] as const

  it('names rollbacks first, of those that are due', async () => {
    const store = await open()
    await waiting(store, 4, [three, four])
    expect(await store.due('production', T0 + 3, 10)).toEqual([three, one, two])
    expect(await store.due('production', T0 + 4, 3)).toEqual([three, four, one])
    expect(await store.claim('production', T0 + 4, 2, NONE)).toEqual({
      names: [three, four],
      left: 2,
      othersUntil: null,
    })
  })

  it('moves a service to the front when its rollback begins, and back when it is over', async () => {
    const store = await open()
    await waiting(store, 3)
    const key = { environment: 'production', name: three }
    const tick = idleTick(await loaded(store, key), T0 + 3)
    const phase = { kind: 'rolling-back', outcome: 'rolled-back', because: '', since: T0 } as const
    if (tick.rollout === undefined) throw new Error('a rollout was expected')
    expect(await store.commit({ ...tick, rollout: { ...tick.rollout, phase } })).toBe('saved')
    expect(await store.due('production', ANYTIME, 10)).toEqual([three, one, two])
    const again = idleTick(await loaded(store, key), T0 + 3)
    expect(await store.commit({ ...again, rollout: tick.rollout })).toBe('saved')
    expect(await store.due('production', ANYTIME, 10)).toEqual([one, two, three])
  })

  it('claims nothing where one worker takes all that is due', async () => {
    const store = await open()
    await waiting(store, 2)
    const all = { names: [one, two], ...nobody }
    expect(await store.claim('production', T0 + 5, 2, NONE)).toEqual(all)
    expect(await store.claim('production', T0 + 5, 2, NONE)).toEqual(all)
    expect(await store.claim('nowhere', T0 + 5, 2, NONE)).toEqual({ names: [], ...nobody })
  })

  it('shares what is due among workers, each slice to one of them, until the claim is over', async () => {
    const store = await open()
    await waiting(store, 4)
    const now = T0 + 10
    expect(await store.claim('production', now, 3, NONE)).toEqual({
      names: [one, two, three],
      left: 1,
      othersUntil: null,
    })
    const rest = { names: [four], left: 0, othersUntil: now + 30_000 }
    expect(await store.claim('production', now, 3, NONE)).toEqual(rest)
    const mine = new Set([one, two, three])
    expect(await store.claim('production', now + 1, 3, mine)).toEqual({ ...rest, names: [] })
    expect(await store.due('production', now, 10)).toEqual([one, two, three, four])
    const over = await store.claim('production', now + 30_000, 3, NONE)
    expect(over).toEqual({ names: [one, two, three], left: 1, othersUntil: null })
  })

  it('takes a claim away with the commit that moves the service', async () => {
    const store = await open()
    await waiting(store, 3)
    const now = T0 + 10
    expect((await store.claim('production', now, 2, NONE)).names).toEqual([one, two])
    const tick = idleTick(await loaded(store, { environment: 'production', name: one }), now + 1)
    expect(await store.commit(tick)).toBe('saved')
    expect((await store.claim('production', now + 1, 2, NONE)).names).toEqual([three, one])
  })

  it('claims a rollback for a short time only', async () => {
    const store = await open()
    await waiting(store, 3, [two])
    const now = T0 + 10
    expect((await store.claim('production', now, 2, NONE)).names).toEqual([two, one])
    expect(await store.claim('production', now + 4_999, 2, NONE)).toEqual({
      names: [three],
      left: 0,
      othersUntil: now + 5_000,
    })
    expect((await store.claim('production', now + 5_000, 2, NONE)).names).toEqual([two])
  })

  it('gives out a rollback whose next look a clock set that ran ahead, and nothing else before its time', async () => {
    const store = await open()
    const day = 86_400_000
    await waiting(store, 3, [one, two])
    for (const [name, at] of [
      [one, T0 + day],
      [two, T0 + 120_000],
      [three, T0 + 300_000],
    ] as const) {
      const tick = idleTick(await loaded(store, { environment: 'production', name }), at)
      expect(await store.commit(tick)).toBe('saved')
    }
    expect((await store.claim('production', T0, 5, NONE)).names).toEqual([one])
    expect(await store.due('production', T0, 5)).toEqual([])
    expect((await store.claim('production', T0 + 120_000, 5, NONE)).names).toEqual([two, one])
  })

  it('gives no two of many workers the same, when they come at the same moment', async () => {
    const store = await open()
    await waiting(store, 6)
    const shares = await Promise.all([1, 2, 3].map(() => store.claim('production', T0 + 10, 2, NONE)))
    expect(shares.flatMap(({ names }) => names).sort()).toEqual([1, 2, 3, 4, 5, 6].map((n) => `svc-${n}`))
  })

  it('claims more than one transaction can, each to one of two workers', async () => {
    const store = await open()
    const names = Array.from({ length: 130 }, (_, n) => `svc-${100 + n}`)
    await Promise.all(
      names.map((name) =>
        begin(
          store,
          { environment: 'production', name },
          aRollout({ environment: 'production', name }, { wakeAt: T0 }),
        ),
      ),
    )
    const now = T0 + 10
    const first = await store.claim('production', now, 120, NONE)
    expect(first).toEqual({ names: names.slice(0, 120), left: 10, othersUntil: null })
    const rest = { names: names.slice(120), left: 0, othersUntil: now + 30_000 }
    expect(await store.claim('production', now, 120, NONE)).toEqual(rest)
    const shares = await Promise.all([1, 2].map(() => store.claim('production', now + 30_000, 120, NONE)))
    const given = shares.flatMap((share) => share.names)
    expect(new Set(given).size).toBe(given.length)
    expect(given.length).toBeGreaterThan(100)
  })
}

async function withAudit(store: AnyStore): Promise<void> {
  for (const [name, count] of [
    ['basket', 3],
    ['pricing', 6],
  ] as const) {
    const key = { environment: 'production', name }
    await begin(store, key, null)
    const { token, service } = await loaded(store, key)
    const rows = auditRows(key, 1, count).map((row) => ({ ...row, rollout: row.seq > 4 ? `${name}-2` : row.rollout }))
    expect(
      await store.commit({ key, token, service: { ...service, chain: { seq: count, hash: '' } }, audit: rows }),
    ).toBe('saved')
  }
}

const names = (rows: readonly AuditRow[]) => rows.map((row) => row.id.replace('production/', ''))

function auditContract(open: () => Promise<AnyStore>): void {
  const whole: AuditQuery = { environment: 'production', limit: 100, from: null }

  it('shows the audit newest first; within a millisecond by service and falling number', async () => {
    const store = await open()
    await withAudit(store)
    const { token, service } = await loaded(store)
    const twins = auditRows(KEY, 7, 2, { happenedAt: T0 + 3000 })
    await store.commit({ key: KEY, token, service: { ...service, chain: { seq: 8, hash: '' } }, audit: twins })
    expect(names((await store.page(whole)).items)).toEqual([
      'pricing#6',
      'pricing#5',
      'pricing#4',
      'basket#3',
      'pricing#8',
      'pricing#7',
      'pricing#3',
      'basket#2',
      'pricing#2',
      'basket#1',
      'pricing#1',
    ])
  })

  it.each<[string, Partial<AuditQuery>, readonly string[]]>([
    ['service', { service: 'basket' }, ['basket#3', 'basket#2', 'basket#1']],
    ['rollout', { rollout: 'pricing-2' }, ['pricing#6', 'pricing#5']],
    ['time, since inclusive', { since: T0 + 4000 }, ['pricing#6', 'pricing#5', 'pricing#4']],
    ['time, until exclusive', { until: T0 + 2000 }, ['basket#1', 'pricing#1']],
    [
      'all of it at once',
      { service: 'pricing', rollout: 'pricing-1', since: T0 + 2000, until: T0 + 4000 },
      ['pricing#3', 'pricing#2'],
    ],
    ['an unknown service, quotes and all', { service: "o'hara" }, []],
    ['another environment', { environment: 'staging' }, []],
  ])('filters the audit by %s', async (_, filter, expected) => {
    const store = await open()
    await withAudit(store)
    expect(names((await store.page({ ...whole, ...filter })).items)).toEqual(expected)
    expect(names(await walk((from) => store.page({ ...whole, ...filter, limit: 2, from })))).toEqual(expected)
  })

  it('shows every audit row once, page by page, while new rows arrive', async () => {
    const store = await open()
    await withAudit(store)
    const first = await store.page({ ...whole, limit: 4 })
    expect(first.items).toHaveLength(4)
    const { token, service } = await loaded(store)
    const rows = auditRows(KEY, 7, 1)
    await store.commit({ key: KEY, token, service: { ...service, chain: { seq: 7, hash: '' } }, audit: rows })
    const rest = await walk((from) => store.page({ ...whole, limit: 4, from: from ?? first.next }))
    expect(names([...first.items, ...rest])).toEqual([
      'pricing#6',
      'pricing#5',
      'pricing#4',
      'basket#3',
      'pricing#3',
      'basket#2',
      'pricing#2',
      'basket#1',
      'pricing#1',
    ])
  })

  it('refuses page tokens that were altered, made up or belong to another listing', async () => {
    const store = await open()
    await withAudit(store)
    const { next } = await store.page({ ...whole, limit: 2 })
    if (next === null) throw new Error('a next page was expected')
    const altered = `${next.slice(0, -3)}${next.at(-3) === 'A' ? 'B' : 'A'}${next.slice(-2)}`
    for (const from of [altered, `${next}A`, next.slice(2), 'nonsense', '']) {
      await expect(store.page({ ...whole, limit: 2, from }), from).rejects.toMatchObject({
        kind: 'malformed',
        message: /page token/,
      })
    }
    await expect(store.page({ ...whole, service: 'basket', limit: 2, from: next })).rejects.toMatchObject({
      kind: 'malformed',
    })
    await expect(store.list('production', 2, next)).rejects.toMatchObject({ kind: 'malformed' })
    await expect(store.page(2, next)).rejects.toMatchObject({ kind: 'malformed' })
  })
}

function listContract(open: () => Promise<AnyStore>): void {
  it('holds many services, loads them together and lists them by name, page by page', async () => {
    const store = await open()
    const all = Array.from({ length: 60 }, (_, index) => `svc-${String(index).padStart(2, '0')}`)
    await Promise.all(all.map((name) => begin(store, { environment: 'production', name })))
    const found = await store.load('production', all.toReversed())
    expect(found.map(({ service }) => service.key.name)).toEqual(all.toReversed())
    expect(found.every(({ rollout, service }) => rollout?.id === `${service.key.name}-1`)).toBe(true)
    const listed = await walk((from) => store.list('production', 25, from))
    expect(listed.map((service) => service.key.name)).toEqual(all)
    expect(listed[7]).toEqual(found.at(-8)?.service)
  })

  it('lists the rollouts of one service newest first, without those of a service with a longer name', async () => {
    const store = await open()
    await begin(store, { ...KEY, name: 'pricing-eu' })
    let at = await begin(store)
    for (const number of [2, 3, 4]) {
      expect(await store.commit(decision({ ...at, rollout: aRollout(KEY, { number }) }))).toBe('saved')
      at = await loaded(store)
    }
    expect((await store.rollouts(KEY, 10, null)).items.map(({ number }) => number)).toEqual([4, 3, 2, 1])
    expect((await store.rollouts(KEY, 10, null)).items[3]).toEqual(aRollout(KEY))
    const paged = await walk((from) => store.rollouts(KEY, 1, from))
    expect(paged.map(({ number }) => number)).toEqual([4, 3, 2, 1])
    expect((await store.rollouts({ ...KEY, name: 'nobody' }, 10, null)).items).toEqual([])
  })

  it('finds the services of an image source, however often they were indexed', async () => {
    const store = await open()
    const keys: readonly ServiceKey[] = [
      { environment: 'production', name: 'pricing' },
      { environment: 'production', name: 'pricing-eu' },
      { environment: 'staging', name: 'pricing' },
    ]
    for (const key of [...keys.toReversed(), ...keys]) await store.index(key, 'localhost:5000', 'team/pricing')
    await store.index({ ...KEY, name: 'basket' }, 'localhost:5000', 'team/basket')
    expect(await store.servicesFor('localhost:5000', 'team/pricing')).toEqual(keys)
    expect(await store.servicesFor('localhost:5000', 'team')).toEqual([])
  })

  it('gives an empty page of a listing without rows', async () => {
    const store = await open()
    expect(await store.list('production', 10, null)).toEqual({ items: [], next: null })
    await begin(store, KEY, null)
    expect((await store.list('production', 10, null)).items).toEqual([aService(KEY)])
  })
}

function eventContract(open: () => Promise<AnyStore>): void {
  const DAY = 86_400_000

  it('shows recorded events newest first, page by page and across days', async () => {
    const store = await open()
    const events = [
      anEvent(1),
      anEvent(2, { outcome: 'ignored', image: null, digest: null, entityId: null, rollout: null }),
      anEvent(3, { receivedAt: T0 + DAY }),
      anEvent(4, { receivedAt: T0 - DAY, reason: 'r'.repeat(50_000) }),
    ]
    await store.record(events)
    await store.record([])
    const expected = [events[2], events[1], events[0], events[3]]
    expect((await store.page(10, null)).items).toEqual(expected)
    expect(await walk((from) => store.page(1, from))).toEqual(expected)
  })

  it('keeps the first record of a delivery that is recorded again', async () => {
    const store = await open()
    await store.record([anEvent(1)])
    await store.record([anEvent(1, { outcome: 'duplicate' })])
    await store.record([anEvent(2), anEvent(1, { outcome: 'duplicate' }), anEvent(2, { outcome: 'duplicate' })])
    expect((await store.page(10, null)).items).toEqual([anEvent(2), anEvent(1)])
  })

  it('records more events at once than one transaction takes', async () => {
    const store = await open()
    const events = Array.from({ length: 230 }, (_, index) => anEvent(index))
    await store.record(events)
    expect(await walk((from) => store.page(100, from))).toEqual(events.toReversed())
  })
}
