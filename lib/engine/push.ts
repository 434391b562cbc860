import type { Push } from '../core/service.ts'
import type { Loaded } from '../ports.ts'
import { offer, type PushedBy } from './receive.ts'
import type { Wheel } from './wheel.ts'

/** What was asked for by hand: as much as a registry's event tells, and the id that makes asking twice harmless. */
export interface PushAsked {
  readonly id: string
  readonly tag: string
  readonly digest: string
  /** The id of who asks. */
  readonly author: string
}

/** What became of it, or why it was not even offered. `reused`: the id was used for another image. */
export type PushAnswer =
  | { readonly kind: 'taken'; readonly outcome: string; readonly reason: string; readonly rollout: string | null }
  | { readonly kind: 'no-match' | 'reused'; readonly because: string }
  | { readonly kind: 'gone' }

/**
 * Takes an image in for one service, as if its registry had announced it. The same id and image again is a duplicate, and
 * names the rollout of before. Whether the image is there is asked of the registry when the rollout begins. Throws Fault.
 */
export async function pushByHand(wheel: Wheel, item: Loaded, asked: PushAsked, by: PushedBy): Promise<PushAnswer> {
  const { service } = item
  const { registry, repository, tags } = service.manifest.image
  const { id, tag, digest, author } = asked
  if (!wheel.matchesTag(tags, tag)) {
    const wanted = tags.kind === 'glob' ? tags.pattern : tags.range
    return { kind: 'no-match', because: `does not match ${wanted}, which the manifest takes` }
  }
  const other = service.handled.find((push) => push.eventId === id && (push.digest !== digest || push.tag !== tag))
  if (other !== undefined) {
    return {
      kind: 'reused',
      because: `the id ${id} was used before for ${other.tag} (${other.digest}); take a fresh one`,
    }
  }
  const now = wheel.clock.now()
  const push: Push = { registry, repository, tag, digest, pushedAt: now, eventId: id, source: 'api', author }
  const records = await offer(wheel, service.key, push, now, by)
  await wheel.events.record(records)
  const [record] = records
  if (record === undefined) return { kind: 'gone' }
  return { kind: 'taken', outcome: record.outcome, reason: record.reason, rollout: record.rollout }
}
