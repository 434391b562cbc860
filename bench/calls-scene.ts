import { createHash } from 'node:crypto'
import { ContainerAppsAPIClient } from '@azure/arm-appcontainers'
import { TableClient } from '@azure/data-tables'
import { armClientOptions, createArmApps } from '../lib/adapters/apps/arm.ts'
import type { ArmCallKind } from '../lib/adapters/apps/arm-calls.ts'
import { createTableStore, type TableStore } from '../lib/adapters/store/table.ts'
import type { Manifest } from '../lib/core/service.ts'
import { storeManifest } from '../lib/engine/manifest.ts'
import { receive } from '../lib/engine/receive.ts'
import type { Wheel } from '../lib/engine/wheel.ts'
import { matchesTag } from '../lib/schema/tag.ts'
import { nextWindow, openWindow } from '../lib/schema/window.ts'
import { createArmServer } from '../sim/azure/arm.ts'
import { createAzurite } from '../sim/azure/azurite.ts'
import { createIdentity, type IdentityServer } from '../sim/azure/identity.ts'
import { createLocalTls } from '../sim/azure/tls.ts'
import { createSimBell } from '../sim/bell.ts'
import { handClock, type SimClock, wallClock } from '../sim/clock.ts'
import { createSimMetrics } from '../sim/metrics.ts'
import { createSimRegistry } from '../sim/registry.ts'
import { createSimRestarts } from '../sim/restarts.ts'
import type { World } from '../sim/world/types.ts'
import { createWorld } from '../sim/world/world.ts'
import { addService, pushOf } from './services.ts'

/** What went out through the plugs since the counters were last set to nothing. */
export interface Tally {
  armReads: number
  armWrites: number
  /** Entity-group transactions of the state table, and single writes. */
  tableWrites: number
  tableReads: number
  /** Writes of the search for lost due rows, which begins once an hour in an environment, whatever happens. */
  searchWrites: number
}

/** The real engine with the real plugs to ARM and to tables, in front of a served world whose clock is wound by hand. */
export interface CallsScene {
  readonly wheel: Wheel
  readonly clock: SimClock
  readonly world: World
  readonly tally: Tally
  /** Declares a service at version 1 and announces version 2 of it. */
  begin(manifest: Manifest): Promise<void>
  close(): Promise<void>
}

const WRITES: readonly ArmCallKind[] = ['patch-app', 'activate-revision', 'deactivate-revision']
const NOON = Date.UTC(2026, 0, 5, 12)
const STORAGE = 'https://storage.azure.com'
const ARM = 'https://management.azure.com'

/** Starts Azurite and the pretend ARM, both over https with identity tokens, and puts a wheel in front of them. */
export async function createCallsScene(): Promise<CallsScene> {
  const clock = handClock(NOON)
  const world = createWorld({ clock })
  const tally: Tally = { armReads: 0, armWrites: 0, tableWrites: 0, tableReads: 0, searchWrites: 0 }
  const [tls, identity] = await Promise.all([createLocalTls(), createIdentity({ clock: wallClock })])
  const azurite = await createAzurite({ tls })
  const server = await createArmServer({ world, clock, tls, accept: (token) => identity.accept(token, ARM) })
  const store = createStore(azurite.tableUrl, identity, tls.ca, tally)
  await store.ensureTables()
  const sdk = armClientOptions({ endpoint: server.url, tlsOptions: { ca: tls.ca } })
  const apps = createArmApps({
    clock,
    client: (subscription) => new ContainerAppsAPIClient(credentialOf(identity, ARM), subscription, sdk),
    onCall: (kind) => count(tally, kind),
  })
  const wheel: Wheel = {
    clock,
    store,
    catalogue: store,
    events: store,
    buckets: store,
    freezes: store,
    apps,
    metrics: createSimMetrics({ world, clock, seed: 1, usual: { rps: 50, p95Ms: 120, errorRate: 0.0002 } }),
    registry: createSimRegistry(),
    restarts: createSimRestarts(),
    bell: createSimBell(),
    digest: (text) => createHash('sha256').update(text).digest('hex'),
    matchesTag,
    longestLifeMs: 0,
    openWindow,
    nextWindow,
  }
  return {
    wheel,
    clock,
    world,
    tally,
    begin: async (manifest) => {
      addService(world, manifest)
      await storeManifest(wheel, manifest, 'bench')
      const push = pushOf(manifest.name, 2, clock.now())
      await receive(wheel, { kind: 'push', push, receivedAt: clock.now() })
    },
    close: async () => {
      await Promise.all([server.close(), identity.close(), azurite.close()])
    },
  }
}

function createStore(url: string, identity: IdentityServer, ca: string, tally: Tally): TableStore {
  const client = (name: string) => {
    const table = new TableClient(url, name, credentialOf(identity, STORAGE), {
      retryOptions: { maxRetries: 0 },
      tlsOptions: { ca },
    })
    table.pipeline.addPolicy({
      name: 'tally',
      sendRequest: (request, next) => {
        if (request.method === 'GET') tally.tableReads += 1
        else if (request.url.includes('m!mend')) tally.searchWrites += 1
        else tally.tableWrites += 1
        return next(request)
      },
    })
    return table
  }
  return createTableStore({
    tables: { state: client('SlipwayState'), index: client('SlipwayIndex'), events: client('SlipwayEvents') },
  })
}

function count(tally: Tally, kind: ArmCallKind): void {
  if (WRITES.includes(kind)) tally.armWrites += 1
  else if (kind !== 'wake') tally.armReads += 1
}

function credentialOf(identity: IdentityServer, audience: string) {
  return { getToken: async () => ({ token: identity.issue(audience), expiresOnTimestamp: Date.now() + 3_600_000 }) }
}
