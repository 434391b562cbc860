import type { Minute } from '../../lib/core/judge/sequence.ts'
import type { Stream } from '../../sim/streams/generate.ts'
import { joined, key, line, linear, mark, panel, picture, type Tick, text } from './chart.ts'
import { evidencePanel, levels } from './evidence-axis.ts'
import { minuteAt, named, run } from './runs.ts'

const BEFORE = 20
const AFTER = 40

/** A dependency fails for both revisions: what the judge makes of it, and what it would without looking at the stable one. */
export function incidentPicture(): string {
  const ours = run(named('H2'), 1)
  const blind = run(named('H2'), 1, { seen: alone })
  const begin = firstIncident(ours.stream)
  const [from, to] = [begin - BEFORE, begin + AFTER]
  const minutes = Array.from({ length: to - from }, (_, index) => from + index)
  const needed = 1 / ours.test.alpha
  const since = (at: number) => at - begin
  const evidence = evidencePanel({
    top: 234,
    height: 190,
    title: 'Evidence against the limit',
    from: -BEFORE,
    to: AFTER,
    xTicks: TICKS,
    xName: 'minutes since the dependency began to fail',
    most: 100_000,
  })
  const of = (findings: typeof ours.findings) =>
    minutes.flatMap((at) => (findings[at] === undefined ? [] : [[since(at), findings[at].absolute] as const]))
  return picture(
    476,
    'A shared incident: both revisions fail, and the evidence stays flat',
    `Scenario H2, seed 1. Both arms fail at about 5 % for ten minutes. Without the stable revision the judge would abort ${since(blind.abort)} minutes into it; with it the evidence stays flat and the soak goes on for 48 hours.`,
    [
      sharesPanel(ours.stream, minutes, since),
      evidence.frame,
      levels(evidence, needed),
      mark(evidence, since(blind.abort), 'red'),
      text(
        evidence.x(since(blind.abort)) + 8,
        evidence.top + 16,
        `without it: abort in minute ${since(blind.abort)}`,
        'small',
      ),
      line(evidence, of(blind.findings), 'orange'),
      line(evidence, of(ours.findings), 'blue'),
      key(evidence.x(19), evidence.top + 18, 'blue', 'with the stable revision beside it'),
      key(evidence.x(19), evidence.top + 38, 'orange', 'as if there were only the limit'),
    ],
  )
}

const TICKS: readonly Tick[] = [-20, -10, 0, 10, 20, 30, 40].map((at) => [at, String(at)])

function sharesPanel({ canary, baseline }: Stream, minutes: readonly number[], since: (at: number) => number): string {
  const shares = panel({
    left: 64,
    width: 712,
    across: linear(-BEFORE, AFTER),
    top: 34,
    height: 150,
    title: 'Failed requests, minute by minute',
    up: linear(0, 0.1),
    xTicks: [],
    yTicks: [0, 0.025, 0.05, 0.075, 0.1].map((share) => [share, `${share * 100} %`]),
    xName: '',
  })
  const of = ({ errors, total }: typeof canary) =>
    minutes.map((at) => [since(at), (errors[at] ?? 0) / (total[at] || 1)] as const)
  return joined([
    shares.frame,
    line(shares, of(baseline), 'gray'),
    line(shares, of(canary), 'blue'),
    key(shares.x(14), shares.top + 20, 'blue', 'canary (10 % of the traffic)'),
    key(shares.x(14), shares.top + 40, 'gray', 'stable (90 %)'),
  ])
}

/** The minute as if nothing were known of the stable revision. */
function alone(minute: Minute): Minute {
  return { ...minute, baselineBad: 0, baselineTotal: 0 }
}

/** First minute in which the baseline fails at over 3 %. */
function firstIncident(stream: Stream): number {
  for (let at = 0; at < stream.scenario.minutes; at += 1) {
    const { baselineBad, baselineTotal } = minuteAt(stream, at)
    if (baselineBad > 0.03 * baselineTotal) return at
  }
  throw new Error('No incident was found.')
}
