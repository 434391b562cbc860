import type { Kpi } from '../service.ts'
import type { AskedKpi, AskedService } from './ask-drift.ts'
import type { DriftFinding } from './drift-of.ts'
import type { MeasuredKpi } from './measured.ts'
import { type DayName, dayText, MINUTE_MS, type Night } from './night.ts'
import type { Stretch } from './serving.ts'

type Told = Exclude<DriftFinding, { kind: 'unclear' }>

/**
 * What a reader of a service's findings should know, a sentence each: what a KPI's figure is, that another revision served,
 * which minutes were left out, and what the sources said. Empty where nothing could be told.
 */
export function remarksOf(
  { service, serving, kpis }: AskedService,
  findings: readonly DriftFinding[],
  measured: ReadonlyMap<AskedKpi, MeasuredKpi>,
  night: Night,
): readonly string[] {
  const told = findings.filter((finding) => finding.kind !== 'unclear')
  if (told.length === 0) return []
  const { name } = service.key
  const days = daysUsed(told)
  const left = days.flatMap((day) => leftOut(dayText(night.days[day]), serving[day]))
  const looked = kpis.filter(({ kpi }) => told.some((finding) => finding.kpi === kpi.name))
  const own = looked.flatMap((asked) => ofKpi(asked.kpi, measured.get(asked)?.notes ?? []))
  return [...otherRevisions(days, serving, night), ...left, ...own].map((remark) => `${name}: ${remark}`)
}

function daysUsed(told: readonly Told[]): readonly DayName[] {
  const uses = (against: Told['against']) => told.some((finding) => finding.against === against)
  const before: DayName[] = [...(uses('week-before') ? ['weekBefore' as const] : [])]
  return ['today', ...before, ...(uses('day-before') ? ['dayBefore' as const] : [])]
}

/** A difference between two revisions may be the release's own doing, and nobody could tell. */
function otherRevisions(days: readonly DayName[], serving: AskedService['serving'], night: Night): readonly string[] {
  const served = days.map((day) => ({ date: dayText(night.days[day]), names: revisionsOf(serving[day]).join(' and ') }))
  if (new Set(served.map(({ names }) => names)).size < 2) return []
  const said = served.map(({ date, names }) => `${names === '' ? 'no revision alone' : names} on ${date}`).join(', ')
  return [`not the same revision served: ${said}; a difference may be the release’s doing.`]
}

function revisionsOf(serving: readonly Stretch[]): readonly string[] {
  const names = serving.flatMap(({ revision }) => (revision === null ? [] : [revision]))
  return [...new Set(names)]
}

function leftOut(date: string, serving: readonly Stretch[]): readonly string[] {
  return serving.flatMap((stretch) => {
    if (stretch.revision !== null) return []
    const minutes = (stretch.to - stretch.from) / MINUTE_MS
    const left = minutes === 1 ? `1 minute of ${date} is` : `${minutes} minutes of ${date} are`
    return [`${left} left out: ${stretch.why}.`]
  })
}

function ofKpi(kpi: Kpi, notes: readonly string[]): readonly string[] {
  const meaning = meaningOf(kpi)
  return [...(meaning === null ? [] : [meaning]), ...notes].map((note) => `${kpi.name}: ${note}.`)
}

function meaningOf(kpi: Kpi): string | null {
  return kpi.kind === 'latency' ? `its figure is the share of requests slower than ${kpi.limitMs} ms` : null
}
