import { TableClient } from '@azure/data-tables'
import { createTableStore, type TableStore } from '../../lib/adapters/store/table.ts'
import { tableAuditKeeper } from '../../lib/adapters/store/table-audit-keep.ts'
import { type TablePeople, tablePeople } from '../../lib/adapters/store/table-people.ts'
import type { AuditKeeper, Clock } from '../../lib/ports.ts'
import { type Chooser, createSchedule, type Fate, type Parked } from '../../sim/schedule.ts'
import { createTables, type Tables } from '../../sim/tables/service.ts'
import { type Wire, wireClient } from '../../sim/wire.ts'

const credential = { getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) }

/** The product's own plugs on one Table Storage, as one worker has them. */
export interface Plugs {
  readonly store: TableStore
  /** The table beneath it. */
  readonly state: TableClient
  readonly keeper: AuditKeeper
  readonly people: TablePeople
}

/** A Table Storage that several workers share. */
export interface Ring {
  readonly tables: Tables
  /** Of somebody who takes part in no race. */
  readonly plugs: Plugs
}

/** An empty Table Storage with all of its tables. */
export async function createRing(clock: Clock): Promise<Ring> {
  const tables = createTables({ clock })
  const plugs = plugsOn((request) => tables.answer(request))
  await plugs.store.ensureTables()
  await plugs.people.ensureTable()
  return { tables, plugs }
}

function plugsOn(wire: Wire): Plugs {
  const httpClient = wireClient(wire)
  const client = (name: string) => {
    const options = { httpClient, retryOptions: { maxRetries: 0 } }
    return new TableClient('https://slipway.table.core.windows.net', name, credential, options)
  }
  const [state, index, events] = ['SlipwayState', 'SlipwayIndex', 'SlipwayEvents'].map(client)
  if (state === undefined || index === undefined || events === undefined) throw new Error('unreachable')
  const store = createTableStore({ tables: { state, index, events }, log: () => {} })
  return { store, state, keeper: tableAuditKeeper(state, () => {}), people: tablePeople(client('SlipwayPeople')) }
}

/** What came of a race. */
export interface Rung {
  /** Of each worker; `error` where it threw. */
  readonly answers: readonly ({ readonly value: unknown } | { readonly error: unknown })[]
  readonly passed: readonly Parked[]
}

/** What may befall workers that race. */
interface Befalling {
  readonly fate?: ((gate: Parked) => Fate) | undefined
  /** Puts a bug between the plugs of each worker and the wire. */
  readonly plant?: ((wire: Wire) => Wire) | undefined
}

/** Lets workers race whose requests to storage take turns as is chosen, each a whole request. */
export async function raceOn(
  { tables }: Ring,
  works: readonly ((plugs: Plugs) => Promise<unknown>)[],
  choose: Chooser,
  { fate, plant = (wire) => wire }: Befalling = {},
): Promise<Rung> {
  const schedule = createSchedule({ choose, after: fate !== undefined, ...(fate === undefined ? {} : { fate }) })
  const begun = works.map((work) => {
    const answer = async (request: Parameters<Wire>[0]) => tables.answer(request)
    const worker = schedule.worker({ tables: { read: answer, write: answer } })
    const { read, write } = worker.sockets.tables
    const wire: Wire = (request) => (request.method === 'GET' ? read(request) : write(request))
    return schedule.start(worker, () => work(plugsOn(plant(wire))))
  })
  const settled = Promise.allSettled(begun)
  await schedule.settle()
  const answers = (await settled).map((one) =>
    one.status === 'fulfilled' ? { value: one.value } : { error: one.reason as unknown },
  )
  return { answers, passed: schedule.passed }
}
