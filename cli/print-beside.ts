import type { Timeline } from '../lib/core/replay/timeline.ts'
import type { Manifest } from '../lib/core/service.ts'
import type { Ending } from './ending.ts'
import { limitsText, planText, stepsText, timelineText, whenText } from './print-timeline.ts'
import { beside, hanging, type Terminal } from './terminal.ts'
import { unitOf, unitsText } from './units.ts'

/** A rollout as it was, as its own manifest judges it, and as the changed one does. */
export interface Beside {
  readonly what: string
  /** How it really ended; null where only its buckets are known. */
  readonly ending: Ending | null
  readonly then: Timeline
  readonly now: Timeline
  readonly notes: readonly string[]
}

/** Then and now for a person: the new timeline, and beside each other when and why each ended. */
export function besideText(
  { what, ending, then, now, notes }: Beside,
  plans: { readonly was: Manifest; readonly is: Manifest },
  terminal: Terminal,
  verbose: boolean,
): string {
  return [
    ...hanging('Replay of ', what),
    planText(plans.is),
    '',
    timelineText(now, terminal, verbose),
    '',
    ...(ending === null ? [] : [...endingLines(ending, now), '']),
    ...beside('', 'THEN: the manifest it had, replayed', 'NOW: this manifest, replayed'),
    ...beside('Plan', stepsText(plans.was), stepsText(plans.is)),
    ...beside('Limits', limitsText(plans.was), limitsText(plans.is)),
    ...beside('Outcome', then.outcome, now.outcome),
    ...beside('When', whenText(then), whenText(now)),
    ...beside('Because', then.because, now.because),
    '',
    ...hanging('', differenceText(then, now)),
    ...notes.flatMap((note) => hanging('Note: ', note)),
  ].join('\n')
}

function endingLines({ outcome, endedAtMinute, because }: Ending, length: Timeline): readonly string[] {
  const when = endedAtMinute === null ? '' : ` in ${unitOf(length)} ${endedAtMinute}`
  return hanging('As it was: ', `${outcome}${when}: ${because}`)
}

function differenceText(then: Timeline, now: Timeline): string {
  if (then.outcome === 'running' || now.outcome === 'running') return undecidedText(then, now)
  if (then.outcome !== now.outcome) return `The outcome would have been ${now.outcome} instead of ${then.outcome}.`
  const buckets = (now.endedAtMinute ?? 0) - (then.endedAtMinute ?? 0)
  if (buckets === 0) return 'It would have ended the same, at the same time.'
  return `It would have ended the same, ${unitsText(Math.abs(buckets), now)} ${buckets < 0 ? 'earlier' : 'later'}.`
}

/** Data that end before a rollout does are no outcome, and are not compared as one. */
function undecidedText(then: Timeline, now: Timeline): string {
  const end = ({ bucketMs, endedAtMinute }: Timeline) =>
    endedAtMinute === null
      ? 'no data are left to judge'
      : `the data end there, with ${unitOf({ bucketMs })} ${endedAtMinute}`
  const ended = (timeline: Timeline) => `${timeline.outcome} ${whenText(timeline)}`
  if (then.outcome === now.outcome) return `Neither is decided: ${end(now)}.`
  if (now.outcome === 'running')
    return `Under this manifest it is not decided: ${end(now)}. Under the one it had: ${ended(then)}.`
  return `Under this manifest: ${ended(now)}. Under the one it had it is not decided: ${end(then)}.`
}
