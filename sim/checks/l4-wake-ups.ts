import { FAULTS, type TraceEvent } from '../trial/trace.ts'
import { CALM, followCalm } from './calm.ts'
import { type Check, checkOf, type Violation } from './check.ts'
import { DUE, type Due, followDue } from './due.ts'
import { MINUTE_MS, OUTSIDE } from './plane.ts'

/** The bell rings at once, and the timer with the next minute. */
const IN_TIME_MS = 2 * MINUTE_MS
/** Whoever asks whether all that is due is looked at hears of what has been due for so long. */
const ALARM_MS = 5 * MINUTE_MS
/** A service whose row cannot be read may be missing in the answer: of that the quarantine tells. */
const ALL_BUT_POISON = FAULTS.filter((kind) => kind !== 'F15')

/**
 * L4: whoever wants to be looked at is looked at in two minutes, though the timer is silent or the bell is: either alone is
 * enough. The bell must have been rung when the look was wished for. Where nobody looks, those who ask from outside hear of
 * it once the look has been due for five minutes, and of nothing that is not due.
 */
export function checkWakeUps(): Check {
  const calm = followCalm()
  const due = followDue()
  const told = new Set<string>()
  const heard = followHeartbeat()
  const once = (entity: string, what: string, at: number, says: string, n: number): readonly Violation[] => {
    const name = `${what} ${entity} ${at}`
    if (told.has(name)) return []
    told.add(name)
    return [{ invariant: 'L4', says: `${entity} ${says}`, n }]
  }
  const unseen = (event: TraceEvent) =>
    due.overdue(event.at - IN_TIME_MS).flatMap(({ entity, at, since }) => {
      const timerIsThere = calm.lastBut([...OUTSIDE, 'F5']) < since
      const bellIsThere = calm.lastBut([...OUTSIDE, 'F7']) < since
      if (!timerIsThere && !bellIsThere) return []
      const says = `wanted to be looked at at ${iso(at)}, and nobody had by ${iso(event.at)}`
      return once(entity, 'look', at, says, event.n)
    })
  const unheard = (event: TraceEvent) =>
    due.overdue(event.at - ALARM_MS - MINUTE_MS).flatMap(({ entity, at, since }) => {
      if (heard.isLate(entity) || calm.lastBut(ALL_BUT_POISON) >= since) return []
      const says = `was due at ${iso(at)}, nobody looked by ${iso(event.at)}, and whoever asked heard that all is well`
      return once(entity, 'alarm', at, says, event.n)
    })
  return checkOf({
    invariant: 'L4',
    kinds: [...CALM, ...DUE, 'heartbeat'],
    timed: true,
    see: (event) => {
      calm.see(event)
      due.see(event)
      heard.see(event)
      const early = event.kind === 'heartbeat' ? heard.tooEarly(event, due) : []
      const falsely = early.flatMap(({ entity, at }) =>
        once(
          entity,
          'false alarm',
          at,
          `was said to be late at ${iso(event.at)}, and was not due before ${iso(at)}`,
          event.n,
        ),
      )
      return [...falsely, ...unheard(event), ...unseen(event)]
    },
    end: () => [],
  })
}

/** What whoever asks from outside has heard last. */
function followHeartbeat() {
  /** Null = nobody answered, which is an alarm of its own. */
  let late: ReadonlySet<string> | null = new Set()
  return {
    see: (event: TraceEvent) => {
      if (event.kind !== 'heartbeat') return
      late = event.late === null ? null : new Set(event.late.map((name) => `${event.environment}/${name}`))
    },
    isLate: (entity: string) => late === null || late.has(entity),
    /** Those named whose look is not due yet. */
    tooEarly: ({ at }: TraceEvent, due: Due) => due.waiting().filter((one) => late?.has(one.entity) && one.at > at),
  }
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
