import { normalQuantile } from '../reference/normal.ts'
import { commonLanguageEffect, meanRatio } from './effect.ts'
import { boundOf, estimateOf, rangeOf, wilcoxonDiff } from './rank-test.ts'

/** What Kayenta says of one metric. `Error`: one point a side, of which no interval can be made. */
export type Label = 'Pass' | 'High' | 'Low' | 'Nodata' | 'NodataFailMetric' | 'Error'

/** How a metric is to be compared; Kayenta's own defaults are tolerance 0.25 and confidence 0.98. */
export interface ClassifyOptions {
  /** Share of the estimated shift that the interval must clear. */
  readonly tolerance: number
  /** Level of the interval, 0–1. */
  readonly confidence: number
  readonly direction: 'increase' | 'decrease' | 'either'
  /** Greatest ratio that is Low, least that is High; null = Kayenta's default, 1 and 1 (0.5 and 0.5 for `cles`). */
  readonly effect: readonly [number, number] | null
  /** What becomes of NaN; Kayenta replaces with 0. */
  readonly nan: 'remove' | 'replace'
}

/** What only some metrics set. */
export interface MetricOptions extends ClassifyOptions {
  readonly measure?: 'meanRatio' | 'cles'
  readonly critical?: boolean
  /** Ratios from which a critical metric fails the whole; null as above. */
  readonly criticalEffect?: readonly [number, number] | null
  readonly mustHaveData?: boolean
}

/** Label of a metric, and whether it fails the whole canary by itself. */
export interface Classification {
  readonly label: Label
  readonly critical: boolean
}

/** Twice Brent's tolerance: a bound that lies further than this on one side of 0 is not answered on the other. */
const CLEAR = 2e-4
/** Spread of the noise that Kayenta lays over constant values, as a share of them. */
const NOISE = 1e-5

/** Kayenta's label of one metric (NetflixACAJudge-v1.0), the values in any order; finds no bound that cannot matter. */
export function classify(
  control: ArrayLike<number>,
  experiment: ArrayLike<number>,
  options: ClassifyOptions,
): Exclude<Label, 'NodataFailMetric'> {
  const { label } = classifyMetric(control, experiment, options)
  return label === 'NodataFailMetric' ? 'Nodata' : label
}

/** The same with what makes a metric critical, or obliges it to have data. */
export function classifyMetric(
  control: ArrayLike<number>,
  experiment: ArrayLike<number>,
  options: MetricOptions,
): Classification {
  const critical = options.critical ?? false
  const values = prepare(experiment, options.nan)
  const others = prepare(control, options.nan)
  if (values.length === 0 || others.length === 0) {
    if (options.nan === 'replace') return { label: 'Pass', critical: false }
    const isObliged = (options.mustHaveData ?? false) && !critical
    return isObliged ? { label: 'NodataFailMetric', critical: false } : { label: 'Nodata', critical }
  }
  if (isSame(values, others)) return { label: 'Pass', critical: false }
  const bothConstant = values[0] === values.at(-1) && others[0] === others.at(-1)
  // Constant values against others of another length may still be one value.
  if (bothConstant && values[0] === others[0]) return { label: 'Pass', critical: false }
  const x = bothConstant ? blur(values) : values
  const y = bothConstant ? blur(others) : others
  const isCles = options.measure === 'cles'
  const effect = isCles ? commonLanguageEffect(y, x) : meanRatio(y, x)
  const usual = isCles ? ([0.5, 0.5] as const) : ([1, 1] as const)
  const label = compare(x, y, effect, options.effect ?? usual, options)
  const [fatalLow, fatalHigh] = options.criticalEffect ?? usual
  const isFatal = (label === 'High' && !(effect < fatalHigh)) || (label === 'Low' && !(effect > fatalLow))
  return { label, critical: critical && isFatal }
}

/** High or Low where the interval clears the tolerance and the effect is large enough, or cannot be told (NaN). */
function compare(
  x: Float64Array,
  y: Float64Array,
  effect: number,
  [least, most]: readonly [number, number],
  { tolerance, confidence, direction }: ClassifyOptions,
): Label {
  const z = upperQuantile(confidence)
  const [low, high] = rangeOf(x, y)
  // One point a side: shifted together they are tied, and Kayenta fails.
  if (Number.isNaN(wilcoxonDiff(x, y, low, 0))) return 'Error'
  const wantsHigh = direction !== 'decrease' && !(effect < most)
  const wantsLow = direction !== 'increase' && !(effect > least)
  const mayBeHigh = wantsHigh && !(low <= -CLEAR && wilcoxonDiff(x, y, -CLEAR, z) <= 0)
  const mayBeLow = wantsLow && !(high >= CLEAR && wilcoxonDiff(x, y, CLEAR, -z) >= 0)
  if (!mayBeHigh && !mayBeLow) return 'Pass'
  const bound = tolerance * Math.abs(estimateOf(x, y))
  if (mayBeHigh && boundOf(x, y, z) > bound) return 'High'
  if (mayBeLow && boundOf(x, y, -z) < -bound) return 'Low'
  return 'Pass'
}

function prepare(values: ArrayLike<number>, nan: ClassifyOptions['nan']): Float64Array {
  const kept = Float64Array.from(values)
  let length = 0
  for (const value of kept) {
    if (!Number.isNaN(value)) kept[length++] = value
    else if (nan === 'replace') kept[length++] = 0
  }
  return kept.subarray(0, length).sort()
}

function isSame(x: Float64Array, y: Float64Array): boolean {
  return x.length === y.length && x.every((value, i) => value === y[i])
}

/** Constant values spread like a normal sample of its expected quantiles: Kayenta's random noise without the chance. */
function blur(values: Float64Array): Float64Array {
  const spread = Math.abs(values[0] as number) * NOISE
  return values.map((value, i) => value + spread * normalQuantile((i + 0.5) / values.length))
}

const QUANTILES = new Map<number, number>()

function upperQuantile(confidence: number): number {
  const known = QUANTILES.get(confidence) ?? -normalQuantile((1 - confidence) / 2)
  QUANTILES.set(confidence, known)
  return known
}
