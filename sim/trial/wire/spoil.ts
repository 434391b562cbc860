import type { ServiceKey } from '../../../lib/core/service.ts'
import type { EntityKey, Properties } from '../../tables/entity.ts'
import type { Tables } from '../../tables/service.ts'
import type { TroubleItem } from '../scenario.ts'

/** Rows without which nobody knows what a rollout is at, and rows that others can do without for a while. */
const NEEDED = ['service', 'rollout'] as const
const OTHERS = ['judge', 'due'] as const

type Way = (row: Properties) => Properties

/** How a row is spoiled so that it cannot be read. */
const WAYS: readonly Way[] = [
  (row) => ({ ...row, schema: 2 }),
  (row) => ({ ...row, schema: 'one' }),
  (row) => ({ ...row, json0: String(row.json0 ?? '').slice(0, 40) }),
  (row) => ({ ...row, json0: 7 }),
  (row) => ({ ...row, json0: '{"schema":1}', parts: 1 }),
  (row) => ({ ...row, json0: String(row.json0 ?? '').replace('"key"', '"kex"') }),
  (row) => ({ ...row, json0: '[]', parts: 1 }),
  (row) => ({ ...row, parts: 12 }),
  (row) => without(row, 'json0'),
  (row) => without(row, 'schema'),
]

/** No harm at all: only as many properties as an entity may have, and nearly as large as it may be. */
const WIDE: Way = (row) => {
  const free = Array.from({ length: 200 }, (_, at) => [`more${at}`, 'x'.repeat(1000)] as const)
  return { ...row, ...Object.fromEntries(free) }
}

/**
 * Spoils a row of a service in the table itself; what ends it puts back what stood there, if nobody wrote it meanwhile.
 * Null where the trouble is none of rows.
 */
export function spoil(tables: Tables, table: string, item: TroubleItem, key: ServiceKey): (() => void) | null {
  const { variant, luck } = item
  const way = WAYS[Math.floor(luck / 4) % WAYS.length] ?? WIDE
  if (variant === 'row-unreadable') {
    const row = rowOf(tables, table, key, NEEDED[luck % 2] ?? 'service') ?? rowOf(tables, table, key, 'service')
    return change(tables, table, row, way)
  }
  if (variant !== 'row-spoiled') return null
  const row = rowOf(tables, table, key, luck % 4 === 0 ? 'rollout' : (OTHERS[luck % 2] ?? 'due'))
  return change(tables, table, row, luck % 4 === 0 ? WIDE : way)
}

type Found = EntityKey & { readonly properties: Properties }

function change(tables: Tables, table: string, row: Found | null, way: Way): () => void {
  if (row === null) return () => {}
  const spoiled = way(row.properties)
  tables.tamper(table, row, spoiled)
  return () => {
    if (tables.see(table, row) === spoiled) tables.tamper(table, row, row.properties)
  }
}

function without(row: Properties, name: string): Properties {
  return Object.fromEntries(Object.entries(row).filter(([other]) => other !== name))
}

function rowOf(
  tables: Tables,
  table: string,
  { environment, name }: ServiceKey,
  which: (typeof NEEDED)[number] | (typeof OTHERS)[number],
): Found | null {
  switch (which) {
    case 'service':
      return tables.range(table, environment, `s!${name}`, `s!${name}!`)[0] ?? null
    case 'rollout':
      // The newest comes first.
      return tables.range(table, environment, `r!${name}!0`, `r!${name}!~`)[0] ?? null
    case 'judge':
      return tables.range(table, environment, `r!${name}!!`, `r!${name}!!~`).at(-1) ?? null
    case 'due':
      return tables.range(table, environment, 'd!', 'd!~').find(({ rowKey }) => rowKey.endsWith(`!${name}`)) ?? null
  }
}
