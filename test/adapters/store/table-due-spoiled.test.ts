import { TableClient } from '@azure/data-tables'
import { expect, test } from 'vitest'
import { createTableStore } from '../../../lib/adapters/store/table.ts'
import { handClock } from '../../../sim/clock.ts'
import { createTables } from '../../../sim/tables/service.ts'
import { wireClient } from '../../../sim/wire.ts'
import { rollingBack } from '../../support/builders.ts'
import { aRollout, aService, T0 } from '../../support/state.ts'

const credential = { getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) }
const KEY = { environment: 'production', name: 'pricing' }

async function given() {
  const tables = createTables({ clock: handClock(T0) })
  let beforeWrite = () => {}
  const httpClient = wireClient((request) => {
    if (request.method !== 'GET') beforeWrite()
    return tables.answer(request)
  })
  const table = (name: string) =>
    new TableClient('https://slipway.table.core.windows.net', name, credential, {
      httpClient,
      retryOptions: { maxRetries: 0 },
    })
  const told: string[] = []
  const store = createTableStore({
    tables: { state: table('State'), index: table('Index'), events: table('Events') },
    onQuarantine: (row, why) => told.push(`${row}: ${why}`),
    mendEveryMs: HOUR,
  })
  await store.ensureTables()
  const service = { ...aService(KEY), rolloutNumber: 1 }
  await store.commit({ key: KEY, token: null, service, rollout: aRollout(KEY, { number: 1, wakeAt: T0 }), audit: [] })
  const [due] = tables.range('State', KEY.environment, 'd!', 'd!~')
  if (due === undefined) throw new Error('a due row was expected')
  const meddle = (work: () => void) => {
    beforeWrite = work
  }
  return { tables, store, told, due, meddle }
}

const HOUR = 3_600_000
const columns = (row: Readonly<Record<string, unknown>> | null) => {
  const { Timestamp: _, ...rest } = row ?? {}
  return rest
}

test.each([{ schema: 'one' }, { schema: 0 }, {}])(
  'a due row that somebody spoiled to %j is written anew, so that the service is looked at again',
  async (spoiled) => {
    const { tables, store, due } = await given()
    tables.tamper('State', due, spoiled)
    expect(await store.due(KEY.environment, T0, 10)).toEqual([])
    expect(await store.mend(KEY.environment)).toEqual({ restored: [due.rowKey], removed: [] })
    expect(await store.due(KEY.environment, T0, 10)).toEqual(['pricing'])
  },
)

test('a due row that a later build wrote is left as it is, and told of, though its time has not come', async () => {
  const { tables, store, told, due } = await given()
  const later = { schema: 2, service: 'pricing', lane: 'urgent' }
  tables.tamper('State', due, later)
  const elsewhere = { partitionKey: KEY.environment, rowKey: `d!${T0 + HOUR}!basket` }
  tables.tamper('State', elsewhere, { schema: 3 })
  expect(await store.mend(KEY.environment)).toEqual({ restored: [], removed: [] })
  expect(columns(tables.see('State', due))).toEqual(later)
  expect(columns(tables.see('State', elsewhere))).toEqual({ schema: 3 })
  expect(told).toEqual([
    `State/production/d!${T0}!pricing: schema 2, known is 1`,
    `State/production/${elsewhere.rowKey}: schema 3, known is 1`,
  ])
})

test('a due row that a later build writes while this one mends stays', async () => {
  const { tables, store, due, meddle } = await given()
  const later = { schema: 2, service: 'pricing' }
  meddle(() => tables.tamper('State', due, later))
  for (const before of [{ schema: 'one' }, null]) {
    tables.tamper('State', due, before)
    expect(await store.mend(KEY.environment)).toEqual({ restored: [due.rowKey], removed: [] })
    expect(columns(tables.see('State', due))).toEqual(later)
  }
})

test('the note of a later build, how far it has mended, stays, and this build mends by its own count', async () => {
  const { tables, store, due } = await given()
  const note = { partitionKey: KEY.environment, rowKey: 'm!mend' }
  tables.tamper('State', note, { schema: 2, place: 'elsewhere' })
  const looked = async (at: number) => {
    tables.tamper('State', due, { schema: 'one' })
    return (await store.claim(KEY.environment, at, 10, new Set())).names
  }
  expect(await looked(T0)).toEqual(['pricing'])
  expect(await looked(T0 + 120_000)).toEqual([])
  expect(await looked(T0 + HOUR)).toEqual(['pricing'])
  expect(columns(tables.see('State', note))).toEqual({ schema: 2, place: 'elsewhere' })
})

test('a look that a clock which ran ahead has set for next week is taken within the hour, and one that is only far off is not', async () => {
  const { tables, store, due } = await given()
  const { intervalMs } = aRollout(KEY).manifest.analysis
  const week = 7 * 24 * HOUR
  const far = { environment: 'production', name: 'basket' }
  const last = T0 + 2 * intervalMs + 10 * 60_000
  const back = { environment: 'production', name: 'back' }
  for (const [key, wakeAt] of [
    [{ environment: 'production', name: 'ahead' }, T0 + week],
    [far, last],
  ] as const) {
    const service = { ...aService(key), rolloutNumber: 1 }
    await store.commit({ key, token: null, service, rollout: aRollout(key, { number: 1, wakeAt }), audit: [] })
  }
  const claimed = async (at: number) => (await store.claim('production', at, 10, new Set())).names
  const rollback = aRollout(back, { number: 1, wakeAt: T0, phase: rollingBack() })
  await store.commit({
    key: back,
    token: null,
    service: { ...aService(back), rolloutNumber: 1 },
    rollout: rollback,
    audit: [],
  })
  expect(await claimed(T0)).toEqual(['back', 'ahead', 'pricing'])
  // Nobody has looked: with the next round it comes again, and not each minute until then.
  expect(await claimed(T0 + 60_000)).toEqual(['back', 'pricing'])
  expect(await claimed(T0 + HOUR)).toEqual(['back', 'ahead', 'pricing', 'basket'])
  expect(await claimed(T0 + HOUR)).toEqual(['back', 'pricing', 'basket'])
  expect(tables.range('State', 'production', 'd!', 'd!~')).toHaveLength(4)
  expect(due.rowKey).toBe(`d!${T0}!pricing`)
})
