import type { Metrics } from '../../ports.ts'
import { APP_REQUESTS } from './app-insights-query.ts'
import { createLogSource, type LogSourceOptions } from './azure-logs-source.ts'

/**
 * Metrics from Application Insights (`AppRequests` in the resource's Log Analytics workspace): one query per workspace
 * and read, for all revisions, windows and KPIs. Where telemetry is sampled the rows are counted, not what they stand for,
 * and the reading's note says so. Measures latency, error-rate and uptime. Never throws: whatever goes wrong becomes
 * `missing`.
 */
export function createAppInsights(options: LogSourceOptions): Metrics {
  return createLogSource(APP_REQUESTS, options)
}
