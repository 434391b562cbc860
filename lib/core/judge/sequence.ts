import { type Dispersion, NO_MINUTES } from './dispersion.ts'
import { type EProcess, evidence, type Prior, startProcess } from './e-process.ts'
import { type Background, NO_BACKGROUND } from './shared-fault.ts'

/** One finished minute of one KPI: bad events and requests of the canary and of the baseline. */
export interface Minute {
  readonly bad: number
  readonly total: number
  readonly baselineBad: number
  readonly baselineTotal: number
}

/** How one KPI is tested. Rates are 0–1, lengths are minutes. */
export interface Test {
  /** Share of bad events that the canary may have. */
  readonly limit: number
  /** The same while it warms up. */
  readonly warmLimit: number
  readonly warm: number
  /** Planned length of the rollout, warm-up and extension included. */
  readonly horizon: number
  readonly alpha: number
  readonly alphaWarm: number
  /** Over-dispersion of the baseline before the rollout, from 1. */
  readonly phi: number
  readonly ratios: {
    readonly absolute: readonly number[]
    readonly relative: readonly number[]
    readonly warm: readonly number[]
  }
}

/** What is kept of one KPI between two minutes: plain, JSON-safe, of a size that does not grow with the rollout. */
export interface Sequence {
  readonly schema: 1
  readonly minutes: number
  readonly warm: EProcess
  readonly minute: EProcess
  readonly hour: EProcess
  readonly relative: EProcess
  /** The other way round: evidence that the limit holds. */
  readonly support: EProcess
  /** The share that was allowed in the newest minute. */
  readonly allowed: number
  /** The hour that is being filled; `allowed` is the sum of allowed share times requests. */
  readonly open: { readonly bad: number; readonly total: number; readonly allowed: number; readonly minutes: number }
  /** The last 30 minutes of the baseline, newest last. */
  readonly baseline: readonly (readonly [number, number])[]
  /** The baseline of the hours before, and the share that the canary may have because of it. */
  readonly background: Background
  readonly sustained: number
  /** The two newest bad minutes, as numbers of minutes seen, newest first. */
  readonly badMinutes: readonly number[]
  readonly live: Dispersion
  readonly phi: number
}

/** What one KPI's evidence says; `because` names the test that decided. */
export interface Finding {
  readonly kind: 'quiet' | 'suspect' | 'fail'
  readonly because: 'none' | 'absolute' | 'relative' | 'joint' | 'warm-up'
  readonly absolute: number
  readonly relative: number
  readonly warm: number
  /** Evidence that the limit holds; 20 counts as sure. */
  readonly support: number
}

/** Ratios to test for: of error rates (limit well under 1 %). */
export const ERROR_RATIOS: Test['ratios'] = {
  absolute: [1.5, 2, 4, 8, 16, 64, 256, 900],
  relative: [2, 4, 8, 16, 64, 256],
  warm: [2, 5, 15, 45],
}

/** Ratios to test for: of the share of slow requests (limit 5 %). */
export const SLOW_RATIOS: Test['ratios'] = {
  absolute: [1.25, 1.5, 2, 3, 6, 12, 19],
  relative: [1.6, 2, 3, 5, 10, 18],
  warm: [1.5, 1.8, 1.95],
}

/** Bad buckets of a gauge: 35, 50, 70, 90 and 98 % against 20 %. Its buckets hold both arms already. */
export const GAUGE_RATIOS: Test['ratios'] = {
  absolute: [1.75, 2.5, 3.5, 4.5, 4.9],
  relative: [],
  warm: [1.5, 1.8, 1.95],
}

/** Minutes that are weighed together once more: what is too little for a minute to tell. */
export const HOUR = 60
const BAD_WITHIN = 180
const MOST_EVIDENCE = 1e30
/** The evidence against the limit that is enough where that against the stable revision is all that is needed. */
export const MODERATE = 10
/** True rates, as shares of the limit, under which the limit is proven to hold. */
export const SUPPORT_RATIOS = [0, 0.1, 0.25, 0.5, 0.75]
/** All weight on the first bucket: what is so from the start or never. */
export const AT_ONCE: Prior = { first: 1, horizon: 1 }
/** Evidence that is worth a second thought: 20 to 1. */
export const SUSPECT = 20

/** A sequence before its first minute. */
export function startSequence(test: Test): Sequence {
  return {
    schema: 1,
    minutes: 0,
    warm: startProcess(test.ratios.warm.length),
    minute: startProcess(test.ratios.absolute.length),
    hour: startProcess(test.ratios.absolute.length),
    relative: startProcess(test.ratios.relative.length),
    support: startProcess(SUPPORT_RATIOS.length),
    allowed: test.limit,
    open: { bad: 0, total: 0, allowed: 0, minutes: 0 },
    baseline: [],
    background: NO_BACKGROUND,
    sustained: test.limit,
    badMinutes: [],
    live: NO_MINUTES,
    phi: test.phi,
  }
}

/**
 * What the evidence says: `fail` with two bad minutes within three hours and absolute evidence of 1/α, or relative
 * evidence of 1/α together with absolute evidence of 10; `suspect` with one of them alone (absolute from 20).
 */
export function findingOf(test: Test, sequence: Sequence): Finding {
  const warm = readable(evidence(sequence.warm, warmPrior(test)))
  const byMinute = readable(evidence(sequence.minute, minutePrior(test)))
  const byHour = readable(evidence(sequence.hour, hourPrior(test)))
  // Half of the greater: either scale fires at 2/α. A mean would not be safe, as the two see different histories.
  const absolute = Math.max(byMinute, byHour) / 2
  const relative = readable(evidence(sequence.relative, minutePrior(test)))
  const support = readable(evidence(sequence.support, AT_ONCE))
  const told = { absolute, relative, warm, support }
  const enough = 1 / test.alpha
  if (warm >= 1 / test.alphaWarm) return { kind: 'fail', because: 'warm-up', ...told }
  if (hasTwoBadMinutes(sequence)) {
    if (absolute >= enough) return { kind: 'fail', because: 'absolute', ...told }
    if (relative >= enough && absolute >= MODERATE) return { kind: 'fail', because: 'joint', ...told }
  }
  if (relative >= enough) return { kind: 'suspect', because: 'relative', ...told }
  return absolute >= SUSPECT
    ? { kind: 'suspect', because: 'absolute', ...told }
    : { kind: 'quiet', because: 'none', ...told }
}

function hasTwoBadMinutes({ badMinutes, minutes }: Sequence): boolean {
  const second = badMinutes[1]
  return second !== undefined && minutes - second <= BAD_WITHIN
}

function readable(value: number): number {
  return Math.min(value, MOST_EVIDENCE)
}

/** When a canary that is broken while it warms up is to be expected to show it. */
export function warmPrior({ warm }: Test): Prior {
  return { first: 0.9, horizon: warm }
}

/** The same afterwards, minute by minute. */
export function minutePrior({ horizon, warm }: Test): Prior {
  return { first: 0.5, horizon: horizon - warm, goesOn: true }
}

/** The same, hour by hour. */
export function hourPrior({ horizon, warm }: Test): Prior {
  return { first: 0.5, horizon: Math.floor((horizon - warm) / HOUR), goesOn: true }
}
