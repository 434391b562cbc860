import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { TableClient, type TableEntity, type TransactionAction } from '@azure/data-tables'
import { readAgainAfterReset } from '../lib/adapters/store/reset-again.ts'
import { createTableStore } from '../lib/adapters/store/table.ts'
import type { Query } from '../lib/core/judge/reading.ts'
import type { Target } from '../lib/core/service.ts'
import { storeManifest } from '../lib/engine/manifest.ts'
import { receive } from '../lib/engine/receive.ts'
import { sweep } from '../lib/engine/sweep.ts'
import type { Wheel } from '../lib/engine/wheel.ts'
import { matchesTag } from '../lib/schema/tag.ts'
import { nextWindow, openWindow } from '../lib/schema/window.ts'
import { createSimApps } from '../sim/apps.ts'
import { type AzuriteServer, createAzurite } from '../sim/azure/azurite.ts'
import { createIdentity } from '../sim/azure/identity.ts'
import { createLocalTls } from '../sim/azure/tls.ts'
import { createSimBell } from '../sim/bell.ts'
import { handClock, type SimClock, wallClock } from '../sim/clock.ts'
import { createSimMetrics } from '../sim/metrics.ts'
import { createSimRegistry } from '../sim/registry.ts'
import { createSimRestarts } from '../sim/restarts.ts'
import { createWorld } from '../sim/world/world.ts'
import { startWorker, type Tick, ticked } from './scale-crew.ts'
import { addService, ENVIRONMENT, MINUTE_MS, manifestOf, pushOf } from './services.ts'

/** Many services on Azurite, some of them with a canary at rest, and workers that look at them a minute at a time. */
export interface ScaleScene {
  /** Declares services until there are `services`, and lets `inProgress` of them bake. */
  grow(services: number, inProgress: number): Promise<void>
  /** Lets a minute pass, and sees all that is due at its end done by the first `workers` workers. */
  tick(workers: number): Promise<Tick>
  close(): Promise<void>
}

const NOON = Date.UTC(2026, 0, 5, 12)
/** The services whose copies make a crowd: one without a rollout, one whose canary bakes. */
const [IDLE, BAKING] = ['i-00000', 's-00000']

/** Starts Azurite, `workers` workers, and the process' own world. What bakes is looked at once in `interval`. */
export async function createScaleScene(workers: number, interval = '1m'): Promise<ScaleScene> {
  const clock = handClock(NOON)
  const [tls, identity] = await Promise.all([createLocalTls(), createIdentity({ clock: wallClock })])
  const azurite = await createAzurite({ tls })
  const world = createWorld({ clock })
  const token = identity.issue('https://storage.azure.com')
  const wheel = wheelOn(azurite, tls.ca, token, clock, world)
  const remote = await serveRemote(wheel, clock)
  const crew = Array.from({ length: workers }, () => startWorker(azurite.tableUrl, tls.ca, remote.url, token))
  const table = remoteTable(azurite, tls.ca, token)
  const manifest = (name: string) => manifestOf(name, ['setWeight: 10', 'bake: 48h'], ENVIRONMENT, interval)
  await storeManifest(wheel, manifest(IDLE), 'bench')
  addService(world, manifest(BAKING))
  await storeManifest(wheel, manifest(BAKING), 'bench')
  await receive(wheel, { kind: 'push', push: pushOf(BAKING, 2, clock.now()), receivedAt: clock.now() })
  await settle(wheel, clock)
  let [idle, inProgress] = [1, 1]
  return {
    grow: async (services, baking) => {
      await copy(table, BAKING, inProgress, baking)
      await copy(table, IDLE, idle, services - baking)
      ;[idle, inProgress] = [Math.max(idle, services - baking), baking]
    },
    tick: async (count) => {
      clock.set((Math.floor(clock.now() / MINUTE_MS) + 1) * MINUTE_MS)
      return ticked(crew.slice(0, count), clock.now(), azurite.pid)
    },
    close: async () => {
      for (const { child } of crew) child.disconnect()
      await new Promise((resolve) => remote.server.close(resolve))
      await Promise.all([identity.close(), azurite.close()])
    },
  }
}

/** Looks once a minute until the canary bakes, so that nothing but looks comes from then on. */
async function settle(wheel: Wheel, clock: SimClock): Promise<void> {
  for (let looks = 0; looks < 20; looks += 1) {
    const [item] = await wheel.store.load(ENVIRONMENT, [BAKING])
    const phase = item?.rollout?.phase
    if (phase?.kind === 'progressing' && phase.steadyAt !== null && looks > 10) return
    clock.advance(MINUTE_MS)
    await sweep(wheel, ENVIRONMENT)
  }
  throw new Error('the canary does not come to rest')
}

/** Puts copies of all rows of a service beside them, under the names from number `from` to before `to`: the same state, told anew. */
async function copy(table: TableClient, original: string, from: number, to: number): Promise<void> {
  const rows: Record<string, unknown>[] = []
  for (const [first, last] of [
    [`s!${original}`, `s!${original}!`],
    [`r!${original}!`, `r!${original}!~`],
    ['d!', 'd!~'],
  ]) {
    const filter = `PartitionKey eq '${ENVIRONMENT}' and RowKey ge '${first}' and RowKey lt '${last}'`
    for await (const row of table.listEntities<Record<string, unknown>>({ queryOptions: { filter } }))
      if (row.rowKey?.includes(original) === true) rows.push(row)
  }
  const fitting = Math.floor(100 / rows.length)
  for (let next = from; next < to; next += fitting) {
    const names = Array.from({ length: Math.min(fitting, to - next) }, (_, n) => nameOf(original, next + n))
    await table.submitTransaction(
      names.flatMap((name) =>
        rows.map((row): TransactionAction => ['upsert', renamed(row, original, name), 'Replace']),
      ),
    )
  }
}

function nameOf(original: string, n: number): string {
  return `${original.slice(0, 2)}${String(n).padStart(5, '0')}`
}

function renamed(row: Record<string, unknown>, from: string, to: string): TableEntity {
  const { etag: _, timestamp: __, ...columns } = row
  const told = Object.entries(columns).map(([key, value]) => [
    key,
    typeof value === 'string' ? value.replaceAll(from, to) : value,
  ])
  return Object.fromEntries(told) as TableEntity
}

function remoteTable(azurite: AzuriteServer, ca: string, token: string): TableClient {
  const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 86_400_000 }) }
  const client = new TableClient(azurite.tableUrl, 'SlipwayState', credential, { tlsOptions: { ca } })
  client.pipeline.addPolicy(readAgainAfterReset)
  return client
}

function wheelOn(
  azurite: AzuriteServer,
  ca: string,
  token: string,
  clock: SimClock,
  world: ReturnType<typeof createWorld>,
) {
  const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 86_400_000 }) }
  const options = { retryOptions: { maxRetries: 0 }, tlsOptions: { ca } }
  const table = (name: string) => {
    const client = new TableClient(azurite.tableUrl, name, credential, options)
    client.pipeline.addPolicy(readAgainAfterReset)
    return client
  }
  const store = createTableStore({
    timeoutMs: 120_000,
    tables: { state: table('SlipwayState'), index: table('SlipwayIndex'), events: table('SlipwayEvents') },
  })
  return {
    clock,
    store,
    catalogue: store,
    events: store,
    buckets: store,
    freezes: store,
    apps: createSimApps(world),
    metrics: createSimMetrics({ world, clock, seed: 1, usual: { rps: 50, p95Ms: 120, errorRate: 0.0002 } }),
    registry: createSimRegistry(),
    restarts: createSimRestarts(),
    bell: createSimBell(),
    digest: (text: string) => createHash('sha256').update(text).digest('hex'),
    matchesTag,
    openWindow,
    nextWindow,
    longestLifeMs: 0,
  } satisfies Wheel
}

/**
 * The world's apps and measurements on loopback, one question a turn. All that bake are copies of one service: its app and
 * its measurements answer for all, under their names.
 */
async function serveRemote(wheel: Wheel, clock: SimClock): Promise<{ readonly server: Server; readonly url: string }> {
  await (wheel.store as ReturnType<typeof createTableStore>).ensureTables()
  const observe = forAll(async (target: Target) => (await wheel.apps.observe([target]))[0])
  const read = forAll(async (query: Query) => (await wheel.metrics.read([query]))[0])
  const server = createServer((request, response) => {
    const answer = async () => {
      const { now, given } = JSON.parse(await bodyOf(request)) as { readonly now: number; readonly given: unknown }
      if (now !== clock.now()) throw new Error('a worker lives in another minute')
      if (request.url === '/observe') return observe(now, given as readonly Target[], ({ app }) => app)
      return read(now, given as readonly Query[], ({ target }) => target.app)
    }
    answer().then(
      (said) => response.end(said),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  // A connection that is closed while a question is on its way would end the measurement.
  server.keepAliveTimeout = 24 * 60 * MINUTE_MS
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the remote has no port')
  return { server, url: `http://127.0.0.1:${address.port}` }
}

/** Answers questions about copies by asking about the original, each different question once a minute. */
function forAll<Q>(ask: (question: Q) => Promise<unknown>) {
  let known = new Map<string, Promise<string>>()
  let minute = 0
  return async (now: number, questions: readonly Q[], nameIn: (question: Q) => string): Promise<string> => {
    if (now !== minute) known = new Map()
    minute = now
    const answers = questions.map(async (question) => {
      const name = nameIn(question)
      const about = JSON.stringify(question).replaceAll(name, BAKING)
      const answer = known.get(about) ?? ask(JSON.parse(about) as Q).then((said) => JSON.stringify(said))
      known.set(about, answer)
      return (await answer).replaceAll(BAKING, name)
    })
    return `[${(await Promise.all(answers)).join(',')}]`
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}
