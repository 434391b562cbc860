import { percent } from '../format.ts'
import type { Kpi } from '../service.ts'
import { chernoffTail } from './stats.ts'
import type { Evidence, Query, Reading, Verdict, VerdictKind } from './verdict.ts'

/**
 * How unlikely bad luck must be before a breach counts as one. The fast check is read up to 2,880 times in 48 hours, so
 * it needs much stronger evidence than the check of a whole step.
 */
const ALPHA = { fast: 1e-6, full: 1e-4 } as const

/**
 * What the readings say about the canary: fail beats inconclusive beats pass, and no checks at all are inconclusive.
 *
 * On at least `minRequests` requests, and at least one, a KPI passes when its share of bad events is within the limit. It
 * fails when the share is over the limit *and* that cannot be luck (Chernoff's bound on the binomial tail under ALPHA).
 * Missing, NaN or too few measurements, and a share that may still be luck, are inconclusive: never pass, never fail.
 */
export function judge(checks: readonly Query[], readings: readonly Reading[], minRequests: number): Verdict {
  if (checks.length === 0) return { kind: 'inconclusive', because: 'nothing was measured yet', evidence: [] }
  const byId = new Map(readings.map((reading) => [reading.id, reading]))
  const evidence = checks.map((check) => weigh(check, byId.get(check.id), minRequests))
  const kind = worst(evidence.map((item) => item.verdict))
  const telling = evidence.filter((item) => item.verdict === kind)
  return { kind, because: telling.map((item) => item.because).join('; '), evidence }
}

/** The worst of several verdicts; none at all is inconclusive. */
export function worst(kinds: readonly VerdictKind[]): VerdictKind {
  if (kinds.includes('fail')) return 'fail'
  return kinds.length === 0 || kinds.includes('inconclusive') ? 'inconclusive' : 'pass'
}

/** The share of bad events that a KPI allows, 0–1. */
export function allowedShare(kpi: Kpi): number {
  // Rounded, since 1 − 0.9 is less than 0.1: a share exactly at the limit must not count as over it.
  return kpi.kind === 'latency' ? Math.round((100 - kpi.percentile) * 1e6) / 1e8 : kpi.limitRatio
}

function weigh(check: Query, reading: Reading | undefined, minRequests: number): Evidence {
  const { kpi } = check
  const base = {
    kpi: kpi.name,
    source: kpi.source,
    window: check.window,
    from: check.from,
    to: check.to,
    revision: check.revision,
    limit: kpi.kind === 'latency' ? kpi.limitMs : kpi.limitRatio,
    unit: kpi.kind === 'latency' ? ('ms' as const) : ('ratio' as const),
  }
  const nothing = { bad: null, total: null, value: null, verdict: 'inconclusive' as const }
  if (reading === undefined)
    return { ...base, ...nothing, query: '', because: `${kpi.name}: the source gave no answer` }
  if (reading.kind === 'missing')
    return { ...base, ...nothing, query: reading.query, because: `${kpi.name}: ${reading.why}` }
  const { bad, total } = reading
  if (!isCount(bad) || !isCount(total) || bad > total) {
    return {
      ...base,
      ...nothing,
      query: reading.query,
      because: `${kpi.name}: the source answered counts that cannot be (${bad} of ${total})`,
    }
  }
  const value = isCount(reading.value) ? reading.value : null
  const verdict = verdictOf(check, bad, total, value, minRequests)
  return { ...base, bad, total, value, query: reading.query, ...verdict }
}

function verdictOf(
  check: Query,
  bad: number,
  total: number,
  value: number | null,
  minRequests: number,
): { readonly verdict: VerdictKind; readonly because: string } {
  const { kpi } = check
  const needed = Math.max(1, minRequests)
  if (total < needed) {
    return { verdict: 'inconclusive', because: `${kpi.name}: ${total} of the ${needed} requests needed` }
  }
  const over = bad / total > allowedShare(kpi)
  const figure = describe(kpi, bad, total, value)
  if (over && chernoffTail(bad, total, allowedShare(kpi)) <= ALPHA[check.window]) {
    return { verdict: 'fail', because: `${figure}, over the limit of ${limitText(kpi)}` }
  }
  if (value === null) return { verdict: 'inconclusive', because: `${kpi.name}: the source gave no figure` }
  if (over)
    return { verdict: 'inconclusive', because: `${figure}, over the limit of ${limitText(kpi)} but maybe by chance` }
  return { verdict: 'pass', because: `${figure}, within ${limitText(kpi)}` }
}

function describe(kpi: Kpi, bad: number, total: number, value: number | null): string {
  if (kpi.kind === 'error-rate') {
    return `${kpi.name} ${percent(bad / total)} (${bad} of ${total} requests failed)`
  }
  const figure = value === null ? 'unknown' : `${Math.round(value)} ms`
  return `${kpi.name} ${figure} (${bad} of ${total} requests slower than ${kpi.limitMs} ms)`
}

function limitText(kpi: Kpi): string {
  return kpi.kind === 'latency' ? `${kpi.limitMs} ms` : percent(kpi.limitRatio)
}

function isCount(n: number): boolean {
  return Number.isFinite(n) && n >= 0
}
