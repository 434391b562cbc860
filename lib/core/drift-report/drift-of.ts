import { kolmogorovSf, ksDistance } from '../stats/kolmogorov.ts'
import { adjusted } from './adjust.ts'
import { type Series, stepsPerValue } from './effective-size.ts'

/** One KPI of one service: a whole day, and the days it can be held against; each from midnight on, in even steps. */
export interface DriftDay {
  readonly service: string
  readonly kpi: string
  /** How its figures are said: milliseconds, a share of 0–1, or a bare number. */
  readonly unit: 'ms' | 'ratio' | 'plain'
  readonly today: Series
  /** The same weekday a week before. */
  readonly weekBefore: Series
  /** The day before, in case the week before says too little. */
  readonly dayBefore: Series
}

/** A quantile (0–1) of the day that was held against, and of today, over the minutes that both have. */
export interface QuantileShift {
  readonly quantile: number
  readonly before: number
  readonly today: number
}

type Names = Pick<DriftDay, 'service' | 'kpi' | 'unit'>

/** Two days of one KPI, held against each other. */
export interface Comparison {
  readonly against: 'week-before' | 'day-before'
  /** Greatest distance between the distributions of the two days, 0–1. */
  readonly distance: number
  /** Probability of that distance by chance, for this KPI alone. */
  readonly p: number
  /** Minutes that both days have, and how many independent ones they are worth on a day. */
  readonly minutes: number
  readonly effective: number
  readonly shifts: readonly QuantileShift[]
}

/** One KPI's days, compared for itself. */
export type Compared = Names &
  ((Comparison & { readonly kind: 'compared' }) | { readonly kind: 'unclear'; readonly why: string })

/** What became of one KPI from one day to the other. */
export type DriftFinding = Names &
  (
    | (Comparison & {
        readonly kind: 'moved' | 'steady'
        /** Probability of the distance by chance, counted among all KPIs that were looked at together, and how many they were. */
        readonly adjustedP: number
        readonly among: number
      })
    | { readonly kind: 'unclear'; readonly why: string }
  )

const LEVEL = 0.01
/** A distance below this is too small to matter, however sure it is. */
const LEAST_DISTANCE = 0.1
/** A sixth of a day. */
const FEWEST_MINUTES = 240
/** With fewer, not even two days without overlap are told apart at the level. */
const FEWEST_EFFECTIVE = 6
const QUANTILES = [0.5, 0.9, 0.95, 0.99]

/**
 * How every KPI's day differs from the same weekday a week before, or from the day before where that says too little. It is
 * `moved` only where the two-sample Kolmogorov–Smirnov test says so at 1 %, counted among all KPIs (Benjamini–Hochberg)
 * and with minutes that resemble their neighbours counted for what they are worth, and the distance is at least 0.1. Only
 * minutes that both days have are compared; too few of them are `unclear`, never `moved`.
 */
export function driftOf(days: readonly DriftDay[]): readonly DriftFinding[] {
  return countedAmong(days.map(compared))
}

/** Findings out of comparisons, in order: together they are the family that chance is counted among. */
export function countedAmong(all: readonly Compared[]): readonly DriftFinding[] {
  const ps = adjusted(all.flatMap((one) => (one.kind === 'unclear' ? [] : [one.p])))
  let next = 0
  return all.map((one) => {
    if (one.kind === 'unclear') return one
    const adjustedP = ps[next++] ?? 1
    const hasMoved = adjustedP < LEVEL && one.distance >= LEAST_DISTANCE
    return { ...one, adjustedP, among: ps.length, kind: hasMoved ? 'moved' : 'steady' }
  })
}

/** Compares one KPI's day with the same weekday a week before, or with the day before where that says too little. */
export function compared(day: DriftDay): Compared {
  const { service, kpi, unit } = day
  const names = { service, kpi, unit }
  const week = common(day.today, day.weekBefore)
  const against = week.minutes >= FEWEST_MINUTES ? 'week-before' : 'day-before'
  const pair = against === 'week-before' ? week : common(day.today, day.dayBefore)
  if (pair.minutes < FEWEST_MINUTES) return { ...names, kind: 'unclear', why: tooFew(day, week.minutes, pair.minutes) }
  const effective = pair.minutes / stepsPerValue([pair.today, pair.before])
  if (effective < FEWEST_EFFECTIVE) {
    const why = `its ${pair.minutes} minutes resemble their neighbours so much that they are worth only ${Math.round(effective)}`
    return { ...names, kind: 'unclear', why }
  }
  const [now, then] = [sorted(pair.today), sorted(pair.before)]
  const distance = ksDistance(now, then)
  const p = kolmogorovSf(distance * Math.sqrt(effective / 2))
  const shifts = QUANTILES.map((quantile) => ({
    quantile,
    before: quantileOf(then, quantile),
    today: quantileOf(now, quantile),
  }))
  return { ...names, kind: 'compared', against, distance, p, minutes: pair.minutes, effective, shifts }
}

/** Both days with only the minutes that both have. */
function common(today: Series, before: Series) {
  const has = (step: number) => isFigure(today[step]) && isFigure(before[step])
  const only = (day: Series) => today.map((_, step) => (has(step) ? (day[step] ?? null) : null))
  const pair = { today: only(today), before: only(before) }
  return { ...pair, minutes: pair.today.filter((value) => value !== null).length }
}

function isFigure(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function sorted(day: Series): readonly number[] {
  return day.filter((value) => value !== null).sort((a, b) => a - b)
}

function tooFew(day: DriftDay, week: number, before: number): string {
  const today = day.today.filter(isFigure).length
  if (today < FEWEST_MINUTES) return `it was measured in only ${today} minutes of the day, ${FEWEST_MINUTES} are needed`
  return `only ${week} of its minutes were measured a week before too, and ${before} the day before; ${FEWEST_MINUTES} are needed`
}

/** Of rising values; linear between the neighbours (Hyndman and Fan 1996, type 7). */
function quantileOf(rising: readonly number[], quantile: number): number {
  const place = quantile * (rising.length - 1)
  const low = rising[Math.floor(place)] ?? Number.NaN
  return low + (place % 1) * ((rising[Math.ceil(place)] ?? low) - low)
}
