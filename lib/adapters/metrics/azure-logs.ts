import type { Metrics } from '../../ports.ts'
import { ACCESS_LOG } from './azure-logs-query.ts'
import { createLogSource, type LogSourceOptions } from './azure-logs-source.ts'

/**
 * Metrics from the access log of Container Apps (`ContainerAppHTTPLogs` in Log Analytics): one query per workspace and
 * read, for all revisions, windows and KPIs. Counts are exact. Measures latency, error-rate and uptime. Never throws:
 * whatever goes wrong becomes `missing`.
 */
export function createAzureLogs(options: LogSourceOptions): Metrics {
  return createLogSource(ACCESS_LOG, options)
}
