import { expect, test } from 'vitest'
import { digestText, isDigestDue, nextDigest } from '../../lib/core/audit-digest.ts'
import { GENESIS } from '../../lib/core/chain.ts'

const at = (text: string) => Date.parse(`2026-11-21T${text}Z`)

test.each([
  ['there is none', null, '10:00:00', true],
  ['it was made in this hour', '10:00:00', '10:59:59.999', false],
  ['the next hour has begun, however short ago it was made', '10:59:59', '11:00:00', true],
  ['many hours were missed', '03:10:00', '11:00:00', true],
  ['the clock went back', '10:00:00', '09:00:00', false],
])('a digest is due where %s: %s, now %s', (_, newest, now, due) => {
  expect(isDigestDue(newest === null ? null : { at: new Date(at(newest)).toISOString() }, at(now))).toBe(due)
})

test('the first digest names no other, and holds every chain that has a row, by name', () => {
  const heads = [
    { entityId: 'production/safety', seq: 2, hash: 'b' },
    { entityId: 'production/new', seq: 0, hash: GENESIS },
    { entityId: 'production', seq: 1, hash: 'a' },
  ]
  expect(nextDigest(null, 'production', heads, at('10:00:00'))).toEqual({
    schema: 1,
    environment: 'production',
    number: 1,
    at: '2026-11-21T10:00:00.000Z',
    heads: [heads[2], heads[0]],
    previousHash: GENESIS,
  })
})

test('the next digest goes on from the newest', () => {
  expect(nextDigest({ number: 7, hash: 'h' }, 'production', [], 0)).toMatchObject({ number: 8, previousHash: 'h' })
})

test('what is signed is canonical and holds neither hash nor signature', () => {
  const said = nextDigest(null, 'staging', [{ entityId: 'staging', seq: 1, hash: 'a' }], 0)
  const signature = { algorithm: 'ES256', keyId: 'k', value: 'v' } as const
  const text = digestText({ ...said, hash: 'h', signature } as typeof said)
  expect(text).toBe(
    `{"at":"1970-01-01T00:00:00.000Z","environment":"staging","heads":[{"entityId":"staging","hash":"a","seq":1}],"number":1,"previousHash":"${GENESIS}","schema":1}`,
  )
})
