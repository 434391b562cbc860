import { expect, test } from 'vitest'
import { mayEnter, offeredKey } from '../../../sim/host/keys.ts'

const KEYS = { host: 'host', functions: { pricing: 'own' } }

test.each([
  ['anonymous', 'pricing', null, true],
  ['function', 'pricing', 'host', true],
  ['function', 'pricing', 'own', true],
  ['function', 'basket', 'own', false],
  ['function', 'toString', 'own', false],
  ['function', 'pricing', '', false],
  ['function', 'pricing', null, false],
  ['admin', 'pricing', 'host', false],
  ['admin', 'pricing', 'undefined', false],
] as const)('level %s of %s with key %s: %s', (level, name, key, enters) => {
  expect(mayEnter(KEYS, level, name, key)).toBe(enters)
})

test('an empty key in the configuration opens nothing', () => {
  expect(mayEnter({ host: '', master: '' }, 'function', 'pricing', '')).toBe(false)
})

test('a header goes before the query, even when it is empty', () => {
  const query = new URLSearchParams('code=q')
  expect(offeredKey({}, query)).toBe('q')
  expect(offeredKey({ 'x-functions-key': 'h' }, query)).toBe('h')
  expect(offeredKey({ 'x-functions-key': '' }, query)).toBe('')
})
