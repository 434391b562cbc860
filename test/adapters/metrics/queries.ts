import type { Query } from '../../../lib/core/judge/verdict.ts'
import type { Kpi, PrometheusNames } from '../../../lib/core/service.ts'

/** 2026-01-01T00:00:00Z. */
export const START = Date.UTC(2026, 0, 1)

export const NAMES: PrometheusNames = {
  requests: 'http_requests_total',
  duration: 'http_request_duration_seconds',
  revisionLabel: 'revision',
  statusLabel: 'status',
}

/** A p95 KPI with a limit of 200 ms, unless told otherwise. */
export function latency(over: Partial<Extract<Kpi, { kind: 'latency' }>> = {}): Kpi {
  return {
    kind: 'latency',
    name: 'p95',
    source: 'azure-logs',
    lagMs: 0,
    prometheus: null,
    percentile: 95,
    limitMs: 200,
    ...over,
  }
}

/** An error-rate KPI with a limit of 1 %, unless told otherwise. */
export function errorRate(over: Partial<Extract<Kpi, { kind: 'error-rate' }>> = {}): Kpi {
  return {
    kind: 'error-rate',
    name: 'errors',
    source: 'azure-logs',
    lagMs: 0,
    prometheus: null,
    limitRatio: 0.01,
    ...over,
  }
}

let made = 0

/** A query for the first five minutes after START of revision `shop--a` in production, unless told otherwise. */
export function query(over: Partial<Query> = {}): Query {
  made += 1
  const base = {
    environment: 'production',
    revision: 'shop--a',
    window: 'fast',
    from: START,
    to: START + 300_000,
  } as const
  return { id: `q${made}`, kpi: latency(), ...base, ...over }
}
