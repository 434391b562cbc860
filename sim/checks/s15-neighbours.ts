import { CALM, followCalm } from './calm.ts'
import { type Check, checkOf, type Violation } from './check.ts'
import { DUE, followDue } from './due.ts'

/** As often is a message tried at most before it is put aside. */
const MOST_TRIES = 5
/** A look that is due comes with the next minute's sweep at the latest. */
const IN_TIME_MS = 2 * 60_000

/**
 * S15: what cannot be read stops nobody else. While the row of one service is unreadable, the others are looked at in their
 * time; a message that cannot be acted on is put aside after five tries, and what stands beside it in the same message is
 * acted on with the first.
 */
export function checkNeighbours(): Check {
  const calm = followCalm()
  const due = followDue()
  const sick = new Set<string>()
  /** Since when a service that could not be read can be. */
  const wellSince = new Map<string, number>()
  const told = new Set<string>()
  /** Deliveries that stand in a message that was tried, with the name of the message. */
  const tried = new Map<string, { readonly message: string; readonly at: number }>()
  /** Whose image a delivery is of. */
  const entities = new Map<string, string>()
  const recorded = new Set<string>()
  return checkOf({
    invariant: 'S15',
    kinds: [...CALM, ...DUE, 'fault', 'push-accepted', 'event-recorded', 'message-tried'],
    timed: true,
    see: (event) => {
      calm.see(event)
      due.see(event)
      const found: Violation[] = []
      const broken = (says: string) => found.push({ invariant: 'S15', says, n: event.n })
      if (event.kind === 'fault' && event.variant === 'row-unreadable' && event.entity !== null) {
        if (event.moment === 'begins') sick.add(event.entity)
        else if (sick.delete(event.entity)) wellSince.set(event.entity, event.at)
      }
      if (event.kind === 'push-accepted') entities.set(event.id, event.entity ?? '')
      if (event.kind === 'event-recorded') recorded.add(event.record.id.split('@')[0] ?? '')
      if (event.kind === 'message-tried') {
        const { message, tries, last, deliveries } = event
        if (tries > MOST_TRIES && !last) broken(`message ${message} is tried the ${tries}th time and not put aside`)
        for (const id of deliveries) {
          const before = tried.get(id)
          const isCalm =
            before !== undefined && calm.lastBut(['F6', 'F9', 'F11', 'F12', 'F14', 'F15', 'F16']) < before.at
          if (before?.message === message && isCalm && !recorded.has(id))
            broken(`delivery ${id} was kept waiting by what stands beside it in message ${message}`)
          // What is pushed to one that cannot be read waits for its own service.
          if (!sick.has(entities.get(id) ?? '')) tried.set(id, { message, at: event.at })
        }
      }
      if (sick.size === 0) return found
      for (const { entity, at, since } of due.overdue(event.at - IN_TIME_MS)) {
        if (sick.has(entity) || told.has(`${entity} ${at}`)) continue
        if (event.at - (wellSince.get(entity) ?? Number.NEGATIVE_INFINITY) < IN_TIME_MS) continue
        if (calm.lastBut(['F6', 'F9', 'F11', 'F12', 'F14', 'F15', 'F16']) >= since) continue
        told.add(`${entity} ${at}`)
        broken(`${entity} was to be looked at at ${new Date(at).toISOString()} and was not, beside ${[...sick]}`)
      }
      return found
    },
    end: () => [],
  })
}
