import { type TableClient, TableClient as Tables } from '@azure/data-tables'
import { describe, expect, it } from 'vitest'
import { createTableStore, type TableStore } from '../../../lib/adapters/store/table.ts'
import { type Quarantined, quarantinedAs, type RowKind, type Suspect } from '../../../lib/core/quarantine.ts'
import { quarantineView } from '../../../lib/engine/quarantine-view.ts'
import { Fault } from '../../../lib/errors.ts'
import { quarantineViewSchema } from '../../../lib/schema/api/quarantine.ts'
import { createTables } from '../../../sim/tables/service.ts'
import { wireClient } from '../../../sim/wire.ts'
import { T0 } from '../../support/state.ts'
import { azuriteForTests } from './opened.ts'
import { fill, HOSTILE, readKind, type Victim, WRONG } from './poison.ts'

interface Ward {
  readonly store: TableStore
  readonly victims: readonly Victim[]
  readonly met: Suspect[]
}

const credential = { getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) }

async function openInMemory(): Promise<Ward> {
  const service = createTables({ clock: Date })
  const httpClient = wireClient((request) => service.answer(request))
  const table = (name: string) =>
    new Tables('https://slipway.table.core.windows.net', name, credential, {
      httpClient,
      retryOptions: { maxRetries: 0 },
    })
  return open({ state: table('SlipwayState'), index: table('SlipwayIndex'), events: table('SlipwayEvents') })
}

async function open(tables: Readonly<Record<'state' | 'index' | 'events', TableClient>>): Promise<Ward> {
  const met: Suspect[] = []
  const store = createTableStore({ tables, onQuarantine: (_row, _why, suspect) => met.push(suspect) })
  await store.ensureTables()
  const victims = await fill(store, tables)
  expect(met).toEqual([])
  return { store, victims, met }
}

/** What a poisoned row holds: its columns, and what its JSON says (null = it has none). */
interface Held {
  readonly columns: Readonly<Record<string, unknown>>
  readonly json: Readonly<Record<string, unknown>> | null
}

async function heldBy({ table, partitionKey, rowKey }: Victim): Promise<Held> {
  const row: Record<string, unknown> = await table.getEntity(partitionKey, rowKey)
  const json = typeof row.json0 === 'string' ? JSON.parse(String(row.json0) + (row.json1 ?? '')) : null
  return { columns: row, json }
}

async function write(
  { table, partitionKey, rowKey }: Victim,
  columns: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { etag: _, timestamp: __, ...kept } = columns
  await table.updateEntity({ ...kept, partitionKey, rowKey }, 'Replace')
}

const asJson = (columns: Held['columns'], json: unknown) => ({
  ...columns,
  parts: 1,
  json0: JSON.stringify(json),
})

/**
 * Meets a poisoned row in every way it is read: nothing is thrown but the Fault of an environment whose freezes nobody can
 * read, the neighbour is read as ever, and what is told of the row is told as the API promises. True = it is in quarantine.
 */
async function meet({ store, met }: Ward, victim: Victim): Promise<boolean> {
  met.length = 0
  const [neighbour] = await store.load('production', ['basket', 'pricing']).then((all) => all.slice(-1))
  expect(neighbour?.service.key.name).toBe('pricing')
  expect((await store.claim('production', T0 + 10_000_000, 10, new Set())).names).toContain('pricing')
  await readKind(store, victim)
  const refused = await store.freezesOf('staging').catch((error: unknown) => error)
  if (refused instanceof Error) expect(refused).toBeInstanceOf(Fault)
  const place = `${victim.table.tableName}/${victim.partitionKey}/${victim.rowKey}`
  const suspects = met.filter((suspect) => suspect.place === place)
  for (const suspect of met) expectTold(suspect)
  const [suspect] = suspects
  if (suspect !== undefined) {
    expect(suspect.what).toBe(victim.what)
    const still = await store.quarantine.examine(quarantinedAs('ab'.repeat(8), suspect, null, T0))
    // A due row was written anew by the mending meanwhile.
    const isLasting = suspect.what !== 'due' && !/stored \d|is closed|claims|missing/.test(suspect.why)
    if (isLasting) expect(still?.why).toBe(suspect.why)
  }
  return suspects.length > 0
}

function expectTold(suspect: Suspect): void {
  const item: Quarantined = quarantinedAs('ab'.repeat(16), suspect, null, T0)
  const view = quarantineView(item, true)
  expect(quarantineViewSchema.safeParse(view).error).toBeUndefined()
  expect(view.why).not.toMatch(/[\p{Cc}\u202a-\u202e]/u)
  expect(view.why.length).toBeLessThanOrEqual(2_000)
}

const KINDS: readonly RowKind[] = [
  ...(['service', 'rollout', 'judge', 'buckets', 'audit', 'command', 'due', 'freezes', 'digest', 'notice'] as const),
  ...(['parcel', 'sink', 'thread', 'source', 'event'] as const),
]

describe.each(KINDS)('a poisoned row of kind %s', (kind) => {
  async function given(): Promise<Ward & { readonly victim: Victim; readonly held: Held }> {
    const ward = await openInMemory()
    const victim = ward.victims.find(({ what }) => what === kind)
    if (victim === undefined) throw new Error(`there is no row of kind ${kind}`)
    return { ...ward, victim, held: await heldBy(victim) }
  }

  it('is met as it is while it is whole', async () => {
    const { victim, ...ward } = await given()
    expect(await meet(ward, victim)).toBe(false)
  })

  it('is known with broken JSON, of a later version, and too large to be ours', async () => {
    const { victim, held, ...ward } = await given()
    await write(victim, { ...held.columns, schema: 2 })
    expect(await meet(ward, victim)).toBe(true)
    expect(ward.met[0]).toMatchObject({ field: 'schema', why: 'schema 2, known is 1' })
    if (held.json !== null) {
      await write(victim, { ...held.columns, json0: JSON.stringify(held.json).slice(0, -1) })
      expect(await meet(ward, victim)).toBe(true)
      expect(ward.met[0]).toMatchObject({ field: 'json0', why: expect.stringMatching(/^the JSON is broken: /) })
      const much = Object.fromEntries(Array.from({ length: 14 }, (_, at) => [`json${at}`, '\u0001'.repeat(32_000)]))
      await write(victim, { ...held.columns, ...much, parts: 14 })
      expect(await meet(ward, victim)).toBe(true)
    }
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`more${at}`, at]))
    await write(victim, { ...held.columns, ...many })
    expect(await meet(ward, victim)).toBe(false)
  })

  it('is borne whatever is missing, of a wrong type or hostile in it', async () => {
    const { victim, held, ...ward } = await given()
    const fields = Object.keys(held.json ?? {})
    const known = new Set<string>()
    for (const [at, field] of fields.entries()) {
      const { [field]: was, ...without } = held.json ?? {}
      for (const json of [
        without,
        { ...without, [field]: WRONG[at % WRONG.length] },
        { ...without, [field]: WRONG[(at + 3) % WRONG.length] },
      ]) {
        await write(victim, asJson(held.columns, json))
        if (await meet(ward, victim)) known.add(field)
      }
      const hostile = HOSTILE[at % HOSTILE.length]
      await write(
        victim,
        asJson(held.columns, {
          ...held.json,
          [field]: typeof was === 'object' ? { [hostile ?? '']: hostile } : hostile,
        }),
      )
      await meet(ward, victim)
      await write(
        victim,
        asJson(
          held.columns,
          JSON.parse(
            JSON.stringify(held.json).replaceAll(/"(production|basket)"/g, JSON.stringify(hostile?.slice(0, 300))),
          ),
        ),
      )
      await meet(ward, victim)
    }
    // Whatever the state rests on is looked at; what is only carried along need not be.
    if (fields.length > 0) expect(known.size).toBeGreaterThanOrEqual(Math.ceil(fields.length / 2))
    for (const hostile of HOSTILE) {
      const texts = Object.entries(held.columns).filter(
        ([name, value]) => typeof value === 'string' && !/^(json|etag|partitionKey|rowKey)/.test(name),
      )
      await write(victim, { ...held.columns, ...Object.fromEntries(texts.map(([name]) => [name, hostile])) })
      await meet(ward, victim)
    }
  })
})

describe('on Azurite', () => {
  const azurite = azuriteForTests()

  it('every kind of row that is of a later version or broken is in quarantine, by kind, and no neighbour misses anything', async () => {
    const { state, index, events } = await azurite()
    const ward = await open({ state, index, events })
    expect(ward.victims.map(({ what }) => what).sort()).toEqual([...KINDS].sort())
    for (const victim of ward.victims) {
      const held = await heldBy(victim)
      await write(victim, { ...held.columns, schema: 2 })
      expect([victim.what, await meet(ward, victim)]).toEqual([victim.what, true])
      await write(victim, held.columns)
      expect([victim.what, await meet(ward, victim)]).toEqual([victim.what, false])
    }
  })
})
