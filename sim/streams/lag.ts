import { hashOf } from '../chance.ts'
import type { ArmStream, Stream } from './generate.ts'
import { createRandom, type Random } from './random.ts'

/** Which part of a minute's requests a source shows while it is young: one number for each minute of age, 0–1. */
export const VISIBLE = [0.2, 0.6, 0.9] as const

/** From this age on (minutes) a minute is complete. */
export const LAG = VISIBLE.length

/** A soak as a source with ingestion lag shows it: both arms at each age below `LAG`. */
export interface LaggedStream {
  readonly ages: readonly Pick<Stream, 'canary' | 'baseline'>[]
}

/**
 * What was visible of each minute at each age. Every request arrives by itself, and what is visible stays visible; with
 * `badFirst` failed and slow requests are there at once, and only the good ones come late.
 */
export function lagOf({ scenario, seed, canary, baseline }: Stream, badFirst: boolean): LaggedStream {
  const random = createRandom(hashOf(`${scenario.name} lag`), seed)
  const [canaryAges, baselineAges] = [agesOf(canary, badFirst, random), agesOf(baseline, badFirst, random)]
  return {
    ages: VISIBLE.map((_, age) => ({
      canary: canaryAges[age] ?? canary,
      baseline: baselineAges[age] ?? baseline,
    })),
  }
}

function agesOf(whole: ArmStream, badFirst: boolean, random: Random): readonly ArmStream[] {
  const good = whole.total.map((total, at) => Math.max(0, total - (whole.errors[at] ?? 0) - (whole.slow[at] ?? 0)))
  const errors = badFirst ? VISIBLE.map(() => whole.errors) : arrivals(whole.errors, random)
  const slow = badFirst ? VISIBLE.map(() => whole.slow) : arrivals(whole.slow, random)
  return arrivals(good, random).map((seen, age) => {
    const [failed = whole.errors, late = whole.slow] = [errors[age], slow[age]]
    const total = seen.map((count, at) => count + (failed[at] ?? 0) + (late[at] ?? 0))
    return { total, errors: failed, slow: late, p95: whole.p95 }
  })
}

/** What has arrived of these counts at each age: never less than at the age before. */
function arrivals(counts: Int32Array, random: Random): readonly Int32Array[] {
  let seen: Int32Array = new Int32Array(counts.length)
  return VISIBLE.map((share, age) => {
    const before = VISIBLE[age - 1] ?? 0
    const chance = (share - before) / (1 - before)
    const last = seen
    seen = counts.map((count, at) => (last[at] ?? 0) + random.binomial(count - (last[at] ?? 0), chance))
    return seen
  })
}
