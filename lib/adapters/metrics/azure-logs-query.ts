/**
 * One question to the access log: the requests of `revision` in `[from, to)`. Times are ISO 8601 in UTC.
 * Slow is longer than `slowMs`; `percentile` is one of LOG_PERCENTILES.
 */
export interface LogAsk {
  readonly id: string
  readonly revision: string
  readonly from: string
  readonly to: string
  readonly slowMs: number
  readonly percentile: number
}

/** The columns of the answer to HTTP_LOGS_BODY, in order, with their KQL types. */
export const LOG_COLUMNS = [
  { name: 'id', type: 'string' },
  { name: 'total', type: 'long' },
  { name: 'errors', type: 'long' },
  { name: 'slow', type: 'long' },
  { name: 'quantile', type: 'real' },
  { name: 'newest', type: 'datetime' },
] as const

/**
 * The one query text over `ContainerAppHTTPLogs` (the access log of a Container Apps environment's ingress), a constant:
 * everything that differs comes in as the parameter `asks`. Answers one row per ask that saw a request.
 * Status 0 means that the client left before there was a response; it counts as an error.
 * Two rows for one ask mean that two Container Apps environments logged the same revision name into this workspace.
 */
export const HTTP_LOGS_BODY = `let asked = materialize(
    print list = parse_json(asks)
    | mv-expand ask = list
    | project
        id = tostring(ask.id),
        RevisionName = tostring(ask.revision),
        windowFrom = todatetime(ask['from']),
        windowTo = todatetime(ask['to']),
        slowMs = toreal(ask.slowMs),
        wanted = toreal(ask.percentile));
let spanFrom = toscalar(asked | summarize min(windowFrom));
let spanTo = toscalar(asked | summarize max(windowTo));
asked
| join kind=inner hint.strategy=broadcast (
    ContainerAppHTTPLogs
    | where TimeGenerated >= spanFrom and TimeGenerated < spanTo
    | where RevisionName in ((asked | project RevisionName))
    | project TimeGenerated, EnvironmentName, RevisionName, StatusCode, RequestDuration
) on RevisionName
| where TimeGenerated >= windowFrom and TimeGenerated < windowTo
| summarize
    total = count(),
    errors = countif(StatusCode >= 500 or StatusCode == 0),
    slow = countif(RequestDuration > slowMs),
    (p50, p75, p90, p95, p99, p999) = percentiles(RequestDuration, 50, 75, 90, 95, 99, 99.9),
    newest = max(TimeGenerated)
    by id, wanted, EnvironmentName
| extend quantile = toreal(case(
    wanted == 50.0, p50,
    wanted == 75.0, p75,
    wanted == 90.0, p90,
    wanted == 95.0, p95,
    wanted == 99.0, p99,
    wanted == 99.9, p999,
    long(null)))
| project id, total, errors, slow, quantile, newest`

/** The complete text for these asks: one `declare query_parameters` statement, then HTTP_LOGS_BODY unchanged. */
export function httpLogsQuery(asks: readonly LogAsk[]): string {
  return `declare query_parameters(asks:string = ${jsonLiteral(asks)});\n${HTTP_LOGS_BODY}`
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
