import type { Trouble } from '../app.ts'
import type { Query, Reading, Silence } from '../judge/reading.ts'
import { entityId, type Kpi, type ServiceState, type SourceName } from '../service.ts'
import { assignRole, type Names, workspaceScope } from './commands.ts'
import { type Check, type Finding, fine, refused, wrong } from './finding.ts'

/** What the settings say of an environment's sources. */
export interface EnvironmentSources {
  /** The id that queries name the Log Analytics workspace with; null = none is set. */
  readonly workspace: string | null
  readonly hasPrometheus: boolean
}

/** One place that an environment's access log is sent to. */
export interface LogRoute {
  /** Resource id of a Log Analytics workspace. */
  readonly workspace: string
  /** The id that queries name it with; null where it cannot be read. */
  readonly customerId: string | null
  /** Categories of the log that are switched on. */
  readonly categories: readonly string[]
}

const MINUTE_MS = 60_000
/** Sources lag by minutes: the question is whether they answer, not what. */
const ASKED_MS = 5 * MINUTE_MS
const ACCESS_LOG = 'ContainerAppHTTPLogs'
/** A target that does not exist: the source answers that there was nothing. */
const NOBODY = {
  subscriptionId: '00000000-0000-0000-0000-000000000000',
  resourceGroup: 'slipway-doctor',
  app: 'slipway-doctor',
  container: null,
}
const LASTING: readonly Silence[] = ['denied', 'unset', 'refused', 'malformed']

/** Harmless questions to the sources that the settings of an environment name: about an app that there is none of. */
export function environmentQueries(environment: string, sources: EnvironmentSources, now: number): readonly Query[] {
  const names = {
    requests: 'http_requests_total',
    duration: 'http_request_duration_seconds',
    revisionLabel: 'revision',
    statusLabel: 'code',
  }
  const asked: readonly Kpi['source'][] = [
    ...(sources.workspace === null ? [] : [{ kind: 'azure-logs' } as const]),
    ...(sources.hasPrometheus ? [{ kind: 'prometheus', names, counters: null, gauge: null } as const] : []),
  ]
  const usual = { name: 'doctor', role: 'advisory', lagMs: 0, minRequests: null } as const
  return asked.map((source) => ({
    ...spanOf(now, MINUTE_MS),
    id: `${environment}/doctor/${source.kind}`,
    environment,
    target: NOBODY,
    region: null,
    arm: 'baseline',
    revision: 'slipway-doctor--none',
    host: null,
    kpi: { ...usual, source, kind: 'error-rate', limitRatio: 0.01, alsoBad: [] },
    bucketMs: MINUTE_MS,
  }))
}

/** One question to each source that the KPIs of a service name, about the revision that serves. Probes are left out: they make traffic. */
export function serviceQueries(
  { key, manifest }: ServiceState,
  serving: { readonly revision: string; readonly host: string | null; readonly region: string },
  now: number,
): readonly Query[] {
  const { bucketMs, kpis } = manifest.analysis
  const bySource = new Map(kpis.filter(({ source }) => source.kind !== 'probe').map((kpi) => [kpi.source.kind, kpi]))
  return [...bySource.values()].map((kpi) => ({
    ...serving,
    ...spanOf(now, bucketMs),
    id: `${entityId(key)}/doctor/${kpi.source.kind}`,
    environment: key.environment,
    target: manifest.target,
    arm: 'baseline',
    kpi,
    bucketMs,
  }))
}

/** What a source's answer to one of these questions means. */
export function sourceFinding(
  subject: string,
  { kpi }: Query,
  reading: Reading,
  names: Names,
  workspace: string | null,
): Finding {
  const source = kpi.source.kind
  const of = { check: `source-${source}`, subject }
  if (reading.kind === 'measured') return fine(of, `${source} answers`)
  const isLasting = LASTING.includes(reading.silence)
  return wrong(
    of,
    isLasting ? 'error' : 'unknown',
    reading.why,
    reading.silence === 'denied' ? roleFor(source, names, workspace) : null,
  )
}

/** Whether the access log of a managed environment reaches the workspace that the settings name, or why nobody can tell. */
export function logFinding(
  subject: string,
  environmentId: string,
  routes: readonly LogRoute[] | Trouble,
  names: Names,
  workspace: string,
): Finding {
  const of: Check = { check: 'access-log', subject }
  if ('kind' in routes) return refused(of, routes, assignRole(names, 'Monitoring Reader', environmentId))
  const sending = routes.filter(({ categories }) =>
    categories.some((category) => category === ACCESS_LOG || category === 'allLogs'),
  )
  if (sending.some(({ customerId }) => customerId?.toLowerCase() === workspace.toLowerCase())) {
    return fine(of, `${ACCESS_LOG} is sent to the workspace that the settings name`)
  }
  const unread = sending.filter(({ customerId }) => customerId === null)
  if (unread.length > 0) {
    const where = unread.map((route) => route.workspace).join(' and ')
    const message = `${ACCESS_LOG} is sent to ${where}; whether that is the workspace of the settings cannot be read`
    return wrong(of, 'unknown', message, assignRole(names, 'Log Analytics Reader', unread[0]?.workspace ?? ''))
  }
  const why =
    sending.length === 0 ? 'is not sent to any workspace' : 'is sent to other workspaces than the settings name'
  const fix = `az monitor diagnostic-settings create --name slipway --resource ${environmentId} --workspace ${workspaceScope(workspace)} --export-to-resource-specific true --logs '[{"category":"${ACCESS_LOG}","enabled":true}]'`
  return wrong(
    of,
    'error',
    `${ACCESS_LOG} of the managed environment ${why}, so KPIs of azure-logs stay without figures`,
    fix,
  )
}

function roleFor(source: SourceName, names: Names, workspace: string | null): string | null {
  if ((source === 'azure-logs' || source === 'app-insights') && workspace !== null) {
    return assignRole(names, 'Log Analytics Data Reader', workspaceScope(workspace))
  }
  return null
}

function spanOf(now: number, bucketMs: number): { readonly from: number; readonly to: number } {
  const to = Math.floor(now / bucketMs) * bucketMs
  return { from: to - Math.max(bucketMs, Math.floor(ASKED_MS / bucketMs) * bucketMs), to }
}
