/** What is kept of a baseline to see how bursty it is: its totals, and the squared steps between its minutes. */
export interface Dispersion {
  readonly bad: number
  readonly total: number
  readonly pairs: number
  readonly sum: number
  /** The greatest squared steps, greatest first: what the trimming takes off. */
  readonly top: readonly number[]
  /** The minute before, as rate and total; null at the start. */
  readonly last: readonly [number, number] | null
}

/** Share of the greatest steps that is left out, so that one incident does not count as burstiness. */
const TRIM = 0.005
/** Enough for the trimming of 4,800 minutes. */
const TOP = 24
/** Steps that are to be trimmed are kept with so many digits: they fill most of what is stored. */
const DIGITS = 8
const FEWEST_PAIRS = 30
const LARGEST = 12

/** A baseline of which no minute was seen. */
export const NO_MINUTES: Dispersion = { bad: 0, total: 0, pairs: 0, sum: 0, top: [], last: null }

/** The same while minutes are counted into it in place; `size` 0 = there was none before. */
export interface SeenMinutes {
  bad: number
  total: number
  pairs: number
  sum: number
  top: readonly number[]
  rate: number
  size: number
}

/** Begins with what was seen so far, which itself stays as it is. */
export function openMinutes({ bad, total, pairs, sum, top, last }: Dispersion): SeenMinutes {
  return { bad, total, pairs, sum, top, rate: last?.[0] ?? 0, size: last?.[1] ?? 0 }
}

/** Counts one more minute of the baseline; one without requests changes nothing. */
export function countMinute(seen: SeenMinutes, bad: number, total: number): void {
  if (total <= 0) return
  const rate = bad / total
  seen.bad += bad
  seen.total += total
  if (seen.size > 0) {
    const step = (rate - seen.rate) ** 2 / (1 / total + 1 / seen.size)
    seen.pairs += 1
    seen.sum += step
    seen.top = insert(seen.top, step)
  }
  seen.rate = rate
  seen.size = total
}

/** What is kept of the minutes that were counted. */
export function dispersionOf({ bad, total, pairs, sum, top, rate, size }: SeenMinutes): Dispersion {
  return { bad, total, pairs, sum, top, last: size === 0 ? null : [rate, size] }
}

/**
 * The over-dispersion φ, 1–12: von Neumann's ratio of successive differences, greatest 0.5 % trimmed,
 * mean (r_t − r_{t−1})² / [p(1−p)(1/n_t + 1/n_{t−1})]. Up to 1.1 counts as 1, more is taken 1.25-fold.
 * Null with fewer than 30 pairs of minutes, which say nothing. The pairs trimmed are rounded up, so at least one is.
 */
export function overDispersion(seen: Omit<Dispersion, 'last'>): number | null {
  const { bad, total, pairs, sum, top } = seen
  if (pairs < FEWEST_PAIRS) return null
  const p = bad / total
  if (p <= 0 || p >= 1) return 1
  const cut = Math.min(pairs - Math.floor(pairs * (1 - TRIM)), top.length)
  const kept = top.slice(0, cut).reduce((rest, step) => rest - step, sum)
  const ratio = kept / (pairs - cut) / (p * (1 - p))
  return ratio <= 1.1 ? 1 : Math.min(1.25 * ratio, LARGEST)
}

/** φ of the minutes before the rollout; 2 where they are too few to tell. */
export function historyDispersion(minutes: Iterable<Readonly<{ bad: number; total: number }>>): number {
  const seen = openMinutes(NO_MINUTES)
  for (const { bad, total } of minutes) countMinute(seen, bad, total)
  return overDispersion(seen) ?? 2
}

function insert(top: readonly number[], step: number): readonly number[] {
  const least = top[TOP - 1]
  if (least !== undefined && step <= least) return top
  let place = top.length
  while (place > 0 && (top[place - 1] ?? step) < step) place -= 1
  const next = top.toSpliced(place, 0, Number(step.toPrecision(DIGITS)))
  if (next.length > TOP) next.pop()
  return next
}
