import type { TokenCredential } from '@azure/identity'
import type { SourceName } from './core/service.ts'
import type { Metrics, Restarts, Secrets } from './ports.ts'
import type { Settings } from './schema/settings.ts'

/** What the sources of metrics are made of. */
export interface MetricsParts {
  readonly settings: Settings
  readonly credential: TokenCredential
  readonly secrets: () => Promise<Secrets>
}

/** The sockets that measure. */
export interface Measurements {
  readonly metrics: Metrics
  readonly restarts: Restarts
}

/** One Metrics socket over all sources, and restarts; each source and its SDK is loaded when a KPI first names it. */
export async function measurementsOf(parts: MetricsParts): Promise<Measurements> {
  const { createMetrics } = await import('./adapters/metrics/index.ts')
  const monitor = once(() => azureMonitor(parts))
  const count: Restarts['count'] = async (asks) => {
    if (asks.length === 0) return []
    const told = await (await monitor()).restarts(asks)
    return told.map((one) => (one.kind === 'counted' ? one.restarts : null))
  }
  return { metrics: createMetrics(sourcesOf(parts, monitor)), restarts: { count } }
}

type Monitor = Awaited<ReturnType<typeof azureMonitor>>

function sourcesOf(parts: MetricsParts, monitor: () => Promise<Monitor>): Readonly<Record<SourceName, Metrics>> {
  const { environments } = parts.settings
  return {
    'azure-logs': lazily(async () => {
      const { createAzureLogs } = await import('./adapters/metrics/azure-logs.ts')
      return createAzureLogs(await logsOf(parts))
    }),
    'app-insights': lazily(async () => {
      const { createAppInsights } = await import('./adapters/metrics/app-insights.ts')
      return createAppInsights(await logsOf(parts))
    }),
    'azure-metrics': lazily(async () => (await monitor()).metrics),
    prometheus: lazily(async () => {
      const { createPrometheus } = await import('./adapters/metrics/prometheus.ts')
      return createPrometheus({
        urlOf: (name) => environments[name]?.prometheusUrl ?? null,
        audienceOf: (name) => environments[name]?.prometheusAudience ?? null,
        tokenOf: async (audience) => (await parts.credential.getToken(`${audience}/.default`))?.token ?? '',
      })
    }),
    http: lazily(async () => {
      const { createHttpMetrics } = await import('./adapters/metrics/http.ts')
      const secretOf = async (name: string) => (await (await parts.secrets()).read(name))[0] ?? ''
      return createHttpMetrics({ originsOf: (name) => environments[name]?.httpOrigins ?? {}, secretOf })
    }),
    probe: lazily(async () => {
      const { createProbe } = await import('./adapters/metrics/probe.ts')
      return createProbe()
    }),
  }
}

async function logsOf({ settings, credential }: MetricsParts) {
  const { LogsQueryClient } = await import('@azure/monitor-query-logs')
  const { environments, logsUrl } = settings
  const client = new LogsQueryClient(credential, { endpoint: `${logsUrl}/v1`, retryOptions: { maxRetries: 0 } })
  return { client, workspaceOf: (name: string) => environments[name]?.logWorkspaceId ?? null }
}

async function azureMonitor({ settings, credential }: MetricsParts) {
  const [{ createAzureMetrics }, { createAzureRestarts }, { METRICS_SCOPE }, { MetricsClient }] = await Promise.all([
    import('./adapters/metrics/azure-metrics.ts'),
    import('./adapters/metrics/azure-metrics-restarts.ts'),
    import('./adapters/metrics/azure-metrics-request.ts'),
    import('@azure/monitor-query-metrics'),
  ])
  const clients = new Map<string, InstanceType<typeof MetricsClient>>()
  const options = { audience: METRICS_SCOPE, retryOptions: { maxRetries: 0 } }
  const clientFor = (endpoint: string) => {
    const client = clients.get(endpoint) ?? new MetricsClient(endpoint, credential, options)
    clients.set(endpoint, client)
    return client
  }
  const given = { clientFor, ...(settings.metricsUrl === null ? {} : { endpoint: settings.metricsUrl }) }
  return { metrics: createAzureMetrics(given), restarts: createAzureRestarts(given) }
}

/** A source that is made at its first question. One that cannot be made throws as it would have at the start. */
function lazily(make: () => Promise<Metrics>): Metrics {
  const made = once(make)
  return { read: async (queries) => (queries.length === 0 ? [] : (await made()).read(queries)) }
}

/** Makes a thing at its first use and keeps it; where it could not be made, the next use tries again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null
  return () => {
    made ??= make().catch((error: unknown) => {
      made = null
      throw error
    })
    return made
  }
}
