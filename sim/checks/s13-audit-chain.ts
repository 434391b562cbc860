import { hash } from 'node:crypto'
import type { AuditRow } from '../../lib/core/audit.ts'
import { type Check, checkOf } from './check.ts'

const BEFORE_THE_FIRST = '0'.repeat(64)

/** S13: the rows of every chain are numbered without gaps, name the row before them, and give the hash that they carry. */
export function checkAuditChain(): Check {
  const heads = new Map<string, Pick<AuditRow, 'seq' | 'hash'>>()
  return checkOf({
    invariant: 'S13',
    kinds: ['audit'],
    see: (event) => {
      if (event.kind !== 'audit') return []
      const { row } = event
      const wrongs = wrongsOf(row, heads.get(row.entityId) ?? { seq: 0, hash: BEFORE_THE_FIRST })
      heads.set(row.entityId, row)
      return wrongs.map((wrong) => ({
        invariant: 'S13',
        says: `audit row ${row.id} (${row.kind}): ${wrong}`,
        n: event.n,
      }))
    },
    end: () => [],
  })
}

function wrongsOf(row: AuditRow, head: Pick<AuditRow, 'seq' | 'hash'>): readonly string[] {
  const { hash: told, previousHash, ...said } = row
  const wrongs: string[] = []
  if (row.seq !== head.seq + 1) wrongs.push(`it follows row ${head.seq} and is numbered ${row.seq}`)
  if (row.id !== `${row.entityId}#${row.seq}`) wrongs.push(`its id does not say ${row.entityId}#${row.seq}`)
  if (previousHash !== head.hash) wrongs.push('it names another row before it than the one that was stored')
  if (hash('sha256', previousHash + sorted(said)) !== told) wrongs.push('its text does not give its hash')
  return wrongs
}

/** Names of members come again in every row. */
const QUOTED = new Map<string, string>()

function quoted(name: string): string {
  const known = QUOTED.get(name)
  if (known !== undefined) return known
  const text = `${JSON.stringify(name)}:`
  // Revisions have names of their own, of which there is no end.
  if (QUOTED.size < 500) QUOTED.set(name, text)
  return text
}

/** JSON with the members of every object in the order of their names; what JSON cannot hold is null or left out. */
function sorted(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null)
  let text = ''
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === '' ? '' : ','}${sorted(item)}`
    return `[${text}]`
  }
  const told = value as Readonly<Record<string, unknown>>
  for (const name of Object.keys(told).sort()) {
    if (told[name] !== undefined) text += `${text === '' ? '' : ','}${quoted(name)}${sorted(told[name])}`
  }
  return `{${text}}`
}
