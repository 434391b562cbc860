import { type Feed, feedOf, type Series } from '../../lib/core/replay/feed.ts'
import { replay } from '../../lib/core/replay/replay.ts'
import type { Manifest } from '../../lib/core/service.ts'
import { type BucketsRead, readBuckets } from '../bucket-file.ts'
import type { Call } from '../call.ts'
import { EXIT, exitOf, Refusal } from '../exit.ts'
import { manifestOf } from '../manifest-file.ts'
import { notesOn, waitNotes } from '../notes.ts'
import { planText, timelineText } from '../print-timeline.ts'
import { playable, scenarioData, scenarioFeed, scenarioLines, scenarioManifest, scenarioNamed } from '../scenario.ts'
import { hanging, type Terminal } from '../terminal.ts'
import { readText } from '../text-file.ts'

interface SimulateOptions {
  readonly manifest?: string
  readonly buckets?: string
  readonly scenario?: string
  readonly seed: number
  readonly gates: 'open' | 'wait'
  readonly list?: boolean
  readonly json?: boolean
  readonly verbose?: boolean
}

/** `slipway simulate`: plays a rollout through the judge. */
export async function run({ io, options }: Call<SimulateOptions>): Promise<number> {
  if (options.list === true) {
    list(io, options.json === true)
    return EXIT.ok
  }
  return simulate(options, io)
}

function list(terminal: Terminal, isJson: boolean): void {
  terminal.write(isJson ? JSON.stringify(scenarioData(), null, 2) : scenarioLines().join('\n'))
}

async function simulate(options: SimulateOptions, terminal: Terminal): Promise<number> {
  const { manifest, feed, series, what, from, notes: said } = await sceneOf(options)
  const timeline = replay({ manifest, feed, gates: options.gates })
  if (timeline.verdicts.length === 0 && timeline.outcome === 'running')
    throw new Refusal(EXIT.error, `${what}: ${timeline.because}`)
  const notes = [...said, ...waitNotes(timeline, manifest), ...notesOn({ manifest, series, from }, timeline)]
  if (options.json === true) terminal.write(JSON.stringify({ ...timeline, notes }))
  else {
    const lines = notes.flatMap((note) => hanging('Note: ', note))
    const head = [planText(manifest), ...hanging('Data: ', what), '']
    terminal.write([...head, timelineText(timeline, terminal, options.verbose === true), ...lines].join('\n'))
  }
  return exitOf(timeline)
}

interface Scene {
  readonly manifest: Manifest
  readonly feed: Feed
  readonly series: Series
  /** Where the figures are from, to a person. */
  readonly what: string
  /** The same in short, e.g. `the file`. */
  readonly from: string
  readonly notes: readonly string[]
}

async function sceneOf(options: SimulateOptions): Promise<Scene> {
  const { scenario, buckets, manifest: file, seed } = options
  if (scenario !== undefined && buckets !== undefined)
    throw new Refusal(EXIT.usage, '--scenario and --buckets exclude each other; give one of them')
  if (scenario !== undefined) {
    const found = scenarioNamed(scenario)
    const { manifest, notes } = playable(file === undefined ? scenarioManifest() : await manifestOf(file))
    const what = `scenario ${found.name} (${found.alias}), seed ${seed}: ${found.about}`
    return { manifest, what, from: 'the scenario', notes, ...scenarioFeed(found, seed, manifest) }
  }
  if (buckets === undefined)
    throw new Refusal(EXIT.usage, 'give --buckets FILE with --manifest FILE, or --scenario NAME')
  if (file === undefined)
    throw new Refusal(EXIT.usage, '--buckets needs --manifest FILE: it says what is judged, and how')
  const manifest = await manifestOf(file)
  const { series, notes } = await seriesOfFile(buckets, manifest)
  const what = buckets === '-' ? 'standard input' : buckets
  return { manifest, series, feed: feedOf(series), what, from: 'the file', notes }
}

/** The buckets of a CSV file, and notes on how they were read. Throws Refusal with every line that is wrong. */
export async function seriesOfFile(file: string, manifest: Manifest): Promise<BucketsRead & { readonly ok: true }> {
  const read = readBuckets(await readText(file, 'file of buckets'), file, manifest)
  if (read.ok) return read
  throw new Refusal(EXIT.error, read.issues)
}
