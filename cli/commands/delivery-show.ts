import type { DeliveryReport, Spread } from '../../lib/api.ts'
import { duration, percent } from '../../lib/core/format.ts'
import type { Call } from '../call.ts'
import { EXIT } from '../exit.ts'
import { connect } from '../http.ts'
import { tableText } from '../print-table.ts'
import { utc } from '../words.ts'

interface Options {
  readonly service?: string
  readonly since?: string
  readonly until?: string
}

/** `slipway delivery`: how often, how fast and how safely was delivered. */
export async function run({ io, options }: Call<Options>): Promise<number> {
  const api = connect(io, options)
  const { environment, service, since, until } = options
  const report = await api.get<DeliveryReport>('/v1/delivery', { environment, service, from: since, to: until })
  if (options.json === true) io.write(JSON.stringify(report))
  else if (report.items.length === 0) io.talk('Nothing was delivered in that time.')
  else {
    const rows = report.items.map(
      ({
        environment: where,
        service: who,
        deployments,
        deploymentsPerDay,
        leadTime,
        changeFailure,
        timeToRestore,
      }) => {
        const { failed, total, ratio } = changeFailure
        const failures = ratio === null ? '-' : `${percent(ratio)} (${failed}/${total})`
        const often = `${deployments} (${Number(deploymentsPerDay.toPrecision(2))}/day)`
        return [where, who ?? '(all)', often, medianOf(leadTime), failures, medianOf(timeToRestore)]
      },
    )
    io.write(tableText(io, COLUMNS, rows))
    io.talk(`From ${utc(report.from)} to ${utc(report.to)}; times are medians.`)
  }
  return EXIT.ok
}

function medianOf({ medianMs }: Spread): string {
  return medianMs === null ? '-' : duration(medianMs)
}

const COLUMNS = [
  { head: 'ENVIRONMENT' },
  { head: 'SERVICE', isFlexible: true },
  { head: 'DEPLOYMENTS', isRight: true },
  { head: 'LEAD TIME', isRight: true },
  { head: 'FAILED CHANGES', isRight: true },
  { head: 'TIME TO RESTORE', isRight: true },
]
