import { createHash, randomBytes } from 'node:crypto'
import type { TableClient } from '@azure/data-tables'
import { isPseudonym, type PersonRecord, pseudonymOf } from '../../core/people.ts'
import { Fault } from '../../errors.ts'
import type { People } from '../../ports.ts'
import { refusal, throwFault } from './table-faults.ts'
import type { KeyRange } from './table-keys.ts'
import { readRowOf } from './table-load.ts'
import { inPartition, readPage } from './table-pages.ts'
import { type Read, type Row, readRow, unreadable, type Written, writeRow } from './table-rows.ts'

/** People in Table Storage. */
export interface TablePeople extends People {
  /** Creates the table where it is missing. Throws Fault. */
  ensureTable(): Promise<void>
}

interface Reader {
  readonly table: TableClient
  readonly timeoutMs: number
}

/** All people are one partition, so that a person's two rows are written and taken out together. */
const PARTITION = 'people'
const PEOPLE_RANGE: KeyRange = { from: 'p!', to: 'p!~' }
/** How often the loser of a race looks for the winner's row. */
const ATTEMPTS = 3

/**
 * People in a table of their own: one row by pseudonym, which says who it is, and one by the hash of what they are known by,
 * which says the pseudonym. Neither is kept when they are erased.
 */
export function tablePeople(table: TableClient, timeoutMs = 20_000): TablePeople {
  const reader: Reader = { table, timeoutMs }
  const find: People['find'] = async (kind, key) => {
    const row = await readRowOf(reader, PARTITION, keyRow(kind, key))
    const pseudonym = row === null ? '' : String(row.pseudonym)
    return row === null ? null : personAt(reader, pseudonym)
  }
  return {
    find,
    add: async (kind, key, name, now) => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const person = { pseudonym: pseudonymOf(randomBytes(16)), kind, key, name, since: now }
        if (await create(table, timeoutMs, person)) return person
        const winner = await find(kind, key)
        if (winner !== null) return winner
      }
      throw new Fault('conflict', 'A person could not be given a pseudonym: try again.')
    },
    rename: async (pseudonym, name) => {
      const person = await personAt(reader, pseudonym)
      if (person === null) return
      try {
        const abortSignal = AbortSignal.timeout(timeoutMs)
        await table.updateEntity(personRow({ ...person, name }), 'Replace', { abortSignal })
      } catch (error) {
        if (refusal(error)?.code !== 'ResourceNotFound') throwFault(error, 'remembering the name of a person')
      }
    },
    named: async (pseudonyms) => {
      const asked = [...new Set(pseudonyms)].filter(isPseudonym)
      const found = await Promise.all(asked.map(async (one) => [one, await personAt(reader, one)] as const))
      return new Map(found)
    },
    list: (limit, from) => readPage(inPartition(reader, PARTITION, PEOPLE_RANGE, 'people'), limit, from, kept),
    erase: (pseudonym) => erase(reader, pseudonym),
    ensureTable: async () => {
      try {
        await table.createTable({ abortSignal: AbortSignal.timeout(timeoutMs) })
      } catch (error) {
        throwFault(error, `creating the table ${table.tableName}`)
      }
    },
  }
}

async function personAt(reader: Reader, pseudonym: string): Promise<PersonRecord | null> {
  if (!isPseudonym(pseudonym)) return null
  const row = await readRowOf(reader, PARTITION, personKey(pseudonym))
  return row === null ? null : kept(row)
}

/** Whom nobody can read is nobody: their pseudonym is shown as one of a person who was erased. */
function kept(row: Row): PersonRecord | null {
  const read = readPerson(row)
  return read.kind === 'read' ? read.value : null
}

/** False = somebody else has given this key a pseudonym already. */
async function create(table: TableClient, timeoutMs: number, person: PersonRecord): Promise<boolean> {
  const pointer = { partitionKey: PARTITION, rowKey: keyRow(person.kind, person.key), pseudonym: person.pseudonym }
  try {
    const actions: ['create', Written][] = [
      ['create', personRow(person)],
      ['create', pointer],
    ]
    await table.submitTransaction(actions, { abortSignal: AbortSignal.timeout(timeoutMs) })
    return true
  } catch (error) {
    if (refusal(error)?.code === 'EntityAlreadyExists') return false
    return throwFault(error, 'giving a person a pseudonym')
  }
}

/** Both rows in one transaction, so that no half of a person is left. A pointer that leads to somebody else is left alone. */
async function erase(reader: Reader, pseudonym: string): Promise<boolean> {
  const person = await personAt(reader, pseudonym)
  if (person === null) return false
  const pointerKey = keyRow(person.kind, person.key)
  const pointer = await readRowOf(reader, PARTITION, pointerKey)
  const rows = [personKey(pseudonym), ...(pointer?.pseudonym === pseudonym ? [pointerKey] : [])]
  const actions = rows.map((rowKey): ['delete', Written] => ['delete', { partitionKey: PARTITION, rowKey }])
  try {
    await reader.table.submitTransaction(actions, { abortSignal: AbortSignal.timeout(reader.timeoutMs) })
    return true
  } catch (error) {
    if (refusal(error)?.code === 'ResourceNotFound') return false
    return throwFault(error, 'erasing a person')
  }
}

function personRow(person: PersonRecord): Written {
  return writeRow(PARTITION, personKey(person.pseudonym), { kind: person.kind, name: person.name }, person)
}

function readPerson(row: Row): Read<PersonRecord> {
  const read = readRow(row)
  if (read.kind === 'unreadable') return read
  const { pseudonym, kind, key, name, since } = read.value as Partial<PersonRecord>
  const isWhole = [pseudonym, key, name].every((text) => typeof text === 'string') && Number.isFinite(since)
  if (!isWhole || (kind !== 'account' && kind !== 'word')) return unreadable('it is no person')
  return { kind: 'read', value: read.value as unknown as PersonRecord }
}

/** A colon may stand in a key; the pseudonym's own word is left out all the same. */
function personKey(pseudonym: string): string {
  return `p!${pseudonym.slice('person:'.length)}`
}

/** What somebody is known by comes from outside, so that only its hash enters the key. */
function keyRow(kind: PersonRecord['kind'], key: string): string {
  const hash = createHash('sha256').update(`${kind}:${key.trim().toLowerCase()}`).digest('hex')
  return `k!${hash.slice(0, 40)}`
}
