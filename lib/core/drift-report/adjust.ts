/**
 * p-values as they count among many, in the order given: flagging those below q keeps the expected share of false ones among
 * the flagged below q. Each is at least what it was and at most 1. Formula: step-up (Benjamini and Hochberg 1995).
 */
export function adjusted(ps: readonly number[]): readonly number[] {
  const order = ps.map((p, place) => ({ p, place })).sort((a, b) => b.p - a.p)
  const result = ps.slice()
  let least = 1
  order.forEach(({ p, place }, fromTop) => {
    least = Math.min(least, (p * ps.length) / (ps.length - fromTop))
    result[place] = least
  })
  return result
}
