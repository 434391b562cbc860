import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTableStore } from '../../lib/adapters/store/table.ts'
import type { Change, Loaded, Page } from '../../lib/ports.ts'
import { createSimStore } from '../../sim/store.ts'
import { type Azurite, startAzurite } from '../support/azurite.ts'
import { aBucketLine, aJudge, aPush, aRollout, aService, auditRows, T0 } from '../support/state.ts'
import type { AnyStore } from './store.contract.ts'

const NAMES = ['pricing', 'pricing-eu', 'basket'] as const
const ENVIRONMENT = 'production'

/** One thing that somebody does: to which service, after which of their earlier looks, and what of the change is there. */
interface Deed {
  readonly name: (typeof NAMES)[number]
  readonly stale: boolean
  readonly kind: 'look' | 'create' | 'tick' | 'judge' | 'decide' | 'start' | 'manifest' | 'command'
  readonly wakeAt: number | null
  readonly id: number
}

const deed: fc.Arbitrary<Deed> = fc.record({
  name: fc.constantFrom(...NAMES),
  stale: fc.boolean(),
  kind: fc.constantFrom('look', 'create', 'tick', 'judge', 'decide', 'start', 'manifest', 'command'),
  wakeAt: fc.option(fc.integer({ min: 0, max: 5 }), { nil: null }),
  id: fc.integer({ min: 0, max: 3 }),
})

/** Somebody who works on a store: does deeds, remembers looks, tells every answer. */
function createWorker(store: AnyStore) {
  const looks = new Map<string, Loaded>()
  return async (deed: Deed): Promise<unknown> => {
    const key = { environment: ENVIRONMENT, name: deed.name }
    if (!deed.stale) {
      const [fresh] = await store.load(ENVIRONMENT, [deed.name])
      if (fresh !== undefined) looks.set(deed.name, fresh)
    }
    const change = changeFor(deed, looks.get(deed.name))
    return change === null ? 'nothing to do' : await store.commit({ key, audit: [], ...change })
  }
}

function changeFor(deed: Deed, from: Loaded | undefined): (Pick<Change, 'token'> & Partial<Change>) | null {
  const key = { environment: ENVIRONMENT, name: deed.name }
  if (deed.kind === 'create') return { token: null, service: aService(key) }
  if (from === undefined || deed.kind === 'look') return null
  const { token, service, rollout } = from
  const wakeAt = deed.wakeAt === null ? null : T0 + deed.wakeAt
  const seq = service.chain.seq + 1
  const chain = { seq, hash: `hash-${seq}` }
  const command = { id: `cmd-${deed.id}`, verb: 'pause', actor: 'ada', at: T0, rollout: null, answer: `answer ${seq}` }
  if (deed.kind === 'manifest') return { token, service: { ...service, pending: [aPush({ tag: `v${deed.id}` })] } }
  if (deed.kind === 'command') return { token, service: { ...service, chain }, audit: auditRows(key, seq, 1), command }
  if (deed.kind === 'start') {
    const number = service.rolloutNumber + 1
    const next = { ...service, rolloutNumber: number, chain }
    return { token, service: next, rollout: aRollout(key, { number, wakeAt }), audit: auditRows(key, seq, 1) }
  }
  if (rollout === null) return null
  const moved = { ...rollout, wakeAt, repairs: rollout.repairs + 1 }
  if (deed.kind === 'judge') {
    const judge = aJudge(rollout.id, deed.id)
    return { token, rollout: moved, judge, ...(deed.id === 0 ? {} : { buckets: aBucketLine(rollout.id, deed.id) }) }
  }
  if (deed.kind === 'tick') return { token, rollout: moved }
  return { token, service: { ...service, chain }, rollout: moved, audit: auditRows(key, seq, 1) }
}

/** Everything that can be read of a store, walked in small pages. */
async function picture(store: AnyStore): Promise<unknown> {
  const seen = await store.load(ENVIRONMENT, NAMES)
  const answers = await Promise.all(
    NAMES.flatMap((name) => [0, 1, 2, 3].map((id) => store.answered({ environment: ENVIRONMENT, name }, `cmd-${id}`))),
  )
  const due = await Promise.all([0, 1, 2, 3, 4, 5].map((offset) => store.due(ENVIRONMENT, T0 + offset, 2)))
  const services = await walk((from) => store.list(ENVIRONMENT, 2, from))
  const audit = await walk((from) => store.page({ environment: ENVIRONMENT, limit: 4, from }))
  const rollouts = await Promise.all(
    NAMES.map((name) => walk((from) => store.rollouts({ environment: ENVIRONMENT, name }, 2, from))),
  )
  const judged = await Promise.all(NAMES.flatMap((name) => [1, 2, 3].map((number) => judgedOf(store, name, number))))
  return {
    seen: seen.map(({ token: _, ...rest }) => rest),
    answers,
    due,
    services,
    audit,
    rollouts,
    judged,
  }
}

async function judgedOf(store: AnyStore, name: string, number: number): Promise<unknown> {
  const key = { environment: ENVIRONMENT, name }
  return [await store.judged(key, number), await walk((from) => store.lines(key, number, 2, from))]
}

async function walk<T>(read: (from: string | null) => Promise<Page<T>>): Promise<readonly T[]> {
  const first = await read(null)
  const all = [...first.items]
  for (let from = first.next; from !== null; ) {
    const page: Page<T> = await read(from)
    all.push(...page.items)
    from = page.next
  }
  return all
}

describe('the in-memory store and the table store', () => {
  let azurite: Azurite
  let opened = 0
  beforeAll(async () => {
    azurite = await startAzurite()
  }, 60_000)
  afterAll(() => azurite.stop())

  it('always give the same answers and hold the same state, whatever is done to them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { minLength: 5, maxLength: 40 }), async (deeds) => {
        opened += 1
        const [state, index, events] = ['S', 'I', 'E'].map((name) => azurite.table(`Twins${name}${opened}`))
        if (state === undefined || index === undefined || events === undefined)
          throw new Error('three tables were expected')
        const table = createTableStore({ tables: { state, index, events } })
        await table.ensureTables()
        const sim = createSimStore()
        const [onSim, onTable] = [createWorker(sim), createWorker(table)]
        for (const deed of deeds) expect(await onTable(deed), JSON.stringify(deed)).toBe(await onSim(deed))
        expect(await picture(table)).toEqual(await picture(sim))
      }),
      { numRuns: 25 },
    )
  }, 120_000)
})
