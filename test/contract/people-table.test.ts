import { expect, test } from 'vitest'
import { noPeople } from '../support/people.ts'

const OID = '8d3c52a4-5a54-4a7a-9f0c-3f2f3d1f9a11'

async function everything({ table }: Awaited<ReturnType<typeof noPeople>>): Promise<string> {
  const rows: unknown[] = []
  for await (const row of table.listEntities()) rows.push(row)
  return JSON.stringify(rows)
}

test('a person is known again by object id, whatever its case, and nobody else is', async () => {
  const people = await noPeople()
  expect(await people.find('account', OID)).toBeNull()
  const ada = await people.add('account', OID, 'ada@example.com', 7)
  expect(ada).toEqual({
    pseudonym: expect.stringMatching(/^person:[0-9a-hjkmnp-tv-z]{16}$/),
    kind: 'account',
    key: OID,
    name: 'ada@example.com',
    since: 7,
  })
  expect(await people.find('account', OID.toUpperCase())).toEqual(ada)
  expect(await people.find('word', OID)).toBeNull()
  expect(await people.find('account', 'another')).toBeNull()
})

test('who is added twice, also at the same moment, has one pseudonym', async () => {
  const people = await noPeople()
  const all = await Promise.all([1, 2, 3].map((now) => people.add('word', 'Ada@example.com', 'Ada@example.com', now)))
  const again = await people.add('word', 'ada@example.com', 'another name', 9)
  expect(new Set([...all, again].map(({ pseudonym }) => pseudonym)).size).toBe(1)
  expect((await people.list(10, null)).items).toHaveLength(1)
})

test('a new name is remembered under the same pseudonym; of somebody who is gone nothing is', async () => {
  const people = await noPeople()
  const { pseudonym } = await people.add('account', OID, 'ada@example.com', 7)
  await people.rename(pseudonym, 'ada.lovelace@example.com')
  expect(await people.find('account', OID)).toMatchObject({ pseudonym, name: 'ada.lovelace@example.com', since: 7 })
  await people.erase(pseudonym)
  await people.rename(pseudonym, 'ada@example.com')
  expect(await everything(people)).toBe('[]')
})

test('after an erasure nothing is left: who comes back is somebody new, and the old pseudonym is nobody', async () => {
  const people = await noPeople()
  const ada = await people.add('account', OID, 'ada@example.com', 7)
  const bo = await people.add('account', 'bo', 'bo@example.com', 8)
  expect(await people.erase(ada.pseudonym)).toBe(true)
  expect(await people.erase(ada.pseudonym)).toBe(false)
  const left = await everything(people)
  expect(left).toContain('bo@example.com')
  expect(left).not.toContain('ada@example.com')
  expect(left).not.toContain(OID)
  expect(left).not.toContain(ada.pseudonym)
  const named = await people.named([ada.pseudonym, bo.pseudonym, 'no pseudonym'])
  expect([...named]).toEqual([
    [ada.pseudonym, null],
    [bo.pseudonym, bo],
  ])
  expect((await people.add('account', OID, 'ada@example.com', 9)).pseudonym).not.toBe(ada.pseudonym)
})

test('an erasure that is asked for again takes out nobody who came after', async () => {
  const people = await noPeople()
  const old = await people.add('account', OID, 'ada@example.com', 7)
  const rows = []
  for await (const row of people.table.listEntities<Record<string, unknown>>()) rows.push(row)
  await people.erase(old.pseudonym)
  const fresh = await people.add('account', OID, 'ada@example.com', 8)
  const half = rows.find(({ rowKey }) => rowKey?.startsWith('p!'))
  await people.table.createEntity({ ...half, partitionKey: 'people', rowKey: String(half?.rowKey) })
  expect(await people.erase(old.pseudonym)).toBe(true)
  expect(await people.find('account', OID)).toEqual(fresh)
})

test('a row that is no person stands for nobody', async () => {
  const people = await noPeople()
  const { pseudonym } = await people.add('account', OID, 'ada@example.com', 7)
  const row = {
    partitionKey: 'people',
    rowKey: `p!${pseudonym.slice(7)}`,
    schema: 1,
    parts: 1,
    json0: '{"kind":"odd"}',
  }
  await people.table.upsertEntity(row, 'Replace')
  expect((await people.named([pseudonym])).get(pseudonym)).toBeNull()
  expect((await people.list(10, null)).items).toEqual([])
})
