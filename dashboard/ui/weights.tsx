type Weights = Readonly<Record<string, number>>

/** The canary's share in percent; null where it is not known. */
export function canaryWeight(weights: Weights | null, canary: string | null): number | null {
  return weights === null || canary === null ? null : (weights[canary] ?? 0)
}

/** The canary's share of the traffic: filled as it is, with a mark where it is wished to be. */
export function WeightBar({
  wanted,
  actual,
  canary,
  isLarge = false,
  isPromoted = false,
}: {
  readonly wanted: Weights | null
  readonly actual: Weights | null
  readonly canary: string | null
  readonly isLarge?: boolean
  /** Whether the canary is none any more, but what serves. */
  readonly isPromoted?: boolean
}) {
  const wish = canaryWeight(wanted, canary)
  const seen = canaryWeight(actual, canary)
  if (seen === null && wish === null) return <span class="muted">no traffic known</span>
  const shown = seen ?? 0
  const isOff = wish !== null && seen !== wish
  const said = seen === null ? `wanted ${wish} %, not seen yet` : isOff ? `${seen} %, wanted ${wish} %` : `${seen} %`
  return (
    <span class={isLarge ? 'weight large' : 'weight'}>
      <svg class="weight-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="bar-stable" width="100" height="8" />
        <rect class={isPromoted ? 'bar-serving' : 'bar-canary'} width={shown} height="8" />
        {isOff ? <rect class="bar-wanted" x={Math.min(99, wish)} width="1" height="8" /> : null}
      </svg>
      <span class="weight-text">{said}</span>
    </span>
  )
}
