import { TableClient } from '@azure/data-tables'
import { expect, test } from 'vitest'
import { createTableStore } from '../../../lib/adapters/store/table.ts'
import { handClock } from '../../../sim/clock.ts'
import { createTables } from '../../../sim/tables/service.ts'
import { wireClient } from '../../../sim/wire.ts'
import { aRollout, aService, T0 } from '../../support/state.ts'

const credential = { getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) }
const KEY = { environment: 'production', name: 'pricing' }

test.each([{ schema: 2 }, { schema: 'one' }, {}])(
  'a due row that somebody spoiled to %j is written anew, so that the service is looked at again',
  async (spoiled) => {
    const tables = createTables({ clock: handClock(T0) })
    const httpClient = wireClient((request) => tables.answer(request))
    const table = (name: string) =>
      new TableClient('https://slipway.table.core.windows.net', name, credential, {
        httpClient,
        retryOptions: { maxRetries: 0 },
      })
    const store = createTableStore({
      tables: { state: table('State'), index: table('Index'), events: table('Events') },
    })
    await store.ensureTables()
    const service = { ...aService(KEY), rolloutNumber: 1 }
    await store.commit({ key: KEY, token: null, service, rollout: aRollout(KEY, { number: 1, wakeAt: T0 }), audit: [] })
    const [due] = tables.range('State', KEY.environment, 'd!', 'd!~')
    if (due === undefined) throw new Error('a due row was expected')
    tables.tamper('State', due, spoiled)
    expect(await store.due(KEY.environment, T0, 10)).toEqual([])
    expect(await store.mend(KEY.environment)).toEqual({ restored: [due.rowKey], removed: [] })
    expect(await store.due(KEY.environment, T0, 10)).toEqual(['pricing'])
  },
)
