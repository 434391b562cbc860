import { readAudit, readRollout } from '../../../lib/adapters/store/table-codec.ts'
import type { Read, Row } from '../../../lib/adapters/store/table-rows.ts'
import type { AuditRow } from '../../../lib/core/audit.ts'
import type { Rollout } from '../../../lib/core/rollout.ts'
import { entityId, type ServiceKey } from '../../../lib/core/service.ts'
import type { EntityKey, Properties } from '../../tables/entity.ts'
import type { TableWrite } from '../../tables/service.ts'
import type { Stored } from '../footing.ts'

/** What stands in the state table, read from its rows as they are written. */
export interface Books {
  /** To be told of every write; `worker` null = whoever sets the scene, of whom nothing is told. */
  wrote(written: readonly TableWrite[], worker: number | null): void
  rolloutOf(key: ServiceKey): Rollout | null
  auditOf(key: ServiceKey): readonly AuditRow[]
  commits(): number
}

/** Name of the table that holds state. */
export const STATE = 'SlipwayState'

/** Books that are empty. `stored` is told of each transaction that changed a service. */
export function createBooks(stored: Stored): Books {
  const rollouts = new Map<string, Rollout>()
  const audit = new Map<string, AuditRow[]>()
  let commits = 0
  return {
    wrote: (written, worker) => {
      const rows = written.flatMap((write) => (write.table === STATE ? (rowOf(write) ?? []) : []))
      // A transaction of a service writes its own row, or its rollout's.
      if (!rows.some(({ rowKey }) => /^[rs]!/.test(rowKey ?? ''))) return
      commits += 1
      const rollout = rows.map(currentRollout).find((one) => one !== null) ?? undefined
      if (rollout !== undefined) rollouts.set(entityId(rollout.key), rollout)
      const told = rows.filter(({ rowKey }) => rowKey?.startsWith('a!')).map((row) => contentOf(readAudit(row)))
      for (const row of told) audit.set(row.entityId, [...(audit.get(row.entityId) ?? []), row])
      if (worker !== null) stored(worker, { ...(rollout === undefined ? {} : { rollout }), audit: told }, commits)
    },
    rolloutOf: (key) => rollouts.get(entityId(key)) ?? null,
    auditOf: (key) => audit.get(entityId(key)) ?? [],
    commits: () => commits,
  }
}

function currentRollout(row: Row): Rollout | null {
  // Rows of the judge have two marks after the name, and a rollout that was closed is no longer the newest.
  if (!/^r![^!]+![^!]+$/.test(row.rowKey ?? '') || row.json0 === undefined || row.current !== true) return null
  return contentOf(readRollout(row)).rollout
}

/** What the store has just written can be read: anything else is a bug, of the store or of this world. */
function contentOf<T>(read: Read<T>): T {
  if (read.kind === 'read') return read.value
  throw new Error(`a row that was just written cannot be read: ${read.why}`)
}

/** The row as the SDK hands it to the store; null = it was deleted. */
function rowOf({ properties, ...key }: EntityKey & { readonly properties: Properties | null }): Row | null {
  if (properties === null) return null
  const values = Object.entries(properties).flatMap(([name, value]) => {
    if (name.endsWith('@odata.type')) return []
    return [[name, properties[`${name}@odata.type`] === 'Edm.DateTime' ? new Date(String(value)) : value] as const]
  })
  return { etag: '', ...key, ...Object.fromEntries(values) } as Row
}
