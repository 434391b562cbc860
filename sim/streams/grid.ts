import type { Scenario } from './scenarios.ts'
import { HEALTHY, type Shape } from './shape.ts'

/** One cell of the grid of traffic and severity: what is wrong with the canary, and how much traffic the service has. */
export interface Cell {
  /** Rows and columns with the same title make one table. */
  readonly table: string
  readonly row: string
  readonly column: string
  readonly scenario: Scenario
}

const SOAK = 2880
const DAY = 1440
const HEALTHY_ERRORS = 0.0005

/** How soon errors are found at a traffic: from the start, from the middle of the soak, and slowness from the start. */
export const GRID: readonly Cell[] = [
  ...[0.5, 1, 5, 10, 50, 200].flatMap((rps) =>
    [0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.2, 0.5].map((rate) => errorCell('errors from the start', rps, rate, 0)),
  ),
  ...[1, 10, 50].flatMap((rps) =>
    [0.003, 0.01, 0.05, 0.5].map((rate) => errorCell('errors from hour 24 on', rps, rate, DAY)),
  ),
  ...[1, 10, 50].flatMap((rps) => [210, 220, 250, 300].map((p95) => slowCell(rps, p95))),
]

/** A failing canary at 50 rps that worsens at a minute, for the time between the fault and the deed. */
export function outage(rate: number, onset: number, minutes: number): Scenario {
  return { ...errorCell('outage', HEALTHY.rps, rate, onset).scenario, minutes }
}

function errorCell(table: string, rps: number, rate: number, onset: number): Cell {
  const column = `${Number((rate * 100).toPrecision(3))} %`
  const canary = (minute: number) => (minute >= onset ? rate : HEALTHY_ERRORS)
  return cell(table, rps, column, onset, { errors: { canary, baseline: HEALTHY_ERRORS } })
}

function slowCell(rps: number, p95: number): Cell {
  return cell('p95 from the start', rps, `${p95} ms`, 0, { p95: { canary: p95, baseline: 150 } })
}

function cell(table: string, rps: number, column: string, onsetMinute: number, change: Partial<Shape>): Cell {
  const name = `${table}, ${rps} rps, ${column}`
  const shape = { ...HEALTHY, ...change, rps }
  const scenario: Scenario = {
    name,
    alias: name,
    about: name,
    kind: 'regression',
    onsetMinute,
    minutes: SOAK,
    expected: 'abort',
    shape,
  }
  return { table, row: `${rps} rps`, column, scenario }
}
