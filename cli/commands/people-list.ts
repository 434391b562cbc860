import type { PersonView } from '../../lib/api.ts'
import type { Call } from '../call.ts'
import { EXIT } from '../exit.ts'
import { connect } from '../http.ts'
import { tableText } from '../print-table.ts'
import { clean, utc } from '../words.ts'

/** `slipway people list`: who stands behind the pseudonyms of the audit, or those who are called so. */
export async function run({ io, options, args }: Call): Promise<number> {
  const api = connect(io, options)
  const people: PersonView[] = []
  for await (const one of api.items<PersonView>('/v1/people', { called: args[0], limit: 100 })) people.push(one)
  if (options.json === true) io.write(JSON.stringify({ items: people, nextLink: null }))
  else if (people.length === 0) io.talk('Nobody stands behind a pseudonym.')
  else io.write(tableText(io, COLUMNS, people.map(cellsOf)))
  return EXIT.ok
}

function cellsOf({ pseudonym, name, kind, since }: PersonView): string[] {
  return [
    pseudonym,
    clean(name, 100),
    kind === 'account' ? 'signed in' : 'named by a manifest or a registry',
    utc(since),
  ]
}

const COLUMNS = [{ head: 'PSEUDONYM' }, { head: 'WHO', isFlexible: true }, { head: 'KNOWN BY' }, { head: 'SINCE' }]
