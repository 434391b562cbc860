import { revisionName } from './app.ts'
import type { AuditDraft } from './audit.ts'
import type { Cause, Rollout } from './rollout.ts'
import { type HandledPush, type Push, pinnedImage, type ServiceState, type Stage } from './service.ts'

/** How many handled pushes a service remembers. */
const REMEMBERED = 20
/** How many pushes may wait for a running rollout. */
const LONGEST_QUEUE = 20

/** What a push means for a service, before anything is changed. */
export type Reception =
  | { readonly kind: 'start' }
  | { readonly kind: 'queue' }
  | { readonly kind: 'supersede' }
  | { readonly kind: 'duplicate'; readonly because: string; readonly rollout: string | null }
  | { readonly kind: 'reject'; readonly because: string }
  | { readonly kind: 'ignore'; readonly because: string }

/**
 * What is to become of a push: delivered twice it is a duplicate; delivered after a newer one it is out of date; while a
 * rollout runs the manifest says whether it supersedes, queues or is rejected.
 */
export function receptionOf(service: ServiceState, rollout: Rollout | null, push: Push): Reception {
  const known = service.handled.find((handled) => handled.eventId === push.eventId && handled.digest === push.digest)
  if (known !== undefined) return duplicate('this event was delivered before', known)
  const [newest] = service.handled
  const again =
    newest !== undefined &&
    (wasTurnedDown(service, newest) || hasEnded(rollout, push)) &&
    push.pushedAt > newest.pushedAt
  if (newest?.digest === push.digest && !again)
    return duplicate(`${push.digest} was pushed before as ${newest.tag}`, newest)
  const waiting = service.handled.find((handled) => isOpen(service, rollout, handled) && handled.digest === push.digest)
  if (waiting !== undefined) return duplicate(`${push.digest} is on its way already`, waiting)
  if (newest !== undefined && push.pushedAt < newest.pushedAt) {
    return { kind: 'ignore', because: `${push.tag} was pushed before ${newest.tag}, which arrived first` }
  }
  if (!isRunning(rollout)) return waitsFor(service) ? { kind: 'queue' } : { kind: 'start' }
  return whileRunning(service, rollout, push)
}

/** Whether a promoted rollout was over before this push: if its digest serves no longer, it may begin anew. */
function hasEnded(rollout: Rollout | null, push: Push): boolean {
  if (rollout?.phase.kind !== 'finished') return false
  const { outcome, at } = rollout.phase
  return (outcome === 'promoted' || outcome === 'unchanged') && push.pushedAt > at
}

function whileRunning(service: ServiceState, rollout: Rollout, push: Push): Reception {
  switch (service.manifest.onNewRevision) {
    case 'reject':
      return {
        kind: 'reject',
        because: `${rollout.id} (${rollout.push.tag}) is still running and the manifest says reject`,
      }
    case 'queue':
      if (service.pending.length < LONGEST_QUEUE) return { kind: 'queue' }
      return { kind: 'reject', because: `${LONGEST_QUEUE} pushes wait already; ${push.tag} was not added` }
    case 'supersede':
      // What brings the good release back is not to be stopped by the next build.
      return rollout.cause === 'undo' || service.undo !== null ? { kind: 'queue' } : { kind: 'supersede' }
  }
}

/** Whether something waits for the running rollout to end, or for its turn. */
export function waitsFor({ pending, undo }: Pick<ServiceState, 'pending' | 'undo'>): boolean {
  return pending.length > 0 || undo !== null
}

/** Whether a rollout still has work to do; a finished one on watch has not. */
export function isRunning(rollout: Rollout | null): rollout is Rollout {
  return rollout !== null && rollout.phase.kind !== 'finished'
}

const AT_ONCE: readonly Stage[] = [{ weight: 100, bakeMs: 0, gate: false }]

/** How a rollout begins, where it is not by a push. */
export interface Beginning {
  readonly cause?: Cause
  /** The freezes past which somebody broke the glass: they keep its first step from nothing. */
  readonly unfrozen?: readonly string[]
  readonly row?: Partial<AuditDraft>
}

/**
 * A fresh rollout of `push` with the manifest of now, and the row that says so. The previous one's leftovers go along. An
 * undo goes to all traffic in one step, without bake and gate.
 */
export function newRollout(
  service: ServiceState,
  previous: Rollout | null,
  push: Push,
  now: number,
  { cause = 'push', unfrozen = [], row = {} }: Beginning = {},
): { readonly service: ServiceState; readonly rollout: Rollout; readonly row: AuditDraft } {
  const number = service.rolloutNumber + 1
  const manifest = cause === 'undo' ? { ...service.manifest, stages: AT_ONCE } : service.manifest
  const id = `${service.key.name}-${number}`
  const rollout: Rollout = {
    schema: 1,
    id,
    number,
    key: service.key,
    push,
    cause,
    manifest,
    manifestVersion: service.manifestVersion,
    startedAt: now,
    phase: { kind: 'preparing', since: now },
    stable: null,
    canary: revisionName(manifest.target.app, suffixOf(number, push.digest)),
    expected: [0],
    wished: [0],
    wishedAt: now,
    footprint: null,
    place: null,
    approvals: [],
    frozen: null,
    unfrozen,
    frozenAt: null,
    verdict: null,
    trouble: null,
    leftovers: leftoversOf(previous),
    repairs: 0,
    trafficSeenAt: now,
    unwell: 0,
    restarting: 0,
    overdue: false,
    wakeAt: now,
  }
  const started: AuditDraft = {
    kind: 'rollout-started',
    metric: 'rollout',
    value: number,
    notes: `${push.tag} (${pinnedImage(push)}) was pushed; rollout ${id} begins with manifest version ${service.manifestVersion}`,
    actor: push.source,
    rollout: id,
    step: null,
    weightsBefore: null,
    weightsAfter: null,
    evidence: [],
    detail: { push, cause },
    ...row,
  }
  return { service: { ...service, rolloutNumber: number }, rollout, row: started }
}

/** Remembers a push as handled, newest first. */
export function remember(service: ServiceState, push: Push, rollout: string | null, receivedAt: number): ServiceState {
  const { digest, tag, pushedAt, eventId, source } = push
  const others = service.handled.filter((handled) => handled.eventId !== eventId || handled.digest !== digest)
  return {
    ...service,
    handled: [{ digest, tag, pushedAt, eventId, rollout, receivedAt, source }, ...others].slice(0, REMEMBERED),
  }
}

/** Suffix of the canary's revision: begins with a letter, unique by the rollout's number, tells the digest. At most 20 long. */
function suffixOf(number: number, digest: string): string {
  return `r${number}-${digest.slice('sha256:'.length, 'sha256:'.length + 8)}`
}

function leftoversOf(previous: Rollout | null): readonly string[] {
  if (previous === null || previous.phase.kind !== 'finished') return []
  const { footprint, leftovers, manifest, number } = previous
  if (footprint === null) return leftovers
  const own = revisionName(manifest.target.app, `r${number}-`)
  const mayStillCome = (name: string): boolean => name.startsWith(own) && !footprint.revisions.includes(name)
  return leftovers.filter((name) => footprint.active.includes(name) || mayStillCome(name))
}

/** A push that was rejected never ran; pushed anew it may. */
function wasTurnedDown(service: ServiceState, handled: HandledPush): boolean {
  return handled.rollout === null && !service.pending.some((push) => push.digest === handled.digest)
}

function isOpen(service: ServiceState, rollout: Rollout | null, handled: HandledPush): boolean {
  if (service.pending.some((push) => push.digest === handled.digest)) return true
  return isRunning(rollout) && rollout.push.digest === handled.digest
}

function duplicate(because: string, handled: HandledPush): Reception {
  return { kind: 'duplicate', because, rollout: handled.rollout }
}
