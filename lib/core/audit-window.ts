import type { AuditRow } from './audit.ts'
import type { ChainHead } from './audit-digest.ts'
import { GENESIS } from './chain.ts'
import { type Break, type Walk, walkEnd, walkFrom, walkOn } from './chain-walk.ts'

/** Where all chains of an environment stood at a moment; epoch milliseconds, infinite for the beginning of all time. */
export interface Standing {
  readonly at: number
  readonly heads: readonly ChainHead[]
}

/** Part of the audit between two moments, while its rows are walked, newest first. */
export interface Window {
  readonly upper: Standing
  readonly lower: Standing
  readonly walks: ReadonlyMap<string, Walk>
  readonly rows: number
  readonly broken: readonly Break[]
}

/** How far the clocks of those who write may be apart: a row whose time is further off stands where it does not belong. */
export const CLOCKS_APART_MS = 3_600_000
const MOST_BREAKS = 20

/** The window from where all chains stood at `upper` back to where they stood at `lower`, before any of its rows is seen. */
export function openWindow(upper: Standing, lower: Standing): Window {
  const before = new Map(lower.heads.map((head) => [head.entityId, head]))
  const walks = upper.heads.map(({ entityId, seq, hash }): readonly [string, Walk] => {
    const { seq: least, hash: named } = before.get(entityId) ?? { seq: 0, hash: GENESIS }
    return [entityId, walkFrom({ seq, hash }, { seq: least, hash: named })]
  })
  const here = new Map(walks)
  const broken = lower.heads.flatMap(({ entityId, seq }) => {
    const top = here.get(entityId)?.top ?? 0
    return top < seq ? [{ id: `${entityId}#${seq}`, because: `the chain went back: it ends at row ${top} now` }] : []
  })
  return { upper, lower, walks: here, rows: 0, broken }
}

/** When rows of the window may have happened: `since` inclusive, `until` exclusive. */
export function timesOf({ upper, lower }: Pick<Window, 'upper' | 'lower'>): {
  readonly since: number
  readonly until: number
} {
  return { since: Math.max(0, lower.at - CLOCKS_APART_MS), until: upper.at + CLOCKS_APART_MS + 1 }
}

/** Walks on over rows of all chains, newest first. Of each chain what is found first is told. */
export function takeRows(window: Window, rows: readonly AuditRow[], digest: (text: string) => string): Window {
  const walks = new Map(window.walks)
  const broken = [...window.broken]
  const lost = new Set(broken.map(({ id }) => entityOf(id)))
  let count = window.rows
  for (const row of rows) {
    const walk = walks.get(row.entityId)
    const place = placeOf(row, walk, window)
    if (place === 'elsewhere' || lost.has(row.entityId)) continue
    const step = place === 'stray' || walk === undefined ? stray(row) : walkOn(walk, row.entityId, [row], digest)
    if (step.broken !== null) {
      lost.add(row.entityId)
      if (broken.length < MOST_BREAKS) broken.push(step.broken)
      continue
    }
    count += 1
    walks.set(row.entityId, step.walk)
  }
  return { ...window, walks, rows: count, broken }
}

/** What is wrong with a window when all of its rows were seen; none = nothing. */
export function closeWindow({ walks, broken }: Window): readonly Break[] {
  const lost = new Set(broken.map(({ id }) => entityOf(id)))
  const ends = [...walks].flatMap(([entityId, walk]) => (lost.has(entityId) ? [] : (walkEnd(walk, entityId) ?? [])))
  return [...broken, ...ends].slice(0, MOST_BREAKS)
}

/**
 * Whether a row belongs into the window: `elsewhere` where its time is near the edge and its number beyond it, so that it is
 * the neighbouring window's to judge. Rows that came after the newest window was opened are nobody's yet.
 */
function placeOf(row: AuditRow, walk: Walk | undefined, { upper, lower }: Window): 'here' | 'elsewhere' | 'stray' {
  const { seq, happenedAt } = row
  if (walk !== undefined && seq > walk.base.seq && seq <= walk.top) return 'here'
  if (walk !== undefined && seq <= walk.base.seq) return happenedAt < lower.at + CLOCKS_APART_MS ? 'elsewhere' : 'stray'
  return happenedAt > upper.at - CLOCKS_APART_MS ? 'elsewhere' : 'stray'
}

function stray(row: AuditRow): { readonly walk: Walk; readonly broken: Break } {
  const because = 'it stands where no row of its chain belongs: its number and its time do not go together'
  return { walk: walkFrom({ seq: 0, hash: GENESIS }), broken: { id: row.id, because } }
}

function entityOf(id: string): string {
  return id.slice(0, id.lastIndexOf('#'))
}
