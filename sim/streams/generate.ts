import { hashOf } from '../chance.ts'
import { slowShare } from './latency.ts'
import { createRandom, type Random } from './random.ts'
import type { Scenario } from './scenarios.ts'
import { levelAt, type Shape } from './shape.ts'

/** One arm minute by minute: requests, those that failed, those slower than 200 ms, and its true p95 in milliseconds. */
export interface ArmStream {
  readonly total: Int32Array
  readonly errors: Int32Array
  readonly slow: Int32Array
  readonly p95: Float64Array
}

/** A soak as it happened. In a minute that is missing every count is 0, for its metrics were lost. */
export interface Stream {
  readonly scenario: Scenario
  readonly seed: number
  readonly canary: ArmStream
  readonly baseline: ArmStream
  /** 1 where the metrics of both arms are missing. */
  readonly missing: Uint8Array
  /** The baseline on the 24 hours before the soak, when it had all traffic. */
  readonly history: ArmStream
}

const HOUR = 60
const DAY = 24 * HOUR
const INCIDENT = { minutes: 10, errors: 0.05, slower: 1.8 }
const COLD = { errors: 0.015, slower: 2.5 }
const CLIENT_BURST = 60
/** Where in the day a soak begins, as a part of it: with a swing of 0.5, a quarter above the mean and rising. */
const MORNING = 1 / 12
/** How much of the shared latency's deviation is left after a minute. */
const AR = 0.95

/** The soak of this scenario and seed (a whole number): asked again it is the same. */
export function generate(scenario: Scenario, seed: number): Stream {
  const { shape, minutes } = scenario
  const random = createRandom(hashOf(scenario.name), seed)
  const weatherAt = createWeather(shape, minutes, random)
  const history = emptyArm(DAY)
  const canary = emptyArm(minutes)
  const baseline = emptyArm(minutes)
  for (let minute = -DAY; minute < minutes; minute += 1) {
    const weather = weatherAt(minute)
    const usual = levelAt(shape.errors.baseline, minute)
    const usualP95 = levelAt(shape.p95.baseline, minute)
    if (minute < 0) {
      fill(history, minute + DAY, weather, 1, usual, usualP95, shape.burstBefore, random)
      continue
    }
    fill(baseline, minute, weather, 1 - shape.canaryShare, usual, usualP95, shape.burst, random)
    const errors = levelAt(shape.errors.canary, minute)
    const p95 = levelAt(shape.p95.canary, minute)
    const isCold = minute < shape.coldMinutes
    const rate = isCold ? Math.max(errors, COLD.errors) : errors
    fill(canary, minute, weather, shape.canaryShare, rate, isCold ? p95 * COLD.slower : p95, shape.burst, random)
  }
  addClientBursts(shape, canary, baseline, random)
  return { scenario, seed, canary, baseline, missing: cutGap(shape, canary, baseline, random), history }
}

/** What both arms share in a minute. */
interface Weather {
  /** Requests to be expected on both arms together. */
  readonly requests: number
  readonly moreErrors: number
  readonly slower: number
}

function createWeather(shape: Shape, minutes: number, random: Random): (minute: number) => Weather {
  const starts = placeIncidents(shape.incidents, minutes, random)
  const step = shape.jitter * Math.sqrt(1 - AR * AR)
  let drift = shape.jitter * random.normal()
  return (minute) => {
    if (shape.jitter > 0) drift = AR * drift + step * random.normal()
    const isIncident = starts.some((start) => minute >= start && minute < start + INCIDENT.minutes)
    const day = shape.swing === 0 ? 1 : 1 + shape.swing * Math.sin(2 * Math.PI * (minute / DAY + MORNING))
    return {
      requests: shape.rps * 60 * day,
      moreErrors: isIncident ? INCIDENT.errors : 0,
      slower: (isIncident ? INCIDENT.slower : 1) * (shape.jitter > 0 ? Math.exp(drift) : 1),
    }
  }
}

/** Each has its own equal part of the soak after its first two hours, and ends an hour before the next part. */
function placeIncidents(count: number, minutes: number, random: Random): readonly number[] {
  const part = (minutes - 2 * HOUR) / count
  return Array.from({ length: count }, (_, index) => {
    const from = 2 * HOUR + Math.floor(index * part)
    return placeOf(random, from, from + part - HOUR)
  })
}

function fill(
  arm: ArmStream,
  at: number,
  { requests, moreErrors, slower }: Weather,
  share: number,
  errors: number,
  p95: number,
  burst: number,
  random: Random,
): void {
  const total = random.poisson(requests * share)
  const rate = Math.min(1, errors + moreErrors)
  arm.total[at] = total
  arm.errors[at] = burst > 1 ? burstyErrors(total, rate, burst, random) : random.binomial(total, rate)
  arm.p95[at] = p95 * slower
  arm.slow[at] = random.binomial(total, slowShare(p95 * slower))
}

/** Bursts come as a Poisson process, each of a geometric size; together no more than there were requests. */
function burstyErrors(total: number, rate: number, burst: number, random: Random): number {
  let errors = 0
  for (let left = random.poisson((total * rate) / burst); left > 0; left -= 1) errors += random.geometric(burst)
  return Math.min(total, errors)
}

/** Each client burst is 60 requests that all fail; it meets the canary as often as a request does. */
function addClientBursts(shape: Shape, canary: ArmStream, baseline: ArmStream, random: Random): void {
  for (let burst = 0; burst < shape.clientBursts; burst += 1) {
    const at = placeOf(random, 0, canary.total.length)
    const arm = random.uniform() < shape.canaryShare ? canary : baseline
    arm.total[at] = (arm.total[at] ?? 0) + CLIENT_BURST
    arm.errors[at] = (arm.errors[at] ?? 0) + CLIENT_BURST
  }
}

/** Loses the metrics of both arms for a while that begins after the first hour. */
function cutGap(shape: Shape, canary: ArmStream, baseline: ArmStream, random: Random): Uint8Array {
  const missing = new Uint8Array(canary.total.length)
  if (shape.gapMinutes === 0) return missing
  const start = placeOf(random, HOUR, missing.length - shape.gapMinutes)
  missing.fill(1, start, start + shape.gapMinutes)
  for (const { total, errors, slow } of [canary, baseline]) {
    for (const counts of [total, errors, slow]) counts.fill(0, start, start + shape.gapMinutes)
  }
  return missing
}

function placeOf(random: Random, from: number, to: number): number {
  return from + Math.floor(random.uniform() * (to - from))
}

function emptyArm(minutes: number): ArmStream {
  return {
    total: new Int32Array(minutes),
    errors: new Int32Array(minutes),
    slow: new Int32Array(minutes),
    p95: new Float64Array(minutes),
  }
}
