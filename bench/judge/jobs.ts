import { generate } from '../../sim/streams/generate.ts'
import { GRID, outage } from '../../sim/streams/grid.ts'
import { lagOf } from '../../sim/streams/lag.ts'
import { sampledP95 } from '../../sim/streams/sampled-p95.ts'
import { SCENARIOS, type Scenario } from '../../sim/streams/scenarios.ts'
import { countsOf } from './counts.ts'
import { judgeLagged } from './lagged.ts'
import { judge } from './ours.ts'
import { kayentaAborts } from './rivals/kayenta.ts'
import { RIVALS } from './rivals/rivals.ts'

/** Soaks with the seeds from `from` up to, and without, `to`. */
export interface Job {
  readonly kind: 'soak' | 'grid' | 'lag'
  /** A key of SCENARIOS, of the grid's cells or of `LAG_ROWS`. */
  readonly name: string
  readonly from: number
  readonly to: number
  /** Kayenta plays the seeds below this: it is slow. */
  readonly kayentaBelow: number
}

/** Judges of a soak, in the order of its results. */
export const JUDGES: readonly string[] = [
  'OURS',
  'OURS abort/hold',
  'Kayenta growing',
  'Kayenta sliding',
  ...Object.keys(RIVALS),
]

/** Stands for a soak that a judge did not play. */
export const NOT_PLAYED = -2

/** The minute in which the canary worsens while the source lags. */
export const LAG_ONSET = 120

/** Our judge behind a source that lags: which soaks. */
export const LAG_ROWS: Readonly<Record<string, Scenario>> = {
  ...Object.fromEntries(
    [0.005, 0.01, 0.05, 0.5, 1].map((rate) => [`${rate * 100} %`, outage(rate, LAG_ONSET, LAG_ONSET + 240)]),
  ),
  ...Object.fromEntries(['H1', 'H2', 'H9'].flatMap((name) => (SCENARIOS[name] ? [[name, SCENARIOS[name]]] : []))),
}

/** How our judge reads a source that lags, in the order of its results. */
export const LAG_COLUMNS = ['final minutes only', '+ provisional', '+ provisional, bad first'] as const

/** What came of a job: for each seed the minutes in which its judges aborted, or −1. */
export function play(job: Job): readonly (readonly number[])[] {
  const { from, to, kayentaBelow } = job
  const playOne = player(job)
  return Array.from({ length: to - from }, (_, index) => playOne(from + index, from + index < kayentaBelow))
}

function player({ kind, name }: Job): (seed: number, withKayenta: boolean) => readonly number[] {
  switch (kind) {
    case 'soak':
      return (seed, withKayenta) => playSoak(found(SCENARIOS[name], name), seed, withKayenta)
    case 'grid': {
      const { scenario } = found(GRID[Number(name)], name)
      return (seed) => [judge(generate(scenario, seed), 0).abort]
    }
    case 'lag':
      return (seed) => playLag(found(LAG_ROWS[name], name), seed)
  }
}

function playSoak(scenario: Scenario, seed: number, withKayenta: boolean): readonly number[] {
  const stream = generate(scenario, seed)
  const { abort, hold } = judge(stream)
  const p95 = withKayenta ? sampledP95(stream) : null
  const kayenta = (['growing', 'sliding'] as const).map((lookback) =>
    p95 === null ? NOT_PLAYED : kayentaAborts(lookback, stream, p95),
  )
  const counts = countsOf(stream)
  return [abort, hold, ...kayenta, ...Object.values(RIVALS).map((aborts) => aborts(counts))]
}

function playLag(scenario: Scenario, seed: number): readonly number[] {
  const stream = generate(scenario, seed)
  const usual = lagOf(stream, false)
  return [
    judgeLagged(stream, usual, 'final'),
    judgeLagged(stream, usual, 'provisional'),
    judgeLagged(stream, lagOf(stream, true), 'provisional'),
  ]
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`There is no ${name} to be played.`)
  return value
}
