import type { Query, Reading, Silence } from '../../core/judge/reading.ts'
import type { Metrics } from '../../ports.ts'
import { bounded, type CallBounds, type Pipeline, passSignals } from './azure-bounds.ts'
import { isTrouble, type LogRows, type LogsAnswer, readAnswer, type Trouble } from './azure-logs-answer.ts'
import { type Batch, cannotAsk, planBatches, textAlone, textOf } from './azure-logs-plan.ts'
import { createPortions } from './azure-logs-portions.ts'
import { type LogTable, queryText } from './azure-logs-query.ts'
import { readingOf } from './azure-logs-series.ts'
import { describeTrouble } from './azure-logs-trouble.ts'
import { missing } from './missing.ts'
import { createTurns } from './prometheus-turns.ts'

/** What is used here of the SDK's LogsQueryClient; declared so that loading this file loads no SDK. */
export interface LogsClient {
  queryWorkspace(
    workspaceId: string,
    query: string,
    timespan: { startTime: Date; endTime: Date },
    options: { serverTimeoutInSeconds: number; requestOptions: CallBounds['requestOptions'] },
  ): Promise<LogsAnswer>
  /** Through it a call is cut off that does not end; a client without one is only no longer waited for. */
  readonly pipeline?: Pipeline
}

export interface LogSourceOptions {
  readonly client: LogsClient
  /** The workspace's id (a GUID) of one of Slipway's environments, or null where none is set. */
  readonly workspaceOf: (environment: string) => string | null
  /** The longest wait for one answer, default 30,000 ms. */
  readonly timeoutMs?: number
  /** Where the parameters of one text would grow longer, a second text is sent; default 240,000 characters, which a thousand asks have. */
  readonly maxChars?: number
  /**
   * Where more buckets would be asked for, a second text is sent; default 100,000: about 25 MB, where Log
   * Analytics answers with at most 500,000 rows and 64 MB. https://learn.microsoft.com/azure/azure-monitor/service-limits
   */
  readonly maxRows?: number
}

/**
 * Metrics from a table of requests in Log Analytics: one query per workspace and read, one more for looks back over hours,
 * and more only where a text would grow too long or where one about many has failed; five at a time to a workspace. Never throws.
 */
export function createLogSource(table: LogTable, options: LogSourceOptions): Metrics {
  const { client, workspaceOf, maxChars = 240_000, maxRows = 100_000 } = options
  if (client.pipeline !== undefined) passSignals(client.pipeline)
  const turns = createTurns(AT_ONCE)
  const portions = createPortions()
  const readWorkspace = async (workspace: string, queries: readonly Query[]): Promise<Answered> => {
    const most = (asks: number) => portions.most(workspace, asks)
    const batches = planBatches(queries, { chars: maxChars, rows: maxRows, asks: most })
    const answers = await Promise.all(
      batches.map((batch) => turns(workspace, () => ask(table, options, workspace, batch))),
    )
    const asks = batches.reduce((sum, batch) => sum + batch.length, 0)
    const failed = batches.map((batch, place) => (answers[place]?.isSpoilt === true ? batch.length : 0))
    portions.note(workspace, asks, Math.max(0, ...failed))
    return answers.flatMap(({ answered }) => answered)
  }
  return {
    async read(queries) {
      const readings = new Map<Query, Reading>()
      const perWorkspace = new Map<string, Query[]>()
      for (const query of queries) {
        const why = cannotAsk(query)
        const workspace = workspaceOf(query.environment)
        if (why !== null) readings.set(query, missing(query.id, 'refused', why, ''))
        else if (workspace === null) readings.set(query, withoutWorkspace(query, table))
        else perWorkspace.set(workspace, [...(perWorkspace.get(workspace) ?? []), query])
      }
      const calls = [...perWorkspace].map(([workspace, own]) => readWorkspace(workspace, own))
      for (const [query, reading] of (await Promise.all(calls)).flat()) readings.set(query, reading)
      return queries.map(
        (query) => readings.get(query) ?? missing(query.id, 'malformed', 'the query was not asked', ''),
      )
    },
  }
}

type Answered = readonly (readonly [Query, Reading])[]

/** What a batch brought, and whether it failed in a way that one of its asks may be the reason for. */
interface BatchAnswer {
  readonly answered: Answered
  readonly isSpoilt: boolean
}

/** Log Analytics runs five queries of one user at a time. https://learn.microsoft.com/azure/azure-monitor/service-limits */
const AT_ONCE = 5
/** What is wrong with one ask may come as this for all of a text; the rest is wrong with the workspace. */
const SPOILT: readonly Silence[] = ['late', 'partial', 'malformed', 'refused']

async function ask(table: LogTable, options: LogSourceOptions, workspace: string, batch: Batch): Promise<BatchAnswer> {
  const rows = await send(table, options, workspace, batch)
  const isSpoilt = isTrouble(rows) && SPOILT.includes(rows.silence)
  return { isSpoilt, answered: answersOf(table, batch, rows) }
}

function answersOf(table: LogTable, batch: Batch, rows: LogRows | Trouble): Answered {
  return batch.flatMap(({ ask: one, queries }) => {
    const found = isTrouble(rows) ? rows : (rows.get(one.id) ?? new Map<never, never>())
    const text = textAlone(table, one)
    return queries.map((query) => {
      const reading = isTrouble(found)
        ? missing(query.id, found.silence, found.why, text)
        : readingOf(query, found, table, text)
      return [query, reading] as const
    })
  })
}

async function send(
  table: LogTable,
  { client, timeoutMs = 30_000 }: LogSourceOptions,
  workspace: string,
  batch: Batch,
): Promise<LogRows | Trouble> {
  const asks = batch.map((planned) => planned.ask)
  const windows = batch.flatMap((planned) => planned.queries)
  const timespan = {
    startTime: new Date(Math.min(...windows.map((query) => query.from))),
    endTime: new Date(Math.max(...windows.map((query) => query.to))),
  }
  const serverTimeoutInSeconds = Math.ceil(timeoutMs / 1000)
  try {
    const text = queryText(table, asks)
    const call = ({ requestOptions }: CallBounds) =>
      client.queryWorkspace(workspace, text, timespan, { serverTimeoutInSeconds, requestOptions })
    return readAnswer(await bounded(call, timeoutMs), table, asks)
  } catch (error) {
    return describeTrouble(error, table, workspace)
  }
}

function withoutWorkspace(query: Query, table: LogTable): Reading {
  const why =
    `no Log Analytics workspace is set for environment ${query.environment}: add logWorkspaceId to it in ` +
    'SLIPWAY_ENVIRONMENTS'
  return missing(query.id, 'unset', why, textOf(table, query))
}
