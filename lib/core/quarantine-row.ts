import type { AuditDraft, AuditKind } from './audit.ts'
import { plainWords, type Quarantined } from './quarantine.ts'

/** The kinds of audit rows about what is in quarantine. */
export type QuarantineKind = Extract<AuditKind, `quarantine-${string}`>

/** What the audit says of an item; `reason` is what a person gave, or ''. */
export function quarantineRow(kind: QuarantineKind, item: Quarantined, actor: string, reason = ''): AuditDraft {
  const { id, what, place, service, field, why, since, tries } = item
  const tail = reason === '' ? '' : `: ${reason}`
  const notes = {
    'quarantine-added': addedText(item),
    'quarantine-redriven': `${thingText(item)} is tried again${tail}`,
    'quarantine-over': `${thingText(item)} ${item.kind === 'service' ? 'succeeds again' : 'can be read again, or is gone'}`,
    'quarantine-dismissed': `nobody waits for ${thingText(item)} any more${tail}`,
  }[kind]
  return {
    kind,
    metric: 'quarantine',
    value: tries,
    notes,
    actor,
    rollout: null,
    step: null,
    weightsBefore: null,
    weightsAfter: null,
    evidence: [],
    detail: { id, what, place, service, field, why, since, tries },
  }
}

function addedText(item: Quarantined): string {
  const { kind, why, mayGoBack = false } = item
  if (kind === 'row') return `${thingText(item)} is left out until it can be read: ${why}`
  if (kind === 'message') return `${thingText(item)} is left out until somebody sends it again: ${why}`
  const pace = mayGoBack ? 'at every look' : 'with growing pauses'
  return `${thingText(item)} breaks Slipway's own code; its traffic stays where it is, and it is tried again ${pace}: ${why}`
}

function thingText({ kind, what, place }: Quarantined): string {
  if (kind === 'service') return `the turn of ${plainWords(place)}`
  return kind === 'row' ? `the ${what} row ${plainWords(place)}` : `a message of ${plainWords(place)}`
}

/** The item with a row that its audit owes from now on, in these environments. `at` = now: an item that came, went and came again is told anew. */
export function owing(item: Quarantined, row: AuditDraft, environments: readonly string[], at: number): Quarantined {
  const { owed = [], tellings = 0 } = item
  const id = `${item.id} ${at} ${tellings + 1}`
  return { ...item, owed: [...owed, { id, row, environments }], tellings: tellings + 1 }
}

/** The item without what was told by now; `paid` = ids of tellings, with the environments that have them. */
export function withoutPaid(item: Quarantined, paid: ReadonlyMap<string, ReadonlySet<string>>): Quarantined {
  const owed = (item.owed ?? []).flatMap((one) => {
    const environments = one.environments.filter((environment) => paid.get(one.id)?.has(environment) !== true)
    return environments.length === 0 ? [] : [{ ...one, environments }]
  })
  return { ...item, owed }
}

/** A telling that an environment's audit has, and since when: whoever brings it again finds it here. */
export interface Told {
  readonly id: string
  readonly at: number
}

/** So long after it was written down may somebody bring a telling again that has died in between. */
const REMEMBERED_MS = 3 * 86_400_000
const MOST_REMEMBERED = 200

/** What is remembered once `id` is told now; null = it was told before. */
export function toldWith(told: readonly Told[], id: string, now: number): readonly Told[] | null {
  if (told.some((one) => one.id === id)) return null
  return [{ id, at: now }, ...told.filter(({ at }) => now < at + REMEMBERED_MS)].slice(0, MOST_REMEMBERED)
}
