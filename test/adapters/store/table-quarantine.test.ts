import { TableClient } from '@azure/data-tables'
import { expect, test, vi } from 'vitest'
import { createTableStore } from '../../../lib/adapters/store/table.ts'
import { type Quarantined, quarantinedAs, type Suspect } from '../../../lib/core/quarantine.ts'
import { owing, quarantineRow } from '../../../lib/core/quarantine-row.ts'
import { handClock } from '../../../sim/clock.ts'
import { createTables } from '../../../sim/tables/service.ts'
import { wireClient } from '../../../sim/wire.ts'
import { T0 } from '../../support/state.ts'

const credential = { getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) }
const ID = 'ab'.repeat(16)
const SUSPECT: Suspect = {
  kind: 'service',
  what: 'turn',
  place: 'production/pricing',
  environment: 'production',
  service: 'pricing',
  field: null,
  why: 'TypeError: x is no list',
  holds: false,
  content: null,
  mayGoBack: true,
}

async function given() {
  const tables = createTables({ clock: handClock(T0) })
  const httpClient = wireClient((request) => tables.answer(request))
  const table = (name: string) =>
    new TableClient('https://slipway.table.core.windows.net', name, credential, {
      httpClient,
      retryOptions: { maxRetries: 0 },
    })
  const store = createTableStore({ tables: { state: table('State'), index: table('Index'), events: table('Events') } })
  await store.ensureTables()
  const item = quarantinedAs(ID, SUSPECT, null, T0)
  const whole = owing(item, quarantineRow('quarantine-added', item, 'slipway'), ['production'], T0)
  return { tables, store, whole }
}

test('an item comes back as it was kept, with what its audit owes and what was told of it', async () => {
  const { store, whole } = await given()
  for (const item of [whole, { ...whole, owed: [], releasedAt: T0 + 1, nextTryAt: null }] satisfies Quarantined[]) {
    const before = await store.quarantine.find('production', ID)
    expect(await store.quarantine.keep(item, before?.token ?? null)).toBe('saved')
    expect((await store.quarantine.find('production', ID))?.item).toEqual(item)
  }
  expect(whole).toMatchObject({ tellings: 1, reasons: [SUSPECT.why], owed: [{ id: `${ID} ${T0} 1` }] })
})

test.each([
  ['owed', 'no list'],
  ['owed', [{ id: 'x', environments: ['production'] }]],
  ['owed', [{ id: 'x', row: { kind: 'quarantine-added', notes: 'x' }, environments: 'production' }]],
  ['reasons', [1]],
  ['tellings', '1'],
  ['releasedAt', 'now'],
])('an item whose %s is %j is left as it is, and said', async (field, wrong) => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { tables, store, whole } = await given()
  await store.quarantine.keep(whole, null)
  const key = { partitionKey: 'production', rowKey: `z!${ID}` }
  const row = tables.see('State', key)
  const broken = { ...row, json0: JSON.stringify({ ...whole, [field]: wrong }) }
  tables.tamper('State', key, broken)
  expect(await store.quarantine.find('production', ID)).toBeNull()
  expect(await store.quarantine.keep(whole, null)).toBe('conflict')
  expect(tables.see('State', key)).toEqual(broken)
  expect(String(logged.mock.calls[0]?.[0])).toContain(`cannot be read: ${field}`)
  logged.mockRestore()
})
