import { TableClient, type TableServiceClientOptions } from '@azure/data-tables'
import { readAgainAfterReset } from '../../../lib/adapters/store/reset-again.ts'
import { createTableStore, type TableStore } from '../../../lib/adapters/store/table.ts'
import { entityId, type ServiceKey } from '../../../lib/core/service.ts'
import type { SimClock } from '../../clock.ts'
import type { Stage } from '../../runner.ts'
import { createTables, type Tables } from '../../tables/service.ts'
import { wireClient } from '../../wire.ts'
import type { Body, Footing, Stored } from '../footing.ts'
import { createWireApps } from './arm.ts'
import { CREDENTIAL } from './credential.ts'
import { createLine, type Line } from './line.ts'
import { createBooks, STATE } from './rows.ts'
import { spoil } from './spoil.ts'
import { createWeather, type Weather } from './weather.ts'

/** Whoever sets the scene: no worker of the trial. */
const NOBODY: Body = {
  number: -1,
  isDead: false,
  fateOf: () => null,
  die: (call) => {
    throw new Error(`nobody can die of ${call}`)
  },
}

/** Whoever sets the scene or looks on has no troubles. */
const FAIR: Pick<Weather, 'meet'> = { meet: () => null }

/** The real plugs to storage and Azure with their SDKs, on services in the same process: nothing is real below the SDKs. */
export async function createWireFooting(stage: Stage, stored: Stored): Promise<Footing> {
  const { clock, wheel } = stage
  const books = createBooks(stored)
  const weather = createWeather()
  /** Services some row of which cannot be read now. */
  const spoiled = new Set<string>()
  const heldBy = (key: ServiceKey) => (spoiled.has(key.name) ? `${entityId(key)} is in quarantine` : null)
  let writer: number | null = null
  const tables = createTables({
    clock,
    mostScanned: weather.mostScanned,
    onWrite: (written) => books.wrote(written, writer),
  })
  const storeFor = (body: Body, line: Line) =>
    storeOver(tables, body === NOBODY ? FAIR : weather, line, (answer) => {
      writer = body.number < 0 ? null : body.number
      return answer()
    })
  const scene = storeFor(NOBODY, createLine(NOBODY, clock))
  await scene.ensureTables()
  return {
    wheel: { ...wheel, ...beneath(scene), apps: createWireApps(stage.world, clock, createLine(NOBODY, clock)) },
    socketsFor: (body, world, own: SimClock) => {
      const line = createLine(body, clock)
      return { ...beneath(storeFor(body, line)), apps: createWireApps(world, own, line), heldBy }
    },
    rolloutOf: books.rolloutOf,
    auditOf: books.auditOf,
    outbox: scene.outbox,
    commits: books.commits,
    befall: (item, key) => {
      const end = weather.befall(item) ?? spoil(tables, STATE, item, key)
      if (end === null || !/^row-/.test(item.variant)) return end
      spoiled.add(key.name)
      return () => {
        spoiled.delete(key.name)
        end()
      }
    },
  }
}

function beneath(store: TableStore) {
  return { store, catalogue: store, events: store, buckets: store, freezes: store, outbox: store.outbox }
}

function storeOver(
  tables: Tables,
  weather: Pick<Weather, 'meet'>,
  line: Line,
  by: <T>(answer: () => T) => T,
): TableStore {
  const httpClient = wireClient((request) =>
    line.send(`${request.method} ${request.url.pathname}`, weather.meet(request), () =>
      by(() => tables.answer(request)),
    ),
  )
  const options = {
    httpClient,
    retryOptions: { maxRetries: 0 },
    additionalPolicies: [{ policy: readAgainAfterReset, position: 'perCall' as const }],
  } as TableServiceClientOptions
  const client = (name: string) => new TableClient('https://slipway.table.core.windows.net', name, CREDENTIAL, options)
  return createTableStore({
    tables: { state: client(STATE), index: client('SlipwayIndex'), events: client('SlipwayEvents') },
    // The trace tells what befell storage.
    log: () => {},
  })
}
