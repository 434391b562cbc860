import { ContainerAppsAPIClient } from '@azure/arm-appcontainers'
import { armClientOptions, createArmApps } from '../lib/adapters/apps/arm.ts'
import type { ArmCallKind } from '../lib/adapters/apps/arm-calls.ts'
import { createAzureLogs } from '../lib/adapters/metrics/azure-logs.ts'
import { LOG_COLUMNS } from '../lib/adapters/metrics/azure-logs-query.ts'
import { createAzureMetrics } from '../lib/adapters/metrics/azure-metrics.ts'
import { createAzureRestarts } from '../lib/adapters/metrics/azure-metrics-restarts.ts'
import { createMetrics } from '../lib/adapters/metrics/index.ts'
import { createPrometheus } from '../lib/adapters/metrics/prometheus.ts'
import type { Kpi, Manifest, SourceName } from '../lib/core/service.ts'
import { sweep } from '../lib/engine/sweep.ts'
import type { Wheel } from '../lib/engine/wheel.ts'
import type { Metrics } from '../lib/ports.ts'
import { answerArm } from '../sim/azure/arm-routes.ts'
import { createStage, type Stage } from '../sim/runner.ts'
import { wireClient } from '../sim/wire.ts'
import { addService, MINUTE_MS, manifestOf, pushOf } from './services.ts'

/** A crowd of rollouts, dealt out evenly over resource groups and workspaces. */
export interface Crowd {
  readonly rollouts: number
  readonly groups: number
  readonly workspaces: number
  /** `baking`: the canary has its first weight and is measured. `watched`: promoted, and looked at in case of late writes. */
  readonly state: 'baking' | 'watched'
  /** Where the KPIs are measured; default: all in Log Analytics. */
  readonly source?: 'azure-logs' | 'azure-metrics' | 'prometheus'
}

/** Calls that went out in one tick. */
export interface TickCalls {
  /** Lists of apps, single apps, lists of revisions, and all of them together. */
  readonly lists: number
  readonly apps: number
  readonly revisions: number
  readonly arm: number
  readonly logs: number
  readonly monitor: number
  readonly prometheus: number
}

/** The most and the mean over several ticks in a row. */
export interface CrowdCalls {
  readonly most: TickCalls
  readonly mean: TickCalls
}

type Count = { -readonly [K in keyof TickCalls]: number }

const NONE: TickCalls = { lists: 0, apps: 0, revisions: 0, arm: 0, logs: 0, monitor: 0, prometheus: 0 }
const READS: Partial<Record<ArmCallKind, keyof TickCalls>> = {
  'list-apps': 'lists',
  'get-app': 'apps',
  'list-revisions': 'revisions',
}

/**
 * Counts what goes out in each of `ticks` minutes in which nothing happens, through the real plugs to ARM and to the sources,
 * with their SDKs; the world beneath answers in the same process, and its figures are what the judge gets.
 */
export async function crowdCalls(crowd: Crowd, ticks: number): Promise<CrowdCalls> {
  const environments = Array.from({ length: crowd.workspaces }, (_, index) => `workspace-${index}`)
  const stage = createStage({ environments })
  await gather(stage, crowd, environments)
  const count: Count = { ...NONE }
  const wheel = counted(stage, count)
  const all: TickCalls[] = []
  for (let tick = 0; tick < ticks; tick++) {
    stage.clock.set((Math.floor(stage.clock.now() / MINUTE_MS) + 1) * MINUTE_MS)
    Object.assign(count, NONE)
    let turned = 0
    for (const environment of environments) {
      for (const { result, decision } of await sweep(wheel, environment)) {
        const rows = decision?.rows.map(({ kind, notes }) => `${kind}: ${notes}`) ?? []
        if (result !== 'saved' || rows.length > 0)
          throw new Error(`a tick was not quiet: ${[result, ...rows].join('; ')}`)
        turned += 1
      }
    }
    if (turned !== crowd.rollouts) throw new Error(`${turned} of ${crowd.rollouts} were looked at`)
    all.push({ ...count })
  }
  return { most: overall(all, (figures) => Math.max(...figures)), mean: overall(all, mean) }
}

function overall(all: readonly TickCalls[], of: (figures: readonly number[]) => number): TickCalls {
  const kinds = Object.keys(NONE) as (keyof TickCalls)[]
  return Object.fromEntries(kinds.map((kind) => [kind, of(all.map((one) => one[kind]))])) as unknown as TickCalls
}

function mean(figures: readonly number[]): number {
  return figures.reduce((sum, figure) => sum + figure, 0) / figures.length
}

/** Brings every rollout to where it is to be counted, and lets some minutes pass there. */
async function gather(stage: Stage, crowd: Crowd, environments: readonly string[]): Promise<void> {
  const manifests = Array.from({ length: crowd.rollouts }, (_, index) => member(crowd, index, environments))
  for (const manifest of manifests) {
    addService(stage.world, manifest)
    await stage.declare(manifest)
    await stage.push(pushOf(manifest.name, 2, stage.clock.now()))
  }
  const isBaking = ({ name, environment }: Manifest) => {
    const { phase } = stage.rollout({ environment, name })
    return phase.kind === 'progressing' && phase.steadyAt !== null
  }
  await stage.runUntil('all bake', () => manifests.every(isBaking), 30 * MINUTE_MS)
  if (crowd.state === 'watched') {
    for (const { name, environment } of manifests) await stage.command({ environment, name }, 'promote-full')
    const isOver = ({ name, environment }: Manifest) => stage.rollout({ environment, name }).phase.kind === 'finished'
    await stage.runUntil('all are promoted', () => manifests.every(isOver), 30 * MINUTE_MS)
  }
  // Past the first minutes of a weight, whose turns come before others; a promotion switches off what it replaced later.
  await stage.run(crowd.state === 'baking' ? 8 * MINUTE_MS : 2 * MINUTE_MS)
}

function member({ groups, source = 'azure-logs' }: Crowd, index: number, environments: readonly string[]): Manifest {
  const environment = environments[index % environments.length]
  const plain = manifestOf(`crowd-${index}`, ['setWeight: 10', 'bake: 6h', 'setWeight: 100'], environment)
  const kpis = plain.analysis.kpis.filter(({ kind }) => source !== 'azure-metrics' || kind === 'error-rate')
  return {
    ...plain,
    target: { ...plain.target, resourceGroup: `group-${index % groups}` },
    analysis: { ...plain.analysis, kpis: kpis.map((kpi): Kpi => ({ ...kpi, source: sourceOf(source) })) },
  }
}

function sourceOf(source: NonNullable<Crowd['source']>): Kpi['source'] {
  if (source !== 'prometheus') return { kind: source }
  const names = { requests: 'requests_total', duration: 'seconds', revisionLabel: 'revision', statusLabel: 'status' }
  return { kind: 'prometheus', names, counters: null, gauge: null }
}

function counted(stage: Stage, count: Count): Wheel {
  const { clock, wheel, metrics } = stage
  const httpClient = wireClient(({ method, url, header, body }) =>
    answerArm(
      stage.world,
      { method, url, contentType: header('content-type') ?? '', body },
      { origin: url.origin, pageSize: 50 },
    ),
  )
  const apps = createArmApps({
    clock,
    client: (subscription) => {
      const credential = { getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) }
      return new ContainerAppsAPIClient(credential, subscription, armClientOptions({ httpClient } as never))
    },
    onCall: (kind) => {
      const read = READS[kind]
      if (read !== undefined) count[read] += 1
      count.arm += 1
    },
    // A hand-wound clock lets no second pass in which the budget would fill up again.
    pause: async (ms) => clock.advance(ms),
  })
  const sources = countedSources(count)
  const restarts = createAzureRestarts({ clientFor: monitorOf(count) })
  return {
    ...wheel,
    apps,
    metrics: {
      read: async (queries) => {
        await sources.read(queries)
        return metrics.read(queries)
      },
    },
    restarts: {
      count: async (asks) => {
        await restarts(asks)
        return asks.map(() => 0)
      },
    },
  }
}

/** The real sources, before services that know nothing: what is counted is how often they are asked. */
function countedSources(count: Count): Metrics {
  const nobody: Metrics = { read: async () => [] }
  const columnDescriptors = LOG_COLUMNS.map(({ name, type }) => ({ name, type }))
  const logs = createAzureLogs({
    client: {
      queryWorkspace: async () => {
        count.logs += 1
        return { status: 'Success', tables: [{ columnDescriptors, rows: [] }] }
      },
    },
    workspaceOf: (environment) => environment,
  })
  const prometheus = createPrometheus({
    urlOf: (environment) => `http://${environment}.example`,
    fetch: async () => {
      count.prometheus += 1
      return Response.json({ status: 'success', data: { resultType: 'matrix', result: [] } })
    },
  })
  const monitor = createAzureMetrics({ clientFor: monitorOf(count) })
  const sources: Record<SourceName, Metrics> = {
    'azure-logs': logs,
    'app-insights': nobody,
    'azure-metrics': monitor,
    prometheus,
    http: nobody,
    probe: nobody,
  }
  return createMetrics(sources)
}

function monitorOf(count: Count) {
  return () => ({
    queryResources: async (): Promise<unknown> => {
      count.monitor += 1
      throw Object.assign(new Error('nothing is measured here'), { statusCode: 503 })
    },
  })
}
