import { LOG_COLUMNS, type LogTable } from './azure-logs-query.ts'

/**
 * The one query text over `AppRequests` (Application Insights' requests in its workspace), a constant: everything that
 * differs comes in as the parameter `asks`. Buckets without a request have no row.
 *
 * - The revision is a custom dimension where the ask names one, else what is left of `AppRoleInstance` without its last
 *   two parts: on Container Apps that is the replica's name, `<revision>-<hash>-<pod>`. A revision whose name only begins
 *   as another's does is therefore never taken for it.
 * - `Success` is not what counts as good: what sets it differs from SDK to SDK (some call 404, some even 304 a failure).
 *   Only where there is no HTTP status (a message was handled, the client left) it decides.
 * - Counts are of rows. A sampled row stands for `ItemCount` requests; those weighted counts are told beside, because
 *   evidence of a thousand requests is not to be had from a hundred rows.
 * - `TimeGenerated` is when the request began, so a slow one appears late in an early bucket.
 *
 * https://learn.microsoft.com/azure/azure-monitor/reference/tables/apprequests
 */
export const APP_REQUESTS_BODY = `let asked = materialize(
    print list = parse_json(asks)
    | mv-expand ask = list
    | project
        id = tostring(ask.id),
        revision = tostring(ask.revision),
        dimension = tostring(ask.dimension),
        windowFrom = todatetime(ask['from']),
        windowTo = todatetime(ask['to']),
        bucketMs = tolong(ask.bucketMs),
        slowMs = toreal(ask.slowMs),
        alsoBad = tostring(ask.alsoBad));
let spanFrom = toscalar(asked | summarize min(windowFrom));
let spanTo = toscalar(asked | summarize max(windowTo));
let dimensions = toscalar(asked | summarize make_set(dimension));
asked
| join kind=inner hint.strategy=broadcast (
    AppRequests
    | where TimeGenerated >= spanFrom and TimeGenerated < spanTo
    | extend dimension = dimensions
    | mv-expand dimension to typeof(string)
    | extend revision = iff(
        dimension == '',
        extract(@'^(.+)-[^-]+-[^-]+$', 1, AppRoleInstance),
        tostring(Properties[dimension]))
    | where revision in ((asked | project revision))
    | project
        TimeGenerated,
        dimension,
        revision,
        origin = _ResourceId,
        status = coalesce(toint(ResultCode), int(0)),
        isGood = coalesce(Success, true),
        duration = DurationMs,
        weight = coalesce(ItemCount, int(1))
) on dimension, revision
| where TimeGenerated >= windowFrom and TimeGenerated < windowTo
| extend
    place = datetime_diff('millisecond', TimeGenerated, windowFrom) / bucketMs,
    isError = status >= 500 or (status < 100 and not(isGood)) or indexof(alsoBad, strcat(',', status, ',')) >= 0
| summarize
    total = count(),
    errors = countif(isError),
    timed = countif(isnotnull(duration)),
    slow = countif(duration > slowMs),
    weighted = sum(weight),
    weightedErrors = sumif(weight, isError),
    weightedTimed = sumif(weight, isnotnull(duration)),
    weightedSlow = sumif(weight, duration > slowMs)
    by id, bucket = windowFrom + place * bucketMs * 1ms, origin`

/** Application Insights' requests, as a workspace-based resource keeps them. */
export const APP_REQUESTS: LogTable = {
  name: 'AppRequests',
  body: APP_REQUESTS_BODY,
  columns: [
    ...LOG_COLUMNS,
    { name: 'weighted', type: 'long' },
    { name: 'weightedErrors', type: 'long' },
    { name: 'weightedTimed', type: 'long' },
    { name: 'weightedSlow', type: 'long' },
  ],
  setUp: 'connect the Application Insights resource to this workspace, and let the app send its telemetry to it',
  ambiguous: (revision) =>
    `more than one Application Insights resource holds requests of revision ${revision} in this workspace, so they may be ` +
    'of two apps, or the same ones twice: let the revision report to one resource only',
  unseen: (revision) =>
    `no request of revision ${revision} was found: either there was none, or the role instance (AppRoleInstance) does not ` +
    'begin with the name of the revision; then send it as a custom dimension and name that in source.dimension',
}
