import { type Check, checkOf, type Violation } from './check.ts'
import { createPairs } from './pairs.ts'

/**
 * S10: however often and in whatever order an event is delivered, it begins one rollout of a service at most; a rollout
 * has one revision, and a revision one rollout; a transition has one notice, which tells the same each time it is sent.
 */
export function checkOnce(): Check {
  const begun = new Map<string, string>()
  const recorded = new Map<string, string>()
  const revisions = createPairs<string, string, string>()
  const owners = createPairs<string, string, string>()
  const notices = new Map<string, string>()
  /** What was known under a name before, where that is something else. */
  const other = (of: Map<string, string>, name: string, value: string): string | null => {
    const known = of.get(name)
    of.set(name, known ?? value)
    return known === undefined || known === value ? null : known
  }
  return checkOf({
    invariant: 'S10',
    kinds: ['audit', 'event-recorded', 'decision', 'notice'],
    see: (event) => {
      const broken = (says: string): readonly Violation[] => [{ invariant: 'S10', says, n: event.n }]
      if (event.kind === 'audit' && event.row.kind === 'rollout-started') {
        const { entityId, rollout, detail } = event.row
        if (detail?.cause === 'retry' || detail?.cause === 'undo') return []
        const before = other(begun, `${entityId} ${pushOf(detail?.push)}`, rollout ?? '')
        return before === null ? [] : broken(`${rollout} of ${entityId} began by the event that ${before} began by`)
      }
      if (event.kind === 'event-recorded' && event.record.outcome === 'rollout') {
        const { id, rollout } = event.record
        const before = other(recorded, id, rollout ?? '')
        return before === null ? [] : broken(`event ${id} is told to have begun ${before} and ${rollout}`)
      }
      if (event.kind === 'decision') {
        const { entity, rollout, canary } = event
        const revision = revisions.get(entity, rollout) ?? canary
        const owner = owners.get(entity, canary) ?? rollout
        revisions.set(entity, rollout, revision)
        owners.set(entity, canary, owner)
        if (revision !== canary) return broken(`${rollout} of ${entity} has the revisions ${revision} and ${canary}`)
        return owner === rollout ? [] : broken(`${canary} of ${entity} is made by ${owner} and ${rollout}`)
      }
      if (event.kind !== 'notice') return []
      const before = other(notices, event.id, event.about)
      return before === null ? [] : broken(`notice ${event.id} told of ${before} and of ${event.about}`)
    },
    end: () => [],
  })
}

function pushOf(push: unknown): string {
  if (typeof push !== 'object' || push === null || !('eventId' in push) || !('digest' in push)) return ''
  return `${push.eventId} ${push.digest}`
}
