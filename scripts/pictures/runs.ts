import { scenarioManifest } from '../../cli/scenario.ts'
import { absorb } from '../../lib/core/judge/absorb.ts'
import { historyDispersion } from '../../lib/core/judge/dispersion.ts'
import { testOf } from '../../lib/core/judge/kpi-test.ts'
import { type Finding, findingOf, type Minute, startSequence, type Test } from '../../lib/core/judge/sequence.ts'
import type { Kpi, Manifest } from '../../lib/core/service.ts'
import { generate, type Stream } from '../../sim/streams/generate.ts'
import { findScenario, type Scenario } from '../../sim/streams/scenarios.ts'

/** A soak of errors with what the judge found after each of its minutes, up to and with the one that it aborted in. */
export interface Run {
  readonly stream: Stream
  readonly test: Test
  readonly findings: readonly Finding[]
  /** Minute of the abort, or −1. */
  readonly abort: number
}

/** The manifest of `slipway simulate --scenario`, so that a reader sees the same figures there. */
export const MANIFEST: Manifest = scenarioManifest()

/** Its KPI of errors: at most 0.1 %. */
export const ERRORS: Kpi = errorsOf(MANIFEST)

/** The scenario of this id, e.g. `H1`. */
export function named(id: string): Scenario {
  const found = findScenario(id)
  if (found === undefined) throw new Error(`There is no scenario ${id}.`)
  return found
}

/** What a run may have otherwise than the product: the manifest, and what the judge sees of a minute. */
interface Otherwise {
  readonly manifest?: Manifest
  readonly seen?: (minute: Minute) => Minute
}

/** What the judge of the product makes of a scenario's errors, minute by minute. */
export function run(scenario: Scenario, seed: number, { manifest = MANIFEST, seen }: Otherwise = {}): Run {
  const stream = generate(scenario, seed)
  const test = testOf(ERRORS, manifest, phiOf(stream))
  const findings: Finding[] = []
  let sequence = startSequence(test)
  for (let at = 0; at < scenario.minutes; at += 1) {
    const minute = minuteAt(stream, at)
    sequence = absorb(test, sequence, seen === undefined ? minute : seen(minute))
    const finding = findingOf(test, sequence)
    findings.push(finding)
    if (finding.kind === 'fail') return { stream, test, findings, abort: at }
  }
  return { stream, test, findings, abort: -1 }
}

/** The manifest without a warm-up: the time counts from its end. */
export function atOnce(): Manifest {
  return { ...MANIFEST, analysis: { ...MANIFEST.analysis, warmUpMs: 0 } }
}

/** A minute of both arms' errors. */
export function minuteAt({ canary, baseline }: Pick<Stream, 'canary' | 'baseline'>, at: number): Minute {
  return {
    bad: canary.errors[at] ?? 0,
    total: canary.total[at] ?? 0,
    baselineBad: baseline.errors[at] ?? 0,
    baselineTotal: baseline.total[at] ?? 0,
  }
}

/** Over-dispersion of the day before. */
function phiOf({ history }: Stream): number {
  return historyDispersion(Array.from(history.errors, (bad, at) => ({ bad, total: history.total[at] ?? 0 })))
}

/** A whole number with commas between its thousands. */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
}

function errorsOf({ analysis }: Manifest): Kpi {
  const found = analysis.kpis.find(({ kind }) => kind === 'error-rate')
  if (found === undefined) throw new Error('The built-in manifest has no KPI of errors.')
  return found
}
