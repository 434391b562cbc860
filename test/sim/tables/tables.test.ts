import { TableClient, type TableEntity, type TransactionAction } from '@azure/data-tables'
import { describe, expect, test } from 'vitest'
import { handClock } from '../../../sim/clock.ts'
import { createTables, type TablesOptions } from '../../../sim/tables/service.ts'
import { wireClient } from '../../../sim/wire.ts'

const credential = { getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) }

/** A table that exists, and the SDK's client of it. */
async function opened(options: Partial<TablesOptions> = {}) {
  const tables = createTables({ clock: handClock(Date.UTC(2026, 0, 5)), ...options })
  const httpClient = wireClient((request) => tables.answer(request))
  const plain = { httpClient, retryOptions: { maxRetries: 0 } }
  const table = new TableClient('https://slipway.table.core.windows.net', 'Trial', credential, plain)
  await table.createTable()
  return { table, tables }
}

const row = (rowKey: string, rest: object = {}): TableEntity => ({ partitionKey: 'p', rowKey, ...rest })

/** What the SDK says of a refusal: status and code, wherever it puts the code. */
async function refused(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    const { statusCode, code, details } = error as {
      statusCode: number
      code?: string
      details?: { odataError?: { code: string } }
    }
    return `${statusCode} ${details?.odataError?.code ?? code}`
  }
  return 'nothing was refused'
}

describe('Table Storage in memory', () => {
  test('takes an entity with a string of 64 KiB, and none with a longer one', async () => {
    const { table } = await opened()
    await table.createEntity(row('a', { text: 'x'.repeat(32 * 1024) }))
    expect((await table.getEntity<{ text: string }>('p', 'a')).text).toHaveLength(32 * 1024)
    expect(await refused(table.createEntity(row('b', { text: 'x'.repeat(32 * 1024 + 1) })))).toBe(
      '400 PropertyValueTooLarge',
    )
  })

  test('takes 252 properties and not 253, and 1 MiB in all and no more', async () => {
    const { table } = await opened()
    const wide = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`p${at}`, at]))
    await table.createEntity(row('wide', wide(252)))
    expect(await refused(table.createEntity(row('wider', wide(253))))).toBe('400 TooManyProperties')
    const large = (parts: number) =>
      Object.fromEntries(Array.from({ length: parts }, (_, at) => [`t${at}`, 'x'.repeat(32_000)]))
    await table.createEntity(row('large', large(16)))
    expect(await refused(table.createEntity(row('larger', large(17))))).toBe('400 EntityTooLarge')
    expect(await refused(table.updateEntity(row('large', { t16: 'x'.repeat(32_000) }), 'Merge'))).toBe(
      '400 EntityTooLarge',
    )
  })

  test.each(['a/b', 'a\\b', 'a#b', 'a?b', 'a\u0007b', 'a\u0085b'])('refuses the key %j', async (key) => {
    const { table } = await opened()
    expect(await refused(table.createEntity(row(key)))).toBe('400 OutOfRangeInput')
  })

  test('keeps keys with a quote, a percent sign and a space as they are', async () => {
    const { table } = await opened()
    const key = "it's 100% é"
    await table.createEntity(row(key, { n: 1 }))
    expect((await table.getEntity('p', key)).rowKey).toBe(key)
    await table.submitTransaction([['update', row(key, { n: 2 }), 'Replace']])
    expect((await table.getEntity<{ n: number }>('p', key)).n).toBe(2)
    await table.deleteEntity('p', key)
    expect(await refused(table.getEntity('p', key))).toBe('404 ResourceNotFound')
  })

  test('brings every type back as it was, and leaves out what is null', async () => {
    const { table } = await opened()
    const given = {
      n: 7,
      f: 1.5,
      whole: { type: 'Double', value: 3 },
      big: 5n,
      at: new Date(9),
      yes: true,
      text: 'x',
      no: null,
    }
    await table.createEntity(row('a', given))
    const { etag: _, timestamp: __, ...back } = await table.getEntity('p', 'a')
    expect(back).toMatchObject({ n: 7, f: 1.5, whole: 3, big: 5n, at: new Date(9), yes: true, text: 'x' })
    expect(back).not.toHaveProperty('no')
  })

  test('writes by ETag only where nobody wrote since', async () => {
    const { table } = await opened()
    await table.createEntity(row('a', { n: 1 }))
    const { etag } = await table.getEntity('p', 'a')
    await table.updateEntity(row('a', { n: 2 }), 'Replace', { etag })
    expect(await refused(table.updateEntity(row('a', { n: 3 }), 'Replace', { etag }))).toBe(
      '412 UpdateConditionNotSatisfied',
    )
    expect(await refused(table.deleteEntity('p', 'a', { etag }))).toBe('412 UpdateConditionNotSatisfied')
    expect(await refused(table.updateEntity(row('b'), 'Merge'))).toBe('404 ResourceNotFound')
    expect(await refused(table.createEntity(row('a')))).toBe('409 EntityAlreadyExists')
    expect((await table.getEntity<{ n: number }>('p', 'a')).n).toBe(2)
  })

  test('stores a transaction whole or not at all, and names the command that it refused', async () => {
    const { table, tables } = await opened()
    await table.createEntity(row('old', { n: 1 }))
    const creates = (count: number): TransactionAction[] =>
      Array.from({ length: count }, (_, at) => ['create', row(`k${at}`)])
    expect(await refused(table.submitTransaction([...creates(2), ['create', row('old')]]))).toBe(
      '409 EntityAlreadyExists',
    )
    expect(tables.range('Trial', 'p', '', '~')).toHaveLength(1)
    await expect(table.submitTransaction([...creates(2), ['create', row('old')]])).rejects.toThrow(/^2:/)
    expect(
      await refused(
        table.submitTransaction([
          ['create', row('x')],
          ['upsert', row('x')],
        ]),
      ),
    ).toBe('400 InvalidDuplicateRow')
    expect(await refused(table.submitTransaction(creates(101)))).toBe('400 InvalidInput')
    const heavy = creates(100).map(([, entity]): TransactionAction => ['create', { ...entity, t: 'é'.repeat(24_000) }])
    expect(await refused(table.submitTransaction(heavy))).toBe('413 RequestBodyTooLarge')
    await table.submitTransaction([...creates(99), ['update', row('old', { n: 2 }), 'Merge']])
    expect(tables.range('Trial', 'p', '', '~')).toHaveLength(100)
  })

  test('answers a query in the order of the keys, a thousand entities at most, and goes on where it ended', async () => {
    const { table, tables } = await opened()
    for (let at = 0; at < 1200; at += 1)
      tables.tamper('Trial', { partitionKey: 'p', rowKey: String(at).padStart(4, '0') }, { even: at % 2 === 0 })
    const queryOptions = {
      filter: "PartitionKey eq 'p' and RowKey ge '0100' and not (even eq false or RowKey eq '0102')",
    }
    const all: string[] = []
    const sizes: number[] = []
    for await (const page of table.listEntities({ queryOptions }).byPage({ maxPageSize: 300 })) {
      sizes.push(page.length)
      all.push(...page.map(({ rowKey = '' }) => rowKey))
    }
    expect(sizes).toEqual([300, 249])
    expect(all).toEqual([...all].sort())
    expect([all[0], all[1], all.at(-1)]).toEqual(['0100', '0104', '1198'])
    const { value } = await table.listEntities().byPage().next()
    expect(value).toHaveLength(1000)
  })

  test('may end a page early, even an empty one, and says where to go on', async () => {
    const { table } = await opened({ mostScanned: () => 1 })
    for (const key of ['a', 'b', 'c']) await table.createEntity(row(key, { n: key === 'c' ? 1 : 0 }))
    const found: string[] = []
    for await (const { rowKey = '' } of table.listEntities({ queryOptions: { filter: 'n eq 1' } })) found.push(rowKey)
    expect(found).toEqual(['c'])
  })

  test('tells of writes once they are stored, and not of those that were refused', async () => {
    const told: unknown[] = []
    const { table } = await opened({
      onWrite: (written) => told.push(written.map(({ rowKey, properties }) => [rowKey, properties])),
    })
    await table.submitTransaction([
      ['create', row('a', { n: 1 })],
      ['create', row('b')],
    ])
    await refused(table.createEntity(row('a')))
    await table.deleteEntity('p', 'b')
    expect(told).toEqual([
      [
        ['a', { n: 1 }],
        ['b', {}],
      ],
      [['b', null]],
    ])
  })

  test('knows no table that nobody made', async () => {
    const { tables } = await opened()
    const httpClient = wireClient((request) => tables.answer(request))
    const other = new TableClient('https://slipway.table.core.windows.net', 'Other', credential, { httpClient })
    expect(await refused(other.getEntity('p', 'a'))).toBe('404 TableNotFound')
  })
})
