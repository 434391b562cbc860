import { writeFile } from 'node:fs/promises'
import { SCENARIOS } from '../../sim/streams/scenarios.ts'
import { type Part, round, told } from '../report.ts'
import { costFigures } from './cost.ts'
import { FULL, type Played, playPlan, SUBSET } from './plan.ts'
import { summariesOf, tablesOf } from './tables.ts'
import { targetsOf } from './targets.ts'

/** Our judge and its rivals on the same soaks: all of the proof with `full`, else what fits into a minute. */
export async function benchJudge(full: boolean, jsonFile: string | null): Promise<Part> {
  const began = performance.now()
  const played = await playPlan(full ? FULL : SUBSET, (done, of) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${of} parts of the soaks are played`)
  })
  if (process.stderr.isTTY) process.stderr.write('\n')
  const seconds = (performance.now() - began) / 1000
  const targets = targetsOf(played, full)
  const cost = costFigures()
  if (jsonFile !== null)
    await writeFile(jsonFile, `${JSON.stringify(reportOf(played, seconds, [...targets, ...cost]))}\n`)
  return {
    title: `The judge of KPIs: ${played.sizes.soaks} soaks of 48 hours of each scenario${full ? '' : '; `--full` plays 2,000'}`,
    figures: [...targets, ...cost, told('soaks played in', `${round(seconds)} s`)],
    notes: full ? tablesOf(played) : ['Too few soaks to prove a target: only --full does.', ...tablesOf(played)],
  }
}

/** Everything as data: what each judge made of each scenario, and what the targets say. */
function reportOf(played: Played, seconds: number, figures: Part['figures']): unknown {
  const scenarios = Object.values(SCENARIOS).map((scenario) => [scenario.name, summariesOf(played, scenario)])
  return { sizes: played.sizes, seconds, figures, scenarios: Object.fromEntries(scenarios), tables: tablesOf(played) }
}
