import { expect, it } from 'vitest'
import type { Rollout } from '../../lib/core/rollout.ts'
import type { ServiceKey, ServiceState } from '../../lib/core/service.ts'
import type {
  AuditLog,
  BucketLog,
  Catalogue,
  Change,
  Digests,
  EventLog,
  Freezes,
  Loaded,
  RolloutStore,
} from '../../lib/ports.ts'
import { aPush, aRollout, aService, auditRows, someEvidence, T0 } from '../support/state.ts'

/** What every store must be. */
export type AnyStore = RolloutStore &
  Catalogue &
  BucketLog &
  AuditLog &
  EventLog &
  Freezes & { readonly digests: Digests }

export const KEY: ServiceKey = { environment: 'production', name: 'pricing' }
export const COMMAND = { id: 'cmd/1?#\\', verb: 'abort', actor: 'ada', at: T0, rollout: 'pricing-1', answer: 'done' }

/** Stores a new service, with its first rollout unless `rollout` is null. */
export async function begin(
  store: AnyStore,
  key: ServiceKey = KEY,
  rollout: Rollout | null = aRollout(key),
): Promise<Loaded> {
  const service = aService(key, { rolloutNumber: rollout === null ? 0 : rollout.number })
  const change: Change = { key, token: null, service, audit: [] }
  expect(await store.commit(rollout === null ? change : { ...change, rollout })).toBe('saved')
  return loaded(store, key)
}

/** The service as stored, which must be there. */
export async function loaded(store: AnyStore, key: ServiceKey = KEY): Promise<Loaded> {
  const [found] = await store.load(key.environment, [key.name])
  if (found === undefined) throw new Error(`${key.name} is not stored`)
  return found
}

/** A change that writes everything there is: service, rollout, one audit row. */
export function decision(from: Loaded, overrides: Partial<Rollout> = {}): Change {
  const { key, chain } = from.service
  const rollout = from.rollout === null ? aRollout(key, overrides) : { ...from.rollout, ...overrides }
  const service: ServiceState = {
    ...from.service,
    rolloutNumber: rollout.number,
    chain: { seq: chain.seq + 1, hash: `hash-${chain.seq + 1}` },
  }
  return { key, token: from.token, service, rollout, audit: auditRows(key, chain.seq + 1, 1) }
}

/** A change as an idle look makes it: the rollout alone. */
export function idleTick(from: Loaded, wakeAt: number | null): Change {
  if (from.rollout === null) throw new Error('no rollout to look at')
  return { key: from.service.key, token: from.token, rollout: { ...from.rollout, wakeAt }, audit: [] }
}

/** How a store commits: what it gives back, who wins a race, what a failing part leaves behind. */
export function commitContract(open: () => Promise<AnyStore>): void {
  it('gives back every field of what was committed', async () => {
    const store = await open()
    const service = aService(KEY, {
      rolloutNumber: 1,
      pending: [aPush({ tag: 'v3' })],
      handled: [{ digest: 'sha256:1', tag: 'v1', pushedAt: T0, eventId: 'e', rollout: null }],
      chain: { seq: 2, hash: 'hash-2' },
    })
    const rollout = aRollout(KEY)
    const [plain, rich] = auditRows(KEY, 1, 2)
    const full = {
      ...rich,
      value: -0.25,
      notes: 'ünï "quoted" 🚀\n',
      evidence: [someEvidence()],
      detail: { a: [1, null, { b: '' }] },
    }
    const bare = { ...plain, value: null, rollout: null, step: null, weightsBefore: null, weightsAfter: null }
    const audit = [bare, full] as Change['audit']
    expect(await store.commit({ key: KEY, token: null, service, rollout, audit, command: COMMAND })).toBe('saved')

    const found = await loaded(store)
    expect(found.service).toEqual(service)
    expect(found.rollout).toEqual(rollout)
    expect((await store.page({ environment: 'production', limit: 10, from: null })).items).toEqual([full, bare])
    expect(await store.answered(KEY, COMMAND.id)).toEqual(COMMAND)
  })

  it('leaves unknown names out of a load and keeps the order of the names', async () => {
    const store = await open()
    for (const name of ['aa', 'bb', 'cc']) await begin(store, { environment: 'production', name }, null)
    const found = await store.load('production', ['cc', 'nobody', 'No/Name', 'aa'])
    expect(found.map(({ service }) => service.key.name)).toEqual(['cc', 'aa'])
    expect(await store.load('staging', ['aa'])).toEqual([])
  })

  it('keeps environments apart', async () => {
    const store = await open()
    await begin(store)
    await begin(store, { environment: 'staging', name: 'pricing' }, null)
    expect((await loaded(store, { environment: 'staging', name: 'pricing' })).rollout).toBeNull()
    expect(await store.due('staging', T0 + 60_000, 10)).toEqual([])
  })

  it('lets exactly one of 20 racing creations win', async () => {
    const store = await open()
    const racers = Array.from({ length: 20 }, (_, index) => {
      const rollout = aRollout(KEY, { canary: `pricing--racer-${index}` })
      return store.commit({ key: KEY, token: null, service: aService(KEY, { rolloutNumber: 1 }), rollout, audit: [] })
    })
    const answers = await Promise.all(racers)
    expect(answers.filter((answer) => answer === 'saved')).toHaveLength(1)
    expect((await loaded(store)).rollout?.canary).toBe(`pricing--racer-${answers.indexOf('saved')}`)
  })

  it('lets exactly one of 20 racing decisions win, and stores no row of the losers', async () => {
    const store = await open()
    const start = await begin(store)
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        store.commit(decision(start, { repairs: 100 + index, wakeAt: T0 + index })),
      ),
    )
    const winner = answers.indexOf('saved')
    expect(answers.filter((answer) => answer === 'saved')).toHaveLength(1)
    expect((await loaded(store)).rollout?.repairs).toBe(100 + winner)
    expect((await store.page({ environment: 'production', limit: 100, from: null })).items).toHaveLength(1)
    expect(await store.due('production', T0 + winner, 10)).toEqual(['pricing'])
    expect(await store.due('production', T0 + winner - 1, 10)).toEqual([])
  })

  it('lets exactly one of 20 racing idle ticks win', async () => {
    const store = await open()
    const start = await begin(store)
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => store.commit(idleTick(start, T0 + index))),
    )
    expect(answers.filter((answer) => answer === 'saved')).toHaveLength(1)
    expect((await loaded(store)).rollout?.wakeAt).toBe(T0 + answers.indexOf('saved'))
  })

  it('says conflict to a service state that was written since', async () => {
    const store = await open()
    const stale = await begin(store)
    const other = { ...stale.service, manifestVersion: 2 }
    expect(await store.commit({ key: KEY, token: stale.token, service: other, audit: [] })).toBe('saved')
    const late = { ...stale.service, manifestVersion: 3 }
    expect(await store.commit({ key: KEY, token: stale.token, service: late, audit: [] })).toBe('conflict')
    expect((await loaded(store)).service.manifestVersion).toBe(2)
  })

  it('says conflict to a decision whose rollout alone was written since', async () => {
    const store = await open()
    const stale = await begin(store)
    expect(await store.commit(idleTick(stale, T0 + 1))).toBe('saved')
    expect(await store.commit(decision(stale))).toBe('conflict')
    expect((await loaded(store)).service).toEqual(stale.service)
  })

  it('lets an idle tick and a change of the service alone pass each other', async () => {
    const store = await open()
    const start = await begin(store)
    const service = { ...start.service, pending: [aPush()] }
    expect(await store.commit({ key: KEY, token: start.token, service, audit: [] })).toBe('saved')
    expect(await store.commit(idleTick(start, T0 + 1))).toBe('saved')
    const found = await loaded(store)
    expect([found.service.pending.length, found.rollout?.wakeAt]).toEqual([1, T0 + 1])
  })

  it('says conflict to an idle tick of a rollout that a newer one has followed', async () => {
    const store = await open()
    const stale = await begin(store)
    expect(await store.commit(decision({ ...stale, rollout: aRollout(KEY, { number: 2, wakeAt: T0 + 5 }) }))).toBe(
      'saved',
    )
    expect(await store.commit(idleTick(stale, T0 + 1))).toBe('conflict')
    expect(await store.due('production', T0 + 4, 10)).toEqual([])
  })

  it('lets exactly one of 20 racing starts of a second rollout win', async () => {
    const store = await open()
    const start = await begin(store)
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        store.commit(decision({ ...start, rollout: aRollout(KEY, { number: 2, repairs: index }) })),
      ),
    )
    expect(answers.filter((answer) => answer === 'saved')).toHaveLength(1)
    expect((await loaded(store)).rollout).toMatchObject({ number: 2, repairs: answers.indexOf('saved') })
  })

  it('stores nothing at all where one part fails: a command that was answered before', async () => {
    const store = await open()
    const start = await begin(store)
    const first: Change = { key: KEY, token: start.token, audit: [], command: COMMAND }
    expect(await store.commit(first)).toBe('saved')
    const again: Change = { ...decision(start, { wakeAt: T0 + 1 }), command: { ...COMMAND, answer: 'another' } }
    expect(await store.commit(again)).toBe('conflict')

    const found = await loaded(store)
    expect([found.service, found.rollout]).toEqual([start.service, start.rollout])
    expect((await store.page({ environment: 'production', limit: 10, from: null })).items).toEqual([])
    expect(await store.due('production', T0 + 59_999, 10)).toEqual([])
    expect(await store.due('production', T0 + 60_000, 10)).toEqual(['pricing'])
    expect(await store.answered(KEY, COMMAND.id)).toEqual(COMMAND)
  })

  it('knows a command’s answer for its own service only', async () => {
    const store = await open()
    const start = await begin(store)
    expect(await store.answered(KEY, COMMAND.id)).toBeNull()
    await store.commit({ key: KEY, token: start.token, audit: [], command: COMMAND })
    expect(await store.answered(KEY, COMMAND.id)).toEqual(COMMAND)
    expect(await store.answered({ ...KEY, name: 'basket' }, COMMAND.id)).toBeNull()
    expect(await store.answered(KEY, 'cmd-2')).toBeNull()
  })

  it('takes a change that changes nothing', async () => {
    const store = await open()
    const start = await begin(store)
    expect(await store.commit({ key: KEY, token: start.token, audit: [] })).toBe('saved')
    expect(await store.commit(decision(start))).toBe('saved')
  })

  it.each<[string, (start: Loaded) => Partial<Change>]>([
    ['audit rows without the service state that holds their chain', () => ({ audit: auditRows(KEY, 1, 1) })],
    [
      'a gap in the audit',
      ({ service }) => ({ service: { ...service, chain: { seq: 2, hash: '' } }, audit: auditRows(KEY, 2, 1) }),
    ],
    [
      'an audit number given twice',
      ({ service }) => ({ service: { ...service, chain: { seq: 0, hash: '' } }, audit: auditRows(KEY, 0, 1) }),
    ],
    ['a chain that is ahead of the rows', ({ service }) => ({ service: { ...service, chain: { seq: 1, hash: '' } } })],
    ['a rollout of another service', () => ({ rollout: aRollout({ ...KEY, name: 'basket' }) })],
    ['a state of another service', () => ({ service: aService({ ...KEY, name: 'basket' }, { rolloutNumber: 1 }) })],
    ['a second rollout that the service state does not name', () => ({ rollout: aRollout(KEY, { number: 2 }) })],
  ])('refuses %s as a mistake', async (_, mistake) => {
    const store = await open()
    const start = await begin(store)
    await expect(store.commit({ key: KEY, token: start.token, audit: [], ...mistake(start) })).rejects.toThrow(
      /^commit of production\/pricing: /,
    )
    expect(await loaded(store)).toMatchObject({ service: start.service, rollout: start.rollout })
  })

  it.each([0, 1])(
    'keeps a state far longer than one property holds, wherever it is cut (shifted by %d)',
    async (shift) => {
      const store = await open()
      const because = `${'x'.repeat(shift)}${'🚀'.repeat(40_000)}é"\\`
      const evidence = Array.from({ length: 40 }, someEvidence)
      const rollout = aRollout(KEY, { verdict: { kind: 'fail', because, evidence } })
      const start = await begin(store, KEY, rollout)
      expect(start.rollout).toEqual(rollout)
      expect(await store.commit(decision(start, { verdict: null }))).toBe('saved')
      expect((await loaded(store)).rollout?.verdict).toBeNull()
    },
  )
}
