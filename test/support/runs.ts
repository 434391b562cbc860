const MORE = Number(process.env.SLIPWAY_RUNS ?? 1)

/** How long a property may take, in milliseconds: a generous ceiling for machines under load; nothing in it waits. */
export const PATIENCE_MS = 120_000 * MORE

/** How often a property is tried: so often usually, and by night `SLIPWAY_RUNS` times as often. */
export function runs(usual: number): { readonly numRuns: number } {
  if (!(MORE >= 1)) throw new Error(`SLIPWAY_RUNS is ${process.env.SLIPWAY_RUNS}; give how many times as often`)
  return { numRuns: Math.round(usual * MORE) }
}
