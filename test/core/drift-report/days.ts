import type { DriftDay } from '../../../lib/core/drift-report/drift-of.ts'

const MINUTES = 1440

/** A generator of numbers from 0 to 1 that always gives the same ones. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * A day of latencies around `level`, a tenth up and down, of which each minute resembles the one before (`rho`, 0–1), with a
 * swing of 5 % over the day.
 */
export function dayOf(next: () => number, rho: number, level = 150): readonly number[] {
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  let state = normal()
  return Array.from({ length: MINUTES }, (_, minute) => {
    state = rho * state + Math.sqrt(1 - rho * rho) * normal()
    return level * Math.exp(0.1 * state) * (1 + 0.05 * Math.sin((2 * Math.PI * minute) / MINUTES))
  })
}

/** A KPI's day that was measured like the week before and not the day before, but for what is given. */
export function driftDay(over: Partial<DriftDay>): DriftDay {
  return { service: 'production/shop', kpi: 'latency', unit: 'ms', today: [], weekBefore: [], dayBefore: [], ...over }
}
