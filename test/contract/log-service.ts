import { LogsQueryClient } from '@azure/monitor-query-logs'
import { APP_REQUESTS_BODY } from '../../lib/adapters/metrics/app-insights-query.ts'
import { HTTP_LOGS_BODY } from '../../lib/adapters/metrics/azure-logs-query.ts'
import type { LogSourceOptions } from '../../lib/adapters/metrics/azure-logs-source.ts'
import type { Reading, Silence } from '../../lib/core/judge/reading.ts'
import type { Metrics } from '../../lib/ports.ts'
import { type AccessLog, createAccessLog } from '../../sim/azure/access-log.ts'
import { createLogs, type LogsServer } from '../../sim/azure/logs.ts'
import { handClock } from '../../sim/clock.ts'
import { MINUTE, START } from '../adapters/metrics/queries.ts'
import { requestAt } from '../sim/azure/requests.ts'
import type { Trust } from '../sim/azure/trust.ts'
import type { Happened, OpenMetrics } from './metrics.contract.ts'

export const WORKSPACE = '11111111-2222-3333-4444-555555555555'

/** What a source on Log Analytics tells to do, by its silence. */
export const LOG_TROUBLES: Readonly<Record<Exclude<Silence, 'refused'>, RegExp>> = {
  down: /unavailable.*HTTP 503, ServiceUnavailable.*asked again/,
  denied: /HTTP 403, InsufficientAccessError.*role "Log Analytics Data Reader" on the workspace/,
  throttled: /throttling.*HTTP 429, ThrottledError.*asked again/,
  partial: /only a part \(PartialError: .*not counted/,
  malformed: /could not be read.*asked again/,
  late: /no answer within 50 ms.*asked again/,
  unset: /environment production.*logWorkspaceId.*SLIPWAY_ENVIRONMENTS/,
}

/** A log service on loopback with one workspace, ten minutes after START, and the real client for it. */
export interface OpenLogs {
  readonly log: AccessLog
  readonly clock: ReturnType<typeof handClock>
  readonly server: LogsServer
  readonly bodies: typeof BODIES
  client(): LogsQueryClient
  close(): Promise<void>
}

const BODIES = { ContainerAppHTTPLogs: HTTP_LOGS_BODY as string, AppRequests: APP_REQUESTS_BODY as string }

/** Starts a log service that understands these texts. `local` outlives it: the client keeps tokens for the whole process. */
export async function openLogs(local: Trust, bodies = BODIES, log = createAccessLog()): Promise<OpenLogs> {
  const clock = handClock(START + 10 * MINUTE)
  const workspaces = new Map([[WORKSPACE, log]])
  const server = await createLogs({ clock, tls: local.tls, accept: local.identity.accept, workspaces, bodies })
  return {
    log,
    clock,
    server,
    bodies,
    client: () => new LogsQueryClient(local.credential, { endpoint: `${server.url}/v1`, ...local.client }),
    close: server.close,
  }
}

/** Opens a source on a log service in which all this happened. */
export async function openLogSource(
  local: Trust,
  happened: readonly Happened[],
  create: (options: LogSourceOptions) => Metrics,
): Promise<OpenMetrics> {
  const { server, client, close } = await openLogs(local, BODIES, logOf(happened))
  const source = (over: Partial<LogSourceOptions> = {}) =>
    create({ client: client(), workspaceOf: () => WORKSPACE, ...over })
  return {
    metrics: source(),
    calls: server.queries,
    meet: (silence) => {
      if (silence === 'unset') return source({ workspaceOf: () => null })
      server.faults.inject(silence)
      return silence === 'late' ? source({ timeoutMs: 50 }) : source()
    },
    heal: server.faults.clear,
    close,
  }
}

/** The access log of what happened. */
export function logOf(happened: readonly Happened[]): AccessLog {
  const log = createAccessLog()
  for (const record of happened.flatMap(recordsOf).sort((a, b) => a.TimeGenerated - b.TimeGenerated)) log.append(record)
  return log
}

/** The requests of one bucket, spread over it. */
function recordsOf({ revision, at, good, failed, slow }: Happened) {
  const kinds = [
    ...Array.from({ length: good }, () => ({ StatusCode: 200, RequestDuration: 20 })),
    ...Array.from({ length: failed }, () => ({ StatusCode: 503, RequestDuration: 20 })),
    ...Array.from({ length: slow }, () => ({ StatusCode: 200, RequestDuration: 400 })),
  ]
  return kinds.map((kind, place) => {
    const ended = at + Math.floor(((place + 1) * (MINUTE - 1)) / (kinds.length + 1))
    const ReplicaName = `${revision}-5d4f8c7b9-abcde`
    return requestAt(ended, {
      RevisionName: revision,
      ReplicaName,
      RequestId: `${revision}/${ended}/${place}`,
      ...kind,
    })
  })
}

/** Why a reading is missing; of one that is not, that it is measured. */
export function whyOf(reading: Reading | undefined): string {
  return reading?.kind === 'missing' ? reading.why : `measured: ${JSON.stringify(reading)}`
}
