interface TrendPoint {
  readonly value: number | null
  readonly said: string
}

/** Small bars, oldest first, one for each part of the window; nothing where fewer than two parts have a case. */
export function Trend({ word, points }: { readonly word: string; readonly points: readonly TrendPoint[] }) {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]))
  const most = Math.max(...values)
  if (values.length < 2 || most <= 0) return <p class="trend-none muted small">too little for a trend</p>
  const said = `${word}, oldest first: ${points.map((point) => point.said).join(', ')}`
  const width = 100 / points.length
  return (
    <svg class="trend" viewBox="0 0 100 28" preserveAspectRatio="none" role="img" aria-label={said}>
      {points.map(({ value }, place) => {
        const height = value === null ? 0 : Math.max(1.5, (value / most) * 26)
        return (
          <rect
            class={place === points.length - 1 ? 'trend-bar newest' : 'trend-bar'}
            x={place * width + 1.2}
            y={28 - height}
            width={width - 2.4}
            height={height}
          />
        )
      })}
    </svg>
  )
}
