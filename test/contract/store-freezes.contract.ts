import { expect, it } from 'vitest'
import type { AuditRow } from '../../lib/core/audit.ts'
import { GENESIS } from '../../lib/core/chain.ts'
import type { Freeze } from '../../lib/core/freeze.ts'
import type { AuditQuery, FreezesChange, FreezesLoaded } from '../../lib/ports.ts'
import { auditRows, T0 } from '../support/state.ts'
import { type AnyStore, begin, decision } from './store.contract.ts'

const ENVIRONMENT = 'production'

const WEEKEND: Freeze = {
  schema: 1,
  id: 'weekend',
  environment: ENVIRONMENT,
  services: ['pricing'],
  time: { kind: 'recurring', cron: '0 18 * * FRI', timeZone: 'Europe/Berlin', durationMs: 223_200_000 },
  reason: 'nobody is here “at weekends” \u{1F9CA}',
  by: 'ada',
  createdAt: T0,
}

/** A row of the environment's own chain. */
function rowOf(seq: number, happenedAt = T0 + seq): AuditRow {
  const [row] = auditRows({ environment: ENVIRONMENT, name: 'pricing' }, seq, 1)
  if (row === undefined) throw new Error('one row was expected')
  const id = `${ENVIRONMENT}#${seq}`
  return { ...row, id, entityId: ENVIRONMENT, rollout: null, kind: 'freeze-added', happenedAt }
}

function added(from: FreezesLoaded, freeze: Freeze): FreezesChange {
  const seq = from.chain.seq + 1
  const { token, freezes } = from
  const chain = { seq, hash: `hash-${seq}` }
  return { environment: ENVIRONMENT, token, freezes: [...freezes, freeze], chain, audit: [rowOf(seq)] }
}

/** How a store keeps freezes: with their rows or not at all, one winner in a race, and rows that the audit shows. */
export function freezesContract(open: () => Promise<AnyStore>): void {
  it('knows no freezes where nothing was ever stored', async () => {
    const store = await open()
    expect(await store.freezesOf(ENVIRONMENT)).toMatchObject({ freezes: [], chain: { seq: 0, hash: GENESIS } })
  })

  it('gives back every field of a freeze, and the head of the chain', async () => {
    const store = await open()
    const change = added(await store.freezesOf(ENVIRONMENT), WEEKEND)
    expect(await store.commitFreezes(change)).toBe('saved')
    const loaded = await store.freezesOf(ENVIRONMENT)
    expect(loaded.freezes).toEqual([WEEKEND])
    expect(loaded.chain).toEqual(change.chain)
    expect((await store.freezesOf('staging')).freezes).toEqual([])
  })

  it('remembers what the quarantine has told, for as long as whoever writes brings it along', async () => {
    const store = await open()
    const told = [
      { id: 'ab 1 2', at: T0 },
      { id: 'ab 1 1', at: T0 - 1 },
    ]
    expect((await store.freezesOf(ENVIRONMENT)).told).toEqual([])
    expect(await store.commitFreezes({ ...added(await store.freezesOf(ENVIRONMENT), WEEKEND), told })).toBe('saved')
    const loaded = await store.freezesOf(ENVIRONMENT)
    expect(loaded.told).toEqual(told)
    expect(await store.commitFreezes(added(loaded, { ...WEEKEND, id: 'another' }))).toBe('saved')
    expect((await store.freezesOf(ENVIRONMENT)).told).toEqual([])
  })

  it('takes freezes away again', async () => {
    const store = await open()
    await store.commitFreezes(added(await store.freezesOf(ENVIRONMENT), WEEKEND))
    const loaded = await store.freezesOf(ENVIRONMENT)
    expect(await store.commitFreezes({ ...added(loaded, WEEKEND), freezes: [] })).toBe('saved')
    expect((await store.freezesOf(ENVIRONMENT)).freezes).toEqual([])
  })

  it('lets one of two win, whether the record is new or old, and stores nothing of the loser', async () => {
    const store = await open()
    for (const id of ['first', 'second']) {
      const before = await store.freezesOf(ENVIRONMENT)
      const mine = added(before, { ...WEEKEND, id })
      expect(await store.commitFreezes(mine)).toBe('saved')
      expect(await store.commitFreezes(added(before, { ...WEEKEND, id: 'late' }))).toBe('conflict')
    }
    const { freezes, chain } = await store.freezesOf(ENVIRONMENT)
    expect(freezes.map(({ id }) => id)).toEqual(['first', 'second'])
    expect(chain.seq).toBe(2)
    expect((await rows(store, { service: null })).map(({ seq }) => seq)).toEqual([2, 1])
  })

  it('refuses rows that do not go on from the head of the chain', async () => {
    const store = await open()
    const change = added(await store.freezesOf(ENVIRONMENT), WEEKEND)
    await expect(store.commitFreezes({ ...change, audit: [rowOf(2)] })).rejects.toThrow('audit rows must go on from 0')
    await expect(store.commitFreezes({ ...change, audit: [] })).rejects.toThrow('the chain says 1')
    expect((await store.freezesOf(ENVIRONMENT)).freezes).toEqual([])
  })

  it('shows the environment’s rows among the audit, and leaves them out where a service is asked for', async () => {
    const store = await open()
    await store.commit(decision(await begin(store)))
    await store.commitFreezes(added(await store.freezesOf(ENVIRONMENT), WEEKEND))
    const all = await rows(store, {})
    expect(all.map(({ id }) => id).sort()).toEqual([`${ENVIRONMENT}#1`, `${ENVIRONMENT}/pricing#1`])
    expect((await rows(store, { service: 'pricing' })).map(({ id }) => id)).toEqual([`${ENVIRONMENT}/pricing#1`])
    expect((await rows(store, { service: null })).map(({ id }) => id)).toEqual([`${ENVIRONMENT}#1`])
    expect((await rows(store, { kind: 'freeze-added' })).map(({ id }) => id)).toEqual([`${ENVIRONMENT}#1`])
    expect((await rows(store, { service: null }))[0]).toEqual(rowOf(1))
  })

  it('pages through the environment’s rows, newest first', async () => {
    const store = await open()
    for (let n = 1; n <= 3; n += 1) await store.commitFreezes(added(await store.freezesOf(ENVIRONMENT), WEEKEND))
    const first = await store.page({ environment: ENVIRONMENT, service: null, limit: 2, from: null })
    expect(first.items.map(({ seq }) => seq)).toEqual([3, 2])
    const rest = await store.page({ environment: ENVIRONMENT, service: null, limit: 2, from: first.next })
    expect(rest).toMatchObject({ items: [{ seq: 1 }], next: null })
  })

  it('lets a record of a superseded push take the place of the one before it, and no other record', async () => {
    const store = await open()
    const record = {
      id: 'event-1@production/pricing',
      receivedAt: T0,
      source: 'acr',
      outcome: 'queued',
      reason: 'it waits',
      image: 'acme.azurecr.io/team/pricing:v2',
      digest: 'sha256:1',
      entityId: 'production/pricing',
      rollout: 'pricing-1',
    } as const
    const replaced = { ...record, outcome: 'superseded', reason: 'v3 took its place' } as const
    await store.record([record])
    await store.record([{ ...record, outcome: 'duplicate' }, replaced])
    await store.record([replaced, { ...record, outcome: 'duplicate' }])
    expect((await store.page(10, null)).items).toEqual([replaced])
  })
}

async function rows(store: AnyStore, query: Partial<AuditQuery>): Promise<readonly AuditRow[]> {
  return (await store.page({ environment: ENVIRONMENT, limit: 100, from: null, ...query })).items
}
