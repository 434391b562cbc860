import type { AuditRow } from '../../lib/core/audit.ts'
import type { TraceEvent } from '../trial/trace.ts'
import { type Check, checkOf } from './check.ts'
import { digestOf } from './pushed.ts'

type Role = Extract<TraceEvent, { readonly kind: 'principal' }>['role']

const ROLES: readonly Role[] = ['viewer', 'operator', 'approver', 'admin']
const MACHINE = 'slipway'
/** What the machine may never write down as its own wish. */
const OF_PEOPLE: readonly AuditRow['kind'][] = [
  'resumed',
  'promoted-by-hand',
  'approved',
  'break-glass',
  'undo-requested',
  'freeze-added',
  'freeze-lifted',
]
/** What somebody is the actor of without having ordered it: who pushed, and whoever it was. */
const OF_EVENTS: readonly AuditRow['kind'][] = ['rollout-started', 'push-queued', 'push-rejected']
const LEAST: Readonly<Record<string, Role>> = {
  pause: 'operator',
  resume: 'operator',
  abort: 'operator',
  retry: 'operator',
  undo: 'operator',
  promote: 'approver',
  'promote-full': 'approver',
  approve: 'approver',
}
/** Commands by what their rows tell. */
const VERBS: Partial<Record<AuditRow['kind'], readonly string[]>> = {
  paused: ['pause'],
  resumed: ['resume'],
  approved: ['approve'],
  'promoted-by-hand': ['promote', 'promote-full', 'approve'],
  'rollback-started': ['abort', 'undo'],
  'rollout-started': ['retry', 'undo'],
  'undo-requested': ['undo'],
}

interface Asked {
  readonly actor: string
  readonly verb: string
  readonly entity: string
}

/**
 * S14: nothing changes by anybody's wish who does not hold the role for that service: whoever stands in a row of the audit
 * is the machine itself, the source of a delivery that was accepted, or a known person who asked for just this and may. A
 * command of somebody who may not is answered `forbidden`, and that is all that comes of it.
 */
export function checkPrincipals(): Check {
  const people = new Map<string, { readonly role: Role; readonly services: readonly string[] | null }>()
  const asked = new Map<string, Asked>()
  const digests = new Set<string>()
  const may = (actor: string, least: Role, entity: string) => {
    const person = people.get(actor)
    if (person === undefined || ROLES.indexOf(person.role) < ROLES.indexOf(least)) return false
    return person.services === null || person.services.includes(entity.split('/')[1] ?? '')
  }
  const wrongOf = (row: AuditRow): string | null => {
    const { actor, kind, entityId } = row
    if (actor === MACHINE) return OF_PEOPLE.includes(kind) ? 'only a person may wish for that' : null
    if (kind === 'foreign-edit') return actor === 'unknown' ? null : `it names ${actor} for what nobody knows of`
    if (kind === 'manifest-stored') return may(actor, 'admin', entityId) ? null : `${actor} may not`
    if (!people.has(actor) && OF_EVENTS.includes(kind))
      return digests.has(digestOf(row.detail?.push)) ? null : `no delivery of ${actor} was accepted`
    const wishes = [...asked.values()].filter((one) => one.actor === actor && one.entity === entityId)
    if (!wishes.some(({ verb }) => may(actor, LEAST[verb] ?? 'admin', entityId)))
      return `${actor} may not, or did not ask`
    const verbs = VERBS[kind]
    if (
      verbs !== undefined &&
      !wishes.some(({ verb }) => verbs.includes(verb) && may(actor, LEAST[verb] ?? 'admin', entityId))
    )
      return `${actor} asked for ${wishes.map(({ verb }) => verb).join(', ')} only`
    return null
  }
  return checkOf({
    invariant: 'S14',
    kinds: ['principal', 'push-accepted', 'command', 'command-answered', 'audit'],
    see: (event) => {
      const broken = (says: string) => [{ invariant: 'S14' as const, says, n: event.n }]
      if (event.kind === 'principal') people.set(event.actor, event)
      if (event.kind === 'push-accepted') digests.add(event.digest)
      if (event.kind === 'command') asked.set(event.id, event)
      if (event.kind === 'command-answered') {
        const { actor, verb, entity } = asked.get(event.id) ?? { actor: 'nobody', verb: '', entity: event.entity }
        const isAllowed = may(actor, LEAST[verb] ?? 'admin', entity)
        if (isAllowed !== (event.answer !== 'forbidden'))
          return broken(`${actor} ${isAllowed ? 'may' : 'may not'} ${verb} ${entity} and was answered ${event.answer}`)
      }
      if (event.kind !== 'audit') return []
      const wrong = wrongOf(event.row)
      return wrong === null ? [] : broken(`row ${event.row.id} (${event.row.kind}) is by ${event.row.actor}: ${wrong}`)
    },
    end: () => [],
  })
}
