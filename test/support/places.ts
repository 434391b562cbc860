import type { Notice } from '../../lib/core/notice.ts'
import type { Sink } from '../../lib/engine/notify.ts'
import { Fault, type FaultKind } from '../../lib/errors.ts'

/** How a place takes what it is told. `lost-answer`: it takes the notice and the answer is lost. `bug`: our own code breaks. */
export type Mood = 'well' | FaultKind | 'lost-answer' | 'bug' | 'hanging'

/** A sink in memory whose mood a test sets, and what it has taken. */
export interface SimPlace extends Sink {
  mood: Mood
  /** While not null, only these notices meet the mood. */
  meets: ((notice: Notice) => boolean) | null
  /** What a Fault says about when to come again. */
  retryAfterMs: number | null
  /** What happens before a notice is taken, e.g. time passing. */
  before: () => void
  /** Ids of the notices that were taken, in order; a notice that came twice stands there twice. */
  readonly taken: string[]
  /** Conversations that notices were told in, in order; null = none yet. */
  readonly threads: (string | null)[]
  /** How often it was called. */
  calls: number
}

/** A place called `name` that wants all notices, unless `wants` says otherwise, and keeps a conversation per rollout. */
export function createPlace(name: string, wants: Sink['wants'] = () => true): SimPlace {
  const place: SimPlace = {
    name,
    wants,
    mood: 'well',
    meets: null,
    retryAfterMs: null,
    before: () => {},
    taken: [],
    threads: [],
    calls: 0,
    notifier: {
      hasThreads: true,
      tell: async (notice, thread) => {
        place.calls += 1
        place.before()
        const mood = place.meets === null || place.meets(notice) ? place.mood : 'well'
        if (mood === 'hanging') return new Promise(() => {})
        if (mood === 'bug') throw new TypeError('undefined is not a function')
        if (mood !== 'well' && mood !== 'lost-answer') throw faultOf(mood, place.retryAfterMs)
        place.taken.push(notice.id)
        place.threads.push(thread)
        if (mood === 'lost-answer') throw faultOf('unavailable', null)
        return thread ?? `thread of ${notice.id}`
      },
    },
  }
  return place
}

function faultOf(kind: FaultKind, retryAfterMs: number | null): Fault {
  return new Fault(kind, `the place is ${kind}`, { retryAfterMs })
}
