import { TableClient } from '@azure/data-tables'
import { expect, test, vi } from 'vitest'
import { createTableStore } from '../../../lib/adapters/store/table.ts'
import { quarantinedAs, type Suspect } from '../../../lib/core/quarantine.ts'
import type { Reply } from '../../../sim/azure/serve.ts'
import { handClock } from '../../../sim/clock.ts'
import { createTables } from '../../../sim/tables/service.ts'
import { type WireRequest, wireClient } from '../../../sim/wire.ts'
import { aRollout, aService, T0 } from '../../support/state.ts'

const credential = { getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) }
const KEY = { environment: 'production', name: 'pricing' }

async function given(refuse: (request: WireRequest) => Reply | null = () => null) {
  const tables = createTables({ clock: handClock(T0) })
  const httpClient = wireClient((request) => refuse(request) ?? tables.answer(request))
  const table = (name: string) =>
    new TableClient('https://slipway.table.core.windows.net', name, credential, {
      httpClient,
      retryOptions: { maxRetries: 0 },
    })
  const met: Suspect[] = []
  const store = createTableStore({
    tables: { state: table('State'), index: table('Index'), events: table('Events') },
    onQuarantine: (_row, _why, suspect) => met.push(suspect),
  })
  await store.ensureTables()
  const service = { ...aService(KEY), rolloutNumber: 1 }
  await store.commit({ key: KEY, token: null, service, rollout: aRollout(KEY, { number: 1, wakeAt: T0 }), audit: [] })
  return { tables, store, met }
}

test('what is due is claimed though the search for lost due rows cannot be written down', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { store } = await given(({ method, url, body }) =>
    method !== 'GET' && `${decodeURIComponent(url.pathname)} ${body}`.includes('m!mend')
      ? { status: 403, headers: {}, body: '{"odata.error":{"code":"AuthorizationFailure","message":{"value":"no"}}}' }
      : null,
  )
  for (const minute of [0, 1, 2]) {
    const claimed = await store.claim(KEY.environment, T0 + minute * 60_000, 10, new Set())
    expect(claimed.names).toEqual(['pricing'])
  }
  expect(logged.mock.calls.map(([line]) => String(line).split(' | ')[0])).toEqual(
    Array.from({ length: 3 }, () => 'lost due rows of production cannot be sought now'),
  )
  logged.mockRestore()
})

test.each(['d!0000000000000!No_Name', 'd!0000000000000!'])(
  'a due row whose key names no service (%s) is as unreadable by itself as in a sweep, so that it is not released to be met again',
  async (rowKey) => {
    const { tables, store, met } = await given()
    tables.tamper('State', { partitionKey: KEY.environment, rowKey }, { schema: 1 })
    expect(await store.due(KEY.environment, T0, 10)).toEqual(['pricing'])
    const [suspect] = met
    if (suspect === undefined) throw new Error('a suspect was expected')
    const again = await store.quarantine.examine(quarantinedAs('ab'.repeat(8), suspect, null, T0))
    expect(again?.why).toBe('it names no service')
  },
)
