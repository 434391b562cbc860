import type { Query } from '../judge/reading.ts'
import type { Rollout } from '../rollout.ts'
import { entityId, type Kpi, type ServiceState } from '../service.ts'
import { type DayName, dayText, MINUTE_MS, type Night, type Span } from './night.ts'
import { type Stretch, servingIn } from './serving.ts'

/** One KPI on one day: what must be measured of which revision, and why minutes of the day cannot be. */
export interface AskedDay {
  readonly span: Span
  readonly kpi: Kpi
  readonly queries: readonly Query[]
  readonly gaps: readonly string[]
}

/** One KPI of a service with the days that are held against each other. */
export interface AskedKpi {
  /** `environment/name`. */
  readonly service: string
  readonly kpi: Kpi
  readonly days: Readonly<Record<DayName, AskedDay>>
}

/** A service's part of the night: who served when, and what is asked. */
export interface AskedService {
  readonly service: ServiceState
  readonly serving: Readonly<Record<DayName, readonly Stretch[]>>
  readonly kpis: readonly AskedKpi[]
}

/**
 * What must be measured of a service tonight: every KPI of its manifest on three days, minute by minute, each of the revision
 * that had all traffic then. `rollouts` reach back to the earliest day; a text in their place says why they are not known.
 */
export function askDrift(service: ServiceState, rollouts: readonly Rollout[] | string, night: Night): AskedService {
  const { kpis } = service.manifest.analysis
  const serving = eachDay((name) => servingOn(night.days[name], service, rollouts))
  const asked = kpis.map((kpi) => {
    const days = eachDay((name) => askedDay(service, kpi, night.days[name], serving[name]))
    return { service: entityId(service.key), kpi, days }
  })
  return { service, serving, kpis: asked }
}

function eachDay<T>(make: (name: DayName) => T): Readonly<Record<DayName, T>> {
  return { today: make('today'), weekBefore: make('weekBefore'), dayBefore: make('dayBefore') }
}

function servingOn(span: Span, { manifest }: ServiceState, rollouts: readonly Rollout[] | string): readonly Stretch[] {
  if (typeof rollouts !== 'string') return servingIn(span, rollouts, manifest.target)
  return [{ ...span, revision: null, why: rollouts }]
}

function askedDay(service: ServiceState, kpi: Kpi, span: Span, serving: readonly Stretch[]): AskedDay {
  if (kpi.source.kind === 'probe') {
    return { span, kpi, queries: [], gaps: ['probes see the present only, so there is no past to compare'] }
  }
  const gaps = serving.flatMap((stretch) => (stretch.revision === null ? [stretch.why] : []))
  return {
    span,
    kpi,
    queries: serving.flatMap((stretch) => queriesFor(service, kpi, stretch)),
    gaps: [...new Set(gaps)],
  }
}

function queriesFor({ key, manifest }: ServiceState, kpi: Kpi, stretch: Stretch): readonly Query[] {
  if (stretch.revision === null) return []
  const { revision, rollout, from, to } = stretch
  return [
    {
      id: `${entityId(key)}/drift/${kpi.name}/${dayText(stretch)}/${from}`,
      environment: key.environment,
      target: manifest.target,
      region: rollout.place?.region ?? null,
      arm: 'baseline',
      revision,
      host: rollout.place?.hosts[revision] ?? null,
      kpi,
      bucketMs: MINUTE_MS,
      from,
      to,
    },
  ]
}
