import { type Check, checkOf, type Violation } from './check.ts'

interface Message {
  readonly n: number
  readonly deliveries: readonly string[]
}

/**
 * L5: a message that was put aside does not vanish: what it held is acted on after all, or is written down as quarantined;
 * and what was quarantined is acted on when somebody drives it again.
 */
export function checkPoison(): Check {
  const aside = new Map<string, Message>()
  const again = new Map<string, Message>()
  const done = new Set<string>()
  let records = 0
  return checkOf({
    invariant: 'L5',
    kinds: ['message-tried', 'event-recorded'],
    see: (event) => {
      if (event.kind === 'message-tried') {
        if (event.last) aside.set(event.message, event)
        else if (aside.has(event.message)) again.set(event.message, event)
      }
      if (event.kind !== 'event-recorded') return []
      if (event.record.outcome === 'quarantined') records += 1
      else done.add(event.record.id.split('@')[0] ?? '')
      return []
    },
    end: () => {
      const isUnread = ({ deliveries }: Message) => !deliveries.some((id) => done.has(id))
      const found: Violation[] = []
      const unread = [...aside.values()].filter(isUnread)
      if (unread.length > 0 && records === 0) {
        const says = `${unread.length} messages were put aside, and nothing was quarantined`
        found.push({ invariant: 'L5', says, n: unread[0]?.n ?? 0 })
      }
      for (const [name, message] of again)
        if (isUnread(message))
          found.push({
            invariant: 'L5',
            says: `message ${name} was driven again, and nothing came of it`,
            n: message.n,
          })
      return found
    },
  })
}
