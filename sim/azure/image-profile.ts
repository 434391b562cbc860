import { chance, hashOf, normalQuantile } from '../chance.ts'

/** How the program in an image answers requests. */
export interface ImageProfile {
  /** What it calls itself, e.g. `2.1.0`. */
  readonly version: string
  /** Half of the answers take no longer than this. Above 0. */
  readonly medianMs: number
  /** 95 of 100 answers take no longer than this; at least `medianMs`. In between, durations are lognormal. */
  readonly p95Ms: number
  /** Share of answers that are a 500, 0–1. */
  readonly errorRate: number
}

/** A program as it should be: quick, and as good as free of errors. */
export function healthyProfile(version: string): ImageProfile {
  return { version, medianMs: 20, p95Ms: 60, errorRate: 0 }
}

/** The same program, `factor` times as slow at every percentile. */
export function slowed(profile: ImageProfile, factor: number): ImageProfile {
  return { ...profile, medianMs: profile.medianMs * factor, p95Ms: profile.p95Ms * factor }
}

/** The same program, but `errorRate` (0–1) of its answers are a 500. */
export function failing(profile: ImageProfile, errorRate: number): ImageProfile {
  return { ...profile, errorRate }
}

/** A source of numbers between 0 and 1, both exclusive. */
export type Random = () => number

/** Random numbers that are the same for the same seed and name. */
export function seededRandom(seed: number, name: string): Random {
  const key = hashOf(name)
  let drawn = 0
  return () => chance(seed, key, drawn++)
}

/** Milliseconds that one answer takes: lognormal, by the profile's median and 95th percentile. */
export function drawLatencyMs(profile: ImageProfile, random: Random): number {
  const sigma = Math.log(profile.p95Ms / profile.medianMs) / normalQuantile(0.95)
  return profile.medianMs * Math.exp(sigma * normalQuantile(random()))
}
