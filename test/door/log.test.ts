import fc from 'fast-check'
import { expect, test } from 'vitest'
import { oneLine } from '../../lib/door.ts'

test('a line never breaks, whatever it holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const char of oneLine(text)) {
        const code = char.codePointAt(0) ?? 0
        const control = code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029
        expect(control).toBe(false)
      }
    }),
  )
})

test('a forged line stays inside its own', () => {
  expect(oneLine('tag v1\r\n{"level":"error"}\u001b[31m')).toBe('tag v1 {"level":"error"} [31m')
})

test.each([
  ['GET /x?code=abc&a=1 failed', 'GET /x?code=***&a=1 failed'],
  ['Authorization: Bearer eyJhbGciOi.payload.sig', 'Authorization: Bearer ***'],
  ['AccountName=a;AccountKey=Zm9v==;End', 'AccountName=a;AccountKey=***;End'],
])('secrets are blotted out of "%s"', (text, blotted) => {
  expect(oneLine(text)).toBe(blotted)
})

test('a line is cut at 4,000 characters', () => {
  expect(oneLine('x'.repeat(5000))).toHaveLength(4001)
})
