import { normalCdf } from './normal.ts'

/** Which difference is asked for: x above y, x below y, or either. */
export type Side = 'greater' | 'less' | 'two'

/** U of `x` against `y`: pairs in which x is above, ties half. */
export function mannWhitneyU(x: readonly number[], y: readonly number[]): number {
  return x.reduce((sum, a) => y.reduce((inner, b) => inner + (Math.sign(a - b) + 1) / 2, sum), 0)
}

/** Probability of a U as far out by the normal approximation, corrected for ties and continuity; 1 if all is tied. */
export function mannWhitneyAsymptotic(x: readonly number[], y: readonly number[], side: Side): number {
  const [m, n] = [x.length, y.length]
  const counts = new Map<number, number>()
  for (const value of [...x, ...y]) counts.set(value, (counts.get(value) ?? 0) + 1)
  const ties = [...counts.values()].reduce((sum, t) => sum + t ** 3 - t, 0)
  const sigma = Math.sqrt(((m * n) / 12) * (m + n + 1 - ties / ((m + n) * (m + n - 1))))
  if (sigma === 0) return 1
  const distance = mannWhitneyU(x, y) - (m * n) / 2
  const out = { greater: distance, less: -distance, two: Math.abs(distance) }[side]
  return Math.min(1, (side === 'two' ? 2 : 1) * normalCdf(-(out - 0.5) / sigma))
}

/** The same counted over all orders of the values. Only for samples without ties, of up to some dozens. */
export function mannWhitneyExact(x: readonly number[], y: readonly number[], side: Side): number {
  const chances = distributionOfU(x.length, y.length)
  const u = mannWhitneyU(x, y)
  const sum = (from: number, to: number) => chances.slice(from, to).reduce((total, chance) => total + chance, 0)
  const greater = sum(u, chances.length)
  const less = sum(0, u + 1)
  return { greater, less, two: Math.min(1, 2 * Math.min(greater, less)) }[side]
}

/** Probability of every U from 0 to mn: the greatest value is one of the m with probability i/(i+j), and then wins j pairs. */
function distributionOfU(m: number, n: number): readonly number[] {
  let rows: number[][] = Array.from({ length: n + 1 }, () => [1])
  for (let i = 1; i <= m; i++) {
    const next: number[][] = [[1]]
    for (let j = 1; j <= n; j++) {
      const [won, lost] = [rows[j] ?? [], next[j - 1] ?? []]
      const row = Array.from({ length: i * j + 1 }, (_, u) => (i * (won[u - j] ?? 0) + j * (lost[u] ?? 0)) / (i + j))
      next.push(row)
    }
    rows = next
  }
  return rows[n] ?? [1]
}
