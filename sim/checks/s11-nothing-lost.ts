import type { AuditKind } from '../../lib/core/audit.ts'
import type { EventRecord } from '../../lib/ports.ts'
import type { TraceEvent } from '../trial/trace.ts'
import { type Check, checkOf, type Violation } from './check.ts'
import { digestOf } from './pushed.ts'

type Accepted = TraceEvent & { readonly kind: 'push-accepted' }
type Recorded = TraceEvent & { readonly kind: 'event-recorded' }
type Audited = TraceEvent & { readonly kind: 'audit' }

/** What may be told of a delivery after this was told of it; a delivery that comes again is a duplicate whatever it was. */
const AFTER: Readonly<Record<string, readonly string[]>> = {
  queued: ['queued', 'superseded', 'duplicate', 'rollout'],
  quarantined: ['quarantined', 'rollout', 'queued', 'ignored', 'rejected', 'duplicate', 'superseded'],
  rollout: ['rollout', 'duplicate', 'ignored'],
  superseded: ['superseded', 'duplicate', 'ignored'],
  rejected: ['rejected', 'duplicate', 'ignored', 'rollout', 'queued'],
  ignored: ['ignored', 'duplicate', 'rejected'],
  // The first delivery of an event may be told of after a copy of it, when whoever acted on it died before he told.
  duplicate: ['duplicate', 'superseded', 'ignored', 'rollout', 'queued', 'rejected'],
}

/**
 * S11: a delivery that was answered 2xx ends as something that is written down with its reason: a rollout, waiting,
 * superseded, ignored, rejected, a duplicate or quarantined; never as nothing, and ignored only by a service that was read. What was said is not taken back, and is true: the
 * audit has the rollout that began, the push that waits or was turned down, and speaks of the digest of what was but a duplicate.
 */
export function checkNothingLost(): Check {
  const waiting = new Map<string, Accepted>()
  const told = new Map<string, EventRecord['outcome']>()
  const accepted = new Map<string, string>()
  const claims = createClaims()
  return checkOf({
    invariant: 'S11',
    kinds: ['push-accepted', 'event-recorded', 'audit'],
    see: (event) => {
      claims.see(event)
      if (event.kind === 'push-accepted' && event.entity !== null) accepted.set(event.id, event.entity)
      if (event.kind === 'push-accepted' && !told.has(event.id)) waiting.set(event.id, event)
      if (event.kind !== 'event-recorded') return []
      const { id, outcome, reason, entityId } = event.record
      // What was put aside is written down under a name of its own, with how it began: that names the digest.
      if (outcome === 'quarantined')
        for (const [name, { digest }] of waiting) if (reason.includes(digest)) waiting.delete(name)
      for (const name of [id, id.split('@')[0] ?? id]) {
        waiting.delete(name)
        if (name !== id) told.set(name, outcome)
      }
      const before = told.get(id)
      told.set(id, outcome)
      const wrongs: string[] = []
      if (reason === '') wrongs.push(`delivery ${id} is ${outcome}, and nobody said why`)
      if (outcome === 'ignored' && entityId === null && accepted.has(id))
        wrongs.push(`delivery ${id} was ignored as if nobody took it, and ${accepted.get(id)} does`)
      if (before !== undefined && AFTER[before]?.includes(outcome) === false)
        wrongs.push(`delivery ${id} was ${before} and is now ${outcome}`)
      return wrongs.map((says) => ({ invariant: 'S11', says, n: event.n }))
    },
    end: () => [
      ...[...waiting.values()].map(({ id, tag, at, n }) =>
        wrong(n, `${id} (${tag}) was accepted at ${new Date(at).toISOString()} and became nothing`),
      ),
      ...claims.untrue(),
    ],
  })
}

/** The row that the audit has of what an event is said to have become; of the others it has none. */
const ROWS: Partial<Record<EventRecord['outcome'], AuditKind>> = {
  rollout: 'rollout-started',
  queued: 'push-queued',
  rejected: 'push-rejected',
}

/** Keeps what was told of every event, and what the audit tells of pushes. */
function createClaims() {
  const accepted = new Map<string, Accepted>()
  const outcomes = new Map<string, Set<EventRecord['outcome']>>()
  const claimed = new Map<string, Recorded>()
  const rows = new Set<string>()
  const digests = new Set<string>()
  return {
    see: (event: Accepted | Recorded | Audited) => {
      if (event.kind === 'push-accepted') accepted.set(event.id, event)
      if (event.kind === 'audit') {
        const { kind, entityId, rollout, detail } = event.row
        const digest = digestOf(detail?.push)
        digests.add(digest)
        rows.add(claimOf(kind, entityId, digest, rollout))
      }
      if (event.kind !== 'event-recorded') return
      const { id, outcome, entityId, rollout, digest } = event.record
      const [name = ''] = id.split('@')
      outcomes.set(name, (outcomes.get(name) ?? new Set()).add(outcome))
      const row = ROWS[outcome]
      if (row === undefined) return
      claimed.set(claimOf(row, entityId, digest, rollout), event)
    },
    untrue: (): readonly Violation[] => [
      ...[...accepted.values()].flatMap((one) => {
        const all = outcomes.get(one.id)
        const isCopy = all?.size === 1 && all.has('duplicate')
        return isCopy && !digests.has(one.digest) ? [wrong(one.n, `${one.id} is a duplicate of nothing`)] : []
      }),
      ...[...claimed].flatMap(([claim, { n, record }]) => {
        const said = `${record.id} is ${record.outcome} (${record.reason}), and no row of the audit says so`
        return rows.has(claim) ? [] : [wrong(n, said)]
      }),
    ],
  }
}

/** A row by what it claims of a push. Only the rollout that it began is its own; the other rows name what stood in its way. */
function claimOf(kind: AuditKind, entity: string | null, digest: string | null, rollout: string | null): string {
  return `${kind} ${entity} ${digest} ${kind === 'rollout-started' ? rollout : ''}`
}

function wrong(n: number, says: string): Violation {
  return { invariant: 'S11', says: `delivery ${says}`, n }
}
