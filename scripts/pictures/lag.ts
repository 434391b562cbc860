import { testOf } from '../../lib/core/judge/kpi-test.ts'
import { provisionalFinding } from '../../lib/core/judge/provisional.ts'
import type { Bucket, Reading } from '../../lib/core/judge/reading.ts'
import { type Finding, findingOf } from '../../lib/core/judge/sequence.ts'
import { type Arms, type Setting, startKpi, takeIn } from '../../lib/core/judge/take-in.ts'
import { generate, type Stream } from '../../sim/streams/generate.ts'
import { outage } from '../../sim/streams/grid.ts'
import { LAG, type LaggedStream, lagOf } from '../../sim/streams/lag.ts'
import { bars, joined, key, line, linear, mark, panel, picture, type Tick, text } from './chart.ts'
import { evidencePanel, levels } from './evidence-axis.ts'
import { ERRORS, MANIFEST, minuteAt } from './runs.ts'

const ONSET = 120
const MINUTE = 60_000
const [FROM, TO] = [-3, 9]

/** Evidence at the end of a minute of wall clock: of final minutes alone, and with the unfinished ones. */
interface Look {
  readonly settled: Finding
  readonly ahead: Finding | null
}

/** A source that lags by three minutes: what waiting for final minutes costs, and what provisional evidence wins back. */
export function lagPicture(): string {
  const stream = generate(outage(0.05, ONSET, ONSET + 20), 1)
  const lagged = lagOf(stream, false)
  const looks = looksOf(stream, lagged)
  const early = looks.findIndex(({ ahead }) => ahead?.kind === 'fail') - ONSET
  const late = looks.findIndex(({ settled }) => settled.kind === 'fail') - ONSET
  const evidence = evidencePanel({
    top: 226,
    height: 210,
    title: 'Evidence at the end of each minute',
    from: FROM,
    to: TO,
    xTicks: TICKS,
    xName: 'minute of wall clock (the canary begins to fail at the start of minute 0)',
    most: 100_000,
  })
  const lineOf = (pick: (look: Look) => Finding | null, last: number, kind: string) =>
    line(
      evidence,
      looks.flatMap((look, at) => {
        const finding = pick(look)
        const since = at - ONSET
        return finding === null || since < FROM || since > last ? [] : [[since, finding.absolute] as const]
      }),
      kind,
    )
  return picture(
    488,
    'A source that lags by three minutes, with and without provisional evidence',
    `5 % errors from minute 0 on, seed 1. With unfinished minutes as lower bounds the judge aborts at the end of minute ${early}, on final minutes alone at the end of minute ${late}.`,
    [
      countsPanel(stream, lagged, early),
      evidence.frame,
      levels(evidence, 1 / testOf(ERRORS, MANIFEST, 1).alpha),
      mark(evidence, early, 'red'),
      mark(evidence, late, 'gray dashed'),
      text(evidence.x(early) + 8, evidence.top + 16, `abort in minute ${early}`, 'small red-text'),
      text(evidence.x(late) + 8, evidence.top + 16, `on final minutes alone: ${late}`, 'small'),
      lineOf(({ settled }) => settled, late, 'gray'),
      lineOf(({ ahead }) => ahead, early, 'blue'),
      key(evidence.left + 10, evidence.top + 18, 'blue', 'with unfinished minutes as lower bounds'),
      key(evidence.left + 10, evidence.top + 38, 'gray', 'final minutes only'),
    ],
  )
}

const TICKS: readonly Tick[] = Array.from({ length: TO - FROM + 1 }, (_, index) => [FROM + index, String(FROM + index)])

/** What happened, and what of it could be seen when the judge decided. */
function countsPanel(stream: Stream, lagged: LaggedStream, decided: number): string {
  const counts = panel({
    left: 64,
    width: 712,
    across: linear(FROM, TO),
    top: 34,
    height: 140,
    title: `Failed requests of the canary in each minute, and what was visible at the end of minute ${decided}`,
    up: linear(0, 24),
    xTicks: [],
    yTicks: [0, 8, 16, 24].map((bad) => [bad, String(bad)]),
    xName: '',
  })
  const minutes = Array.from({ length: decided + 4 }, (_, index) => index - 3)
  const failed = (shown: Pick<Stream, 'canary'>, since: number) => shown.canary.errors[ONSET + since] ?? 0
  const visible = minutes.map((since) => [since, failed(lagged.ages[decided - since] ?? stream, since)] as const)
  return joined([
    counts.frame,
    bars(
      counts,
      minutes.map((since) => [since, failed(stream, since)] as const),
      26,
      'gray-fill',
    ),
    bars(counts, visible, 26, 'blue-fill'),
    text(counts.right, counts.top + 14, 'gray: what happened; blue: what the source showed by then', 'small end'),
  ])
}

/** One look a minute, as the product takes it: read, take in what is final, and look ahead. */
function looksOf(stream: Stream, lagged: LaggedStream): readonly Look[] {
  const setting: Setting = { kpi: ERRORS, manifest: MANIFEST, from: 0, since: 0, stepSince: 0 }
  let state = startKpi(setting, reading(pastOf(stream)))
  return Array.from({ length: stream.scenario.minutes }, (_, now) => {
    const arms = armsAt(stream, lagged, now)
    const taken = takeIn(setting, state, arms, (now + 1) * MINUTE)
    state = taken.state
    const test = testOf(ERRORS, MANIFEST, state.history.phi)
    return {
      settled: findingOf(test, state.sequence),
      ahead: provisionalFinding(setting, state, arms, taken.seen, null),
    }
  })
}

/** The newest minutes of both arms as the source shows them at the end of minute `now`. */
function armsAt(stream: Stream, lagged: LaggedStream, now: number): Arms {
  const minutes = Array.from({ length: Math.min(now, 2 * LAG) + 1 }, (_, index) => now - Math.min(now, 2 * LAG) + index)
  const seen = minutes.map((at) => [at, minuteAt(lagged.ages[now - at] ?? stream, at)] as const)
  return {
    canary: reading(seen.map(([at, { bad, total }]) => bucket(at, bad, total))),
    baseline: reading(seen.map(([at, { baselineBad, baselineTotal }]) => bucket(at, baselineBad, baselineTotal))),
  }
}

function pastOf({ history }: Stream): readonly Bucket[] {
  return Array.from(history.errors, (bad, at) => bucket(at - history.errors.length, bad, history.total[at] ?? 0))
}

function bucket(minute: number, bad: number, total: number): Bucket {
  return { at: minute * MINUTE, bad, total, value: null }
}

function reading(buckets: readonly Bucket[]): Reading {
  return { id: 'picture', kind: 'measured', buckets, quality: 'exact', query: 'seeded stream', note: null }
}
