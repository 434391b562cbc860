import { LATE_MS } from '../../lib/core/doctor/storage.ts'
import { lateIn } from '../../lib/engine/heartbeat.ts'
import { Fault } from '../../lib/errors.ts'
import type { Footing } from './footing.ts'
import { ENVIRONMENT } from './parts.ts'
import type { TraceBody } from './trace.ts'

type Heartbeat = Extract<TraceBody, { readonly kind: 'heartbeat' }>

/** Somebody outside who asks the control plane whether it is alive, as an alert rule does. */
export interface Monitor {
  /** When the answer may become another because nobody looked at what is due then, epoch milliseconds; infinite = at no time that is to come. */
  nextAt(due: number, now: number): number
  /** Asks, where the answer may be another than it was, and tells it where it is. `isGone`: nobody answers. */
  ask(earliestDue: number, now: number, isGone: boolean): Promise<void>
}

/** A monitor that has heard nothing amiss yet. */
export function createMonitor({ wheel }: Pick<Footing, 'wheel'>, tell: (event: TraceBody) => void): Monitor {
  let told: Heartbeat['late'] = []
  const alarm = (due: number) => due + LATE_MS + 1
  return {
    nextAt: (due, now) => (alarm(due) > now ? alarm(due) : Number.POSITIVE_INFINITY),
    ask: async (earliestDue, now, isGone) => {
      if (now < alarm(earliestDue) && told?.length === 0) return
      const late = isGone ? null : await answerOf(wheel)
      if (late?.join() === told?.join()) return
      told = late
      tell({ kind: 'heartbeat', environment: ENVIRONMENT, late })
    },
  }
}

async function answerOf(wheel: Footing['wheel']): Promise<Heartbeat['late']> {
  try {
    return await lateIn(wheel, ENVIRONMENT)
  } catch (error) {
    if (error instanceof Fault) return null
    throw error
  }
}
