import type { QuarantineView } from '../../lib/api.ts'
import type { Call } from '../call.ts'
import { EXIT } from '../exit.ts'
import { connect } from '../http.ts'
import { tableText } from '../print-table.ts'
import { clean } from '../words.ts'

/** What `slipway quarantine list` takes besides what all commands do. */
interface ListOptions {
  readonly service?: string
  readonly state?: QuarantineView['state']
}

/** `slipway quarantine list`: what cannot be read or acted on, and why. */
export async function run({ io, options }: Call<ListOptions>): Promise<number> {
  const api = connect(io, options)
  const { environment, service, state } = options
  const items: QuarantineView[] = []
  for await (const one of api.items<QuarantineView>('/v1/quarantine', { environment, service, state })) items.push(one)
  if (options.json === true) io.write(JSON.stringify({ items, nextLink: null }))
  else if (items.length === 0) io.talk('Nothing is in quarantine.')
  else
    io.write(
      tableText(
        io,
        COLUMNS,
        items.map((item) => [
          clean(item.id, 40),
          clean(item.what, 40),
          [item.environment ?? '-', item.service].filter((part) => part !== null).join('/'),
          item.state,
          item.since.slice(0, 19).replace('T', ' '),
          String(item.tries),
          clean(item.why, 300),
        ]),
      ),
    )
  return EXIT.ok
}

const COLUMNS = [
  { head: 'ID' },
  { head: 'WHAT' },
  { head: 'OF' },
  { head: 'STATE' },
  { head: 'SINCE (UTC)' },
  { head: 'TRIES', isRight: true },
  { head: 'WHY', isFlexible: true },
]
