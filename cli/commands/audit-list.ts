import type { AuditView } from '../../lib/api.ts'
import { type AuditFilter, auditQuery, namedRows } from '../audit-rows.ts'
import type { Call } from '../call.ts'
import { EXIT } from '../exit.ts'
import { connect } from '../http.ts'
import { tableText } from '../print-table.ts'
import { clean, utc } from '../words.ts'

interface Options extends AuditFilter {
  readonly limit: number
}

/** `slipway audit list`: what was decided and seen, and by whom, newest first. */
export async function run({ io, options }: Call<Options>): Promise<number> {
  const api = connect(io, options)
  const query = await auditQuery(api, options.environment, options)
  const items: AuditView[] = []
  const page = { ...query, limit: Math.min(100, options.limit) }
  for await (const row of namedRows(api, page, options.limit)) items.push(row)
  if (options.json === true) io.write(JSON.stringify({ items, nextLink: null }))
  else if (items.length === 0) io.talk('The audit has no such rows.')
  else {
    const rows = items.map(({ id, happenedAt, kind, actor, notes }) => {
      return [id, utc(happenedAt), kind, clean(actor, 60), clean(notes, 500)]
    })
    io.write(tableText(io, COLUMNS, rows))
    if (items.length === options.limit)
      io.talk(`The newest ${options.limit}; more with --limit, all with slipway audit export.`)
  }
  return EXIT.ok
}

const COLUMNS = [
  { head: 'ID' },
  { head: 'WHEN' },
  { head: 'WHAT', isFlexible: true },
  { head: 'WHO', isFlexible: true },
  { head: 'BECAUSE', isFlexible: true },
]
