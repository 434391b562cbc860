import type { ArmStream, Stream } from '../../sim/streams/generate.ts'

/** Requests, failed requests and slow requests over some minutes. */
export interface Count {
  readonly total: number
  readonly errors: number
  readonly slow: number
}

/** One arm as running sums: entry t is the sum of the first t minutes, so any window costs two look-ups. */
export interface Sums {
  readonly total: Float64Array
  readonly errors: Float64Array
  readonly slow: Float64Array
}

/** A soak as the rivals see it: sums of both arms. */
export interface Counts {
  readonly minutes: number
  readonly canary: Sums
  readonly baseline: Sums
}

/** Largest share of failed and of slow requests that is fine, 0–1. */
export interface Limits {
  readonly errors: number
  readonly slow: number
}

/** The limits of the bench: 0.1 % errors, and 5 % slower than 200 ms, which is a p95 of 200 ms. */
export const LIMITS: Limits = { errors: 0.001, slow: 0.05 }

/** The soak as running sums. */
export function countsOf({ canary, baseline }: Pick<Stream, 'canary' | 'baseline'>): Counts {
  return { minutes: canary.total.length, canary: sumsOf(canary), baseline: sumsOf(baseline) }
}

/** What lies in the `window` minutes before `end` (minutes since the start), or in fewer where the soak is younger. */
export function countIn({ total, errors, slow }: Sums, end: number, window: number): Count {
  const start = Math.max(0, end - window)
  return {
    total: (total[end] ?? 0) - (total[start] ?? 0),
    errors: (errors[end] ?? 0) - (errors[start] ?? 0),
    slow: (slow[end] ?? 0) - (slow[start] ?? 0),
  }
}

function sumsOf({ total, errors, slow }: Pick<ArmStream, 'total' | 'errors' | 'slow'>): Sums {
  return { total: running(total), errors: running(errors), slow: running(slow) }
}

function running(values: Int32Array): Float64Array {
  const sums = new Float64Array(values.length + 1)
  for (let minute = 0; minute < values.length; minute += 1) {
    sums[minute + 1] = (sums[minute] ?? 0) + (values[minute] ?? 0)
  }
  return sums
}
