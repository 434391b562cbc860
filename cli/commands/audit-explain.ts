import type { AuditView } from '../../lib/api.ts'
import { explainEvidence } from '../../lib/core/explain.ts'
import { weightsText } from '../../lib/core/format.ts'
import { auditQuery, namedRows } from '../audit-rows.ts'
import type { Call } from '../call.ts'
import { EXIT, Refusal } from '../exit.ts'
import { type Api, connect } from '../http.ts'
import type { Io } from '../io.ts'
import { coloured, hanging } from '../terminal.ts'
import { clean, utc } from '../words.ts'

/** `slipway audit explain`: one row with all that it rests on, or a rollout row by row as sentences, oldest first. */
export async function run({ io, options, args }: Call): Promise<number> {
  const api = connect(io, options)
  const id = args[0] ?? ''
  const rows = id.includes('#') ? [await rowOf(api, id)] : await rowsOf(api, id, options.environment)
  if (options.json === true) io.write(rows.map((row) => JSON.stringify(row)).join('\n'))
  else if (id.includes('#')) io.write(rows.flatMap((row) => rowLines(io, row)).join('\n'))
  else io.write(rows.flatMap((row) => sentenceLines(io, row)).join('\n'))
  return EXIT.ok
}

async function rowOf(api: Api, id: string): Promise<AuditView> {
  const [, environment = '', service, number] = /^([a-z0-9-]+)(?:\/([a-z0-9-]+))?#(\d{1,12})$/.exec(id) ?? []
  if (number === undefined)
    throw new Refusal(
      EXIT.usage,
      `${clean(id, 80)} is no id of a row; it looks like production/pricing#21 (slipway audit list prints them)`,
    )
  for await (const row of namedRows(api, { environment, service, limit: 100 })) {
    if (row.id === id) return row
    if (service !== undefined && row.seq < Number(number)) break
  }
  throw new Refusal(EXIT.error, `the audit has no row ${clean(id, 80)}; slipway audit list prints the newest`)
}

async function rowsOf(api: Api, rollout: string, environment: string | undefined): Promise<readonly AuditView[]> {
  const rows: AuditView[] = []
  for await (const row of namedRows(api, await auditQuery(api, environment, { rollout }))) rows.push(row)
  if (rows.length > 0) return rows.reverse()
  throw new Refusal(
    EXIT.error,
    `the audit has no rows of ${clean(rollout, 80)}; give a rollout (pricing-7) or a row (production/pricing#21)`,
  )
}

function sentenceLines(io: Io, { seq, sentence, evidence }: AuditView): readonly string[] {
  return [
    ...hanging(coloured(io, 'dim', `#${seq} `), clean(sentence, 4000), 4, widthOf(io)),
    ...evidence.flatMap((one) => queryLines(io, one)),
  ]
}

/** A KPI's query as an auditor could run it again, line by line and never cut. */
function queryLines(io: Io, { kpi, query }: AuditView['evidence'][number]): readonly string[] {
  if (query.trim() === '') return []
  const lines = query.trim().split(/\r?\n/)
  return [`    query of ${clean(kpi, 60)}:`, ...lines.map((text) => `      ${clean(text, 4000)}`)].map((text) =>
    coloured(io, 'dim', text),
  )
}

function rowLines(io: Io, row: AuditView): readonly string[] {
  const line = (head: string, text: string) => hanging(coloured(io, 'dim', head.padEnd(HEAD)), text, HEAD, widthOf(io))
  const { weightsBefore: before, weightsAfter: after } = row
  return [
    ...hanging('', coloured(io, 'bold', clean(row.notes, 2000)), 0, widthOf(io)),
    '',
    ...line('Row', `${row.id} (${row.kind})`),
    ...line('When', utc(row.happenedAt)),
    ...line('Who', row.actor === 'slipway' ? 'Slipway itself' : clean(row.actor, 100)),
    ...(row.rollout === null ? [] : line('Rollout', `${row.rollout}${row.step === null ? '' : `, step ${row.step}`}`)),
    ...(row.value === null ? [] : line('Figure', `${clean(row.metric, 60)} ${row.value}`)),
    ...(before === null ? [] : line('Before', weightsText(before))),
    ...(after === null ? [] : line('After', weightsText(after))),
    ...row.evidence.flatMap((evidence) => [
      ...line('Evidence', clean(explainEvidence(evidence), 2000)),
      ...queryLines(io, evidence),
    ]),
    ...(row.detail === null ? [] : line('Detail', clean(JSON.stringify(row.detail), 2000))),
    ...line('Hash', row.hash),
    ...line('After it', row.previousHash),
  ]
}

const HEAD = 10

function widthOf(io: Io): number {
  return Math.min(110, io.size().columns)
}
