import type { EventRecord } from '../../lib/ports.ts'
import type { TraceEvent } from '../trial/trace.ts'
import { type Check, checkOf } from './check.ts'

type Accepted = TraceEvent & { readonly kind: 'push-accepted' }

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
 * superseded, ignored, rejected, a duplicate or quarantined; never as nothing. What was said is not taken back.
 */
export function checkNothingLost(): Check {
  const waiting = new Map<string, Accepted>()
  const told = new Map<string, EventRecord['outcome']>()
  return checkOf({
    invariant: 'S11',
    kinds: ['push-accepted', 'event-recorded'],
    see: (event) => {
      if (event.kind === 'push-accepted' && !told.has(event.id)) waiting.set(event.id, event)
      if (event.kind !== 'event-recorded') return []
      const { id, outcome, reason } = event.record
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
      if (before !== undefined && AFTER[before]?.includes(outcome) === false)
        wrongs.push(`delivery ${id} was ${before} and is now ${outcome}`)
      return wrongs.map((says) => ({ invariant: 'S11', says, n: event.n }))
    },
    end: () =>
      [...waiting.values()].map(({ id, tag, at, n }) => ({
        invariant: 'S11',
        says: `delivery ${id} (${tag}) was accepted at ${new Date(at).toISOString()} and became nothing`,
        n,
      })),
  })
}
