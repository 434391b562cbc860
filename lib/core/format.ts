/** A ratio as people read it: `0.1 %`, two significant digits below one percent, one decimal above. */
export function percent(ratio: number): string {
  const value = ratio * 100
  // What is smaller would be written with an exponent.
  if (value < 1e-6) return '0 %'
  return `${value < 1 ? Number(value.toPrecision(2)) : Math.round(value * 10) / 10} %`
}

/** A length of time as people say it: the two largest units, `2d 3h`, `4m 10s`, `12s`, `0s`. Milliseconds in. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([n]) => n > 0)
  if (first < 0) return '0s'
  return parts
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n}${unit}`)
    .join(' ')
}

/** Weights as people say them: `pricing--v1 90 %, pricing--v2 10 %`, largest first. */
export function weightsText(weights: Readonly<Record<string, number>>): string {
  const entries = Object.entries(weights).sort(([, a], [, b]) => b - a)
  return entries.length === 0 ? 'no traffic' : entries.map(([name, weight]) => `${name} ${weight} %`).join(', ')
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

/** Up to two days are told in hours, as bakes are spoken of: `48h`. */
const DAYS_FROM_MS = 2 * 86_400_000

/** A duration as people write it in manifests and requests, largest unit first: `48h`, `7d`, `1h30m`, `0s`. Milliseconds in. */
export function durationText(ms: number): string {
  const units = ms > DAYS_FROM_MS ? UNITS : UNITS.slice(1)
  let rest = ms
  const parts = units.map(([unit, length]) => {
    const count = Math.floor(rest / length)
    rest -= count * length
    return count === 0 ? '' : `${count}${unit}`
  })
  return parts.join('') || '0s'
}
