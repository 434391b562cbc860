import type { EventView } from '../bodies.ts'
import type { Call } from '../call.ts'
import { EXIT } from '../exit.ts'
import { connect } from '../http.ts'
import { tableText } from '../print-table.ts'
import { clean, utc } from '../words.ts'

/** `slipway events`: what became of everything that registries and people sent. */
export async function run({ io, options }: Call<{ readonly limit: number }>): Promise<number> {
  const api = connect(io, options)
  const items: EventView[] = []
  for await (const one of api.items<EventView>('/v1/events', { limit: Math.min(100, options.limit) }, options.limit))
    items.push(one)
  if (options.json === true) io.write(JSON.stringify({ items, nextLink: null }))
  else if (items.length === 0) io.talk('No events yet: no registry has sent anything.')
  else {
    const rows = items.map(({ receivedAt, source, outcome, image, rollout, reason }) => {
      return [utc(receivedAt), clean(source, 30), outcome, clean(image, 120), rollout ?? '', clean(reason, 300)]
    })
    io.write(tableText(io, COLUMNS, rows))
  }
  return EXIT.ok
}

const COLUMNS = [
  { head: 'RECEIVED' },
  { head: 'SOURCE' },
  { head: 'OUTCOME' },
  { head: 'IMAGE', isFlexible: true },
  { head: 'ROLLOUT' },
  { head: 'BECAUSE', isFlexible: true },
]
