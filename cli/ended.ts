import type { RolloutView, ServiceView } from '../lib/api.ts'
import { EXIT } from './exit.ts'
import { clean, utc } from './words.ts'

/** Where a rollout stands, for a pipeline: the exit code, and whether waiting could still change it. */
export interface Stand {
  readonly exit: number
  readonly isFinal: boolean
}

const GOOD: readonly string[] = ['promoted', 'unchanged']

/** How a service stands. A pause waits for a person; what is being rolled back is lost already. */
export function standOf({ phase, outcome }: Pick<ServiceView, 'phase' | 'outcome'>): Stand {
  if (phase === 'finished') return { exit: GOOD.includes(outcome ?? '') ? EXIT.ok : EXIT.rolledBack, isFinal: true }
  if (phase === 'rolling-back') return { exit: EXIT.rolledBack, isFinal: false }
  if (phase === 'paused') return { exit: EXIT.waiting, isFinal: true }
  return { exit: EXIT.ok, isFinal: phase === 'idle' }
}

/** How `next` begins where nobody can read which freezes hold; a server from before the field says it in words alone. */
const UNREAD = 'held by freezes that cannot be read'

/** Whether a rollout waits because nobody can read which freezes hold: that passes by itself, and nobody can lift it. */
function isHeldUnread({ freeze, next }: Pick<ServiceView, 'freeze' | 'next'>): boolean {
  return next.startsWith(freeze?.unreadable ? 'held by ' : UNREAD)
}

/** The freeze that keeps a rollout from going on, as half a sentence; null where none does. An undo goes past a freeze. */
export function heldText({ freeze, next }: Pick<ServiceView, 'freeze' | 'next'>): string | null {
  if (freeze === null || !next.startsWith('held by ')) return null
  if (isHeldUnread({ freeze, next })) return `${UNREAD} (${clean(freeze.reason, 200)}) until they can`
  const end = freeze.until === null ? 'until it is lifted' : `until ${utc(freeze.until)}`
  return `held by freeze ${clean(freeze.id, 60)} (${clean(freeze.reason, 200)}) ${end}`
}

/** As standOf, with the freeze that holds it: one that does not end within `leftMs` waits for a person who lifts it. */
export function heldStandOf(view: ServiceView, leftMs: number): Stand {
  if (isHeldUnread(view)) return { exit: EXIT.waiting, isFinal: false }
  const stand = standOf(view)
  if (stand.isFinal || stand.exit !== EXIT.ok || heldText(view) === null) return stand
  const isLong = view.nextInMs === null || view.nextInMs > leftMs
  return { exit: EXIT.waiting, isFinal: isLong }
}

/** How a rollout that is no longer the newest ended. */
export function pastStand({ phase }: RolloutView): Stand {
  return standOf({ phase: phase.kind, outcome: phase.kind === 'finished' ? phase.outcome : null })
}
