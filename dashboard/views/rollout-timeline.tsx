import { useState } from 'preact/hooks'
import type { AuditView } from '../../lib/api.ts'
import type { Refused } from '../api.ts'
import { many } from '../model/format.ts'
import { Card, Empty, Failed, Loading } from '../ui/basics.tsx'
import { AuditRow } from './audit-row.tsx'

const FIRST = 8

/** Every decision and what came of it, newest first, each with its sentence and, on demand, its evidence. */
export function Timeline({
  rows,
  refused,
  again,
}: {
  readonly rows: readonly AuditView[] | null
  readonly refused: Refused | null
  readonly again: () => void
}) {
  const [isAll, setAll] = useState(false)
  const shown = isAll ? (rows ?? []) : (rows ?? []).slice(0, FIRST)
  return (
    <Card
      title="Decisions"
      aside={rows === null ? null : <span class="muted">{many(rows.length, 'row')}, newest first</span>}
    >
      {refused === null ? null : <Failed refused={refused} again={again} />}
      {rows === null && refused === null ? <Loading what="Asking for the audit" /> : null}
      {rows !== null && rows.length === 0 ? <Empty title="Nothing was decided yet." /> : null}
      <ol class="timeline">
        {shown.map((row) => (
          <AuditRow key={row.id} row={row} />
        ))}
      </ol>
      {rows !== null && rows.length > FIRST ? (
        <button type="button" class="button quiet" onClick={() => setAll(!isAll)}>
          {isAll ? 'Show fewer' : `Show all ${rows.length}`}
        </button>
      ) : null}
    </Card>
  )
}
