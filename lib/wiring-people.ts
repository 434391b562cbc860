import type { TableClient } from '@azure/data-tables'
import type { TablePeople } from './adapters/store/table-people.ts'
import type { Names } from './core/people.ts'
import type { Registrar } from './engine/people.ts'
import type { Clock } from './ports.ts'

/** Where people stand behind pseudonyms, and what they are called. */
export interface PeopleHere {
  readonly registrar: Registrar & { readonly people: TablePeople }
  readonly namesOf: (pseudonyms: ReadonlySet<string>) => Promise<Names>
}

/** People as the table has them; names are kept in memory for half a minute. */
export async function peopleOf(table: TableClient, clock: Clock): Promise<PeopleHere> {
  const [{ tablePeople }, { createNaming }] = await Promise.all([
    import('./adapters/store/table-people.ts'),
    import('./engine/people.ts'),
  ])
  const registrar = { people: tablePeople(table), clock }
  return { registrar, namesOf: createNaming(registrar) }
}
