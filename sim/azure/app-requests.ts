import type { AccessLog, AccessRecord } from './access-log.ts'

/**
 * One row of `AppRequests`, as far as it is asked about: a request as the app itself reports it to Application Insights.
 * `TimeGenerated` (epoch milliseconds) is when it began. https://learn.microsoft.com/azure/azure-monitor/reference/tables/apprequests
 */
export interface AppRequest {
  readonly TimeGenerated: number
  readonly AppRoleInstance: string
  readonly DurationMs: number
  readonly Success: boolean
  readonly ResultCode: string
  /** How many requests this row stands for. */
  readonly ItemCount: number
  readonly Properties: Readonly<Record<string, string>>
  readonly _ResourceId: string
}

/**
 * Calls `visit` for what apps would have reported of the log's requests that had ended at `from` or later and before
 * `until`: their role instance is the replica, and they send their revision as the custom dimension `revision`. Of every
 * `oneIn` requests one is sent, chosen by its id, as sampling does it; a request that no replica saw is not reported.
 */
export function scanRequests(
  log: AccessLog,
  { from, until, oneIn }: { readonly from: number; readonly until: number; readonly oneIn: number },
  visit: (row: AppRequest) => void,
): void {
  log.scan(from, until, (record) => {
    if (record.ReplicaName !== '' && hashOf(record.RequestId) % oneIn === 0) visit(reported(record, oneIn))
  })
}

function reported(record: AccessRecord, oneIn: number): AppRequest {
  const { StatusCode: status } = record
  return {
    TimeGenerated: record.StartTime,
    AppRoleInstance: record.ReplicaName,
    DurationMs: record.RequestDuration,
    Success: status > 0 && status < 400,
    ResultCode: String(status),
    ItemCount: oneIn,
    Properties: { revision: record.RevisionName },
    _ResourceId: `/subscriptions/sim/resourcegroups/sim/providers/microsoft.insights/components/${record.EnvironmentName}`,
  }
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let place = 0; place < text.length; place++) hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193)
  return hash >>> 0
}
