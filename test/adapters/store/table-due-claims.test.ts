import { TableClient } from '@azure/data-tables'
import { beforeEach, expect, test } from 'vitest'
import { createTableStore } from '../../../lib/adapters/store/table.ts'
import { handClock } from '../../../sim/clock.ts'
import { createTables } from '../../../sim/tables/service.ts'
import { wireClient } from '../../../sim/wire.ts'
import { rollingBack } from '../../support/builders.ts'
import { aRollout, aService, T0 } from '../../support/state.ts'

const credential = { getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) }
const names = Array.from({ length: 150 }, (_, n) => `svc-${100 + n}`)
const backs = ['svc-248', 'svc-249']
const usual = names.filter((name) => !backs.includes(name))

/** 150 services that are due, two of them with a rollback: a first transaction marks these and 98 others, a second the rest. */
async function given() {
  const tables = createTables({ clock: handClock(T0) })
  let beforeBatch = () => {}
  const httpClient = wireClient((request) => {
    if (request.url.pathname.includes('$batch')) beforeBatch()
    return tables.answer(request)
  })
  const table = (name: string) =>
    new TableClient('https://slipway.table.core.windows.net', name, credential, {
      httpClient,
      retryOptions: { maxRetries: 0 },
    })
  const store = createTableStore({
    tables: { state: table('State'), index: table('Index'), events: table('Events') },
    onQuarantine: () => {},
  })
  await store.ensureTables()
  for (const name of names) {
    const key = { environment: 'production', name }
    const urgent = backs.includes(name) ? { phase: rollingBack() } : {}
    const rollout = aRollout(key, { number: 1, wakeAt: T0, ...urgent })
    await store.commit({ key, token: null, service: { ...aService(key), rolloutNumber: 1 }, rollout, audit: [] })
  }
  const rowOf = (name: string) => {
    const row = tables.range('State', 'production', 'd!', 'd!~').find(({ rowKey }) => rowKey.endsWith(`!${name}`))
    if (row === undefined) throw new Error(`${name} is not due`)
    return row
  }
  /** Somebody touches the row of each of these, each before another transaction; null = nobody before this one. */
  const touch = (touched: readonly (string | null)[]) => {
    const waiting = [...touched]
    beforeBatch = () => {
      const name = waiting.shift() ?? null
      if (name !== null) tables.tamper('State', rowOf(name), rowOf(name).properties)
    }
  }
  return { store, touch, isClaimed: (name: string) => rowOf(name).properties.claimedUntil !== undefined }
}

let it: Awaited<ReturnType<typeof given>>
beforeEach(async () => {
  it = await given()
})
const claim = () => it.store.claim('production', T0 + 1, 500, new Set())

test('a rollback is taken although somebody touched a row that was to be marked together with it', async () => {
  it.touch(['svc-100'])
  expect(await claim()).toEqual({ names: [...backs, ...usual.slice(98)], left: 98, othersUntil: null })
  expect([...backs, 'svc-247', 'svc-100'].map(it.isClaimed)).toEqual([true, true, true, false])
  const rest = await it.store.claim('production', T0 + 1, 500, new Set([...backs, ...usual.slice(98)]))
  expect(rest.names).toEqual(usual.slice(0, 98))
})

test('a rollback is taken also where its own row was touched, and is touched again', async () => {
  it.touch(['svc-249', null, 'svc-248'])
  expect((await claim()).names.slice(0, 2)).toEqual(backs)
  expect(backs.map(it.isClaimed)).toEqual([false, false])
})
