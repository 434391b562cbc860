import type { Bucket, Reading } from '../judge/reading.ts'
import type { Kpi } from '../service.ts'
import type { AskedDay, AskedKpi } from './ask-drift.ts'
import { type Compared, compared, countedAmong, type DriftFinding } from './drift-of.ts'
import type { Series } from './effective-size.ts'
import { type DayName, dayText, MINUTE_MS } from './night.ts'

/** One KPI on one day as it was measured. */
export interface MeasuredDay {
  /** Minute by minute from midnight on: bad of total, or a gauge's value; null = no request, or no data. */
  readonly series: Series
  /** Why a source gave no figures, in its own words. */
  readonly silences: readonly string[]
  /** What a reader of the figures should know. */
  readonly notes: readonly string[]
}

/** One KPI's days as they compare, with what the source said of the newest. */
export interface MeasuredKpi {
  readonly compared: Compared
  readonly notes: readonly string[]
}

type MeasuredDays = Readonly<Record<DayName, MeasuredDay>>

const DAYS: readonly DayName[] = ['today', 'weekBefore', 'dayBefore']
/** A reason that differs from minute to minute is not told in full. */
const MOST_REASONS = 4

/** A day's figures out of the readings (by id of their query). Buckets that nobody asked for are left out. */
export function measuredDay({ span, kpi, queries }: AskedDay, readings: ReadonlyMap<string, Reading>): MeasuredDay {
  const series: (number | null)[] = Array<null>((span.to - span.from) / MINUTE_MS).fill(null)
  const silences = new Set<string>()
  const notes = new Set<string>()
  for (const query of queries) {
    const reading = readings.get(query.id)
    if (reading?.kind !== 'measured') {
      silences.add(`${kpi.source.kind} gave no figures: ${reading?.why ?? 'it could not be asked'}`)
      continue
    }
    if (reading.note !== null) notes.add(reading.note)
    if (reading.quality === 'approximate') notes.add('what is counted as bad is a lower bound')
    for (const bucket of reading.buckets) {
      const place = (bucket.at - span.from) / MINUTE_MS
      if (bucket.at >= query.from && bucket.at < query.to && Number.isInteger(place))
        series[place] = figureOf(kpi, bucket)
    }
  }
  return { series, silences: [...silences], notes: [...notes] }
}

/** Compares a KPI's days. What cannot be told comes with every reason that is known. */
export function measuredKpi(asked: AskedKpi, days: MeasuredDays): MeasuredKpi {
  const { service, kpi } = asked
  const { today, weekBefore, dayBefore } = days
  const series = { today: today.series, weekBefore: weekBefore.series, dayBefore: dayBefore.series }
  const one = compared({ service, kpi: kpi.name, unit: unitOf(kpi), ...series })
  if (one.kind !== 'unclear') return { compared: one, notes: today.notes }
  return { compared: { ...one, why: whyUnclear(one.why, asked, days) }, notes: today.notes }
}

/** A KPI whose days could not be compared, and why. */
export function uncompared({ service, kpi }: AskedKpi, why: string): MeasuredKpi {
  return { compared: { service, kpi: kpi.name, unit: unitOf(kpi), kind: 'unclear', why }, notes: [] }
}

/** What became of the KPIs, in order. They count as one family, so give the KPIs of the whole night at once. */
export function findingsOf(
  asked: readonly AskedKpi[],
  measured: ReadonlyMap<AskedKpi, MeasuredKpi>,
): readonly DriftFinding[] {
  return countedAmong(asked.flatMap((one) => measured.get(one)?.compared ?? []))
}

function unitOf({ kind }: Kpi): Compared['unit'] {
  return kind === 'gauge' ? 'plain' : 'ratio'
}

function figureOf({ kind }: Kpi, { bad, total, value }: Bucket): number | null {
  const figure = kind === 'gauge' ? value : total > 0 ? bad / total : null
  return figure !== null && Number.isFinite(figure) ? figure : null
}

/** The count of minutes alone where nothing else is known; the reasons alone where there was not one minute. */
function whyUnclear(counted: string, asked: AskedKpi, measured: MeasuredDays): string {
  const dates = new Map<string, string[]>()
  for (const name of DAYS) {
    const day = asked.days[name]
    for (const reason of [...day.gaps, ...measured[name].silences]) {
      dates.set(reason, [...(dates.get(reason) ?? []), dayText(day.span)])
    }
  }
  const reasons = [...dates].map(([reason, on]) =>
    on.length === DAYS.length ? reason : `${reason} (${on.join(', ')})`,
  )
  const told = reasons.slice(0, MOST_REASONS).join('; ')
  if (reasons.length === 0) return counted
  const minutes = measured.today.series.filter((value) => value !== null).length
  return minutes === 0 ? told : `${counted}; ${told}`
}
