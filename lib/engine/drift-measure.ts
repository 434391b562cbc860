import type { AskedKpi, AskedService } from '../core/drift-report/ask-drift.ts'
import {
  type MeasuredDay,
  type MeasuredKpi,
  measuredDay,
  measuredKpi,
  uncompared,
} from '../core/drift-report/measured.ts'
import type { DayName } from '../core/drift-report/night.ts'
import type { Query, Reading } from '../core/judge/reading.ts'
import { Fault } from '../errors.ts'
import { inLanes } from './lanes.ts'
import type { Wheel } from './wheel.ts'

/** Is told what went wrong with which thing. */
export type Complain = (what: string, error: unknown) => void

/** Services that are asked for in one read of a day: as much as one answer of a source is made to hold. */
const TOGETHER = 50
/** Such lots under way at once: their days are in memory together. */
const LOTS = 4
const LATE = 'it was not measured before the time of the night was up'

/**
 * Measures and compares the KPIs of all services: fifty services at a time, whose days are compared and let go, and four
 * such lots at once. Once `until` is aborted nothing more is asked or waited for, and the KPIs of a lot that is not done
 * say so. Each day is one question to each source: one that spans days would make its source read all that lies between
 * them. A source that throws is silent, and alone; never throws.
 */
export async function measureServices(
  wheel: Wheel,
  asked: readonly AskedService[],
  until: AbortSignal,
  complain: Complain,
): Promise<ReadonlyMap<AskedKpi, MeasuredKpi>> {
  const count = Math.ceil(asked.length / TOGETHER)
  const lots = Array.from({ length: count }, (_, lot) => asked.slice(lot * TOGETHER, (lot + 1) * TOGETHER))
  const timeUp = abortOf(until)
  let late = 0
  const measured = await inLanes(
    lots,
    async (services) => {
      const kpis = services.flatMap((one) => one.kpis)
      const lot = await Promise.race([timeUp, measureLot(wheel, kpis, until, complain)])
      if (lot !== null) return lot
      late += services.length
      return kpis.map((kpi) => [kpi, uncompared(kpi, LATE)] as const)
    },
    LOTS,
  )
  if (late > 0) complain('measuring', new Fault('unavailable', `${late} services were not measured in time`))
  return new Map(measured.flat())
}

/** Null as soon as the signal is aborted. */
async function abortOf(until: AbortSignal): Promise<null> {
  if (!until.aborted) await new Promise((resolve) => until.addEventListener('abort', resolve, { once: true }))
  return null
}

/** Null where the time was up before all three days were read. */
async function measureLot(
  wheel: Wheel,
  kpis: readonly AskedKpi[],
  until: AbortSignal,
  complain: Complain,
): Promise<readonly (readonly [AskedKpi, MeasuredKpi])[] | null> {
  const days: Day[] = []
  for (const name of ['today', 'dayBefore', 'weekBefore'] as const) {
    if (until.aborted) return null
    days.push(await readDay(wheel, kpis, name, complain))
  }
  const [today, dayBefore, weekBefore] = days as [Day, Day, Day]
  return kpis.map((kpi) => {
    try {
      const own = { today: today(kpi), dayBefore: dayBefore(kpi), weekBefore: weekBefore(kpi) }
      return [kpi, measuredKpi(kpi, own)] as const
    } catch (error) {
      complain(`${kpi.service} ${kpi.kpi.name}`, error)
      return [kpi, uncompared(kpi, 'its figures could not be compared')] as const
    }
  })
}

/** What was measured of a KPI on one day. */
type Day = (kpi: AskedKpi) => MeasuredDay

async function readDay(wheel: Wheel, kpis: readonly AskedKpi[], name: DayName, complain: Complain): Promise<Day> {
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
