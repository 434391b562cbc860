import { expect, it } from 'vitest'
import type { Notice } from '../../lib/core/notice.ts'
import type { Freezes, Outbox, Parcel } from '../../lib/ports.ts'
import { aNotice } from '../support/notices.ts'
import { auditRows, T0 } from '../support/state.ts'
import { type AnyStore, begin, decision, KEY, loaded } from './store.contract.ts'

/** A store that keeps notices too. */
export type TellingStore = AnyStore & Freezes & { readonly outbox: Outbox }

/** Stores a decision with these notices. */
async function tell(store: TellingStore, ...notices: readonly Notice[]): Promise<void> {
  const at = (await store.load('production', ['pricing']))[0] ?? (await begin(store))
  expect(await store.commit({ ...decision(at), notices })).toBe('saved')
}

async function unsentIds(store: TellingStore): Promise<readonly string[]> {
  return (await store.outbox.unsent('production', 100)).map(({ notice }) => notice.id)
}

/** Stores notices and puts them into the lines of `sinks`. */
async function queued(store: TellingStore, notices: readonly Notice[], ...sinks: readonly string[]): Promise<void> {
  await tell(store, ...notices)
  for (const unsent of await store.outbox.unsent('production', 100))
    expect(await store.outbox.handOut(unsent, sinks, T0)).toBe('saved')
}

async function line(store: TellingStore, sink = 'ops'): Promise<readonly Parcel[]> {
  return store.outbox.line('production', sink, 100)
}

const idsOf = (parcels: readonly Parcel[]) => parcels.map(({ notice }) => notice.id)

/** How notices get from a decision into the lines of sinks, and out of them. */
export function outboxContract(open: () => Promise<TellingStore>): void {
  commitPart(open)
  linePart(open)
  sinkPart(open)
}

function commitPart(open: () => Promise<TellingStore>): void {
  it('stores a decision and its notices together, and gives them back whole', async () => {
    const store = await open()
    const notice = aNotice(1)
    await tell(store, notice)
    expect((await store.outbox.unsent('production', 10)).map((unsent) => unsent.notice)).toEqual([notice])
    expect(await store.outbox.unsent('staging', 10)).toEqual([])
  })

  it('stores no notice of a decision that lost its race', async () => {
    const store = await open()
    const stale = await begin(store)
    await tell(store, aNotice(1))
    expect(await store.commit({ ...decision(stale), notices: [aNotice(2)] })).toBe('conflict')
    expect(await unsentIds(store)).toEqual(['production/pricing#1'])
  })

  it('gives notices oldest first, those of one moment in the order of the audit, and no more than were asked for', async () => {
    const store = await open()
    const at = T0 + 5
    const notices = [10, 9, 2].map((seq) => aNotice(seq, { at })).concat(aNotice(11, { at: T0 }))
    await tell(store, ...notices)
    expect((await unsentIds(store)).map((id) => id.split('#')[1])).toEqual(['11', '2', '9', '10'])
    expect(await store.outbox.unsent('production', 2)).toHaveLength(2)
  })

  it('stores what is told of freezes with them, and nothing where they lost their race', async () => {
    const store = await open()
    const { token } = await store.freezesOf('production')
    const row = { ...auditRows(KEY, 1, 1)[0], id: 'production#1', entityId: 'production', rollout: null }
    const notices = [aNotice(1, { service: null })]
    const change = { environment: 'production', token, freezes: [], chain: { seq: 1, hash: 'h' }, notices }
    const audit = [row] as Parameters<Freezes['commitFreezes']>[0]['audit']
    expect(await store.commitFreezes({ ...change, audit })).toBe('saved')
    expect(await store.commitFreezes({ ...change, audit, notices: [aNotice(2, { service: null })] })).toBe('conflict')
    expect(await unsentIds(store)).toEqual(['production#1'])
  })

  it('leaves services, lists and looks as they are', async () => {
    const store = await open()
    await queued(store, [aNotice(1), aNotice(2)], 'ops')
    await tell(store, aNotice(3))
    expect((await store.list('production', 10, null)).items).toHaveLength(1)
    expect(await store.due('production', T0 + 60_000_000, 10)).toEqual(['pricing'])
    expect((await loaded(store)).service.key).toEqual(KEY)
  })
}

function linePart(open: () => Promise<TellingStore>): void {
  it('hands a notice out once, to a line per sink', async () => {
    const store = await open()
    await tell(store, aNotice(1))
    const [unsent] = await store.outbox.unsent('production', 10)
    if (unsent === undefined) throw new Error('a notice was expected')
    const answers = await Promise.all([1, 2, 3].map(() => store.outbox.handOut(unsent, ['ops', 'team'], T0)))
    expect(answers.sort()).toEqual(['conflict', 'conflict', 'saved'])
    expect(await unsentIds(store)).toEqual([])
    expect(idsOf(await line(store, 'ops'))).toEqual(['production/pricing#1'])
    expect(idsOf(await line(store, 'team'))).toEqual(['production/pricing#1'])
    expect(await line(store, 'te')).toEqual([])
  })

  it('lets a notice that no sink wants go', async () => {
    const store = await open()
    await queued(store, [aNotice(1)])
    expect(await unsentIds(store)).toEqual([])
    expect((await store.outbox.parcels('production', false, 10, null)).items).toEqual([])
  })

  it('takes out what was delivered, and remembers the conversation of it', async () => {
    const store = await open()
    await queued(store, [aNotice(1), aNotice(2)], 'ops', 'team')
    const [first, second] = await line(store)
    if (first === undefined || second === undefined) throw new Error('two parcels were expected')
    await store.outbox.delivered(first, '171.0001')
    await store.outbox.delivered(second, null)
    await store.outbox.delivered(second, 'too late')
    expect(await line(store)).toEqual([])
    expect(idsOf(await line(store, 'team'))).toHaveLength(2)
    expect(await store.outbox.thread('production', 'ops', 'pricing-7')).toBe('171.0001')
    expect(await store.outbox.thread('production', 'team', 'pricing-7')).toBeNull()
    expect(await store.outbox.thread('production', 'ops', 'pricing-8')).toBeNull()
  })

  it('keeps in its place what was tried in vain, and puts back nothing that has left', async () => {
    const store = await open()
    await queued(store, [aNotice(1), aNotice(2)], 'ops')
    const [first] = await line(store)
    if (first === undefined) throw new Error('a parcel was expected')
    const tried = { ...first, tries: 1, lastError: 'no answer “within” 10 s' }
    await store.outbox.failed(tried)
    expect((await line(store))[0]).toEqual(tried)
    await store.outbox.delivered(first, null)
    await store.outbox.failed({ ...tried, tries: 2 })
    await store.outbox.failed({ ...tried, deadAt: T0 })
    expect(idsOf(await line(store))).toEqual(['production/pricing#2'])
    expect((await store.outbox.parcels('production', true, 10, null)).items).toEqual([])
  })

  it('lists what was given up apart from what waits, and puts it back as new', async () => {
    const store = await open()
    await queued(store, [aNotice(1), aNotice(2)], 'ops', 'team')
    const [first] = await line(store)
    if (first === undefined) throw new Error('a parcel was expected')
    const dead = { ...first, tries: 7, lastError: 'HTTP 410', deadAt: T0 + 9 }
    await store.outbox.failed(dead)
    expect((await store.outbox.parcels('production', true, 10, null)).items).toEqual([dead])
    const page = await store.outbox.parcels('production', false, 2, null)
    const rest = await store.outbox.parcels('production', false, 2, page.next)
    expect([...page.items, ...rest.items].map(({ sink, notice }) => `${sink} ${notice.seq}`)).toEqual([
      'ops 2',
      'team 1',
      'team 2',
    ])
    await store.outbox.revive(dead, T0 + 50)
    await store.outbox.revive(dead, T0 + 60)
    expect(await store.outbox.parcels('production', true, 10, null)).toEqual({ items: [], next: null })
    expect((await line(store))[0]).toEqual({ ...first, queuedAt: T0 + 50 })
  })
}

function sinkPart(open: () => Promise<TellingStore>): void {
  it('lets exactly one of ten racing dispatchers have a sink, whether it was known or not', async () => {
    const store = await open()
    for (const until of [T0, T0 + 1]) {
      const { state, token } = await store.outbox.sink('production', 'ops')
      const taken = await Promise.all(
        Array.from({ length: 10 }, () =>
          store.outbox.keepSink('production', 'ops', { ...state, leasedUntil: until }, token),
        ),
      )
      expect(taken.filter((one) => one !== null)).toHaveLength(1)
    }
    expect((await store.outbox.sink('production', 'ops')).state.leasedUntil).toBe(T0 + 1)
    expect((await store.outbox.sink('production', 'team')).state.leasedUntil).toBe(0)
    expect((await store.outbox.sink('staging', 'ops')).state.leasedUntil).toBe(0)
  })

  it('gives with every state the token for the next', async () => {
    const store = await open()
    const { state, token } = await store.outbox.sink('production', 'ops')
    const bad = { ...state, failures: 3, failingSince: T0, pausedUntil: T0 + 5, lastError: 'down' }
    const kept = await store.outbox.keepSink('production', 'ops', bad, token)
    expect(kept).not.toBeNull()
    expect(await store.outbox.keepSink('production', 'ops', state, kept?.token)).not.toBeNull()
    expect(await store.outbox.keepSink('production', 'ops', bad, kept?.token)).toBeNull()
    expect((await store.outbox.sink('production', 'ops')).state).toEqual(state)
  })
}
