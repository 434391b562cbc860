import { duration, percent } from '../lib/core/format.ts'
import type { VerdictKind } from '../lib/core/judge/verdict.ts'
import type { KpiVerdict, ReplayOutcome, ReplayVerdict, Timeline } from '../lib/core/replay/timeline.ts'
import type { Manifest } from '../lib/core/service.ts'
import { type Colour, coloured, hanging, type Terminal, table } from './terminal.ts'
import { unitOf, unitsText } from './units.ts'

/** So many lines of a timeline are read; of a longer one the beginning and the end are shown. */
const MOST_LINES = 40
const LAST_LINES = 8

/** A timeline for a person: where verdict or step changed (`verbose`: every bucket), and how it ended, and why. */
export function timelineText(timeline: Timeline, terminal: Terminal, verbose: boolean): string {
  const shown = verbose ? timeline.verdicts : timeline.verdicts.filter(isTurn)
  const head = `${unitOf(timeline).padStart(7)}  step  weight  verdict       because`
  const lines = shown.map((verdict) => verdictLines(verdict, timeline, terminal))
  const cut = verbose || lines.length <= MOST_LINES ? null : lines.length - MOST_LINES
  const kept =
    cut === null
      ? lines.flat()
      : [
          ...lines.slice(0, MOST_LINES - LAST_LINES).flat(),
          `        … ${cut} more changes; --verbose shows every ${unitOf(timeline)}`,
          ...lines.slice(-LAST_LINES).flat(),
        ]
  return [head, ...kept, '', ...endLines(timeline, terminal)].join('\n')
}

/** A manifest's plan and KPIs in a line or two. */
export function planText(manifest: Manifest): string {
  const { name, environment, analysis } = manifest
  const kpis = analysis.kpis.map((kpi) => (kpi.role === 'required' ? kpi.name : `${kpi.name} (${kpi.role})`))
  return hanging('Plan: ', `${name} in ${environment}: ${stepsText(manifest)}. KPIs: ${kpis.join(', ')}.`).join('\n')
}

/** A manifest's steps: weights, bakes and gates. */
export function stepsText({ stages }: Manifest): string {
  return stages
    .map(({ weight, bakeMs, gate }) => {
      const bake = bakeMs === 0 ? '' : ` for ${duration(bakeMs)}`
      return `${weight} %${bake}${gate ? ', then a gate' : ''}`
    })
    .join('; ')
}

/** A manifest's limits, KPI by KPI. */
export function limitsText({ analysis }: Manifest): string {
  return analysis.kpis
    .map((kpi) => {
      switch (kpi.kind) {
        case 'latency':
          return `${latencyName(kpi.name, kpi.percentile)} below ${kpi.limitMs} ms`
        case 'gauge':
          return `${kpi.name} ${kpi.wanted} ${kpi.limit}`
        default:
          return `${kpi.name} at most ${percent(kpi.limitRatio)} bad`
      }
    })
    .join('; ')
}

/** A KPI that is called after its percentile, as the default one is, is not named twice. */
function latencyName(name: string, percentile: number): string {
  return name === `p${percentile}` ? name : `${name} p${percentile}`
}

/** The first and the last verdict, and every one that says something else than the one before. */
function isTurn(verdict: ReplayVerdict, index: number, all: readonly ReplayVerdict[]): boolean {
  const before = all[index - 1]
  return (
    before === undefined ||
    index === all.length - 1 ||
    before.kind !== verdict.kind ||
    before.step !== verdict.step ||
    before.weight !== verdict.weight
  )
}

function verdictLines(verdict: ReplayVerdict, { steps }: Timeline, terminal: Terminal): readonly string[] {
  const { minute, step, weight, kind } = verdict
  const start = `${String(minute).padStart(7)}  ${`${step}/${steps}`.padStart(4)}  ${`${weight} %`.padStart(6)}  `
  const head = `${start}${coloured(terminal, COLOURS[kind], kind)}${' '.repeat(14 - kind.length)}`
  return hanging(head, verdict.because, start.length + 14)
}

const COLOURS: Readonly<Record<VerdictKind, Colour>> = {
  pass: 'green',
  inconclusive: 'bold',
  nodata: 'yellow',
  error: 'yellow',
  suspect: 'yellow',
  fail: 'red',
}

function endLines(timeline: Timeline, terminal: Terminal): readonly string[] {
  const newest = timeline.verdicts.at(-1)
  const isOpen = timeline.outcome === 'running' || timeline.outcome === 'paused'
  const missing = isOpen ? (newest?.kpis.filter((kpi) => kpi.missing !== null) ?? []) : []
  return [
    `Outcome: ${coloured(terminal, colourOf(timeline.outcome), timeline.outcome)} ${whenText(timeline)}`,
    ...hanging('Because: ', timeline.because),
    '',
    ...(newest === undefined ? [] : kpiTable(newest.kpis, timeline)),
    ...(newest?.kpis ?? []).filter(isTooBadToWarmUp).map(warmUpText),
    ...missing.flatMap((kpi) => hanging(`Missing for a pass of ${kpi.kpi}: `, missingText(kpi, timeline), 4)),
  ]
}

/** When a timeline ended, to a person. */
export function whenText(timeline: Timeline): string {
  const { endedAtMinute, bucketMs, outcome } = timeline
  if (endedAtMinute === null) return `before any ${unitOf(timeline)} was judged`
  const word = outcome === 'running' ? 'up to' : 'at'
  return `${word} ${unitOf(timeline)} ${endedAtMinute}, after ${duration((endedAtMinute + 1) * bucketMs)} of traffic`
}

function isTooBadToWarmUp({ warmUp, neededWarmUp }: KpiVerdict): boolean {
  return warmUp !== null && neededWarmUp !== null && warmUp >= neededWarmUp
}

function warmUpText({ kpi, warmUp, neededWarmUp }: KpiVerdict): string {
  return `${kpi} failed while it warmed up: E ${evidence(warmUp)}, needed ${evidence(neededWarmUp)}`
}

function missingText({ missing, passAtMinute }: KpiVerdict, timeline: Timeline): string {
  return passAtMinute === null
    ? (missing ?? '')
    : `${missing} (at the earliest after ${unitOf(timeline)} ${passAtMinute})`
}

function colourOf(outcome: ReplayOutcome): Colour {
  if (outcome === 'promoted') return 'green'
  return outcome === 'paused' || outcome === 'running' ? 'yellow' : 'red'
}

function kpiTable(kpis: readonly KpiVerdict[], timeline: Timeline): readonly string[] {
  const share = kpis.some(({ unit }) => unit === 'figure') ? 'share/value' : 'share'
  const head = ['KPI', 'verdict', 'bad of total', share, 'limit', 'stable', 'E limit', 'E stable', 'needed']
  const rows = kpis.map((kpi) => [
    kpi.role === 'required' ? kpi.kpi : `${kpi.kpi} (${kpi.role})`,
    kpi.kind,
    ...(kpi.unit === 'figure' ? gaugeCells(kpi, timeline) : countCells(kpi)),
    evidence(kpi.needed),
  ])
  return table([head, ...rows])
}

function countCells({
  bad,
  total,
  limit,
  baselineBad,
  baselineTotal,
  absolute,
  relative,
}: KpiVerdict): readonly string[] {
  return [
    total === null ? '–' : `${bad} of ${total}`,
    total === null || bad === null || total === 0 ? '–' : percent(bad / total),
    percent(limit),
    baselineTotal === null || baselineBad === null ? '–' : percent(baselineBad / baselineTotal),
    evidence(absolute),
    evidence(relative),
  ]
}

/** Of a gauge: buckets out of the limit of all, newest values, and no comparison, for it is tested against its limit alone. */
function gaugeCells(
  { bad, total, value, limit, baselineValue, absolute }: KpiVerdict,
  timeline: Timeline,
): readonly string[] {
  return [
    total === null ? '–' : `${bad} of ${unitsText(total, timeline)}`,
    amount(value),
    amount(limit),
    amount(baselineValue),
    evidence(absolute),
    '–',
  ]
}

function amount(value: number | null): string {
  return value === null ? '–' : String(Number(value.toPrecision(6)))
}

/** An E-value as people compare it: three digits, powers of ten where it is large. */
function evidence(value: number | null): string {
  if (value === null) return '–'
  return value >= 1e6 ? value.toExponential(0).replace('e+', 'e') : String(Number(value.toPrecision(3)))
}
