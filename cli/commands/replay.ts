import type { History } from '../../lib/core/judge/state.ts'
import { feedOf, type Series } from '../../lib/core/replay/feed.ts'
import { replay } from '../../lib/core/replay/replay.ts'
import { incomparable, seriesOf, withUnfinished } from '../../lib/core/replay/stored.ts'
import type { Timeline } from '../../lib/core/replay/timeline.ts'
import type { Manifest } from '../../lib/core/service.ts'
import type { Call } from '../call.ts'
import { type Ending, endingOf } from '../ending.ts'
import { EXIT, exitOf, Refusal } from '../exit.ts'
import type { Io } from '../io.ts'
import { manifestOf } from '../manifest-file.ts'
import { notesOn, waitNotes } from '../notes.ts'
import { besideText } from '../print-beside.ts'
import { storedRollout } from '../stored-rollout.ts'
import { thinned } from '../thin.ts'
import { unitOf } from '../units.ts'
import { seriesOfFile } from './simulate.ts'

interface ReplayOptions {
  readonly manifest?: string
  readonly buckets?: string
  readonly recorded?: string
  readonly service?: string
  readonly rollout?: number
  readonly weight?: number
  readonly seed: number
  readonly gates: 'open' | 'wait'
  readonly verbose?: boolean
}

/** `slipway replay`: judges a past rollout anew. */
export async function run({ io, options }: Call<ReplayOptions>): Promise<number> {
  return judgeAnew(options, io)
}

/** What was measured, and under which manifest and weights. */
interface Recorded {
  readonly what: string
  readonly manifest: Manifest
  readonly series: Series
  readonly history?: Readonly<Record<string, History>>
  /** Where the figures are from, in short: `the file`. */
  readonly from: string
  /** What is to be said of how they were read. */
  readonly notes: readonly string[]
  /** How the rollout really ended; null where only its buckets are known. */
  readonly ending: Ending | null
  /** Canary weight that a bucket was measured at, where the service wrote it down. */
  readonly weightAt: ((bucket: number) => number | null) | null
}

async function judgeAnew(options: Call<ReplayOptions>['options'], terminal: Io): Promise<number> {
  const recorded = await recordedOf(terminal, options)
  const wanted = options.manifest === undefined ? recorded.manifest : await manifestOf(options.manifest)
  const manifest = options.weight === undefined ? wanted : withFirstWeight(wanted, options.weight)
  const troubles = incomparable(recorded.manifest, manifest)
  if (troubles.length > 0) throw new Refusal(EXIT.error, troubles)
  const history = recorded.history === undefined ? {} : { history: recorded.history }
  const plain = feedOf(recorded.series)
  const then = replay({ manifest: recorded.manifest, feed: plain, gates: options.gates, ...history })
  const measuredAt = recorded.weightAt ?? weightsBy(then)
  const feed = thinned(plain, measuredAt, options.seed, unitOf(manifest.analysis))
  const now = replay({ manifest, feed, gates: options.gates, ...history })
  if (now.verdicts.length === 0 && now.outcome === 'running') throw new Refusal(EXIT.error, now.because)
  const isThinned = now.verdicts.some(({ minute, weight }) => weight < (measuredAt(minute) ?? 0))
  const notes = [
    ...recorded.notes,
    ...(isThinned ? [thinNote(options.seed)] : []),
    ...waitNotes(now, manifest),
    ...notesOn({ ...recorded, manifest }, now),
  ]
  const told = { what: recorded.what, ending: recorded.ending, then, now, notes }
  if (options.json === true) {
    const { outcome, endedAtMinute, because } = then
    terminal.write(
      JSON.stringify({ ...now, then: { outcome, endedAtMinute, because }, recorded: recorded.ending, notes }),
    )
  } else terminal.write(besideText(told, { was: recorded.manifest, is: manifest }, terminal, options.verbose === true))
  return exitOf(now)
}

function thinNote(seed: number): string {
  return `the canary had more traffic than this plan gives it: its events were thinned at random (seed ${seed}), so this is a simulation and not a record; try other seeds`
}

async function recordedOf(io: Io, options: Call<ReplayOptions>['options']): Promise<Recorded> {
  const { service, buckets, manifest: file, recorded } = options
  if (service !== undefined && buckets !== undefined)
    throw new Refusal(EXIT.usage, '--service and --buckets exclude each other; give one of them')
  if (service !== undefined) return fromService(io, service, options)
  if (buckets === undefined)
    throw new Refusal(EXIT.usage, 'give --buckets FILE with --manifest FILE, or --service NAME with --rollout NUMBER')
  const was = recorded ?? file
  if (was === undefined)
    throw new Refusal(EXIT.usage, '--buckets needs --manifest FILE: it says what is judged, and how')
  const manifest = await manifestOf(was)
  const { series, notes } = await seriesOfFile(buckets, manifest)
  return { what: buckets, manifest, series, from: 'the file', notes, ending: null, weightAt: null }
}

async function fromService(io: Io, service: string, options: Call<ReplayOptions>['options']): Promise<Recorded> {
  const { rollout: number, environment, recorded } = options
  if (number === undefined)
    throw new Refusal(EXIT.usage, '--service needs --rollout NUMBER: which of its rollouts is meant')
  if (recorded !== undefined)
    throw new Refusal(EXIT.usage, '--recorded goes with --buckets; the service knows its manifest')
  const { connect } = await import('../http.ts')
  const stored = await storedRollout(connect(io, options), { service, rollout: number, environment })
  const { rollout, from, lines, history, unfinished, weights } = stored
  const { bucketMs } = rollout.manifest.analysis
  const weightAt = (bucket: number) =>
    weights.findLast(({ at }) => at <= from + (bucket + 1) * bucketMs)?.weight ?? null
  return {
    what: `${rollout.id} (${rollout.push.tag}) in ${rollout.key.environment}`,
    manifest: rollout.manifest,
    series: withUnfinished(seriesOf(lines, from, bucketMs), unfinished, from, bucketMs),
    history,
    from: 'the service',
    notes: [],
    ending: endingOf(rollout, from),
    weightAt: weights.length === 0 ? null : weightAt,
  }
}

/** The weights of a timeline; after its end its last one goes on. */
function weightsBy({ verdicts }: Timeline): (bucket: number) => number | null {
  const weights = new Map(verdicts.map(({ minute, weight }) => [minute, weight]))
  const last = verdicts.at(-1)?.weight ?? null
  return (bucket) => weights.get(bucket) ?? last
}

/** The plan with another weight in its first step. Throws Refusal where the steps would no longer rise. */
function withFirstWeight(manifest: Manifest, weight: number): Manifest {
  const first = manifest.stages[0]?.weight ?? 100
  const next = manifest.stages.find((stage) => stage.weight !== first)
  if (next !== undefined && weight >= next.weight)
    throw new Refusal(
      EXIT.usage,
      `--weight ${weight} is not below the ${next.weight} % of the next step; write less, or change the plan with --manifest`,
    )
  const stages = manifest.stages.map((stage) => (stage.weight === first ? { ...stage, weight } : stage))
  return { ...manifest, stages }
}
