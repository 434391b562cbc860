import { type Coverage, coverageOf, coverageTable } from './coverage.ts'
import type { Tried } from './run.ts'
import { FAULTS } from './trace.ts'

/** All that a run has to say, added up over its seeds. */
export interface Summary {
  readonly seeds: number
  /** How many lives were lived on the real plugs. */
  readonly real: number
  readonly canaries: number
  readonly outcomes: Readonly<Record<string, number>>
  readonly simulatedHours: number
  readonly events: number
  readonly struck: Readonly<Record<string, number>>
  readonly violations: Readonly<Record<string, number>>
  readonly coverage: Coverage
  readonly seconds: number
  readonly jobs: number
  /** CPU time of the processes, by what lay beneath the engine. */
  readonly cpuSeconds: { readonly sim: number; readonly real: number }
  /** Canaries in a second of CPU time, on the simulator's plugs; null where nobody measured. */
  readonly canariesPerCpuSecond: number | null
  /** The same without what the checks took; null where nobody measured. */
  readonly uncheckedPerCpuSecond: number | null
}

/** Adds up what came of the seeds. */
export function summarize(tried: readonly Tried[], seconds: number, jobs: number): Summary {
  const real = tried.filter(({ adapters }) => adapters === 'real').length
  const total = (of: (one: Tried) => number) => tried.reduce((sum, one) => sum + of(one), 0)
  const cpuOn = (plugs: Tried['adapters']) =>
    total(({ adapters, cpuMs = 0 }) => (adapters === plugs ? cpuMs : 0)) / 1000
  const cpuSeconds = { sim: cpuOn(undefined), real: cpuOn('real') }
  const simulated = total(({ adapters, canaries }) => (adapters === undefined ? canaries : 0))
  const isMeasured = ({ adapters, checkShare }: Tried) => adapters === undefined && checkShare !== undefined
  const lives = total((one) => (isMeasured(one) ? (one.cpuMs ?? 0) * (1 - (one.checkShare ?? 0)) : 0)) / 1000
  return {
    // A seed may be lived twice, on either kind of plugs.
    seeds: Math.max(tried.length - real, real),
    real,
    canaries: total(({ canaries }) => canaries),
    outcomes: addUp(tried.flatMap(({ outcomes }) => Object.entries(outcomes))),
    simulatedHours: Math.round(total(({ simulatedMs }) => simulatedMs) / 3_600_000),
    events: total(({ events }) => events),
    struck: addUp(tried.flatMap(({ struck }) => Object.entries(struck))),
    violations: addUp(tried.flatMap(({ violations }) => violations.map(({ invariant }) => [invariant, 1] as const))),
    coverage: coverageOf(tried.map(({ cells }) => cells)),
    seconds,
    jobs,
    cpuSeconds,
    canariesPerCpuSecond: cpuSeconds.sim === 0 ? null : simulated / cpuSeconds.sim,
    uncheckedPerCpuSecond: lives === 0 ? null : simulated / lives,
  }
}

/** Why a run proves nothing though no promise was broken; null = it does. A check that cannot fail is none. */
export function emptiness({ seeds, canaries, struck, coverage }: Summary, wholeScenario: boolean): string | null {
  const [wrong] = coverage.wronglyImpossible
  if (wrong !== undefined) return `${wrong} is declared impossible in sim/trial/coverage.ts and was hit`
  if (wholeScenario) return null
  if (canaries === 0) return 'not one canary was begun: such a run proves nothing'
  if (seeds > 1 && Object.keys(struck).length === 0) return 'not one fault struck: such a run proves nothing'
  return null
}

/** The summary as a table for people. */
export function summaryText(summary: Summary): string {
  const { seeds, real, canaries, seconds, jobs, coverage } = summary
  const perCore = (count: number) => (count / seconds / jobs).toFixed(1)
  const rows = [
    ['seeds', `${seeds}`],
    ...(real === 0 ? [] : [['on real plugs', `${real}`]]),
    ['canaries', `${canaries} (${listed(summary.outcomes)})`],
    ['simulated hours', `${summary.simulatedHours}`],
    ['events', `${summary.events}`],
    ['faults struck', listed(summary.struck, FAULTS)],
    ['coverage', `${coverage.hit} of ${coverage.possible} cells of fault × phase`],
    ['violations', listed(summary.violations)],
    ['speed', `${perCore(seeds)} seeds and ${perCore(canaries)} canaries a second and process (${jobs} processes)`],
    ...(summary.canariesPerCpuSecond === null ? [] : [['speed of a core', coreText(summary)]]),
    ['wall time', `${seconds.toFixed(1)} s`],
  ]
  const lines = rows.map(([name = '', value = '']) => `${name.padEnd(16)} ${value}`)
  const never = coverage.never.length === 0 ? [] : ['', `never hit: ${coverage.never.join(' ')}`]
  return `${[...lines, '', 'seeds that met a fault in a phase:', coverageTable(coverage), ...never].join('\n')}\n`
}

function coreText({ cpuSeconds, canariesPerCpuSecond, uncheckedPerCpuSecond }: Summary): string {
  const { sim, real } = cpuSeconds
  const took = `${sim.toFixed(1)} s${real === 0 ? '' : `; the real plugs took ${real.toFixed(1)} s`}`
  const unchecked = uncheckedPerCpuSecond === null ? '' : `, ${uncheckedPerCpuSecond.toFixed(1)} without the checks`
  return `${(canariesPerCpuSecond ?? 0).toFixed(1)} canaries a second of CPU time${unchecked} (${took})`
}

/** The summary for machines. */
export function summaryJson(summary: Summary, problems: readonly unknown[]): string {
  const { seeds: cells, ...coverage } = summary.coverage
  return `${JSON.stringify({ ...summary, coverage: { ...coverage, seeds: Object.fromEntries(cells) }, problems }, null, 2)}\n`
}

function addUp(pairs: readonly (readonly [string, number])[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const [name, count] of pairs) sums[name] = (sums[name] ?? 0) + count
  return sums
}

function listed(
  counts: Readonly<Record<string, number>>,
  order: readonly string[] = Object.keys(counts).sort(),
): string {
  const told = order.filter((name) => counts[name] !== undefined).map((name) => `${name} ${counts[name]}`)
  return told.length === 0 ? 'none' : told.join(', ')
}
