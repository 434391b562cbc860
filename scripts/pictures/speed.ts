import { FALSE_ABORTS } from '../../lib/core/judge/kpi-test.ts'
import { GRID } from '../../sim/streams/grid.ts'
import type { Scenario } from '../../sim/streams/scenarios.ts'
import { dots, key, line, logarithmic, type Panel, panel, picture, type Tick, text } from './chart.ts'
import { atOnce, run } from './runs.ts'

const LIMIT = 0.001
const SOAKS = 15
const TRAFFIC = [0.5, 1, 5, 10, 50, 200]
const RATES = [
  { rate: 0.003, kind: 'blue' },
  { rate: 0.01, kind: 'violet' },
  { rate: 0.05, kind: 'orange' },
  { rate: 0.5, kind: 'gray' },
] as const

/** How long a regression takes to be found, by traffic and size, beside the time that no judge can beat. */
export function speedPicture(): string {
  const into = panel({
    left: 64,
    width: 712,
    top: 34,
    height: 330,
    title: 'Minutes of data from the fault to the abort, without a warm-up (limit 0.1 %, canary at 10 %)',
    across: logarithmic(0.4, 250),
    up: logarithmic(1, 4000),
    xTicks: TRAFFIC.map((rps) => [rps, String(rps)]),
    yTicks: TICKS,
    xName: 'requests per second of the whole service',
  })
  const found = RATES.map(({ rate, kind }) => ({ rate, kind, medians: mediansOf(rate) }))
  const said = found.map(({ rate, medians }) => {
    const [first, last] = [medians[1], medians[4]]
    return `${rate * 100} % errors: ${first?.[1]} minutes at ${first?.[0]} request per second, ${last?.[1]} at ${last?.[0]}`
  })
  return picture(
    416,
    'How soon a regression is found, by traffic and size',
    `Medians of ${SOAKS} simulated soaks each, and Wald’s bound. ${said.join('; ')}.`,
    [
      into.frame,
      ...found.flatMap((each) => curve(into, each)),
      key(into.x(7), into.top + 18, 'gray', `dots: median of ${SOAKS} simulated soaks`),
      key(into.x(7), into.top + 38, 'gray dashed', 'dotted: Wald’s bound, computed: what a judge of the'),
      text(
        into.x(7) + 28,
        into.top + 56,
        `canary alone needs on average at ${FALSE_ABORTS * 100} % false aborts`,
        'small',
      ),
    ],
  )
}

const TICKS: readonly Tick[] = [
  [1, '1 min'],
  [10, '10 min'],
  [60, '1 h'],
  [360, '6 h'],
  [1440, '24 h'],
]

function curve(
  into: Panel,
  { rate, kind, medians }: { rate: number; kind: string; medians: readonly (readonly [number, number])[] },
): readonly string[] {
  const [x, y] = medians[0] ?? [1, 1]
  return [
    line(into, boundOf(rate), `${kind} dashed`),
    line(into, medians, `${kind} thin`),
    dots(into, medians, `${kind} big`),
    text(into.x(x) - 4, into.y(y) - 10, `${rate * 100} % fail`, `small ${kind}-text`),
  ]
}

/** The bound as far as it is above the minute that passes between two looks. */
function boundOf(rate: number): readonly (readonly [number, number])[] {
  const fine = Array.from({ length: 121 }, (_, index) => 0.5 * 400 ** (index / 120))
  return fine.map((rps) => [rps, waldMinutes(rps, rate)] as const).filter(([, minutes]) => minutes >= 1)
}

/** Minutes that a sequential test needs on average at the least: ln(1/α) over what a minute tells (Wald 1945). */
function waldMinutes(rps: number, rate: number): number {
  const told = rate * Math.log(rate / LIMIT) + (1 - rate) * Math.log((1 - rate) / (1 - LIMIT))
  return Math.log(1 / FALSE_ABORTS) / (rps * 60 * 0.1 * told)
}

/** Median minutes to the abort for each traffic; those that are not found within 48 hours more often than not are left out. */
function mediansOf(rate: number): readonly (readonly [number, number])[] {
  return TRAFFIC.flatMap((rps) => {
    const scenario = cellOf(rps, rate)
    // As much of the soak as may be needed: drawing all of it would cost most of the time.
    const minutes = Math.min(scenario.minutes, 30 + Math.ceil(20 * waldMinutes(rps, rate)))
    const delays = Array.from({ length: SOAKS }, (_, index) => delayOf({ ...scenario, minutes }, index + 1))
    const median = delays.sort((a, b) => a - b)[(SOAKS - 1) / 2] ?? Number.POSITIVE_INFINITY
    return Number.isFinite(median) ? [[rps, median] as const] : []
  })
}

function delayOf(scenario: Scenario, seed: number): number {
  const { abort } = run(scenario, seed, { manifest: atOnce() })
  return abort < 0 ? Number.POSITIVE_INFINITY : abort + 1
}

function cellOf(rps: number, rate: number): Scenario {
  const column = `${rate * 100} %`
  const cell = GRID.find(
    (each) => each.table === 'errors from the start' && each.row === `${rps} rps` && each.column === column,
  )
  if (cell === undefined) throw new Error(`The grid has no cell of ${rps} rps and ${column}.`)
  return cell.scenario
}
