import type { Query, Reading } from '../../core/judge/verdict.ts'
import type { Metrics } from '../../ports.ts'
import { type LogRow, type LogsAnswer, readAnswer } from './azure-logs-answer.ts'
import { type Batch, cannotAsk, planBatches, textAlone, textOf } from './azure-logs-plan.ts'
import { httpLogsQuery } from './azure-logs-query.ts'
import { describeTrouble } from './azure-logs-trouble.ts'
import { missing } from './missing.ts'
import { within } from './within.ts'

/** The one method of the SDK's LogsQueryClient that is used here; declared so that loading this file loads no SDK. */
export interface LogsClient {
  queryWorkspace(
    workspaceId: string,
    query: string,
    timespan: { startTime: Date; endTime: Date },
    options: { serverTimeoutInSeconds: number; requestOptions: { timeout: number } },
  ): Promise<LogsAnswer>
}

export interface AzureLogsOptions {
  readonly client: LogsClient
  /** The workspace's id (a GUID) of one of Slipway's environments, or null where none is set. */
  readonly workspaceOf: (environment: string) => string | null
  /** The longest wait for one answer, default 30,000 ms. */
  readonly timeoutMs?: number
  /** Where the parameters of one text would grow longer, a second text is sent; default 200,000 characters. */
  readonly maxChars?: number
}

/**
 * Metrics from the access log of Container Apps (`ContainerAppHTTPLogs` in Log Analytics): one query per workspace and
 * read. Counts are exact; the percentile is KQL's estimate. Never throws: whatever goes wrong becomes `missing`.
 */
export function createAzureLogs(options: AzureLogsOptions): Metrics {
  const { workspaceOf, maxChars = 200_000 } = options
  return {
    async read(queries) {
      const readings = new Map<Query, Reading>()
      const perWorkspace = new Map<string, Query[]>()
      for (const query of queries) {
        const workspace = workspaceOf(query.environment)
        const why = cannotAsk(query)
        if (why !== null) readings.set(query, missing(query.id, why, ''))
        else if (workspace === null)
          readings.set(query, missing(query.id, noWorkspace(query.environment), textOf(query)))
        else perWorkspace.set(workspace, [...(perWorkspace.get(workspace) ?? []), query])
      }
      const calls = [...perWorkspace].flatMap(([workspace, own]) =>
        planBatches(own, maxChars).map((batch) => askWorkspace(options, workspace, batch)),
      )
      for (const [query, reading] of (await Promise.all(calls)).flat()) readings.set(query, reading)
      return queries.map((query) => readings.get(query) ?? missing(query.id, 'was not asked', ''))
    },
  }
}

type Answered = readonly (readonly [Query, Reading])[]

async function askWorkspace(options: AzureLogsOptions, workspace: string, batch: Batch): Promise<Answered> {
  const rows = await send(options, workspace, batch)
  return batch.flatMap(({ ask, queries }) => {
    const row = typeof rows === 'string' ? rows : (rows.get(ask.id) ?? 'Log Analytics gave no answer')
    const text = textAlone(ask)
    return queries.map((query) => [query, toReading(query, row, text)] as const)
  })
}

async function send({ client, timeoutMs = 30_000 }: AzureLogsOptions, workspace: string, batch: Batch) {
  const asks = batch.map((planned) => planned.ask)
  const windows = batch.flatMap((planned) => planned.queries)
  const timespan = {
    startTime: new Date(Math.min(...windows.map((query) => query.from))),
    endTime: new Date(Math.max(...windows.map((query) => query.to))),
  }
  const limits = { serverTimeoutInSeconds: Math.ceil(timeoutMs / 1000), requestOptions: { timeout: timeoutMs } }
  try {
    const answer = await within(client.queryWorkspace(workspace, httpLogsQuery(asks), timespan, limits), timeoutMs)
    return readAnswer(answer, asks)
  } catch (error) {
    return describeTrouble(error, workspace)
  }
}

function toReading(query: Query, row: LogRow | string, text: string): Reading {
  const { id, kpi } = query
  if (typeof row === 'string') return missing(id, row, text)
  const measured = { id, kind: 'measured', total: row.total, query: text, approximate: false } as const
  if (kpi.kind === 'error-rate') {
    return { ...measured, bad: row.errors, value: row.total === 0 ? Number.NaN : row.errors / row.total }
  }
  if (row.total > 0 && row.quantile === null) {
    return missing(id, `the access log holds no durations for revision ${query.revision}`, text)
  }
  return { ...measured, bad: row.slow, value: row.total === 0 ? Number.NaN : (row.quantile ?? Number.NaN) }
}

function noWorkspace(environment: string): string {
  return `no Log Analytics workspace is set for environment ${environment}: add logWorkspaceId to it in SLIPWAY_ENVIRONMENTS`
}
