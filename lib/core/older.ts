import type { Rollout } from './rollout.ts'
import type { Manifest, Push, ServiceState } from './service.ts'

/** A push as an earlier Slipway wrote it: nobody was known as its author. */
export function olderPush(push: Omit<Push, 'author'> & Partial<Push>): Push {
  return { ...push, author: push.author ?? null }
}

/** A rollout as an earlier Slipway stored it, with what has been added since: no approvals, no freeze, begun by a push. */
export function olderRollout(rollout: Older<Rollout, Added>): Rollout {
  const { push, manifest, cause = 'push', approvals = [], frozen = null, frozenAt = null } = rollout
  const unfrozen = unfrozenOf(rollout.unfrozen, frozen?.id)
  const added = { cause, approvals, frozen, unfrozen, frozenAt }
  return { ...rollout, push: olderPush(push), manifest: olderManifest(manifest), ...added }
}

/** The glass was once broken for whichever freezes held; now it is for those that are named. */
function unfrozenOf(unfrozen: unknown, frozen: string | undefined): readonly string[] {
  if (Array.isArray(unfrozen)) return unfrozen
  return unfrozen === true && frozen !== undefined ? [frozen] : []
}

/** A service as an earlier Slipway stored it, with what has been added since: nothing to undo, no approvals asked for. */
export function olderService(service: Older<ServiceState, 'undo'>): ServiceState {
  const { manifest, pending, undo = null } = service
  return { ...service, manifest: olderManifest(manifest), pending: pending.map(olderPush), undo }
}

type Added = 'cause' | 'approvals' | 'frozen' | 'unfrozen' | 'frozenAt'

/** A state that may lack what was added later. */
type Older<State, Added extends keyof State> = Omit<State, Added> & { readonly [Key in Added]?: State[Key] | undefined }

function olderManifest(manifest: Omit<Manifest, 'approvals'> & Partial<Manifest>): Manifest {
  return { ...manifest, approvals: manifest.approvals ?? null }
}
