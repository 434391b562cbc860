import { expect, it } from 'vitest'
import type { BucketLine } from '../../lib/core/judge/state.ts'
import type { Change, Loaded, Page } from '../../lib/ports.ts'
import { aBucketLine, aJudge, aRollout, auditRows, someEvidence, T0 } from '../support/state.ts'
import { type AnyStore, begin, decision, idleTick, KEY, loaded } from './store.contract.ts'

/** A change as a look makes it that has absorbed buckets and decided nothing. */
function judging(from: Loaded, look: number): Change {
  const rollout = from.rollout?.id ?? 'none'
  return {
    ...idleTick(from, T0 + look * 60_000),
    judge: aJudge(rollout, look),
    buckets: aBucketLine(rollout, look),
  }
}

/** A service whose rollout was judged at so many looks, starting with look 1. */
async function judgedTimes(store: AnyStore, looks: number): Promise<Loaded> {
  let at = await begin(store)
  for (let look = 1; look <= looks; look += 1) {
    expect(await store.commit(judging(at, look))).toBe('saved')
    at = await loaded(store)
  }
  return at
}

async function linesOf(store: AnyStore, number = 1): Promise<readonly BucketLine[]> {
  return (await store.lines(KEY, number, 1000, null)).items
}

/** How a store keeps what the judge remembers and absorbed. */
export function judgeContract(open: () => Promise<AnyStore>): void {
  stateContract(open)
  lineContract(open)
}

function stateContract(open: () => Promise<AnyStore>): void {
  it('remembers nothing of a rollout that was never judged', async () => {
    const store = await open()
    expect((await begin(store, KEY, null)).judge).toBeNull()
    const basket = { ...KEY, name: 'basket' }
    expect((await begin(store, basket)).judge).toBeNull()
    expect(await store.judged(basket, 1)).toBeNull()
    expect(await store.judged(basket, 2)).toBeNull()
    expect(await store.judged({ ...KEY, name: 'nobody' }, 1)).toBeNull()
    expect(await store.lines(basket, 1, 10, null)).toEqual({ items: [], next: null })
    expect(await store.lines({ ...KEY, name: 'nobody' }, 1, 10, null)).toEqual({ items: [], next: null })
  })

  it('gives back every field of the judge’s state, and of the buckets that it absorbed', async () => {
    const store = await open()
    const start = await begin(store)
    const judge = aJudge('pricing-1', 7)
    const buckets = aBucketLine('pricing-1', 7)
    expect(await store.commit({ ...decision(start), judge, buckets })).toBe('saved')
    expect((await loaded(store)).judge).toEqual(judge)
    expect(await store.judged(KEY, 1)).toEqual(judge)
    expect(await linesOf(store)).toEqual([buckets])
  })

  it('takes a state together with the very first rollout', async () => {
    const store = await open()
    const { service } = await begin(store, KEY, null)
    const from = await loaded(store)
    const change = { ...decision({ ...from, service: { ...service, rolloutNumber: 1 } }), judge: aJudge('pricing-1') }
    expect(await store.commit(change)).toBe('saved')
    expect((await loaded(store)).judge).toEqual(aJudge('pricing-1'))
  })

  it('puts a newer state in the place of the older one', async () => {
    const store = await open()
    const at = await judgedTimes(store, 3)
    expect(at.judge).toEqual(aJudge('pricing-1', 3))
    expect(await store.judged(KEY, 1)).toEqual(aJudge('pricing-1', 3))
  })

  it('leaves the state as it is where a change brings none, however often', async () => {
    const store = await open()
    await judgedTimes(store, 2)
    for (const wakeAt of [T0 + 1, T0 + 2, null]) {
      expect(await store.commit(idleTick(await loaded(store), wakeAt))).toBe('saved')
      expect(await store.commit(decision(await loaded(store)))).toBe('saved')
    }
    const at = await loaded(store)
    expect(at.judge).toEqual(aJudge('pricing-1', 2))
    expect(await linesOf(store)).toHaveLength(2)
    expect(await store.commit(judging(at, 3))).toBe('saved')
    expect(await linesOf(store)).toEqual([1, 2, 3].map((look) => aBucketLine('pricing-1', look)))
  })

  it('stores neither state nor buckets of a look that lost its race', async () => {
    const store = await open()
    const stale = await judgedTimes(store, 1)
    expect(await store.commit(idleTick(stale, T0 + 5))).toBe('saved')
    expect(await store.commit(judging(stale, 2))).toBe('conflict')
    expect((await loaded(store)).judge).toEqual(aJudge('pricing-1', 1))
    expect(await linesOf(store)).toEqual([aBucketLine('pricing-1', 1)])
  })

  it('stores neither where another part of the change fails: a command that was answered before', async () => {
    const store = await open()
    const start = await begin(store)
    const command = { id: 'cmd-1', verb: 'pause', actor: 'ada', at: T0, rollout: null, answer: 'done' }
    await store.commit({ key: KEY, token: start.token, audit: [], command })
    expect(await store.commit({ ...judging(start, 1), command })).toBe('conflict')
    expect((await loaded(store)).judge).toBeNull()
    expect(await linesOf(store)).toEqual([])
  })

  it('lets exactly one of 20 racing looks win, with its state and its buckets', async () => {
    const store = await open()
    const start = await judgedTimes(store, 1)
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => store.commit(judging(start, 2 + index))))
    const winner = 2 + answers.indexOf('saved')
    expect(answers.filter((answer) => answer === 'saved')).toHaveLength(1)
    const at = await loaded(store)
    expect([at.rollout?.wakeAt, at.judge]).toEqual([T0 + winner * 60_000, aJudge('pricing-1', winner)])
    expect(await linesOf(store)).toEqual([aBucketLine('pricing-1', 1), aBucketLine('pricing-1', winner)])
  })

  it('always loads a rollout with the state that was stored with it, while looks go on', async () => {
    const store = await open()
    let at = await judgedTimes(store, 1)
    let isOver = false
    const watch = async () => {
      const pairs: (readonly [number | null, number | null])[] = []
      while (!isOver) {
        const { rollout, judge } = await loaded(store)
        pairs.push([rollout?.wakeAt ?? null, judge?.kpis['kpi-0']?.next ?? null])
      }
      return pairs
    }
    const watching = [watch(), watch(), watch()]
    for (let look = 2; look <= 40; look += 1) {
      expect(await store.commit(judging(at, look))).toBe('saved')
      at = await loaded(store)
    }
    isOver = true
    const pairs = (await Promise.all(watching)).flat()
    expect(pairs.length).toBeGreaterThan(3)
    expect(pairs.filter(([wakeAt, next]) => wakeAt !== next)).toEqual([])
  })

  it('begins a new rollout without the state of the former one, which stays to be read', async () => {
    const store = await open()
    const first = await judgedTimes(store, 2)
    expect(await store.commit(decision({ ...first, rollout: aRollout(KEY, { number: 2 }) }))).toBe('saved')
    const second = await loaded(store)
    expect([second.rollout?.id, second.judge]).toEqual(['pricing-2', null])
    expect(await store.commit(judging(second, 9))).toBe('saved')
    expect((await loaded(store)).judge).toEqual(aJudge('pricing-2', 9))
    expect(await store.judged(KEY, 2)).toEqual(aJudge('pricing-2', 9))
    expect(await store.judged(KEY, 1)).toEqual(aJudge('pricing-1', 2))
    expect(await linesOf(store, 2)).toEqual([aBucketLine('pricing-2', 9)])
    expect(await linesOf(store, 1)).toHaveLength(2)
  })

  it('keeps states and buckets of services apart, a longer name among them', async () => {
    const store = await open()
    await judgedTimes(store, 1)
    const longer = { ...KEY, name: 'pricing-eu' }
    const other = await begin(store, longer)
    expect(other.judge).toBeNull()
    expect(await store.commit(judging(other, 5))).toBe('saved')
    const found = await store.load('production', ['pricing-eu', 'pricing'])
    expect(found.map(({ judge }) => judge)).toEqual([aJudge('pricing-eu-1', 5), aJudge('pricing-1', 1)])
    expect(await linesOf(store)).toEqual([aBucketLine('pricing-1', 1)])
    expect((await store.lines(longer, 1, 10, null)).items).toEqual([aBucketLine('pricing-eu-1', 5)])
  })

  it('lists rollouts without anything of the judge’s', async () => {
    const store = await open()
    const first = await judgedTimes(store, 3)
    await store.commit({
      ...decision({ ...first, rollout: aRollout(KEY, { number: 2 }) }),
      judge: aJudge('pricing-2'),
      buckets: aBucketLine('pricing-2'),
    })
    const { items, next } = await store.rollouts(KEY, 2, null)
    expect([items.map(({ id }) => id), next]).toEqual([['pricing-2', 'pricing-1'], null])
    expect(items[0]).toEqual(aRollout(KEY, { number: 2 }))
    expect(JSON.stringify(items)).not.toContain('kpi-0')
    expect((await store.list('production', 10, null)).items).toHaveLength(1)
  })

  it('takes the largest change that is to be expected: a state of 32 KiB, and 20 KPIs in buckets, verdict and audit', async () => {
    const store = await open()
    const start = await begin(store)
    const evidence = Array.from({ length: 20 }, someEvidence)
    const judge = aJudge('pricing-1', 1_000_000, 22)
    expect(JSON.stringify(judge).length).toBeGreaterThan(32 * 1024)
    const buckets = aBucketLine('pricing-1', 1, 20, 400)
    const service = { ...start.service, chain: { seq: 30, hash: '' } }
    const verdict = { kind: 'fail', because: 'p95', evidence } as const
    const change = { ...decision(start, { verdict }), service, audit: auditRows(KEY, 1, 30, { evidence }) }
    expect(await store.commit({ ...change, judge, buckets })).toBe('saved')
    const found = await loaded(store)
    expect(found.judge).toEqual(judge)
    expect(found.rollout?.verdict).toEqual(verdict)
    expect(await linesOf(store)).toEqual([buckets])
  })

  it.each<[string, Partial<Change>]>([
    ['a state without its rollout', { judge: aJudge('pricing-1') }],
    ['a state of another rollout', { rollout: aRollout(KEY), judge: aJudge('pricing-2') }],
    ['buckets without the state that absorbed them', { rollout: aRollout(KEY), buckets: aBucketLine('pricing-1') }],
    [
      'buckets of another rollout',
      { rollout: aRollout(KEY), judge: aJudge('pricing-1'), buckets: aBucketLine('pricing-2') },
    ],
  ])('refuses %s as a mistake', async (_, mistake) => {
    const store = await open()
    const start = await begin(store)
    await expect(store.commit({ key: KEY, token: start.token, audit: [], ...mistake })).rejects.toThrow(
      /^commit of production\/pricing: (the judge’s state|buckets) of pricing-\d beside /,
    )
    expect(await loaded(store)).toEqual(start)
    expect(await linesOf(store)).toEqual([])
  })
}

function lineContract(open: () => Promise<AnyStore>): void {
  it('pages through buckets, the oldest first, while looks go on', async () => {
    const store = await open()
    const at = await judgedTimes(store, 7)
    const first: Page<BucketLine> = await store.lines(KEY, 1, 3, null)
    expect(first.items.map((line) => line.at)).toEqual([1, 2, 3].map((look) => T0 + look * 60_000))
    expect(await store.commit(judging(at, 8))).toBe('saved')
    const second = await store.lines(KEY, 1, 3, first.next)
    const third = await store.lines(KEY, 1, 3, second.next)
    expect([...second.items, ...third.items]).toEqual([4, 5, 6, 7, 8].map((look) => aBucketLine('pricing-1', look)))
    expect(third.next).toBeNull()
  })

  it('keeps looks in their order and apart even where their oldest buckets begin at one time', async () => {
    const store = await open()
    let at = await begin(store)
    // A KPI of a slow source absorbs its first bucket looks after a quick one absorbed the same minute.
    const looks = [5, 6, 7, 5, 6]
    for (const look of looks) {
      expect(await store.commit(judging(at, look))).toBe('saved')
      at = await loaded(store)
    }
    expect(await linesOf(store)).toEqual(looks.map((look) => aBucketLine('pricing-1', look)))
  })

  it('takes a state without buckets, and buckets after it', async () => {
    const store = await open()
    const { buckets: _, ...blind } = judging(await begin(store), 1)
    expect(await store.commit(blind)).toBe('saved')
    expect(await linesOf(store)).toEqual([])
    expect(await store.commit(judging(await loaded(store), 2))).toBe('saved')
    expect(await linesOf(store)).toEqual([aBucketLine('pricing-1', 2)])
  })

  it('refuses page tokens of other listings', async () => {
    const store = await open()
    const first = await judgedTimes(store, 2)
    const { next } = await store.lines(KEY, 1, 1, null)
    if (next === null) throw new Error('a next page was expected')
    await store.commit(decision({ ...first, rollout: aRollout(KEY, { number: 2 }) }))
    for (const wrong of [
      store.lines(KEY, 2, 1, next),
      store.lines({ ...KEY, name: 'basket' }, 1, 1, next),
      store.rollouts(KEY, 1, next),
      store.lines(KEY, 1, 1, 'nonsense'),
    ]) {
      await expect(wrong).rejects.toMatchObject({ kind: 'malformed', message: /page token/ })
    }
  })
}
