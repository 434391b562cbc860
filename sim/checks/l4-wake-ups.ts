import { CALM, followCalm } from './calm.ts'
import { type Check, checkOf } from './check.ts'
import { DUE, followDue } from './due.ts'
import { MINUTE_MS, OUTSIDE } from './plane.ts'

/** The bell rings at once, and the timer with the next minute. */
const IN_TIME_MS = 2 * MINUTE_MS

/**
 * L4: whoever wants to be looked at is looked at in two minutes, though the timer is silent or the bell is: either alone is
 * enough. The bell must have been rung when the look was wished for.
 */
export function checkWakeUps(): Check {
  const calm = followCalm()
  const due = followDue()
  const told = new Set<string>()
  return checkOf({
    invariant: 'L4',
    kinds: [...CALM, ...DUE],
    timed: true,
    see: (event) => {
      calm.see(event)
      due.see(event)
      return due.overdue(event.at - IN_TIME_MS).flatMap(({ entity, at, since }) => {
        const timerIsThere = calm.lastBut([...OUTSIDE, 'F5']) < since
        const bellIsThere = calm.lastBut([...OUTSIDE, 'F7']) < since
        if ((!timerIsThere && !bellIsThere) || told.has(`${entity} ${at}`)) return []
        told.add(`${entity} ${at}`)
        const says = `${entity} wanted to be looked at at ${new Date(at).toISOString()}, and nobody had by ${new Date(event.at).toISOString()}`
        return [{ invariant: 'L4' as const, says, n: event.n }]
      })
    },
    end: () => [],
  })
}
