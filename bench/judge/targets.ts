import { GRID } from '../../sim/streams/grid.ts'
import { SCENARIOS, type Scenario } from '../../sim/streams/scenarios.ts'
import type { Figure } from '../report.ts'
import type { Played } from './plan.ts'
import { delayText, type Summary } from './summary.ts'
import { cellSummary, lagSummaries, summariesOf } from './tables.ts'

/** Largest p50 and p95 of our delay in minutes, by scenario. R8 crosses the limit 480 minutes after it begins. */
const DELAYS: Readonly<Record<string, readonly [number, number]>> = {
  R1: [8, 11],
  R2: [22, 42],
  R2b: [50, 120],
  R3: [4, 7],
  R4: [2, 2],
  R5: [5, 8],
  R5b: [3, 3],
  R6: [7, 8],
  R7: [12, 20],
  R8: [600, 630],
  R10: [61, 95],
  R11: [17, 35],
  R12: [15, 28],
}

/** The same until a hold, for what is worse but within the limits. */
const HOLDS: Readonly<Record<string, readonly [number, number]>> = { R9: [80, 170] }

/** Largest share of aborts, where the scenario is known to be hard: 0–1, of what was counted. */
const HARD: Readonly<Record<string, number>> = { HO8: 0.035, HO9: 0.02, HO11: 0.04 }

/** Largest upper 95 % limit of false aborts of every other healthy scenario. */
const FALSE_ABORTS = 0.01

/** Largest p95 on the wall clock with provisional evidence, by share of failures. */
const LAGGED: Readonly<Record<string, number>> = { '50 %': 3, '5 %': 4, '1 %': 10 }

/** Every target of the judge against what was found; without `proves` the figures are only told. */
export function targetsOf(played: Played, proves: boolean): readonly Figure[] {
  const scenarios = Object.values(SCENARIOS)
  const figures = [
    ...scenarios.filter(({ kind }) => kind === 'healthy').map((scenario) => quietness(played, scenario)),
    ...scenarios.flatMap((scenario) => promptness(played, scenario)),
    ...Object.entries(LAGGED).map(([row, most]) => {
      const summary = lagSummaries(played, row)[1]
      return figure(`${row} failures with a lag of 3 min`, summary, `p95 ≤ ${most}`, isWithin(summary, most, most))
    }),
    detection(played),
  ]
  return proves ? figures : figures.map((each) => ({ ...each, value: each.value.replace(/, \w+$/, ''), met: null }))
}

function quietness(played: Played, scenario: Scenario): Figure {
  const summary = ours(played, scenario, 'OURS')
  const { aborted, played: soaks, upper } = summary
  const hard = HARD[scenario.name]
  const found = `${percent(aborted / soaks)}, upper limit ${percent(upper)}`
  const [target, met] =
    hard === undefined
      ? [`upper limit ≤ ${percent(FALSE_ABORTS)}`, upper <= FALSE_ABORTS]
      : [`≤ ${percent(hard)}`, aborted / soaks <= hard]
  return marked(`${scenario.name} ${scenario.alias}: aborted`, found, target, met)
}

function promptness(played: Played, scenario: Scenario): readonly Figure[] {
  const name = `${scenario.name} ${scenario.alias}`
  const delay = DELAYS[scenario.name]
  const hold = HOLDS[scenario.name]
  if (delay !== undefined) {
    const summary = ours(played, scenario, 'OURS')
    return [figure(`${name}: abort`, summary, `≤ ${delay.join('/')}, none missed`, isWithin(summary, ...delay))]
  }
  if (hold === undefined) return []
  const held = ours(played, scenario, 'OURS abort/hold')
  const { aborted } = ours(played, scenario, 'OURS')
  return [
    figure(`${name}: hold`, held, `≤ ${hold.join('/')}, none missed`, isWithin(held, ...hold)),
    marked(`${name}: aborted`, String(aborted), '0', aborted === 0),
  ]
}

/** What the README says: 1 % errors at 10 % of 50 rps are caught within five minutes of data. */
function detection(played: Played): Figure {
  const cell = GRID.findIndex(({ row, column }) => row === '50 rps' && column === '1 %')
  const summary = cellSummary(played, cell)
  return figure('1 % errors at 50 rps after warm-up', summary, 'p95 ≤ 5', isWithin(summary, 5, 5))
}

function ours(played: Played, scenario: Scenario, judge: 'OURS' | 'OURS abort/hold'): Summary {
  const summary = summariesOf(played, scenario)[judge]
  if (summary === undefined) throw new Error(`Nothing is known of ${judge} on ${scenario.name}.`)
  return summary
}

function isWithin(summary: Summary | undefined, p50: number, p95: number): boolean {
  return summary !== undefined && summary.missed === 0 && summary.p50 <= p50 && summary.p95 <= p95
}

function figure(name: string, summary: Summary | undefined, target: string, met: boolean): Figure {
  return marked(name, summary === undefined ? 'nothing' : delayText(summary), target, met)
}

function marked(name: string, found: string, target: string, met: boolean): Figure {
  return { name, value: `${found}, ${met ? 'reached' : 'MISSED'}`, target, met }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`
}
