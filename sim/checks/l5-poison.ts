import type { Check, Violation } from './check.ts'

interface Message {
  readonly n: number
  readonly deliveries: readonly string[]
}

/**
 * L5: a message that was put aside does not vanish: what it held is acted on after all, or is written down as quarantined;
 * and what was quarantined is acted on when somebody says it again.
 */
export function checkPoison(): Check {
  const aside = new Map<string, Message>()
  const quarantined = new Set<string>()
  const again = new Map<string, number>()
  const done = new Set<string>()
  let records = 0
  return {
    invariant: 'L5',
    see: (event) => {
      if (event.kind === 'push-accepted' && quarantined.has(event.digest)) again.set(event.id, event.n)
      if (event.kind === 'message-tried' && event.last) aside.set(event.message, event)
      if (event.kind !== 'event-recorded') return []
      const { outcome, id, digest, reason } = event.record
      if (outcome === 'quarantined') {
        records += 1
        const named = /sha256:[0-9a-f]{64}/.exec(reason)?.[0]
        if (named !== undefined) quarantined.add(named)
      } else {
        again.delete(id.split('@')[0] ?? '')
        if (digest !== null) quarantined.delete(digest)
        done.add(id.split('@')[0] ?? '')
      }
      return []
    },
    end: () => {
      const found: Violation[] = []
      const unread = [...aside.values()].filter(({ deliveries }) => !deliveries.some((id) => done.has(id)))
      if (unread.length > 0 && records === 0)
        found.push({
          invariant: 'L5',
          says: `${unread.length} messages were put aside, and nothing was quarantined`,
          n: unread[0]?.n ?? 0,
        })
      for (const [id, n] of again)
        found.push({ invariant: 'L5', says: `delivery ${id}, said again after a quarantine, became nothing`, n })
      return found
    },
  }
}
