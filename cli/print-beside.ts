import type { Timeline } from '../lib/core/replay/timeline.ts'
import type { Manifest } from '../lib/core/service.ts'
import type { Ending } from './ending.ts'
import { limitsText, planText, stepsText, timelineText, whenText } from './print-timeline.ts'
import { beside, hanging, type Terminal } from './terminal.ts'

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
    ...(ending === null ? [] : [...endingLines(ending), '']),
    ...beside('', 'THEN: the manifest it had, replayed', 'NOW: this manifest, replayed'),
    ...beside('Plan', stepsText(plans.was), stepsText(plans.is)),
    ...beside('Limits', limitsText(plans.was), limitsText(plans.is)),
    ...beside('Outcome', then.outcome, now.outcome),
    ...beside('When', whenText(then), whenText(now)),
    ...beside('Because', then.because, now.because),
    '',
    differenceText(then, now),
    ...notes.flatMap((note) => hanging('Note: ', note)),
  ].join('\n')
}

function endingLines({ outcome, endedAtMinute, because }: Ending): readonly string[] {
  const when = endedAtMinute === null ? '' : ` in bucket ${endedAtMinute}`
  return hanging('As it was: ', `${outcome}${when}: ${because}`)
}

function differenceText(then: Timeline, now: Timeline): string {
  if (then.outcome !== now.outcome) return `The outcome would have been ${now.outcome} instead of ${then.outcome}.`
  const buckets = (now.endedAtMinute ?? 0) - (then.endedAtMinute ?? 0)
  if (buckets === 0) return 'It would have ended the same, at the same time.'
  const count = Math.abs(buckets)
  return `It would have ended the same, ${count} bucket${count === 1 ? '' : 's'} ${buckets < 0 ? 'earlier' : 'later'}.`
}
