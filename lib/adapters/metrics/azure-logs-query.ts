/**
 * One question to a table of requests: those of `revision` in `[from, to)`, in buckets of `bucketMs` counted from `from`.
 * Times are ISO 8601 in UTC. Slow is longer than `slowMs`.
 */
export interface LogAsk {
  readonly id: string
  readonly revision: string
  readonly from: string
  readonly to: string
  readonly bucketMs: number
  readonly slowMs: number
  /** Statuses that count as errors although they are below 500, each between commas (`,404,429,`); empty = none. */
  readonly alsoBad: string
  /** Name of the custom dimension that holds the revision; absent = it stands where the table has it anyway. */
  readonly dimension?: string
}

/** A table of requests in a Log Analytics workspace, with the one constant text that asks it. */
export interface LogTable {
  readonly name: 'ContainerAppHTTPLogs' | 'AppRequests'
  /** Everything after the binding of the parameter `asks`; answers `columns`, one row per ask, bucket and origin. */
  readonly body: string
  /** In order, with their KQL types: those of LOG_COLUMNS, then further counts. */
  readonly columns: readonly Column[]
  /** To a person: what to do in a workspace that lacks the table. */
  readonly setUp: string
  /** To a person: why rows of more than one origin for one revision are of no use, and what to do. */
  readonly ambiguous: (revision: string) => string
  /** What a reader of the figures should know where no request of a revision was found at all; null = nothing. */
  readonly unseen: ((revision: string) => string) | null
}

/** A column of an answer, with its KQL type. */
export interface Column {
  readonly name: string
  readonly type: 'string' | 'datetime' | 'long'
}

/**
 * What every text answers first: the ask, the start of the bucket, what wrote the rows (one environment or one resource),
 * requests, failed ones, those with a duration, and the slow ones among these.
 */
export const LOG_COLUMNS: readonly Column[] = [
  { name: 'id', type: 'string' },
  { name: 'bucket', type: 'datetime' },
  { name: 'origin', type: 'string' },
  { name: 'total', type: 'long' },
  { name: 'errors', type: 'long' },
  { name: 'timed', type: 'long' },
  { name: 'slow', type: 'long' },
]

/**
 * The one query text over `ContainerAppHTTPLogs` (the access log of a Container Apps environment's ingress), a constant:
 * everything that differs comes in as the parameter `asks`. Buckets without a request have no row.
 * Status 0 means that the client left before there was a response; it counts as an error.
 * The place of a bucket is whole milliseconds divided by its width, both `long`, because a width that differs from row to
 * row is nothing that `bin()` promises to take. https://learn.microsoft.com/kusto/query/bin-function
 */
export const HTTP_LOGS_BODY = `let asked = materialize(
    print list = parse_json(asks)
    | mv-expand ask = list
    | project
        id = tostring(ask.id),
        RevisionName = tostring(ask.revision),
        windowFrom = todatetime(ask['from']),
        windowTo = todatetime(ask['to']),
        bucketMs = tolong(ask.bucketMs),
        slowMs = toreal(ask.slowMs),
        alsoBad = tostring(ask.alsoBad));
let spanFrom = toscalar(asked | summarize min(windowFrom));
let spanTo = toscalar(asked | summarize max(windowTo));
asked
| join kind=inner hint.strategy=broadcast (
    ContainerAppHTTPLogs
    | where TimeGenerated >= spanFrom and TimeGenerated < spanTo
    | where RevisionName in ((asked | project RevisionName))
    | project
        TimeGenerated,
        RevisionName,
        origin = _ResourceId,
        status = coalesce(StatusCode, int(0)),
        duration = RequestDuration
) on RevisionName
| where TimeGenerated >= windowFrom and TimeGenerated < windowTo
| extend place = datetime_diff('millisecond', TimeGenerated, windowFrom) / bucketMs
| summarize
    total = count(),
    errors = countif(status >= 500 or status == 0 or indexof(alsoBad, strcat(',', status, ',')) >= 0),
    timed = countif(isnotnull(duration)),
    slow = countif(duration > slowMs)
    by id, bucket = windowFrom + place * bucketMs * 1ms, origin`

/** The access log of Container Apps' ingress. https://learn.microsoft.com/azure/azure-monitor/reference/tables/containerapphttplogs */
export const ACCESS_LOG: LogTable = {
  name: 'ContainerAppHTTPLogs',
  body: HTTP_LOGS_BODY,
  columns: LOG_COLUMNS,
  setUp:
    'add a diagnostic setting with the category ContainerAppHTTPLogs to the Container Apps environment; the table appears ' +
    'some minutes after its first request',
  ambiguous: (revision) =>
    `more than one Container Apps environment logs revision ${revision} into this workspace, so whose requests these are ` +
    'cannot be told: give each environment a workspace of its own',
  unseen: null,
}

/**
 * The complete text for these asks: `asks` bound to one string literal, then the table's body unchanged.
 * A `let`, because `declare query_parameters` is among the statements that Azure Monitor does not take, and its query API
 * has no place for the values of parameters. https://learn.microsoft.com/azure/azure-monitor/logs/log-query-overview
 */
export function queryText(table: LogTable, asks: readonly LogAsk[]): string {
  return `let asks = ${jsonLiteral(asks)};\n${table.body}`
}

/**
 * One KQL string literal whose value is `value` as JSON. Whatever the strings inside hold, nothing can leave the literal:
 * the JSON is printable ASCII (everything else as \\uXXXX), and its backslashes and quotes are escaped for KQL.
 */
export function jsonLiteral(value: object): string {
  return `"${asciiJson(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

function asciiJson(value: object): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, escaped)
}
