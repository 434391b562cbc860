import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSimStore, type StoreCall } from '../../sim/store.ts'
import { createDueList } from '../../sim/store-due.ts'
import { begin, COMMAND, decision, idleTick, KEY, loaded } from '../contract/store.contract.ts'
import { anEvent, aPush, T0 } from '../support/state.ts'

describe('the in-memory store under interference', () => {
  it('has stored nothing when a call is broken before it', async () => {
    const store = createSimStore()
    const start = await begin(store)
    store.interfere((call, moment) => {
      if (call === 'commit' && moment === 'before') throw new Error('crash')
    })
    await expect(store.commit(decision(start))).rejects.toThrow('crash')
    store.interfere(null)
    expect((await loaded(store)).service).toBe(start.service)
    expect(await store.commit(decision(start))).toBe('saved')
  })

  it('has stored everything when a call is broken after it', async () => {
    const store = createSimStore()
    const start = await begin(store)
    store.interfere((call, moment) => {
      if (call === 'commit' && moment === 'after') throw new Error('crash')
    })
    await expect(store.commit(decision(start))).rejects.toThrow('crash')
    store.interfere(null)
    expect(store.auditOf(KEY)).toHaveLength(1)
    expect(await store.commit(decision(start))).toBe('conflict')
  })

  it('tells the name of every call, before and after', async () => {
    const store = createSimStore()
    const calls: string[] = []
    store.interfere((call: StoreCall, moment) => calls.push(`${moment} ${call}`))
    await store.due('production', 0, 1)
    await store.load('production', [])
    await store.commit({ key: KEY, token: 'none', audit: [] })
    await store.answered(KEY, 'x')
    await store.index(KEY, 'r', 'x')
    await store.servicesFor('r', 'x')
    await store.list('production', 1, null)
    await store.rollouts(KEY, 1, null)
    await store.lines(KEY, 1, 1, null)
    await store.judged(KEY, 1)
    await store.page(1, null)
    await store.page({ environment: 'production', limit: 1, from: null })
    await store.record([])
    await store.accept([])
    const names = [
      'due',
      'load',
      'commit',
      'answered',
      'index',
      'servicesFor',
      'list',
      'rollouts',
      'lines',
      'judged',
      'page',
      'page',
      'record',
      'accept',
    ]
    expect(calls).toEqual(names.flatMap((name) => [`before ${name}`, `after ${name}`]))
  })
})

describe('the inside of the in-memory store', () => {
  it('can be looked at without disturbing it', async () => {
    const store = createSimStore()
    expect([store.peek(KEY), store.auditOf(KEY), store.eventsRecorded(), store.take()]).toEqual([null, [], [], []])
    const start = await begin(store)
    await store.commit({ ...decision(start), command: COMMAND })
    await store.commit(idleTick(start, T0))
    await store.record([anEvent(2), anEvent(1)])
    await store.accept([{ kind: 'push', push: aPush(), receivedAt: T0 }])
    expect(store.peek(KEY)?.rollout?.id).toBe('pricing-1')
    expect(store.auditOf(KEY).map(({ seq }) => seq)).toEqual([1])
    expect(store.eventsRecorded().map(({ id }) => id)).toEqual(['event-2', 'event-1'])
    expect(store.commits()).toEqual({ saved: 2, conflict: 1 })
    expect([store.take().length, store.take().length]).toEqual([1, 0])
  })
})

describe('the due list', () => {
  const move = fc.record({
    name: fc.integer({ min: 0, max: 30 }),
    to: fc.option(fc.integer({ min: 0, max: 8 }), { nil: null }),
  })

  it('always answers as a plain sorted search would', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 120 }), fc.integer({ min: 1, max: 12 }), (moves, limit) => {
        const list = createDueList()
        const plain = new Map<string, number | null>()
        for (const { name, to } of moves) {
          const key = `svc-${String(name).padStart(2, '0')}`
          list.move(key, plain.get(key) ?? null, to)
          plain.set(key, to)
          const due = [...plain].filter(([, at]) => at !== null && at <= 5) as [string, number][]
          due.sort(([a, at], [b, bt]) => at - bt || (a < b ? -1 : 1))
          expect(list.until(5, limit)).toEqual(due.slice(0, limit).map(([service]) => service))
        }
      }),
    )
  })
})
