import { type Feed, type Figures, feedOf, type KpiSeries, type Series } from '../lib/core/replay/feed.ts'
import type { Kpi, Manifest } from '../lib/core/service.ts'
import { readManifest } from '../lib/schema/manifest.ts'
import { type ArmStream, generate, type Stream } from '../sim/streams/generate.ts'
import { SLOW_ABOVE_MS } from '../sim/streams/latency.ts'
import { findScenario, SCENARIOS, type Scenario } from '../sim/streams/scenarios.ts'
import { EXIT, Refusal } from './exit.ts'
import { hanging } from './terminal.ts'
import { thinned } from './thin.ts'

/** The plan that scenarios are played under where no manifest is given: the product's defaults, 48 hours at 10 %. */
const PLAN = `name: scenario
environment: simulation
target: { subscription: 00000000-0000-0000-0000-000000000000, resourceGroup: simulation, containerApp: scenario }
image: { registry: registry.example.com, repository: scenario, tags: "*" }
strategy: { canary: { steps: [ { setWeight: 10 }, { bake: 48h }, { setWeight: 100 } ] } }
`

/** The manifest of scenarios that are played without one. */
export function scenarioManifest(): Manifest {
  const read = readManifest(PLAN)
  if (!read.ok) throw new Error(`the built-in plan is not valid: ${JSON.stringify(read.issues)}`)
  return read.manifest
}

/** The scenario of this id or alias. Throws Refusal that says how to list them. */
export function scenarioNamed(word: string): Scenario {
  const found = findScenario(word)
  if (found === undefined)
    throw new Refusal(EXIT.usage, `there is no scenario "${word}"; slipway simulate --list prints them`)
  return found
}

/** What `--list` prints: a line per scenario. */
export function scenarioLines(): readonly string[] {
  return Object.values(SCENARIOS).flatMap(({ name, alias, about }) =>
    hanging(`${name.padEnd(5)} ${alias.padEnd(24)} `, about),
  )
}

/** Scenarios as data, for `--list --json`. */
export function scenarioData(): readonly Readonly<Record<string, unknown>>[] {
  return Object.values(SCENARIOS).map(({ name, alias, about, kind, minutes, onsetMinute, expected }) => ({
    name,
    alias,
    about,
    kind,
    minutes,
    onsetMinute,
    expected,
  }))
}

/** A scenario of this seed as the KPIs of a playable manifest see it; a step below its weight gets fewer events. Throws Refusal. */
export function scenarioFeed(
  scenario: Scenario,
  seed: number,
  manifest: Manifest,
): { readonly feed: Feed; readonly series: Series } {
  if (manifest.analysis.bucketMs !== 60_000)
    throw new Refusal(EXIT.error, 'scenarios come in minutes; make analysis.bucket 1m, or leave it out')
  const stream = generate(scenario, seed)
  const series = new Map(
    manifest.analysis.kpis.map((kpi) => [kpi.name, kpiSeries(stream, countOf(kpi) ?? 'errors')] as const),
  )
  const weight = Math.round(scenario.shape.canaryShare * 100)
  return { series, feed: thinned({ ...feedOf(series), last: scenario.minutes - 1 }, () => weight, seed) }
}

/**
 * The manifest with the KPIs that scenarios can show, and a sentence for each of the others. Throws Refusal where none of
 * those that must pass is left.
 */
export function playable(manifest: Manifest): { readonly manifest: Manifest; readonly notes: readonly string[] } {
  const { analysis } = manifest
  const kpis = analysis.kpis.filter((kpi) => countOf(kpi) !== null)
  const notes = analysis.kpis
    .filter((kpi) => countOf(kpi) === null)
    .map(
      ({ name }) => `KPI ${name} is left out: scenarios know errors and requests slower than ${SLOW_ABOVE_MS} ms only`,
    )
  if (kpis.some(({ role }) => role === 'required'))
    return { manifest: { ...manifest, analysis: { ...analysis, kpis } }, notes }
  throw new Refusal(EXIT.error, [...notes, 'no required KPI is left; bring buckets of your own with --buckets'])
}

/** Which of a scenario's two counts a KPI is about; null where it is about neither. */
function countOf(kpi: Kpi): 'errors' | 'slow' | null {
  if (kpi.kind === 'error-rate' || kpi.kind === 'uptime') return 'errors'
  return kpi.kind === 'latency' && kpi.limitMs === SLOW_ABOVE_MS ? 'slow' : null
}

function kpiSeries({ canary, baseline, history, missing }: Stream, count: 'errors' | 'slow'): KpiSeries {
  const before = [...figuresOf(history, count)].map(([at, figures]) => [at - history.total.length, figures] as const)
  const seen = (arm: ArmStream) => [...figuresOf(arm, count)].filter(([at]) => missing[at] !== 1)
  return { canary: new Map(seen(canary)), baseline: new Map([...before, ...seen(baseline)]) }
}

function* figuresOf(arm: ArmStream, count: 'errors' | 'slow'): Iterable<readonly [number, Figures]> {
  for (const [at, total] of arm.total.entries()) yield [at, { bad: arm[count][at] ?? 0, total, value: null }]
}
