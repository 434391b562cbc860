import type { AuditRow } from '../../lib/core/audit.ts'
import { CALM, followCalm } from './calm.ts'
import { type Check, checkOf, type Violation } from './check.ts'
import { ELSEWHERE } from './plane.ts'

/** What is always told outside. */
const TOLD: readonly AuditRow['kind'][] = [
  'rollout-started',
  'step-started',
  'paused',
  'rollback-started',
  'foreign-edit',
  'deadline-passed',
]
/** The sink that wants everything. */
const EVERYTHING = 'chat'

/**
 * S10, of notices: a transition is told to a sink once, as far as the sink has said that it has it and the worker that heard
 * this lived on; in the order of the audit of its service; and when nothing waits any more, everything was told.
 */
export function checkNotices(): Check {
  const calm = followCalm()
  const taken = new Map<string, number>()
  const highest = new Map<string, number>()
  const known = new Set<string>()
  const untold = new Map<string, number>()
  return checkOf({
    invariant: 'S10',
    kinds: [...CALM, 'audit', 'notice'],
    see: (event) => {
      calm.see(event)
      if (event.kind === 'audit' && TOLD.includes(event.row.kind)) untold.set(event.row.id, event.n)
      if (event.kind !== 'notice' || event.outcome === 'down') return []
      const { id, sink, outcome } = event
      const name = `${sink} ${id}`
      const found: Violation[] = []
      const broken = (says: string) => found.push({ invariant: 'S10', says, n: event.n })
      if (sink === EVERYTHING) untold.delete(id)
      const before = taken.get(name)
      // Who dies, or loses storage, before it could write down that the sink has it, tells it again.
      if (before !== undefined && calm.lastBut([...ELSEWHERE, 'F5', 'F8', 'F9', 'F10']) < before)
        broken(`notice ${id} was told to ${sink} again after it had said that it has it`)
      if (outcome === 'taken') taken.set(name, event.at)
      const [entity = '', seq = '0'] = id.split('#')
      const line = `${sink} ${entity}`
      if (!known.has(name) && Number(seq) < (highest.get(line) ?? 0))
        broken(`notice ${id} was told to ${sink} after notice ${highest.get(line)} of the same service`)
      known.add(name)
      highest.set(line, Math.max(Number(seq), highest.get(line) ?? 0))
      return found
    },
    end: () =>
      [...untold].map(([id, n]) => ({ invariant: 'S10', says: `row ${id} was never told to ${EVERYTHING}`, n })),
  })
}
