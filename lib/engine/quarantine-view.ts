import type { Quarantined } from '../core/quarantine.ts'

/** How much of a message a list shows; asked for alone, all of it is shown. */
const BEGINNING = 200

/** An item of the quarantine as it leaves the house: times are ISO 8601, UTC. */
export function quarantineView(item: Quarantined, isWhole: boolean) {
  const { id, kind, what, place, environment, service, field, why, holds, state, content, tries } = item
  const { redriven, dismissed } = item
  return {
    id,
    kind,
    what,
    place,
    environment,
    service,
    field,
    why,
    holds,
    state,
    since: iso(item.since),
    triedAt: iso(item.triedAt),
    tries,
    nextTryAt: item.nextTryAt === null ? null : iso(item.nextTryAt),
    redriven: redriven === null ? null : { by: redriven.by, at: iso(redriven.at) },
    dismissed: dismissed === null ? null : { ...dismissed, at: iso(dismissed.at) },
    content: content === null ? null : isWhole ? content : content.slice(0, BEGINNING).toWellFormed(),
  }
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
