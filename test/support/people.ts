import { TableClient } from '@azure/data-tables'
import { type TablePeople, tablePeople } from '../../lib/adapters/store/table-people.ts'
import { createTables } from '../../sim/tables/service.ts'
import { wireClient } from '../../sim/wire.ts'

const credential = { getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) }

/** Nobody yet, in a table that is kept in memory and spoken to in its own protocol. */
export async function noPeople(): Promise<TablePeople & { readonly table: TableClient }> {
  const tables = createTables({ clock: Date })
  const httpClient = wireClient((request) => tables.answer(request))
  const options = { httpClient, retryOptions: { maxRetries: 0 } }
  const table = new TableClient('https://slipway.table.core.windows.net', 'SlipwayPeople', credential, options)
  const people = tablePeople(table)
  await people.ensureTable()
  return { ...people, table }
}
