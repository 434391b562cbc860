import { describe, expect, test } from 'vitest'
import { readFreezes } from '../../../lib/adapters/store/table-freezes.ts'
import type { Row } from '../../../lib/adapters/store/table-rows.ts'

const CHAIN = { seq: 3, hash: 'abc' }

function rowOf(state: object): Row {
  const json0 = JSON.stringify({ freezes: [], chain: CHAIN, ...state })
  return { etag: 'W/"1"', partitionKey: 'production', rowKey: 'e!freezes', schema: 1, parts: 1, json0 }
}

describe.each(['told', 'lifted'])('where `%s` of the record of freezes', (field) => {
  test.each([
    ['is missing', undefined],
    ['is null', null],
    ['is no list', {}],
    ['is a text', 'x'],
    ['is a number', 7],
    ['holds what is no entry', [null, 'x', { id: 'a' }, { at: 1 }, { id: 1, at: 1 }]],
  ])('%s, it is read as if nothing were remembered', (_, value) => {
    const read = readFreezes(rowOf({ [field]: value }))
    expect(read).toEqual({ kind: 'read', value: { freezes: [], lifted: [], told: [], chain: CHAIN } })
  })

  test('holds entries, they are read', () => {
    const read = readFreezes(rowOf({ [field]: [{ id: 'a', at: 1 }, null] }))
    expect(read).toMatchObject({ kind: 'read', value: { [field]: [{ id: 'a', at: 1 }] } })
  })
})
