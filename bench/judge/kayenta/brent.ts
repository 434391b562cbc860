/** Kayenta's tolerance: absolute, whatever the unit of the metric is. */
const TOLERANCE = 1e-4
const EPSILON = 2 ** -52
const MOST_STEPS = 1000

/**
 * A zero of `f` between `low` and `high`, at which it has opposite signs, by Brent's method (Brent 1973, chapter 4: the
 * routine "zero", as R's zeroin has it). Stops within 1e-4, where it happens to be: that is part of what Kayenta answers.
 */
export function brentZero(f: (at: number) => number, low: number, high: number): number {
  let before = { at: low, f: f(low) }
  let best = { at: high, f: f(high) }
  let across = before
  if (before.f === 0) return low
  for (let step = 0; step <= MOST_STEPS; step++) {
    const moved = best.at - before.at
    if (Math.abs(across.f) < Math.abs(best.f)) {
      before = best
      best = across
      across = before
    }
    const least = 2 * EPSILON * Math.abs(best.at) + TOLERANCE / 2
    const half = (across.at - best.at) / 2
    if (Math.abs(half) <= least || best.f === 0) return best.at
    const promising = Math.abs(moved) >= least && Math.abs(before.f) > Math.abs(best.f)
    const wanted = promising ? interpolate(before, best, across, moved, least) : half
    const next = best.at + (Math.abs(wanted) < least ? (wanted > 0 ? least : -least) : wanted)
    before = best
    best = { at: next, f: f(next) }
    if (best.f > 0 === across.f > 0 && best.f !== 0 && across.f !== 0) across = before
  }
  return best.at
}

interface Point {
  readonly at: number
  readonly f: number
}

/** The step by secant or inverse quadratic, where it stays well inside and shrinks; else the middle. */
function interpolate(before: Point, best: Point, across: Point, moved: number, least: number): number {
  const span = across.at - best.at
  const ratio = best.f / before.f
  let p = span * ratio
  let q = 1 - ratio
  if (before.at !== across.at) {
    const outer = before.f / across.f
    const inner = best.f / across.f
    p = ratio * (span * outer * (outer - inner) - (best.at - before.at) * (inner - 1))
    q = (outer - 1) * (inner - 1) * (ratio - 1)
  }
  if (p > 0) q = -q
  else p = -p
  const inside = p < 0.75 * span * q - Math.abs(least * q) / 2
  return inside && p < Math.abs((moved * q) / 2) ? p / q : span / 2
}
