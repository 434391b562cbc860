import type { PrometheusCounters, PrometheusNames } from '../../core/service.ts'

/** What one PromQL text asks of some revisions: which series, and how they become one figure per bucket. */
export type Ask =
  | { readonly form: 'requests'; readonly names: PrometheusNames }
  | {
      readonly form: 'durations'
      readonly names: PrometheusNames
      /** Only the bounds that sit on these limits (seconds) and the total; null = every bound. */
      readonly limits: readonly number[] | null
    }
  | { readonly form: 'counters'; readonly names: PrometheusNames; readonly counters: PrometheusCounters }
  | { readonly form: 'gauge'; readonly names: PrometheusNames; readonly gauge: string; readonly worst: 'max' | 'min' }

/** The row of buckets that is asked for: `from` ≤ start of the bucket < `to`, epoch milliseconds. */
export interface Row {
  readonly from: number
  readonly to: number
  readonly bucketMs: number
}

/** So many labels may be asked for beside the revision, and so long may their values be (UTF-16 units). */
const MAX_LABELS = 5
const MAX_LABEL_VALUE = 200

/** The label under which the text for counters tells its two halves apart: `bad` and `total`. */
export const HALF = 'slipway_half'

/**
 * How far back the last sample before a bucket is looked for. A gap in the scrapes up to this long loses no event; after
 * a longer one, counting begins anew.
 */
const LOOK_BACK_MS = 3_600_000

/** Why these names cannot stand in a PromQL text, or null when they can. Nothing that is not a name ever gets into one. */
export function cannotName(ask: Ask): string | null {
  const { revisionLabel, statusLabel, labels = {} } = ask.names
  for (const metric of metricsOf(ask)) {
    if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(metric)) return `${JSON.stringify(metric)} is no name of a Prometheus metric`
  }
  for (const label of [revisionLabel, statusLabel, ...Object.keys(labels)]) {
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label)) return `${JSON.stringify(label)} is no name of a Prometheus label`
    if (label.startsWith('__')) return `the label ${label} belongs to Prometheus itself`
  }
  if (revisionLabel === statusLabel) return `the label ${revisionLabel} cannot hold both the revision and the status`
  if (revisionLabel === 'le') return 'the label le holds the bounds of a histogram, not the revision'
  return cannotMatch(ask.names)
}

function cannotMatch({ revisionLabel, statusLabel, labels = {} }: PrometheusNames): string | null {
  const wanted = Object.entries(labels)
  if (wanted.length > MAX_LABELS) return `${wanted.length} labels are more than the ${MAX_LABELS} that may be asked for`
  for (const [label, value] of wanted) {
    if ([revisionLabel, statusLabel, 'le'].includes(label))
      return `the label ${label} tells revisions, statuses or bounds apart and cannot be held to one value`
    if (typeof value !== 'string' || value === '' || value.length > MAX_LABEL_VALUE)
      return `the label ${label} needs a value of 1–${MAX_LABEL_VALUE} characters`
  }
  return null
}

/** Which series are meant: those of these revisions that carry the labels that were asked for. */
function matchers({ revisionLabel, labels = {} }: PrometheusNames, revisions: readonly string[]): string {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}=${stringLiteral(value)}`)
  return [`${revisionLabel}=~${anyOf(revisions)}`, ...wanted.toSorted()].join(', ')
}

/** The names of the series that the text reads, as a person would look for them. */
export function metricsOf(ask: Ask): readonly string[] {
  switch (ask.form) {
    case 'requests':
      return [ask.names.requests]
    case 'durations':
      return [`${ask.names.duration}_bucket`]
    case 'counters':
      return [ask.counters.bad, ask.counters.total]
    case 'gauge':
      return [ask.gauge]
  }
}

/**
 * The PromQL text, an instant query that answers a matrix: one point per bucket, at the bucket's end. The time is part of
 * the text, so that running it later asks the same again (Prometheus 2.33 or newer).
 *
 * Counters: what a bucket adds is its last sample less the last sample before it. That is what was counted, in whole
 * numbers; `increase()` extrapolates instead, and loses the first event of a new series and all that happened between
 * the last scrape of one bucket and the first of the next. A counter that fell within the bucket began anew, so it adds
 * what it holds (and what the old process had counted since the last bucket is lost: never too many); all series that
 * differ in status or bound only are taken to have begun anew with it. A series that was not there before adds what it
 * holds where its target was scraped before, because then it was born since; otherwise what it gained within the bucket,
 * because nobody knows when the rest happened.
 */
export function bucketText(ask: Ask, revisions: readonly string[], row: Row): string {
  const { names } = ask
  const selector = `{${matchers(names, revisions)}${ask.form === 'durations' ? bounds(ask.limits) : ''}}`
  const span = `[${duration(row.to - row.from)}:${duration(row.bucketMs)}] @ ${seconds(row.to)}`
  const adds = (metric: string, child: string | null, twin: string | null) =>
    added(`${metric}${selector}`, names, row.bucketMs, child, twin && `${twin}${selector}`)
  switch (ask.form) {
    case 'requests':
      return `sum by (${names.revisionLabel}, ${names.statusLabel}) (${adds(names.requests, names.statusLabel, null)})${span}`
    case 'durations':
      return `sum by (${names.revisionLabel}, le) (${adds(`${names.duration}_bucket`, 'le', null)})${span}`
    case 'counters': {
      const { bad, total } = ask.counters
      const half = (name: string, one: string, other: string) =>
        `label_replace(sum by (${names.revisionLabel}) (${adds(one, null, other)}), "${HALF}", "${name}", "", "")`
      return `(${half('bad', bad, total)} or ${half('total', total, bad)})${span}`
    }
    case 'gauge':
      return `${ask.worst} by (${names.revisionLabel}) (last_over_time(${ask.gauge}${selector}[${duration(row.bucketMs)}]))${span}`
  }
}

/** Bounds are labels, so they are matched as text: `0.2` may be written `0.20`, and `1` as `1.0`. */
function bounds(limits: readonly number[] | null): string {
  if (limits === null) return ''
  const written = limits
    .toSorted((a, b) => a - b)
    .map((limit) => {
      const text = String(limit).replace('.', '\\.')
      return text.includes('.') ? `${text}0*` : `${text}(\\.0*)?`
    })
  return `, le=~${stringLiteral([...new Set(written), '\\+Inf'].join('|'))}`
}

/** What each series of `series` adds in a bucket. `child`: the label in which series of one process differ; `twin` begins anew with it. */
function added(
  series: string,
  names: PrometheusNames,
  bucketMs: number,
  child: string | null,
  twin: string | null,
): string {
  const bucket = duration(bucketMs)
  const lastOf = (of: string) => `last_over_time(${of}[${bucket}])`
  const before = (of: string) => `last_over_time(${of}[${duration(lookBack(bucketMs))}] offset ${bucket})`
  const leastOf = (of: string) => `min_over_time(${of}[${bucket}])`
  const anew = (of: string) => `${leastOf(of)} < ${before(of)} or resets(${of}[${bucket}]) > 0`
  const fell = twin === null ? anew(series) : `${anew(series)} or ${anew(twin)}`
  const but = child === null ? 'unless' : `unless ignoring (${child})`
  const target = [...new Set([names.revisionLabel, 'job', 'instance'])].join(', ')
  return (
    `${lastOf(series)} - ${before(series)} ${but} (${fell})` +
    ` or ${lastOf(series)} and on (${target}) ${before(series)}` +
    ` or ${lastOf(series)} - ${leastOf(series)}`
  )
}

function lookBack(bucketMs: number): number {
  return Math.max(LOOK_BACK_MS, 2 * bucketMs)
}

/** A length of time as Prometheus writes it: whole seconds where it is, else milliseconds. */
function duration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`
}

/** A moment as Prometheus writes it: seconds with three decimals. */
export function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}

/**
 * One PromQL string literal that, as an anchored regular expression, matches exactly these values and nothing else.
 * Whatever a value holds, it can neither leave the literal nor become a pattern.
 */
export function anyOf(values: readonly string[]): string {
  return stringLiteral(values.map((value) => value.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')).join('|'))
}

/** Printable ASCII only, everything else escaped: a server takes U+FFFD as it stands for broken text. */
function stringLiteral(text: string): string {
  const escaped = text
    .toWellFormed()
    .replace(/["\\]/g, '\\$&')
    .replace(/[^\x20-\x7e]/gu, escapeOf)
  return `"${escaped}"`
}

function escapeOf(character: string): string {
  return `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`
}
