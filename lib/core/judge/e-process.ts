/** The evidence of one test so far: one sum per effect size, and how many buckets it has seen. Plain and JSON-safe. */
export interface EProcess {
  readonly sums: readonly number[]
  readonly seen: number
}

/**
 * When a change is expected: `first` (0–1) from the first bucket on, the rest evenly over `horizon` buckets in all. With
 * `goesOn` a rollout that lasts longer than that is watched as well: the weight goes on at half its rate for as many
 * buckets again, and at a quarter of that in each span of twice the length, which is as much again over all time. The
 * guarantee of `evidence` is then α within the horizon, and twice that for ever.
 */
export interface Prior {
  readonly first: number
  readonly horizon: number
  readonly goesOn?: boolean
}

/** Sums stop here, so that a long outage stays a finite number in JSON. Lowering a sum keeps the guarantee. */
const SUM_LIMIT = 1e200

/** A process that has seen nothing: evidence 1. */
export function startProcess(effects: number): EProcess {
  return { sums: Array<number>(effects).fill(0), seen: 0 }
}

/** A process that takes in buckets in place. */
export interface OpenProcess {
  readonly sums: number[]
  seen: number
}

/** Begins where a process stands, which itself stays as it is. */
export function openProcess({ sums, seen }: EProcess): OpenProcess {
  return { sums: [...sums], seen }
}

/** The process after one more bucket, as `advanceBy` says. */
export function advance(process: EProcess, prior: Prior, llrs: readonly number[], phi: number, cap: number): EProcess {
  const next = openProcess(process)
  advanceBy(next, prior, llrs, phi, cap)
  return next
}

/**
 * Takes in one more bucket: S_k ← (S_k + π_t)·exp(min(ℓ_k/φ, cap)), with ℓ_k in `llrs`, one per effect size.
 * `phi` ≥ 1 tempers evidence from bursty traffic; `cap` (nats) bounds what one bucket can do.
 */
export function advanceBy(process: OpenProcess, prior: Prior, llrs: readonly number[], phi: number, cap: number): void {
  const { sums } = process
  const fresh = weightAt(prior, process.seen)
  for (let k = 0; k < sums.length; k += 1) {
    const growth = Math.exp(Math.min((llrs[k] ?? 0) / phi, cap))
    sums[k] = Math.min(((sums[k] ?? 0) + fresh) * growth, SUM_LIMIT)
  }
  process.seen += 1
}

/**
 * The evidence: mean of the sums plus the prior weight not yet spent. Without the fault that is tested for it reaches
 * 1/α with a probability of at most α within the horizon, however often it is read (Ville). 1 without any effect to test for.
 */
export function evidence(process: EProcess, prior: Prior): number {
  const effects = process.sums.length
  if (effects === 0) return 1
  let total = 0
  for (let k = 0; k < effects; k += 1) total += process.sums[k] ?? 0
  return total / effects + unspent(prior, process.seen)
}

function weightAt({ first, horizon, goesOn = false }: Prior, index: number): number {
  if (index === 0) return horizon <= 1 ? 1 : first
  if (index < horizon) return (1 - first) / (horizon - 1)
  return goesOn ? weightAfter(Math.max(1, horizon), index) : 0
}

/** Span j = 1, 2, … begins at 2^(j−1) horizons, is as long as all before it, and holds the weight 2^−j. */
function weightAfter(horizon: number, index: number): number {
  let span = 1
  let length = horizon
  while (index >= 2 * length) {
    span += 1
    length *= 2
  }
  return 2 ** -span / length
}

function unspent({ first, horizon }: Prior, seen: number): number {
  if (seen === 0) return 1
  if (seen >= horizon) return 0
  return (1 - first) * (1 - (seen - 1) / (horizon - 1))
}
