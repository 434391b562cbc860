import type { RolloutView, ServiceView } from '../lib/api.ts'
import { EXIT } from './exit.ts'

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

/** How a rollout that is no longer the newest ended. */
export function pastStand({ phase }: RolloutView): Stand {
  return standOf({ phase: phase.kind, outcome: phase.kind === 'finished' ? phase.outcome : null })
}
