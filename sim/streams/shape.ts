/** A value that may change with the minute of the soak; minutes of the day before it are negative. */
export type Level = number | ((minute: number) => number)

/** What a service and its canary live through. Rates are 0–1, latencies milliseconds, lengths minutes. */
export interface Shape {
  /** Requests per second to both arms together. */
  readonly rps: number
  /** Share of requests that the canary gets, 0–1. */
  readonly canaryShare: number
  readonly errors: { readonly canary: Level; readonly baseline: Level }
  readonly p95: { readonly canary: Level; readonly baseline: Level }
  /** Mean number of errors that come together on one arm: 1 is independent errors, more is clients that retry. */
  readonly burst: number
  /** The same on the day before. */
  readonly burstBefore: number
  /** How far traffic swings around its mean over 24 hours, 0–1; a soak begins four hours before its peak. */
  readonly swing: number
  /** Spread of the logarithm of latency that both arms share, an AR(1) process over minutes. */
  readonly jitter: number
  /**
   * Incidents of a dependency that hit both arms alike: 5 % more errors and 1.8 times the latency for 10 minutes, spread
   * over the soak after its first two hours.
   */
  readonly incidents: number
  /** Length of the canary's cold start: at least 1.5 % errors and 2.5 times the latency. */
  readonly coldMinutes: number
  /** Times that one client fails 60 times within a minute, all on one arm. */
  readonly clientBursts: number
  /** Length of the gap in the metrics of both arms. */
  readonly gapMinutes: number
}

/** A healthy service with steady traffic: 50 rps, 10 % canary, 0.05 % errors, p95 of 150 ms on both arms. */
export const HEALTHY: Shape = {
  rps: 50,
  canaryShare: 0.1,
  errors: { canary: 0.0005, baseline: 0.0005 },
  p95: { canary: 150, baseline: 150 },
  burst: 1,
  burstBefore: 1,
  swing: 0,
  jitter: 0,
  incidents: 0,
  coldMinutes: 0,
  clientBursts: 0,
  gapMinutes: 0,
}

/** Value of a level at a minute. */
export function levelAt(level: Level, minute: number): number {
  return typeof level === 'number' ? level : level(minute)
}
