import { absorb } from '../../lib/core/judge/absorb.ts'
import { type Case, judge } from '../../lib/core/judge/judge.ts'
import type { Bucket, Query, Reading } from '../../lib/core/judge/reading.ts'
import { findingOf, type Sequence, startSequence } from '../../lib/core/judge/sequence.ts'
import type { JudgeState } from '../../lib/core/judge/state.ts'
import type { Kpi, Manifest } from '../../lib/core/service.ts'
import { generate, type Stream } from '../../sim/streams/generate.ts'
import { SCENARIOS } from '../../sim/streams/scenarios.ts'
import { atMost, type Figure, median, round, told } from '../report.ts'
import { minuteAt, testOf } from './ours.ts'

const BLOCK = 288
const ROUNDS = 20
const MOST_MICROSECONDS = 20
/** State may be longer at its end by a few digits of its numbers. */
const MOST_GROWTH = 1.25

/** What one look at one KPI costs, beside the exponentials that it cannot do without, and how large its state is. */
export function costFigures(): readonly Figure[] {
  const scenario = SCENARIOS.H1
  if (scenario === undefined) throw new Error('There is no scenario H1.')
  const stream = generate(scenario, 1)
  const ticks: number[] = []
  const floors: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const { blocks, exponentials } = timeSoak(stream)
    // The first rounds warm the machine up.
    if (round >= ROUNDS / 4) ticks.push(...blocks)
    floors.push(timeExponentials(exponentials))
  }
  const tick = median(ticks)
  const floor = median(floors)
  const [hour, end] = [sizeAfter(stream, 60), sizeAfter(stream, scenario.minutes)]
  return [
    atMost('one tick of one KPI, median', tick, MOST_MICROSECONDS, ' µs'),
    told('one whole look at one KPI, verdict and words included, median', `${round(wholeLook(stream))} µs`),
    told('as many exponentials alone', `${round(floor)} µs`),
    told('the tick against them', round(tick / floor)),
    told('state of one KPI after an hour, as JSON', `${round(hour)} bytes`),
    told('state of one KPI after 48 hours', `${round(end)} bytes`),
    atMost('the latter against the former', end / hour, MOST_GROWTH),
  ]
}

function timeSoak(stream: Stream): { readonly blocks: readonly number[]; readonly exponentials: number } {
  const test = testOf('errors', stream.history)
  const blocks: number[] = []
  let sequence = startSequence(test)
  for (let start = 0; start < stream.scenario.minutes; start += BLOCK) {
    const began = performance.now()
    for (let at = start; at < start + BLOCK; at += 1) {
      sequence = absorb(test, sequence, minuteAt(stream, 'errors', at))
      if (findingOf(test, sequence).kind === 'fail') throw new Error('A healthy soak was aborted.')
    }
    blocks.push(((performance.now() - began) * 1000) / BLOCK)
  }
  return { blocks, exponentials: test.ratios.absolute.length + test.ratios.relative.length }
}

/** Microseconds of one look of the product: both arms' newest ten minutes read again, three of them not final, one new. */
function wholeLook(stream: Stream): number {
  const manifest = lookManifest()
  const times: number[] = []
  let state: JudgeState | null = null
  for (let at = 0; at < stream.scenario.minutes; at += 1) {
    const now = (at + 1) * MINUTE_MS
    const queries = (['canary', 'baseline'] as const).map((arm) => lookQuery(manifest, arm, at))
    const readings = queries.map((query) => lookReading(stream, query, at))
    const began = performance.now()
    state = judge(caseAt(manifest), state, queries, readings, now).state
    times.push((performance.now() - began) * 1000)
  }
  return median(times)
}

/** Microseconds of so many exponentials. */
function timeExponentials(count: number): number {
  const times = 10_000
  let sum = 0
  const began = performance.now()
  for (let at = 0; at < times * count; at += 1) sum += Math.exp(-(at % 97) / 10)
  const took = ((performance.now() - began) * 1000) / times
  // The sum is looked at, so that the work cannot be left out.
  return sum > 0 ? took : Number.NaN
}

function sizeAfter(stream: Stream, minutes: number): number {
  const test = testOf('errors', stream.history)
  let sequence: Sequence = startSequence(test)
  for (let at = 0; at < minutes; at += 1) sequence = absorb(test, sequence, minuteAt(stream, 'errors', at))
  return JSON.stringify(sequence).length
}

const MINUTE_MS = 60_000
const REREAD = 10

function lookManifest(): Manifest {
  const errors: Kpi = {
    name: 'errors',
    role: 'required',
    source: { kind: 'azure-logs' },
    lagMs: 3 * MINUTE_MS,
    minRequests: null,
    kind: 'error-rate',
    limitRatio: 0.001,
    alsoBad: [],
  }
  const wait = { afterMs: null, then: 'wait' } as const
  return {
    name: 'bench',
    environment: 'bench',
    target: { subscriptionId: 'bench', resourceGroup: 'bench', app: 'bench', container: null },
    image: { registry: 'bench', repository: 'bench', tags: { kind: 'glob', pattern: '*' } },
    stages: [{ weight: 10, bakeMs: 2 * 86_400_000, gate: false }],
    analysis: {
      intervalMs: MINUTE_MS,
      bucketMs: MINUTE_MS,
      warmUpMs: 5 * MINUTE_MS,
      kpis: [errors],
      onInconclusive: wait,
      onRelative: 'hold',
      onBlind: { afterMs: 30 * MINUTE_MS, then: 'wait' },
      requireEvidence: false,
    },
    onNewRevision: 'supersede',
    deadlines: { readyMs: 0, trafficMs: 0, gateMs: null },
    approvals: null,
    drainMs: 0,
    scaleDownDelayMs: 0,
    watchMs: 0,
  }
}

function caseAt(manifest: Manifest): Case {
  const step = { since: 0, bakeMs: manifest.stages[0]?.bakeMs ?? 0 }
  return { rollout: 'bench-1', manifest, canary: 'bench--r1', since: 0, step, weight: 10 }
}

function lookQuery(manifest: Manifest, arm: Query['arm'], at: number): Query {
  const [kpi] = manifest.analysis.kpis
  if (kpi === undefined) throw new Error('There is no KPI.')
  const place = { environment: 'bench', target: manifest.target, region: null, host: null, revision: `bench--${arm}` }
  const from = Math.max(0, at + 1 - REREAD) * MINUTE_MS
  return { id: arm, arm, kpi, ...place, bucketMs: MINUTE_MS, from, to: (at + 1) * MINUTE_MS }
}

function lookReading(stream: Stream, { id, arm, from, to }: Query, at: number): Reading {
  const { total, errors } = stream[arm]
  const buckets: Bucket[] = []
  for (let start = from; start < to; start += MINUTE_MS) {
    const minute = Math.min(at, start / MINUTE_MS)
    buckets.push({ at: start, bad: errors[minute] ?? 0, total: total[minute] ?? 0, value: null })
  }
  return { id, kind: 'measured', buckets, quality: 'exact', query: '', note: null }
}
