import type { PrometheusNames } from '../../core/service.ts'

/** What one PromQL text asks: the increase over the window `[from, to)` (epoch milliseconds) for some revisions. */
export interface Increase {
  readonly kind: 'latency' | 'error-rate'
  readonly names: PrometheusNames
  readonly from: number
  readonly to: number
}

/** Why these names cannot stand in a PromQL text, or null when they can. Nothing that is not a name ever gets into one. */
export function cannotName(names: PrometheusNames): string | null {
  const { requests, duration, revisionLabel, statusLabel } = names
  for (const metric of [requests, duration]) {
    if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(metric)) return `${JSON.stringify(metric)} is no name of a Prometheus metric`
  }
  for (const label of [revisionLabel, statusLabel]) {
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label)) return `${JSON.stringify(label)} is no name of a Prometheus label`
  }
  if (revisionLabel === statusLabel) return `the label ${revisionLabel} cannot hold both the revision and the status`
  if (revisionLabel === 'le') return 'the label le holds the bounds of a histogram, not the revision'
  return null
}

/**
 * The PromQL text: `sum by (…) (increase(…[window] @ end))`. The end of the window is part of the text, so that running
 * it later asks the same again (Prometheus 2.33 or newer).
 */
export function increaseText({ kind, names, from, to }: Increase, revisions: readonly string[]): string {
  const metric = kind === 'latency' ? `${names.duration}_bucket` : names.requests
  const by = kind === 'latency' ? 'le' : names.statusLabel
  const series = `${metric}{${names.revisionLabel}=~${anyOf(revisions)}}`
  return `sum by (${names.revisionLabel}, ${by}) (increase(${series}[${Math.round(to - from)}ms] @ ${seconds(to)}))`
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

function stringLiteral(text: string): string {
  const escaped = text
    .toWellFormed()
    .replace(/["\\]/g, '\\$&')
    .replace(/\p{Cc}/gu, hexEscape)
  return `"${escaped}"`
}

function hexEscape(control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`
}
