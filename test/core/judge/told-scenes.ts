import type { Judged } from '../../../lib/core/judge/judge.ts'
import { judge } from '../../../lib/core/judge/judge.ts'
import type { Query, Reading } from '../../../lib/core/judge/reading.ts'
import type { JudgeState, KpiState } from '../../../lib/core/judge/state.ts'
import type { Evidence } from '../../../lib/core/judge/verdict.ts'
import type { Kpi } from '../../../lib/core/service.ts'
import { latency, MINUTE, SECOND, T0 } from '../../support/builders.ts'
import { caseOf, dark, exact, manifestOf, queriesOf, readingOf, steady, type Trial } from './looks.ts'

/** A rollout that is judged once a minute, and the minutes after which it is told what was seen. */
export interface Scene {
  readonly trial: Trial
  readonly at: readonly number[]
  /** What becomes of a reading at a minute; default: nothing. */
  readonly change?: (reading: Reading, minute: number, query: Query) => Reading
  /** What becomes of the trial at a minute. */
  readonly turn?: (trial: Trial, minute: number) => Trial
}

const manifest = manifestOf()
const HEALTHY: Trial = { manifest, canary: steady(120, 0, 300), baseline: steady(120, 1, 2700) }
const LAGGING = manifestOf([exact({ lagMs: 3 * MINUTE })])
const LOOSE = (onRelative: 'hold' | 'abort' | 'ignore') => manifestOf([exact({ limitRatio: 0.05 })], { onRelative })
const WARM = manifestOf([exact()], { warmUpMs: 5 * MINUTE })
const kpi = (changes: object): Kpi => ({ ...exact(), ...changes }) as Kpi
const gauge = (wanted: 'below' | 'above', limit: number) => kpi({ name: 'cpu', kind: 'gauge', wanted, limit })
const without = ({ baseline: _, ...trial }: Trial): Trial => trial
const withValue =
  (of: (minute: number) => number | null, baseline: (minute: number) => number | null = () => null) =>
  (reading: Reading): Reading => {
    if (reading.kind === 'missing') return reading
    const value = reading.id.endsWith('canary') ? of : baseline
    const buckets = reading.buckets.map((bucket) => ({ ...bucket, value: value((bucket.at - T0) / MINUTE) }))
    return { ...reading, buckets }
  }

/** By title, what is told word by word in `told.txt`. */
export const SCENES: Readonly<Record<string, Scene>> = {
  'a step that is well': { trial: HEALTHY, at: [1, 30, 59, 60] },
  'a step that is well, behind a source that lags': { trial: { ...HEALTHY, manifest: LAGGING }, at: [1, 5, 62, 63] },
  'a step that warms up': { trial: { ...HEALTHY, manifest: WARM }, at: [1, 4, 5, 60] },
  'a warm-up that outlasts the bake': {
    trial: { ...HEALTHY, manifest: WARM, bakeMs: 2 * MINUTE },
    at: [1, 3, 5, 7],
  },
  'a cold start that is too bad': { trial: { ...HEALTHY, manifest: WARM, canary: steady(9, 60, 300) }, at: [1, 2] },
  'a fault that is plain': { trial: { ...HEALTHY, canary: steady(9, 300, 300) }, at: [1, 2] },
  'a fault that is plain, behind a source that lags': {
    trial: { ...HEALTHY, manifest: LAGGING, canary: [...steady(20, 0, 300), ...steady(9, 300, 300)] },
    at: [20, 21, 22, 25],
  },
  'a fault that creeps': { trial: { ...HEALTHY, canary: steady(60, 1, 300) }, at: [10, 20, 30, 60] },
  'a fault in the newest minutes of a long step': {
    trial: {
      ...HEALTHY,
      manifest: manifestOf([exact({ limitRatio: 0.01 })]),
      canary: [...steady(50, 0, 300), ...steady(8, 20, 300)],
    },
    at: [50, 53, 58],
  },
  'a figure that is over by chance': {
    trial: {
      ...HEALTHY,
      canary: steady(60, 0, 300).map((pair, at) => (at % 12 === 5 ? [4, 300] : pair)),
      baseline: steady(60, 3, 2700),
    },
    at: [30, 60],
  },
  'a canary that is worse than stable, held': {
    trial: { manifest: LOOSE('hold'), canary: steady(60, 6, 300), baseline: steady(60, 6, 2700) },
    at: [5, 20, 60],
  },
  'a canary that is worse than stable, aborted': {
    trial: { manifest: LOOSE('abort'), canary: steady(60, 6, 300), baseline: steady(60, 6, 2700) },
    at: [5, 20],
  },
  'a canary that is worse than stable, ignored': {
    trial: { manifest: LOOSE('ignore'), canary: steady(60, 6, 300), baseline: steady(60, 6, 2700) },
    at: [20, 60],
  },
  'a canary that is worse than stable, ignored, and at last over the limit': {
    trial: { manifest: LOOSE('ignore'), canary: steady(60, 19, 300), baseline: steady(60, 6, 2700) },
    at: [10, 20, 30, 40],
  },
  'a canary that is worse than stable and over the limit': {
    trial: { manifest: LOOSE('hold'), canary: steady(60, 22, 300), baseline: steady(60, 50, 2700) },
    at: [3, 5, 12],
  },
  'a fault of both': {
    trial: { ...HEALTHY, canary: steady(60, 15, 300), baseline: steady(60, 135, 2700) },
    at: [5, 60],
  },
  'traffic that is not split as wished': { trial: { ...HEALTHY, baseline: steady(60, 0, 300) }, at: [3, 60] },
  'traffic that is not split as wished, and a canary that is worse': {
    trial: { manifest: LOOSE('abort'), canary: steady(60, 6, 300), baseline: steady(60, 6, 1000) },
    at: [5, 60],
  },
  'traffic that is not split as wished, and a fault that is plain': {
    trial: { ...HEALTHY, canary: steady(9, 300, 300), baseline: steady(9, 0, 300) },
    at: [2],
  },
  'a month’s budget that is burnt': {
    trial: {
      ...HEALTHY,
      canary: steady(30, 0, 300).map((pair, at) => (at === 10 ? [60, 300] : pair)),
      history: steady(1440, 0, 10),
    },
    at: [10, 11],
  },
  'a month’s budget that a younger service does not tell': {
    trial: {
      ...HEALTHY,
      canary: steady(30, 0, 300).map((pair, at) => (at === 10 ? [60, 300] : pair)),
      history: [...steady(200, 0, 0), ...steady(1240, 0, 10)],
    },
    at: [11],
  },
  'figures that never come': { trial: { ...without(HEALTHY), canary: [] }, at: [3, 5, 6, 9] },
  'figures that stop': {
    trial: { ...HEALTHY, canary: steady(20, 0, 300), baseline: steady(20, 1, 2700) },
    at: [25, 26, 40],
  },
  'figures with holes': {
    trial: { ...HEALTHY, canary: [...steady(30, 0, 300), ...Array(10).fill(null), ...steady(80, 0, 300)] },
    at: [36, 59, 60, 67],
  },
  'no request where some are due': { trial: { ...HEALTHY, canary: steady(20, 0, 0) }, at: [9, 10, 20] },
  'no request where some were due before': {
    trial: { ...without(HEALTHY), canary: steady(20, 0, 0), baseline: steady(20, 0, 0), history: steady(60, 0, 60) },
    at: [9, 10],
  },
  'no request, and nobody knows how many are due': {
    trial: { ...without(HEALTHY), canary: steady(20, 0, 0) },
    at: [9, 10],
  },
  'no request where nobody asks': {
    trial: { ...HEALTHY, canary: steady(60, 0, 0), baseline: steady(60, 0, 1), history: steady(60, 0, 1) },
    at: [20, 60],
  },
  'a source that is down': {
    trial: HEALTHY,
    at: [1, 3, 6],
    change: (reading, minute) => (minute < 5 ? dark(reading.id) : reading),
  },
  'a source that is down for the baseline': {
    trial: HEALTHY,
    at: [1, 15, 16, 60],
    change: (reading) => (reading.id === 'errors/baseline' ? dark(reading.id) : reading),
  },
  'a baseline without figures': {
    trial: { ...HEALTHY, canary: steady(40, 150, 300), baseline: Array(40).fill(null) },
    at: [3, 16, 17],
  },
  'a source that says what cannot be': {
    trial: HEALTHY,
    at: [1],
    change: (reading) =>
      reading.kind === 'missing'
        ? reading
        : { ...reading, buckets: reading.buckets.map((b) => ({ ...b, bad: b.total + 1 })) },
  },
  'a source that changes its mind': {
    trial: HEALTHY,
    at: [9, 10, 11, 60],
    change: (reading, minute) => {
      if (reading.kind === 'missing' || minute < 10) return reading
      const buckets = reading.buckets.map((one) =>
        one.at === T0 + 5 * MINUTE ? { ...one, total: one.total + 1 } : one,
      )
      return { ...reading, buckets }
    },
  },
  'a source that counts a part only': {
    trial: HEALTHY,
    at: [60],
    change: (reading) => (reading.kind === 'missing' ? reading : { ...reading, quality: 'approximate' as const }),
  },
  'evidence that is asked for': {
    trial: {
      ...HEALTHY,
      manifest: manifestOf([exact()], { requireEvidence: true }),
      canary: steady(80, 0, 50),
      baseline: steady(80, 0, 450),
    },
    at: [60, 70, 80],
  },
  'requests that are too few': {
    trial: { ...HEALTHY, canary: steady(120, 0, 10), baseline: steady(120, 0, 90) },
    at: [60, 100],
  },
  'a weight that is on its way': { trial: { ...HEALTHY, stepSince: null }, at: [1, 20] },
  'a step that began in the middle of a minute': {
    trial: { ...HEALTHY, stepSince: T0 + 10 * MINUTE + 1, bakeMs: 20 * MINUTE },
    at: [10, 12, 30, 31],
  },
  'a second step': {
    trial: HEALTHY,
    at: [60, 61, 80, 90],
    turn: (trial, minute) => (minute <= 60 ? trial : { ...trial, stepSince: T0 + 60 * MINUTE, bakeMs: 30 * MINUTE }),
  },
  'all traffic at the canary': {
    trial: HEALTHY,
    at: [20, 21, 25, 50],
    turn: (trial, minute) =>
      minute <= 20 ? trial : { ...trial, weight: 100, stepSince: T0 + 20 * MINUTE, bakeMs: 30 * MINUTE },
  },
  'requests that are slow': {
    trial: {
      ...HEALTHY,
      manifest: manifestOf([latency({ lagMs: 0 })]),
      canary: steady(60, 30, 300),
      baseline: steady(60, 100, 2700),
    },
    at: [1, 5, 20],
  },
  'probes that fail': {
    trial: {
      ...without(HEALTHY),
      manifest: manifestOf([
        kpi({
          name: 'up',
          kind: 'uptime',
          limitRatio: 0.01,
          minRequests: 30,
          source: { kind: 'probe', path: '/', count: 5, timeoutMs: SECOND },
        }),
      ]),
      canary: [...steady(10, 0, 5), ...steady(5, 5, 5)],
    },
    at: [1, 10, 12, 15],
  },
  'events that are bad': {
    trial: {
      ...HEALTHY,
      manifest: manifestOf([kpi({ name: 'refunds', kind: 'ratio', limitRatio: 0.05 })]),
      canary: steady(60, 40, 300),
    },
    at: [1, 2],
  },
  'a gauge that is to stay below': {
    trial: { ...HEALTHY, manifest: manifestOf([gauge('below', 80)]) },
    at: [1, 20, 60],
    change: withValue((minute) => (minute % 6 === 0 ? 80 : 79.9)),
  },
  'a gauge that does not stay below': {
    trial: { ...HEALTHY, manifest: manifestOf([gauge('below', 80)]) },
    at: [5, 10, 20],
    change: withValue(
      () => 95,
      () => 50,
    ),
  },
  'a gauge that is no worse than the baseline’s': {
    trial: { ...HEALTHY, manifest: manifestOf([gauge('below', 80)]) },
    at: [20, 60],
    change: withValue(
      () => 95,
      () => 90,
    ),
  },
  'a gauge that is to stay above, and does not': {
    trial: { ...HEALTHY, manifest: manifestOf([gauge('above', 10)]) },
    at: [10, 20],
    change: withValue(
      () => 10,
      () => 12,
    ),
  },
  'a gauge that is to stay above, as low as the baseline’s': {
    trial: { ...HEALTHY, manifest: manifestOf([gauge('above', 10)]) },
    at: [60],
    change: withValue(
      () => 7,
      () => 8,
    ),
  },
  'a gauge without a value': {
    trial: { ...HEALTHY, manifest: manifestOf([gauge('below', 80)]) },
    at: [1, 60],
    change: withValue(() => null),
  },
  'two that count, one that guards, one for information': {
    trial: {
      ...HEALTHY,
      manifest: manifestOf([
        exact(),
        exact({ name: 'late', role: 'guard', limitRatio: 0.5 }),
        exact({ name: 'shown', role: 'advisory', limitRatio: 0.0001 }),
        exact({ name: 'strict', limitRatio: 0.002 }),
      ]),
      canary: steady(60, 3, 300),
    },
    at: [1, 10, 20],
  },
}

/** Plays a scene look by look and tells what was asked for, a paragraph each. */
export function toldOf({ trial, at, change = (reading) => reading, turn = (same) => same }: Scene): readonly string[] {
  let state: JudgeState | null = null
  const told: string[] = []
  for (let minute = 1; minute <= (at.at(-1) ?? 0); minute += 1) {
    const now = T0 + minute * MINUTE
    const present = turn(trial, minute)
    const queries = queriesOf(present, now)
    const readings = queries.map((query) => change(readingOf(present, query, now), minute, query))
    const judged: Judged = judge(caseOf(present), state, queries, readings, now)
    state = judged.state
    if (at.includes(minute)) told.push(...linesOf(judged, minute))
  }
  return told
}

function linesOf({ verdict, state, line }: Judged, minute: number): readonly string[] {
  const logged = line === null ? 'nothing' : `${Object.values(line.kpis)[0]?.length ?? 0} from ${time(line.at)}`
  return [
    `${minute}m ${verdict.kind}: ${verdict.because} (absorbed ${logged})`,
    ...verdict.evidence.flatMap((item) => [`   ${evidenceText(item)}`, `   ${stateText(state.kpis[item.kpi])}`]),
  ]
}

const time = (at: number) => `${(at - T0) / MINUTE}m`
const short = (value: number) => String(Number(value.toPrecision(6)))

function evidenceText(it: Evidence): string {
  const counts = `${it.bad} of ${it.total} = ${it.value === null ? null : short(it.value)}, limit ${it.limit} ${it.unit}`
  const beside = it.baseline === null ? 'alone' : `beside ${it.baseline.bad} of ${it.baseline.total}`
  const e = it.evalues
  const evidence =
    e === null
      ? 'no evidence'
      : `evidence ${[e.absolute, e.relative, e.warmUp, e.support].map(short).join(' ')} of ${e.needed} and ${e.neededWarmUp}, φ ${short(e.overDispersion)}`
  const marks = [it.provisional ? 'provisional' : '', it.approximate ? 'approximate' : '', it.silent ?? '']
  const lack =
    it.missing === null ? '' : ` lacks ${it.missing} until ${it.passAt === null ? 'nobody knows' : time(it.passAt)}`
  return `${it.kpi} (${it.role}, ${it.source}, ${it.query}) ${it.verdict} ${time(it.from)}–${time(it.to)}: ${counts}, ${beside}; ${evidence}${lack} ${marks.filter((mark) => mark !== '').join(', ')}`.trimEnd()
}

function stateText(state: KpiState | undefined): string {
  if (state === undefined) return 'no state'
  const { step, history, recent } = state
  const { since, allowed, paired, ...counts } = step
  return [
    `state next ${time(state.next)} lag ${time(T0 + state.lagMs)} corrected ${state.corrected} uncontrolled ${state.uncontrolled} idle ${state.idle} value ${state.value}`,
    `blind ${state.blind === null ? 'no' : `${time(state.blind.since)} ${state.blind.silence}`}`,
    `step ${time(since)} ${Object.values(counts).join(' ')} allowed ${short(allowed)}${paired === step.total ? '' : ` paired ${paired}`}`,
    `before ${Object.values(history).map(short).join(' ')}`,
    `remembered ${recent.length} ${recent.length === 0 ? '' : `${time(recent[0]?.[0] ?? 0)} to ${recent.at(-1)?.slice(1).join('/')}`}`,
  ].join('; ')
}
