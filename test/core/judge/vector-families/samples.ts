import { expect } from 'vitest'
import { classifyMetric, type MetricOptions } from '../../../../bench/judge/kayenta/classify.ts'
import { commonLanguageEffect, percentile } from '../../../../bench/judge/kayenta/effect.ts'
import { shiftOf, wilcoxonDiff } from '../../../../bench/judge/kayenta/rank-test.ts'
import { type Scored, scoreOf } from '../../../../bench/judge/kayenta/score.ts'
import { binomialSf } from '../../../../bench/judge/reference/beta.ts'
import {
  mannWhitneyAsymptotic,
  mannWhitneyExact,
  mannWhitneyU,
  type Side,
} from '../../../../bench/judge/reference/mann-whitney.ts'
import { normalQuantile } from '../../../../bench/judge/reference/normal.ts'
import { inOrder, isSaturated, quantile } from '../../../../lib/adapters/metrics/histogram.ts'
import { kolmogorovSf, ksDistance, ksProbability, ksTest } from '../../../../lib/core/stats/kolmogorov.ts'
import { sampleRatioOdds } from '../../../../lib/core/stats/sample-ratio.ts'
import { type Entry, either, entries, type Family, figure, figures, nameOf, near, wrong } from './tools.ts'

/** Kayenta's root finder stops within this, wherever it is. */
const BRENT = 1e-4

/** A family of entries that are each checked by one function. */
function each(check: (entry: Entry) => void): Family {
  return (value) => entries(value).map((entry, index) => ({ name: nameOf(entry, index), run: () => check(entry) }))
}

const mannWhitney = each((entry) => {
  const [x, y] = [figures(entry.x), figures(entry.y)]
  const asked = Object.keys(entry).filter((key) => /^(exact|asymp)_(greater|less|two)$/.test(key))
  const effect = either(entry, 'cles', 'CLES')
  if (asked.length === 0 && typeof effect !== 'number') throw wrong(entry, 'a probability (exact_two, asymp_two, …)')
  for (const key of asked) {
    const [method, side] = key.split('_') as ['exact' | 'asymp', Side]
    const [wanted] = entries(entry[key])
    near((method === 'exact' ? mannWhitneyExact : mannWhitneyAsymptotic)(x, y, side), figure(wanted ?? {}, 'p'), key)
    if (wanted?.U !== undefined) near(mannWhitneyU(x, y), figure(wanted, 'U'), 'U')
  }
  if (typeof effect === 'number') near(commonLanguageEffect(y, x), effect, 'CLES')
})

const kolmogorov: Family = (value) => {
  const pairs: readonly (readonly unknown[])[] = Array.isArray(value)
    ? value.map((item) => (Array.isArray(item) ? item : [item.lambda ?? item.x, item.sf ?? item.p ?? item.v]))
    : Object.entries(value as object)
  return pairs.map(([lambda, wanted]) => {
    if (typeof wanted !== 'number' || !(Number(lambda) >= 0)) throw wrong(value, 'pairs of λ and probability')
    return { name: `at ${lambda}`, run: () => near(kolmogorovSf(Number(lambda)), wanted) }
  })
}

const kolmogorovSmirnov = each((entry) => {
  const samples = entry.x === undefined ? null : ([figures(entry.x), figures(entry.y)] as const)
  const [m, n] = samples?.map((values) => values.length) ?? figures(entry.n)
  if (m === undefined || n === undefined) throw wrong(entry, 'samples x and y, or their sizes n')
  const wanted = either(entry, 'D', 'd')
  const distance = samples === null ? wanted : ksDistance(...samples)
  if (typeof distance !== 'number') throw wrong(entry, 'samples, or a distance "D"')
  if (samples !== null && typeof wanted === 'number') near(distance, wanted, 'D')
  if (entry.p_exact === undefined && entry.p_kolmogorov === undefined) throw wrong(entry, '"p_exact" or "p_kolmogorov"')
  if (entry.p_exact !== undefined) {
    const told = samples === null ? ksProbability(distance, m, n) : ksTest(...samples).p
    near(told, figure(entry, 'p_exact'), 'exact p')
  }
  if (entry.p_kolmogorov !== undefined)
    near(kolmogorovSf(distance * Math.sqrt((m * n) / (m + n))), figure(entry, 'p_kolmogorov'), 'asymptotic p')
})

const odds = each((entry) => {
  const shares = figures(either(entry, 'theta0', 'theta'))
  const told = sampleRatioOdds(figures(entry.counts), shares, figure(entry, 'k', 100))
  near(told, figure(entry, 'odds'), 'odds')
  if (entry.p !== undefined) near(Math.min(1, 1 / told), figure(entry, 'p'), 'p')
})

const kayentaClassify = each((entry) => {
  const nan = String(either(entry, 'nan', 'nanStrategy', 'nan_strategy') ?? 'remove').toLowerCase()
  const direction = String(entry.direction ?? 'either').toLowerCase()
  const pair = (key: string) =>
    entry[key] === undefined ? null : (figures(entry[key]) as unknown as readonly [number, number])
  const told = classifyMetric(figures(entry.control), figures(entry.experiment), {
    tolerance: figure(entry, 'tol', 0.25),
    confidence: figure(entry, 'conf', 0.95),
    direction: direction as MetricOptions['direction'],
    effect: pair('eff'),
    criticalEffect: pair('crit'),
    nan: nan as MetricOptions['nan'],
    measure: either(entry, 'measure', 'effectSizeMeasure') === 'cles' ? 'cles' : 'meanRatio',
    critical: entry.critical === true,
    mustHaveData: either(entry, 'mustHaveData', 'must_have_data', 'isDataRequired') === true,
  })
  if (typeof entry.want !== 'string') throw wrong(entry, 'a label "want"')
  expect(told.label).toBe(entry.want)
  const fatal = either(entry, 'wantCritical', 'want_critical')
  if (fatal !== undefined) expect(told.critical).toBe(fatal)
})

const kayentaInterval = each((entry) => {
  const sorted = (key: string) => Float64Array.from(figures(entry[key])).sort()
  const z = -normalQuantile((1 - figure(entry, 'conf', 0.95)) / 2)
  const told = shiftOf(sorted('experiment'), sorted('control'), z)
  near(told.low, figure(entry, 'lo'), 'lower bound')
  near(told.high, figure(entry, 'hi'), 'upper bound')
  if (entry.est !== undefined) expect(Math.abs(told.estimate - figure(entry, 'est'))).toBeLessThanOrEqual(BRENT)
})

const kayentaWilcoxon = each((entry) => {
  const sorted = (values: unknown) => Float64Array.from(figures(values)).sort()
  const [x, y] = [sorted(either(entry, 'x', 'experiment')), sorted(either(entry, 'y', 'control'))]
  near(wilcoxonDiff(x, y, figure(entry, 'mu', 0), figure(entry, 'q', 0)), figure(entry, 'v'))
})

const kayentaPercentile = each((entry) => {
  const wanted = Object.entries((entry.p ?? {}) as object)
  if (wanted.length === 0) throw wrong(entry, 'percentiles "p"')
  for (const [p, value] of wanted) near(percentile(figures(entry.x), Number(p)), Number(value), `percentile ${p}`)
})

const kayentaCles = each((entry) => {
  const wanted = figure(entry, 'v')
  const told = commonLanguageEffect(figures(entry.control), figures(entry.experiment))
  // Three decimals are what Kayenta's own suite compares.
  const digits = String(wanted).split('.')[1]?.length ?? 0
  if (digits === 3) expect(Math.abs(told - wanted)).toBeLessThanOrEqual(0.001)
  else near(told, wanted)
})

const kayentaScore = each((entry) => {
  const groups = Object.entries((entry.groups ?? {}) as Record<string, readonly Scored['label'][]>)
  const critical = entry.critical ?? false
  const isKnown =
    typeof critical === 'boolean' || (Array.isArray(critical) && critical.every((item) => typeof item === 'boolean'))
  if (groups.length === 0 || !isKnown)
    throw wrong(entry, 'labels in "groups", and "critical" as true, false or a list of them')
  const labels = groups.flatMap(([group, list]) => list.map((label) => ({ label, groups: [group] })))
  const metrics = labels.map((metric, i) => ({
    ...metric,
    critical: Array.isArray(critical) ? critical[i] === true : critical === true,
  }))
  expect(scoreOf(metrics, (entry.weights ?? {}) as Record<string, number>)).toBe(figure(entry, 'score'))
})

const histogramQuantile = each((entry) => {
  const [bounds, counts] = [figures(entry.le), figures(entry.cum)]
  if (bounds.length !== counts.length) throw wrong(entry, 'as many "le" as "cum"')
  const buckets = inOrder(bounds.map((le, i) => ({ le, cumulative: counts[i] ?? 0 })))
  const q = figure(entry, 'q')
  near(quantile(q, buckets), figure(entry, 'v'))
  const isBeyond = q * (counts.at(-1) ?? 0) > (counts.at(-2) ?? 0)
  expect(isSaturated(q, buckets)).toBe(entry.saturated ?? isBeyond)
})

const binomial = each((entry) =>
  near(binomialSf(figure(entry, 'k'), figure(entry, 'n'), figure(entry, 'p')), figure(entry, 'sf')),
)

/** Families about samples, counts and Kayenta. */
export const SAMPLE_FAMILIES: Readonly<Record<string, Family>> = {
  mw: mannWhitney,
  ks_sf: kolmogorov,
  ks: kolmogorovSmirnov,
  dirichlet_multinomial_odds: odds,
  kayenta_classify: kayentaClassify,
  kayenta_mw_ci: kayentaInterval,
  kayenta_wilcoxon_diff: kayentaWilcoxon,
  kayenta_percentile_R7: kayentaPercentile,
  kayenta_cles: kayentaCles,
  kayenta_score: kayentaScore,
  hist_quantile: histogramQuantile,
  binom_sf: binomial,
}
