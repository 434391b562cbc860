import type { AuditView } from '../../lib/api.ts'

/** The canary's weight from a moment on; null = not known. */
export interface WeightChange {
  readonly at: number
  readonly wanted: number | null
  readonly actual: number | null
  /** What the row is: `step-started`, `weights-confirmed`, … */
  readonly kind: string
}

const WISHES: readonly string[] = ['step-started', 'rollback-started', 'late-write-corrected']
const SIGHTS: readonly string[] = ['weights-confirmed', 'rollback-confirmed', 'promotion-confirmed', 'foreign-edit']

/** How the canary's weight went, wished and seen, from the rows of its audit; oldest first. Starts at none and none. */
export function weightChanges(rows: readonly AuditView[], canary: string): readonly WeightChange[] {
  const changes: WeightChange[] = []
  let wanted: number | null = null
  let actual: number | null = null
  for (const row of [...rows].sort((a, b) => a.seq - b.seq)) {
    if (row.weightsAfter === null) continue
    const weight = row.weightsAfter[canary] ?? 0
    if (WISHES.includes(row.kind)) wanted = weight
    else if (SIGHTS.includes(row.kind)) actual = weight
    else continue
    changes.push({ at: Date.parse(row.happenedAt), wanted, actual, kind: row.kind })
  }
  return changes
}
