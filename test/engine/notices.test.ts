import { describe, expect, test } from 'vitest'
import type { Caller, Grant } from '../../lib/core/caller.ts'
import { noticePage, reviveAll, type UntoldNotice } from '../../lib/engine/notices.ts'
import { telling, tellingFreezes } from '../../lib/engine/tell.ts'
import type { Change, Freezes, FreezesChange, RolloutStore } from '../../lib/ports.ts'
import { createSimOutbox, type SimOutbox } from '../../sim/store-outbox.ts'
import { aNotice } from '../support/notices.ts'
import { aRollout, auditRows, T0 } from '../support/state.ts'

const ENVIRONMENTS = ['production', 'staging']

function callerWith(...grants: readonly Partial<Grant>[]): Caller {
  const given = grants.map((grant): Grant => ({ role: 'viewer', environments: null, services: null, ...grant }))
  return { id: 'id-ada', name: 'ada', kind: 'person', grants: given, method: 'token' }
}

/** Two services in production and one in staging: of each a notice that is dead and one that waits, for each of two sinks. */
async function filled(): Promise<SimOutbox> {
  const outbox = createSimOutbox()
  for (const [environment, service] of [
    ['production', 'pricing'],
    ['production', 'routing'],
    ['staging', 'pricing'],
  ] as const) {
    outbox.put([aNotice(1, { environment, service }), aNotice(2, { environment, service })])
    for (const unsent of await outbox.unsent(environment, 10)) await outbox.handOut(unsent, ['ops', 'team'], T0)
    for (const sink of ['ops', 'team'])
      for (const parcel of await outbox.line(environment, sink, 100))
        if (parcel.notice.seq === 1 && parcel.notice.service === service)
          await outbox.failed({ ...parcel, tries: 3, lastError: 'no', deadAt: T0 + 5 })
  }
  return outbox
}

const words = ({ id, sink, state }: UntoldNotice) => `${id} ${sink} ${state}`

/** All pages, one after the other. */
async function all(outbox: SimOutbox, caller: Caller, limit: number): Promise<readonly string[]> {
  const found: string[] = []
  let from: string | null = null
  do {
    const page: Awaited<ReturnType<typeof noticePage>> = await noticePage(outbox, ENVIRONMENTS, limit, from, caller)
    expect(page.items.length).toBeLessThanOrEqual(limit)
    found.push(...page.items.map(words))
    from = page.next
  } while (from !== null)
  return found
}

describe('the list of notices', () => {
  test.each([1, 2, 3, 100])('shows what was given up before what waits, page by page of %i', async (limit) => {
    const found = await all(await filled(), callerWith({}), limit)
    expect(found.slice(0, 6)).toEqual([
      'production/pricing#1 ops dead',
      'production/routing#1 ops dead',
      'production/pricing#1 team dead',
      'production/routing#1 team dead',
      'staging/pricing#1 ops dead',
      'staging/pricing#1 team dead',
    ])
    expect(found).toHaveLength(12)
    expect(found.slice(6).every((line) => line.endsWith('waiting'))).toBe(true)
  })

  test('shows a caller what they may see, and nothing else', async () => {
    const outbox = await filled()
    const mine = await all(outbox, callerWith({ environments: ['production'], services: ['rout*'] }), 2)
    expect(mine).toHaveLength(4)
    expect(mine.every((line) => line.startsWith('production/routing'))).toBe(true)
    outbox.put([aNotice(1, { environment: 'staging', service: null })])
    for (const unsent of await outbox.unsent('staging', 10)) await outbox.handOut(unsent, ['ops'], T0)
    expect(await all(outbox, callerWith({ environments: ['staging'], services: ['pricing'] }), 50)).toHaveLength(4)
    expect(await all(outbox, callerWith({ environments: ['staging'] }), 50)).toHaveLength(5)
    expect(await all(outbox, callerWith(), 50)).toEqual([])
  })

  test('says when a sink that fails is tried next, and why it fails', async () => {
    const outbox = await filled()
    const { state, token } = await outbox.sink('production', 'ops')
    const ill = { ...state, failures: 2, failingSince: T0, pausedUntil: T0 + 60_000, lastError: 'down' }
    await outbox.keepSink('production', 'ops', ill, token)
    const { items } = await noticePage(outbox, ['production'], 50, null, callerWith({}))
    const of = (state_: string, sink: string) => items.find((one) => one.state === state_ && one.sink === sink)
    const at = (ms: number) => new Date(T0 + ms).toISOString()
    expect(of('waiting', 'ops')).toMatchObject({ nextTryAt: at(60_000), lastError: 'down', deadAt: null, tries: 0 })
    expect(of('waiting', 'team')).toMatchObject({ nextTryAt: null, lastError: null })
    expect(of('dead', 'ops')).toMatchObject({ nextTryAt: null, lastError: 'no', deadAt: at(5), tries: 3 })
  })

  test('is empty where there are no environments, and refuses a mark that it never gave out', async () => {
    const outbox = await filled()
    expect(await noticePage(outbox, [], 10, null, callerWith({}))).toEqual({ items: [], next: null })
    for (const mark of ['', 'x', '9~', '0~nonsense', '-1~', '0'])
      await expect(noticePage(outbox, ENVIRONMENTS, 10, mark, callerWith({}))).rejects.toMatchObject({
        kind: 'malformed',
      })
  })

  test('ends a page early rather than look through all that others may see', async () => {
    const outbox = createSimOutbox()
    outbox.put(Array.from({ length: 60 }, (_, index) => aNotice(index + 1)))
    for (const unsent of await outbox.unsent('production', 100)) await outbox.handOut(unsent, ['ops'], T0)
    const page = await noticePage(outbox, ['production'], 1, null, callerWith({ services: ['routing'] }))
    expect(page.items).toEqual([])
    expect(page.next).not.toBeNull()
    expect(await all(outbox, callerWith({ services: ['routing'] }), 1)).toEqual([])
  })
})

describe('trying a sink again', () => {
  test('puts back what was given up for it, and nothing of another sink or environment', async () => {
    const outbox = await filled()
    expect(await reviveAll(outbox, 'production', 'ops', T0 + 9)).toBe(2)
    expect(await reviveAll(outbox, 'production', 'ops', T0 + 9)).toBe(0)
    const dead = await outbox.parcels('production', true, 100, null)
    expect(dead.items.map(({ sink }) => sink)).toEqual(['team', 'team'])
    expect((await outbox.parcels('staging', true, 100, null)).items).toHaveLength(2)
    expect((await outbox.line('production', 'ops', 100)).map(({ notice, tries }) => [notice.seq, tries])).toEqual([
      [1, 0],
      [1, 0],
      [2, 0],
      [2, 0],
    ])
  })

  test('is bounded: two hundred at a time', async () => {
    const outbox = createSimOutbox()
    outbox.put(Array.from({ length: 230 }, (_, index) => aNotice(index + 1)))
    for (const unsent of await outbox.unsent('production', 300)) await outbox.handOut(unsent, ['ops'], T0)
    for (const parcel of await outbox.line('production', 'ops', 300)) await outbox.failed({ ...parcel, deadAt: T0 })
    expect(await reviveAll(outbox, 'production', 'ops', T0)).toBe(200)
    expect(await reviveAll(outbox, 'production', 'ops', T0)).toBe(30)
  })
})

describe('a store that tells', () => {
  const KEY = { environment: 'production', name: 'pricing' }
  const rows = auditRows(KEY, 1, 2)

  test('brings a notice with every row that is told, and leaves the rest of the change as it is', async () => {
    const changes: Change[] = []
    const store: RolloutStore = {
      due: async () => ['pricing'],
      claim: async () => ({ names: [], left: 0, othersUntil: null }),
      load: async () => [],
      answered: async () => null,
      commit: async (change) => {
        changes.push(change)
        return 'saved'
      },
    }
    const told = telling(store, 'https://s.example')
    const rollout = aRollout(KEY)
    const [first, second] = rows.map((row, index) => ({
      ...row,
      kind: index === 0 ? ('step-started' as const) : ('weights-confirmed' as const),
      rollout: rollout.id,
    }))
    if (first === undefined || second === undefined) throw new Error('two rows were expected')
    const change: Change = { key: KEY, token: 7, rollout, audit: [first, second] }
    expect(await told.commit(change)).toBe('saved')
    expect(changes[0]).toMatchObject(change)
    expect(changes[0]?.notices?.map(({ id, link }) => [id, link])).toEqual([
      [first.id, 'https://s.example/ui/#/production/pricing'],
    ])
    await told.commit({ ...change, audit: [second] })
    expect(changes[1]).not.toHaveProperty('notices')
    expect(await told.due('production', T0, 1)).toEqual(['pricing'])
  })

  test('tells what concerns a whole environment too', async () => {
    const changes: FreezesChange[] = []
    const freezes: Freezes = {
      freezesOf: async () => ({ freezes: [], chain: { seq: 0, hash: '' }, token: null }),
      commitFreezes: async (change) => {
        changes.push(change)
        return 'conflict'
      },
    }
    const told = tellingFreezes(freezes, null)
    const audit = rows.slice(0, 1).map((row) => {
      return { ...row, id: 'production#1', entityId: 'production', kind: 'freeze-added' as const, rollout: null }
    })
    const change = { environment: 'production', token: null, freezes: [], chain: { seq: 1, hash: 'h' }, audit }
    expect(await told.commitFreezes(change)).toBe('conflict')
    expect(changes[0]?.notices).toMatchObject([{ id: 'production#1', service: null, severity: 'warning' }])
    await told.commitFreezes({ ...change, audit: [] })
    expect(changes[1]).not.toHaveProperty('notices')
  })
})
