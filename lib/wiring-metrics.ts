import type { TokenCredential } from '@azure/identity'
import type { Metrics, Secrets } from './ports.ts'
import type { Settings } from './schema/settings.ts'

/** What the sources of metrics are made of. */
export interface MetricsParts {
  readonly settings: Settings
  readonly credential: TokenCredential
  readonly secrets: () => Promise<Secrets>
}

/** One Metrics socket over all sources, each of them and its SDK loaded when a KPI first names it. */
export async function metricsOf(parts: MetricsParts): Promise<Metrics> {
  const { environments } = parts.settings
  const { createMetrics } = await import('./adapters/metrics/index.ts')
  return createMetrics({
    'azure-logs': lazily(async () => {
      const { createAzureLogs } = await import('./adapters/metrics/azure-logs.ts')
      return createAzureLogs(await logsOf(parts))
    }),
    'app-insights': lazily(async () => {
      const { createAppInsights } = await import('./adapters/metrics/app-insights.ts')
      return createAppInsights(await logsOf(parts))
    }),
    'azure-metrics': lazily(() => azureMetrics(parts)),
    prometheus: lazily(async () => {
      const { createPrometheus } = await import('./adapters/metrics/prometheus.ts')
      return createPrometheus({ urlOf: (name) => environments[name]?.prometheusUrl ?? null })
    }),
    http: lazily(async () => {
      const { createHttpMetrics } = await import('./adapters/metrics/http.ts')
      const secretOf = async (name: string) => (await (await parts.secrets()).read(name))[0] ?? ''
      return createHttpMetrics({ originsOf: (name) => environments[name]?.httpOrigins ?? [], secretOf })
    }),
    probe: lazily(async () => {
      const { createProbe } = await import('./adapters/metrics/probe.ts')
      return createProbe()
    }),
  })
}

async function logsOf({ settings, credential }: MetricsParts) {
  const { LogsQueryClient } = await import('@azure/monitor-query-logs')
  const { environments, logsUrl } = settings
  const client = new LogsQueryClient(credential, { endpoint: `${logsUrl}/v1`, retryOptions: { maxRetries: 0 } })
  return { client, workspaceOf: (name: string) => environments[name]?.logWorkspaceId ?? null }
}

async function azureMetrics({ settings, credential }: MetricsParts): Promise<Metrics> {
  const [{ createAzureMetrics }, { METRICS_SCOPE }, { MetricsClient }] = await Promise.all([
    import('./adapters/metrics/azure-metrics.ts'),
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
  return createAzureMetrics({ clientFor, ...(settings.metricsUrl === null ? {} : { endpoint: settings.metricsUrl }) })
}

/** A source that is made at its first question. One that cannot be made throws as it would have at the start. */
function lazily(make: () => Promise<Metrics>): Metrics {
  let made: Promise<Metrics> | null = null
  return {
    async read(queries) {
      if (queries.length === 0) return []
      made ??= make()
      return (await made).read(queries)
    },
  }
}
