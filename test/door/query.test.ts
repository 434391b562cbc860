import { expect, test } from 'vitest'
import { checkParameters, checkVersion } from '../../lib/door/query.ts'

const query = (text: string) => new URLSearchParams(text)

test.each(['', 'limit=1&from=x', 'api-version=1', 'limit='])('?%s is known', (text) => {
  expect(() => checkParameters(query(text), ['limit', 'from'])).not.toThrow()
})

test.each([
  ['limt=1', /knows no parameter "limt"\. Did you mean `limit`\? It knows limit, from\./],
  ['zzzzzzz=1', /knows no parameter "zzzzzzz"\. It knows limit, from\./],
  ['limit=1&limit=2', /limit stands more than once/],
])('?%s is refused with what is known', (text, said) => {
  expect(() => checkParameters(query(text), ['limit', 'from'])).toThrow(said)
})

test('an operation without parameters says that it knows none', () => {
  expect(() => checkParameters(query('a=1'), [])).toThrow(/It knows none\./)
})

test.each<[string, Record<string, string>]>([
  ['', {}],
  ['api-version=1', {}],
  ['', { 'api-version': '1' }],
])('version 1 is what there is: ?%s %o', (text, headers) => {
  expect(() => checkVersion(query(text), new Headers(headers))).not.toThrow()
})

test.each<[string, Record<string, string>]>([
  ['api-version=2', {}],
  ['api-version=', {}],
  ['', { 'api-version': '2026-11-21' }],
  ['api-version=1', { 'api-version': '2' }],
])('another version is refused, naming the one there is: ?%s %o', (text, headers) => {
  expect(() => checkVersion(query(text), new Headers(headers))).toThrow(/Ask for api-version 1/)
})
