import type { QuarantineView } from '../../lib/api.ts'
import type { Run } from '../call.ts'
import { EXIT } from '../exit.ts'
import { connect } from '../http.ts'
import { clean } from '../words.ts'

/** `slipway quarantine show`: one item, with all that a message says. */
export const run: Run = async ({ io, options, args }) => {
  const path = `/v1/quarantine/${encodeURIComponent(args[0] ?? '')}`
  const body = await connect(io, options).get<QuarantineView>(path)
  io.write(options.json === true ? JSON.stringify(body) : itemText(body))
  return EXIT.ok
}

/** An item as lines of a name and what it says; nothing in it moves the terminal. */
export function itemText(item: QuarantineView): string {
  const { redriven, dismissed } = item
  const lines: readonly (readonly [string, string | null])[] = [
    ['id', item.id],
    ['what', `${item.what} (${item.kind})`],
    ['place', item.place],
    ['environment', item.environment],
    [
      'service',
      item.service === null ? null : `${item.service}${item.holds ? ', left alone as long as this lasts' : ''}`,
    ],
    ['state', item.state],
    ['why', item.why],
    ['field', item.field],
    ['since', item.since],
    ['tried', `${item.tries} times, last ${item.triedAt}`],
    ['next try', item.nextTryAt],
    ['redriven', redriven === null ? null : `${redriven.at} by ${redriven.by}`],
    ['dismissed', dismissed === null ? null : `${dismissed.at} by ${dismissed.by}: ${dismissed.reason}`],
    ['message', item.content],
  ]
  return lines
    .flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(12)} ${clean(value, 70_000)}`]))
    .join('\n')
}
