import type { ServiceView } from '../../lib/api.ts'
import { needsPerson, urgency } from './words.ts'

/** How the fleet is looked at; every part of it stands in the URL. */
export interface FleetQuery {
  readonly text: string
  readonly environment: string
  readonly group: string
  readonly sort: FleetSort
  readonly isDescending: boolean
}

export const FLEET_SORTS = ['attention', 'service', 'status', 'version', 'step', 'next'] as const

export type FleetSort = (typeof FLEET_SORTS)[number]

/** Groups of the fleet that can be asked for by one press; each service is in one or several. */
export const GROUPS: readonly {
  readonly id: string
  readonly word: string
  readonly has: (service: ServiceView) => boolean
}[] = [
  { id: 'person', word: 'Need a person', has: needsPerson },
  { id: 'moving', word: 'Moving', has: ({ phase }) => phase !== 'finished' && phase !== 'idle' && phase !== 'paused' },
  { id: 'ended-badly', word: 'Ended badly', has: (service) => urgency(service) === 4 },
  { id: 'frozen', word: 'Frozen', has: ({ freeze }) => freeze !== null },
  { id: 'steady', word: 'Steady', has: (service) => urgency(service) >= 5 },
]

/** Reads how the fleet is looked at; what is not there or not known has its default. */
export function fleetQuery(query: URLSearchParams): FleetQuery {
  const named = query.get('sort') ?? ''
  const sort = FLEET_SORTS.find((known) => known === named.replace(/^-/, '')) ?? 'attention'
  return {
    text: query.get('text') ?? '',
    environment: query.get('environment') ?? '',
    group: query.get('group') ?? '',
    sort,
    isDescending: named.startsWith('-'),
  }
}

/** The services that are asked for, in the order that is asked for. Equals stand by urgency, environment and name. */
export function arranged(services: readonly ServiceView[], query: FleetQuery): readonly ServiceView[] {
  const text = query.text.trim().toLowerCase()
  const group = GROUPS.find(({ id }) => id === query.group)
  const shown = services.filter(
    (service) =>
      (query.environment === '' || service.environment === query.environment) &&
      (group === undefined || group.has(service)) &&
      (text === '' || haystack(service).includes(text)),
  )
  const sign = query.isDescending ? -1 : 1
  return [...shown].sort((a, b) => sign * by(query.sort, a, b) || byAttention(a, b))
}

function haystack({ service, environment, phase, outcome, tag, rollout, what, why, digest }: ServiceView): string {
  return [service, environment, phase, outcome, tag, rollout, what, why, digest].join(' ').toLowerCase()
}

function by(sort: FleetSort, a: ServiceView, b: ServiceView): number {
  switch (sort) {
    case 'attention':
      return byAttention(a, b)
    case 'service':
      return text(a.service, b.service)
    case 'status':
      return text(a.outcome ?? a.phase, b.outcome ?? b.phase)
    case 'version':
      return text(a.tag ?? '', b.tag ?? '')
    case 'step':
      return progress(a) - progress(b)
    case 'next':
      return due(a) - due(b)
  }
}

function byAttention(a: ServiceView, b: ServiceView): number {
  return urgency(a) - urgency(b) || text(a.environment, b.environment) || text(a.service, b.service)
}

function due({ nextAt }: ServiceView): number {
  return nextAt === null ? Number.MAX_SAFE_INTEGER : Date.parse(nextAt)
}

function progress({ step }: ServiceView): number {
  return step === null ? -1 : step.number / step.of
}

function text(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
