import { joined, level, linear, logarithmic, type Panel, panel, type Tick } from './chart.ts'
import { grouped } from './runs.ts'

/** An axis of hours over a soak of two days. */
export const HOURS: readonly Tick[] = [0, 6, 12, 18, 24, 30, 36, 42, 48].map((hour) => [hour * 60, String(hour)])

/** A panel of evidence over minutes, in powers of ten, between 0.01 and `most`. */
export function evidencePanel(place: {
  readonly top: number
  readonly height: number
  readonly title: string
  readonly from: number
  readonly to: number
  readonly xTicks: readonly Tick[]
  readonly xName: string
  readonly most: number
}): Panel {
  const { from, to, most, ...rest } = place
  const powers = [0.01, 0.1, 1, 10, 100, 1000, 10_000, 100_000, 1_000_000].filter((power) => power <= most)
  return panel({
    ...rest,
    left: 64,
    width: 712,
    across: linear(from, to),
    up: logarithmic(0.01, most),
    yTicks: powers.map((power) => [power, power < 1 ? String(power) : grouped(power)]),
  })
}

/** The two levels of evidence at which something happens. */
export function levels(into: Panel, needed: number): string {
  return joined([level(into, needed, `abort at ${needed}`, 'red'), level(into, 20, 'hold at 20', 'gray dashed')])
}
