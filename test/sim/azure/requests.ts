import type { AccessRecord } from '../../../sim/azure/access-log.ts'

/** A good request to `shop--first` that ended at `time`, except where said otherwise. */
export function requestAt(time: number, other: Partial<AccessRecord> = {}): AccessRecord {
  return {
    TimeGenerated: time,
    StartTime: time,
    ContainerAppName: 'shop',
    RevisionName: 'shop--first',
    ReplicaName: 'shop--first-0',
    EnvironmentName: 'local',
    _ResourceId: environmentId('rg'),
    Method: 'GET',
    Path: '/',
    Authority: 'shop.example',
    Protocol: 'HTTP/1.1',
    StatusCode: 200,
    RequestDuration: 10,
    ResponseFlags: '',
    ResponseCodeDetails: 'via_upstream',
    UpstreamRequestAttemptCount: 1,
    UpstreamHost: '127.0.0.1:1',
    BytesSent: 1,
    BytesReceived: 0,
    RequestId: 'r',
    ConnectionId: 'c',
    UserAgent: '',
    XForwardedFor: '',
    ...other,
  }
}

/** The resource id of the environment `local` of a resource group. */
export function environmentId(group: string): string {
  return `/subscriptions/sim/resourcegroups/${group}/providers/microsoft.app/managedenvironments/local`
}
