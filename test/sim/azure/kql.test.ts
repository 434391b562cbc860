import { expect, test } from 'vitest'
import { takeApart } from '../../../sim/azure/kql.ts'

const bound = (literal: string) => takeApart(`let asks = ${literal};\nT\n| take  1`)

test.each([
  ['a plain literal', '"abc"', 'abc'],
  ['single quotes', `'a "b" c'`, 'a "b" c'],
  ['escaped quotes and backslashes', '"[{\\"id\\": \\"a\\\\\\\\b\\"}]"', '[{"id": "a\\\\b"}]'],
  ['letters that stand for control characters', '"a\\tb\\nc"', 'a\tb\nc'],
  ['code points', '"\\x41\\u00e9\\U0001F600"', 'Aé😀'],
  ['an end of the statement inside the literal', '"); T"', '); T'],
  ['a verbatim literal', '@"a\\b""c"', 'a\\b"c'],
  ['a verbatim literal in single quotes', "@'it''s'", "it's"],
])('%s is read as Kusto reads it', (_name, literal, value) => {
  expect(bound(literal)).toEqual({ name: 'asks', value, body: 'T | take 1' })
})

test.each([
  ['no literal', 'abc'],
  ['a literal without an end', '"abc'],
  ['an escape that Kusto does not know', '"a\\/b"'],
  ['a literal with a bare line end', '"a\nb"'],
  ['a verbatim literal without an end', '@"abc'],
])('%s is no query', (_name, literal) => {
  expect(bound(literal)).toBeNull()
})

test('a text without the binding, of anything but a string, or with a statement that Azure Monitor does not take, is none', () => {
  expect(takeApart('T | take 1')).toBeNull()
  expect(takeApart('let a = 1; T')).toBeNull()
  expect(takeApart('let a = "x", b = "y"; T')).toBeNull()
  expect(takeApart('declare query_parameters(asks:string = "x"); T')).toBeNull()
})
