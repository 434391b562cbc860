/** One measured figure. `met` is null where there is nothing to be met. */
export interface Figure {
  readonly name: string
  readonly value: string
  readonly target: string
  readonly met: boolean | null
}

/** What one bench found, and how its words are meant. */
export interface Part {
  readonly title: string
  readonly figures: readonly Figure[]
  readonly notes: readonly string[]
}

/** A figure that is only told. */
export function told(name: string, value: string): Figure {
  return { name, value, target: '', met: null }
}

/** A figure that must reach `least`. */
export function atLeast(name: string, value: number, least: number, unit = ''): Figure {
  return { name, value: `${round(value)}${unit}`, target: `≥ ${least}${unit}`, met: value >= least }
}

/** A figure that must not exceed `most`. */
export function atMost(name: string, value: number, most: number, unit = ''): Figure {
  return { name, value: `${round(value)}${unit}`, target: `≤ ${most}${unit}`, met: value <= most }
}

/** The part as a table, with a mark at every figure that has a target. */
export function tableOf({ title, figures, notes }: Part): string {
  const rows = figures.map(({ name, value, target, met }) => [name, value, target, mark(met)])
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map(([name = '', value = '', target = '', end = '']) => {
    const [first = 0, second = 0, third = 0] = widths
    return `  ${name.padEnd(first)}  ${value.padStart(second)}  ${target.padEnd(third)}  ${end}`.trimEnd()
  })
  return [`\n${title}`, ...lines, ...notes.map((note) => `  ${note}`)].join('\n')
}

/** The value in the middle; the mean of the two in the middle of an even number. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which a share `q` (0–1) of the values lies, read between neighbours in a straight line. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const place = q * (sorted.length - 1)
  const low = sorted[Math.floor(place)] ?? Number.NaN
  const high = sorted[Math.ceil(place)] ?? Number.NaN
  return low + (high - low) * (place - Math.floor(place))
}

/** A number as people read it: three digits that count, thousands apart. */
export function round(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}

function mark(met: boolean | null): string {
  if (met === null) return ''
  return met ? '✔' : '✖ missed'
}
