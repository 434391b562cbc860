import type { Query } from '../../../lib/core/judge/reading.ts'
import type { Kpi, PrometheusNames, Source } from '../../../lib/core/service.ts'

/** 2026-01-01T00:00:00Z. */
export const START = Date.UTC(2026, 0, 1)

/** A minute in milliseconds: the length of a bucket, unless told otherwise. */
export const MINUTE = 60_000

export const NAMES: PrometheusNames = {
  requests: 'http_requests_total',
  duration: 'http_request_duration_seconds',
  revisionLabel: 'revision',
  statusLabel: 'status',
}

/** One source of each kind, as a manifest without further settings names it. */
export const SOURCES = {
  azureLogs: { kind: 'azure-logs' },
  azureMetrics: { kind: 'azure-metrics' },
  appInsights: { kind: 'app-insights', dimension: null },
  prometheus: { kind: 'prometheus', names: NAMES, counters: null, gauge: null },
  http: { kind: 'http', url: 'https://kpi.example/v1', secret: null },
  probe: { kind: 'probe', path: '/healthz', count: 3, timeoutMs: 1000 },
} as const satisfies Record<string, Source>

const COMMON = { role: 'required', source: SOURCES.azureLogs, lagMs: 0, minRequests: 100 } as const

type Over<Kind extends Kpi['kind']> = Partial<Extract<Kpi, { kind: Kind }>>

/** A p95 KPI with a limit of 200 ms from the access log, unless told otherwise. */
export function latency(over: Over<'latency'> = {}): Kpi {
  return { ...COMMON, kind: 'latency', name: 'p95', percentile: 95, limitMs: 200, ...over }
}

/** An error-rate KPI with a limit of 1 % from the access log, unless told otherwise. */
export function errorRate(over: Over<'error-rate'> = {}): Kpi {
  return { ...COMMON, kind: 'error-rate', name: 'errors', limitRatio: 0.01, alsoBad: [], ...over }
}

/** An uptime KPI with a limit of 0.1 % from the access log, unless told otherwise. */
export function uptime(over: Over<'uptime'> = {}): Kpi {
  return { ...COMMON, kind: 'uptime', name: 'uptime', limitRatio: 0.001, ...over }
}

/** A ratio KPI with a limit of 2 % from the access log, unless told otherwise. */
export function ratio(over: Over<'ratio'> = {}): Kpi {
  return { ...COMMON, kind: 'ratio', name: 'refused-orders', limitRatio: 0.02, ...over }
}

/** A gauge KPI that is to stay below 50 from the access log, unless told otherwise. */
export function gauge(over: Over<'gauge'> = {}): Kpi {
  return { ...COMMON, kind: 'gauge', name: 'queue-length', limit: 50, wanted: 'below', ...over }
}

let made = 0

/** A query for the first five minutes after START of revision `shop--a` in production, in minutes, unless told otherwise. */
export function query(over: Partial<Query> = {}): Query {
  made += 1
  return {
    id: `q${made}`,
    environment: 'production',
    target: {
      subscriptionId: '00000000-0000-0000-0000-00000000000a',
      resourceGroup: 'rg',
      app: 'shop',
      container: null,
    },
    region: 'westeurope',
    arm: 'canary',
    revision: 'shop--a',
    host: 'shop--a.example.westeurope.azurecontainerapps.io',
    kpi: latency(),
    bucketMs: MINUTE,
    from: START,
    to: START + 5 * MINUTE,
    ...over,
  }
}
