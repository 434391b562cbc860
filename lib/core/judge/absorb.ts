import { countMinute, dispersionOf, openMinutes, overDispersion, type SeenMinutes } from './dispersion.ts'
import { advance, advanceBy, type EProcess, type OpenProcess, openProcess, type Prior } from './e-process.ts'
import { llrAbsolute, llrRelative, logOdds } from './llr.ts'
import {
  AT_ONCE,
  HOUR,
  hourPrior,
  type Minute,
  minutePrior,
  type Sequence,
  SUPPORT_RATIOS,
  type Test,
  warmPrior,
} from './sequence.ts'
import { type Background, seeBaseline, sharedFault, sustainedShare, TOLERANCE } from './shared-fault.ts'

/** Most that one bucket can add to the logarithm of the evidence, in nats. */
const CAP = 6
const HIGHEST_RATE = 0.98
/** Windows over the baseline, shortest first. */
const WINDOWS = [1, 5, 30]
const LONGEST = 30
const NOTHING = [0, 0] as const

/** A sequence that takes in minutes in place, where a copy for each would cost more than the weighing. */
export interface Course {
  readonly test: Test
  readonly priors: { readonly warm: Prior; readonly minute: Prior }
  /** What a minute is worth under each ratio, as long as the limit stays the same. */
  readonly worth: { readonly warm: Worth; readonly absolute: Worth; readonly support: Worth }
  /** Room for the logarithms of one test. */
  readonly llrs: number[]
  readonly warm: OpenProcess
  readonly minute: OpenProcess
  readonly relative: OpenProcess
  readonly support: OpenProcess
  readonly open: { bad: number; total: number; allowed: number; minutes: number }
  readonly baseline: (readonly [number, number])[]
  readonly live: SeenMinutes
  hour: EProcess
  minutes: number
  allowed: number
  background: Background
  sustained: number
  badMinutes: readonly number[]
  phi: number
}

/** Logarithms of p1/p0 and (1−p1)/(1−p0) for each ratio, p0 = `limit`. */
interface Worth {
  readonly ratios: readonly number[]
  limit: number
  readonly ofBad: number[]
  readonly ofGood: number[]
}

/** The sequence after one more minute, in the order of time; each minute is absorbed once. Cost does not grow with time. */
export function absorb(test: Test, before: Sequence, minute: Minute): Sequence {
  const course = openCourse(test, before)
  takeMinute(course, minute)
  return sequenceOf(course)
}

/** Begins where a sequence stands, which itself stays as it is. */
export function openCourse(test: Test, before: Sequence): Course {
  const { minutes, allowed, background, sustained, badMinutes, phi, hour } = before
  return {
    test,
    priors: { warm: warmPrior(test), minute: minutePrior(test) },
    worth: {
      warm: worthOf(test.ratios.warm),
      absolute: worthOf(test.ratios.absolute),
      support: worthOf(SUPPORT_RATIOS),
    },
    llrs: [],
    warm: openProcess(before.warm),
    minute: openProcess(before.minute),
    relative: openProcess(before.relative),
    support: openProcess(before.support),
    open: { ...before.open },
    baseline: [...before.baseline],
    live: openMinutes(before.live),
    hour,
    minutes,
    allowed,
    background,
    sustained,
    badMinutes,
    phi,
  }
}

/** Takes in one more minute, in the order of time. */
export function takeMinute(course: Course, minute: Minute): void {
  const { test, baseline, minutes } = course
  const { bad, total, baselineBad, baselineTotal } = minute
  const beside = [baselineBad, baselineTotal] as const
  if (baseline.length >= LONGEST) baseline.shift()
  baseline.push(beside)
  const isWarm = minutes < test.warm
  // Only minutes before this one set φ: the minute that is weighed must not choose its own weight.
  if (minutes % HOUR === 0) {
    course.phi = Math.max(test.phi, overDispersion(course.live) ?? 1)
    course.sustained = sustainedShare(test.limit, course.phi, course.background)
  }
  const bound = Math.max(course.sustained, allowedShare(test.limit, course.phi, baseline))
  const limit = isWarm ? Math.max(test.warmLimit, bound) : bound
  if (isWarm) weighWarm(course, minute, limit)
  else weigh(course, minute, limit)
  course.allowed = limit
  if (bad > 0 && bad > limit * total) course.badMinutes = [minutes, ...course.badMinutes].slice(0, 2)
  course.background = seeBaseline(course.background, beside, (minutes + 1) % HOUR === 0)
  countMinute(course.live, baselineBad, baselineTotal)
  course.minutes = minutes + 1
}

/** What the course has come to; it takes no more minutes afterwards. */
export function sequenceOf(course: Course): Sequence {
  return {
    schema: 1,
    minutes: course.minutes,
    warm: course.warm,
    minute: course.minute,
    hour: course.hour,
    relative: course.relative,
    support: course.support,
    allowed: course.allowed,
    open: course.open,
    baseline: course.baseline,
    background: course.background,
    sustained: course.sustained,
    badMinutes: course.badMinutes,
    live: dispersionOf(course.live),
    phi: course.phi,
  }
}

/**
 * The share that the canary may have this minute: its limit, raised to 1.25 times the baseline's own share over 1, 5 or
 * 30 minutes where the baseline itself is clearly over the limit, because a shared fault is not the canary's.
 */
export function allowedShare(limit: number, phi: number, baseline: readonly (readonly [number, number])[]): number {
  let raised = limit
  let bad = 0
  let total = 0
  let at = baseline.length
  for (const window of WINDOWS) {
    for (const start = Math.max(0, baseline.length - window); at > start; at -= 1) {
      bad += baseline[at - 1]?.[0] ?? 0
      total += baseline[at - 1]?.[1] ?? 0
    }
    raised = Math.max(raised, sharedFault(limit, phi, bad, total))
  }
  return raised
}

function weighWarm({ worth, llrs, warm, priors, phi }: Course, { bad, total }: Minute, limit: number): void {
  absoluteLlrs(worth.warm, bad, total, limit, llrs)
  advanceBy(warm, priors.warm, llrs, Math.max(2, phi), CAP)
}

function weigh(course: Course, minute: Minute, limit: number): void {
  const { test, worth, llrs, priors, phi } = course
  const { bad, total } = minute
  absoluteLlrs(worth.absolute, bad, total, limit, llrs)
  advanceBy(course.minute, priors.minute, llrs, phi, CAP)
  relativeLlrs(test.ratios.relative, minute, llrs)
  advanceBy(course.relative, priors.minute, llrs, phi, CAP)
  absoluteLlrs(worth.support, bad, total, test.limit, llrs)
  advanceBy(course.support, AT_ONCE, llrs, phi, CAP)
  fillHour(course, minute, limit)
}

function fillHour(course: Course, minute: Minute, limit: number): void {
  const { test, open, phi } = course
  open.bad += minute.bad
  open.total += minute.total
  open.allowed += minute.total * limit
  open.minutes += 1
  if (open.minutes < HOUR) return
  const { bad, total, allowed } = open
  const llrs: number[] = []
  absoluteLlrs(worthOf(test.ratios.absolute), bad, total, total > 0 ? allowed / total : limit, llrs)
  course.hour = advance(course.hour, hourPrior(test), llrs, phi, CAP)
  Object.assign(open, { bad: 0, total: 0, allowed: 0, minutes: 0 })
}

function worthOf(ratios: readonly number[]): Worth {
  return { ratios, limit: Number.NaN, ofBad: [], ofGood: [] }
}

/** The logarithms for each ratio to the limit, into `llrs`. */
function absoluteLlrs(worth: Worth, bad: number, total: number, limit: number, llrs: number[]): void {
  if (worth.limit !== limit) settle(worth, limit)
  const { ratios, ofBad, ofGood } = worth
  llrs.length = ratios.length
  for (let k = 0; k < ratios.length; k += 1) llrs[k] = llrAbsolute(bad, total, ofBad[k] ?? 0, ofGood[k] ?? 0)
}

function settle(worth: Worth, limit: number): void {
  worth.limit = limit
  for (const [k, ratio] of worth.ratios.entries()) {
    const rate = Math.min(ratio * limit, HIGHEST_RATE)
    // A limit at the ceiling leaves nothing worse to test for.
    const saysNothing = rate === limit || (ratio > 1 && rate < limit)
    const [ofBad, ofGood] = saysNothing ? NOTHING : logOdds(limit, rate)
    worth.ofBad[k] = ofBad
    worth.ofGood[k] = ofGood
  }
}

/** The same of the canary beside the baseline. */
function relativeLlrs(ratios: readonly number[], minute: Minute, llrs: number[]): void {
  const { bad, total, baselineBad, baselineTotal } = minute
  llrs.length = ratios.length
  for (let k = 0; k < ratios.length; k += 1) {
    llrs[k] = llrRelative(bad, total, baselineBad, baselineTotal, TOLERANCE, ratios[k] ?? 1)
  }
}
