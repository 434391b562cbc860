import { TableClient } from '@azure/data-tables'
import { describe } from 'vitest'
import { createTableStore, type TableStore } from '../../lib/adapters/store/table.ts'
import { createTables } from '../../sim/tables/service.ts'
import { wireClient } from '../../sim/wire.ts'
import { commitContract } from './store.contract.ts'
import { digestsContract } from './store-digests.contract.ts'
import { freezesContract } from './store-freezes.contract.ts'
import { judgeContract } from './store-judge.contract.ts'
import { outboxContract } from './store-outbox.contract.ts'
import { readContract } from './store-reads.contract.ts'

const credential = { getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) }

describe('the table store on Table Storage in memory', () => {
  async function open(): Promise<TableStore> {
    const tables = createTables({ clock: Date })
    const httpClient = wireClient((request) => tables.answer(request))
    const table = (name: string) => {
      const options = { httpClient, retryOptions: { maxRetries: 0 } }
      return new TableClient('https://slipway.table.core.windows.net', name, credential, options)
    }
    const store = createTableStore({
      tables: { state: table('SlipwayState'), index: table('SlipwayIndex'), events: table('SlipwayEvents') },
    })
    await store.ensureTables()
    return store
  }
  commitContract(open)
  judgeContract(open)
  outboxContract(open)
  digestsContract(open)
  freezesContract(open)
  readContract(open)
})
