import type { AskedKpi } from '../core/drift-report/ask-drift.ts'
import {
  type MeasuredDay,
  type MeasuredKpi,
  measuredDay,
  measuredKpi,
  uncompared,
} from '../core/drift-report/measured.ts'
import type { DayName } from '../core/drift-report/night.ts'
import type { Query, Reading } from '../core/judge/reading.ts'
import type { Wheel } from './wheel.ts'

/** Is told what went wrong with which thing. */
export type Complain = (what: string, error: unknown) => void

/**
 * Measures all KPIs of some services and compares their days. Each day is one question to each source: one that spans days
 * would make its source read all that lies between them. A source that throws is silent, and alone; never throws.
 */
export async function measureKpis(
  wheel: Wheel,
  kpis: readonly AskedKpi[],
  complain: Complain,
): Promise<ReadonlyMap<AskedKpi, MeasuredKpi>> {
  const today = await readDay(wheel, kpis, 'today', complain)
  const dayBefore = await readDay(wheel, kpis, 'dayBefore', complain)
  const weekBefore = await readDay(wheel, kpis, 'weekBefore', complain)
  const compare = (kpi: AskedKpi): MeasuredKpi => {
    try {
      return measuredKpi(kpi, { today: today(kpi), dayBefore: dayBefore(kpi), weekBefore: weekBefore(kpi) })
    } catch (error) {
      complain(`${kpi.service} ${kpi.kpi.name}`, error)
      return uncompared(kpi, 'its figures could not be compared')
    }
  }
  return new Map(kpis.map((kpi) => [kpi, compare(kpi)]))
}

async function readDay(
  wheel: Wheel,
  kpis: readonly AskedKpi[],
  name: DayName,
  complain: Complain,
): Promise<(kpi: AskedKpi) => MeasuredDay> {
  const queries = kpis.flatMap(({ days }) => days[name].queries)
  const bySource = [...Map.groupBy(queries, ({ kpi }) => kpi.source.kind)]
  const answers = await Promise.all(bySource.map(([source, own]) => readSource(wheel, source, own, complain)))
  const readings = new Map(answers.flat().map((reading) => [reading.id, reading]))
  return ({ days }) => measuredDay(days[name], readings)
}

async function readSource(
  wheel: Wheel,
  source: string,
  queries: readonly Query[],
  complain: Complain,
): Promise<readonly Reading[]> {
  try {
    return await wheel.metrics.read(queries)
  } catch (error) {
    complain(source, error)
    return []
  }
}
