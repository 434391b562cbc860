import type { FreezeView } from '../../lib/api.ts'
import type { Run } from '../call.ts'
import { EXIT } from '../exit.ts'
import { connect } from '../http.ts'
import { freezeWhen } from '../print-freeze.ts'
import { tableText } from '../print-table.ts'
import { clean } from '../words.ts'

/** `slipway freeze list`: which freezes there are, and which of them hold now. */
export const run: Run = async ({ io, options }) => {
  const api = connect(io, options)
  const items: FreezeView[] = []
  for await (const one of api.items<FreezeView>('/v1/freezes', { environment: options.environment })) items.push(one)
  if (options.json === true) io.write(JSON.stringify({ items, nextLink: null }))
  else if (items.length === 0) io.talk('No freezes.')
  else {
    const rows = items.map((freeze) => {
      const { id, environment, services, active, reason, by } = freeze
      const whom = services === null ? 'all' : services.join(', ')
      return [
        environment,
        clean(id, 80),
        active ? 'holds' : 'waits',
        freezeWhen(freeze),
        whom,
        clean(reason, 200),
        clean(by, 80),
      ]
    })
    io.write(tableText(io, COLUMNS, rows))
  }
  return EXIT.ok
}

const COLUMNS = [
  { head: 'ENVIRONMENT' },
  { head: 'ID' },
  { head: 'NOW' },
  { head: 'WHEN', isFlexible: true },
  { head: 'SERVICES', isFlexible: true },
  { head: 'REASON', isFlexible: true },
  { head: 'BY', isFlexible: true },
]
