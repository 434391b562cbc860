import type { TableEntity, TableEntityResult } from '@azure/data-tables'
import { Fault } from '../../errors.ts'
import type { Shape } from './shape.ts'

/** A row as it is written. */
export type Written = TableEntity<Record<string, unknown>>

/** A row as it was read, with its ETag. */
export type Row = TableEntityResult<Record<string, unknown>>

/** What a stored row turned out to be. An unreadable one is for the quarantine. */
export type Read<T> = { readonly kind: 'read'; readonly value: T } | Unreadable

/** Why a row cannot be used, said to a person, and which field of it is wrong; null = no single one. */
export interface Unreadable {
  readonly kind: 'unreadable'
  readonly why: string
  readonly field: string | null
}

/** Layout version of every row. A row of another version was written by another Slipway and is never guessed at. */
export const SCHEMA = 1

/** A string property holds 64 KiB as UTF-16 (32 × 1024 characters); a little is left free. */
const PART_CHARS = 32_000
/** A column for people: more than anybody reads in a table. */
const COLUMN_CHARS = 4_000
/** An entity holds 1 MiB, strings as UTF-16: 524 288 characters, less what keys and plain columns take. */
const MOST_CHARS = 490_000

/**
 * Builds a row: plain columns for people, and `state` as JSON in `json0`, `json1`, … (`parts` says how many), which is
 * what is read back. Throws Fault `malformed` where the JSON is too large for one entity.
 */
export function writeRow(
  partitionKey: string,
  rowKey: string,
  columns: Readonly<Record<string, unknown>>,
  state: unknown,
): Written {
  const parts = split(JSON.stringify(state))
  const total = parts.reduce((sum, part) => sum + part.length, 0)
  if (total > MOST_CHARS) {
    const size = `${total} characters, the limit is ${MOST_CHARS}`
    throw new Fault(
      'malformed',
      `Row ${partitionKey}/${rowKey} is too large to be stored (${size}). Nothing was stored.`,
    )
  }
  const json = Object.fromEntries(parts.map((part, index) => [`json${index}`, part]))
  return { partitionKey, rowKey, schema: SCHEMA, ...present(columns), parts: parts.length, ...json }
}

/** Reads a row's JSON back. `unreadable` for an unknown schema, missing parts and broken JSON. */
export function readRow(row: Row): Read<Readonly<Record<string, unknown>>> {
  if (row.schema !== SCHEMA) return otherSchema(row)
  const parts: string[] = []
  for (let index = 0; index < Number(row.parts); index += 1) {
    const part = row[`json${index}`]
    if (typeof part !== 'string') return unreadable(`part json${index} of ${row.parts} is missing`, `json${index}`)
    parts.push(part)
  }
  try {
    const value: unknown = JSON.parse(parts.join(''))
    if (typeof value === 'object' && value !== null) return { kind: 'read', value: value as Record<string, unknown> }
    return unreadable('the JSON is not an object', 'json0')
  } catch (error) {
    return unreadable(`the JSON is broken: ${(error as Error).message}`, 'json0')
  }
}

/** Whether a later build wrote a row: such a one is never written over, whatever it is for. */
export function isOfLaterSchema({ schema }: Readonly<Record<string, unknown>>): boolean {
  return typeof schema === 'number' && schema > SCHEMA
}

/** The verdict on a row of a version that this build does not know. */
export function otherSchema(row: Row): Unreadable {
  return unreadable(`schema ${shownOf(row.schema ?? null)}, known is ${SCHEMA}`, 'schema')
}

function shownOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'of another type' : (JSON.stringify(value) ?? '?').slice(0, 60)
}

/** The verdict on a row that cannot be used. */
export function unreadable(why: string, field: string | null = null): Unreadable {
  return { kind: 'unreadable', why, field }
}

/** What a value of `shape` is read as; null = nothing is wrong with it. */
export function misshapen(shape: Shape, value: unknown): Unreadable | null {
  const wrong = shape(value, '')
  if (wrong === null) return null
  return unreadable(wrong.field === '' ? wrong.reason : `${wrong.field} ${wrong.reason}`, wrong.field || null)
}

/** The beginning of a long text, for a column that people read; the JSON holds all of it. */
export function shortened(text: string): string {
  return text.slice(0, COLUMN_CHARS).toWellFormed()
}

/** Cuts a text into parts that fit a property, never between the halves of a surrogate pair (UTF-8 cannot carry one half). */
function split(text: string): readonly string[] {
  const parts: string[] = []
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at + PART_CHARS - 1)
    const size = code >= 0xd800 && code < 0xdc00 ? PART_CHARS - 1 : PART_CHARS
    parts.push(text.slice(at, at + size))
    at += size
  }
  return parts
}

/** Table Storage has no null: an absent column stands for it. */
function present(columns: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null && value !== undefined))
}
