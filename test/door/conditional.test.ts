import { expect, test } from 'vitest'
import { isKnown, tagged } from '../../lib/door/conditional.ts'
import { waitAsked } from '../../lib/door/prefer.ts'

test.each([
  [null, '"a"', false],
  ['"a"', '"a"', true],
  ['W/"a"', '"a"', true],
  ['"a"', 'W/"a"', true],
  ['"b", W/"a"', 'W/"a"', true],
  ['*', '"a"', true],
  ['a', '"a"', false],
  ['"A"', '"a"', false],
  ['', '"a"', false],
])('If-None-Match: %s knows %s: %s', (ifNoneMatch, etag, known) => {
  expect(isKnown(ifNoneMatch, etag)).toBe(known)
})

test('what the caller has is answered 304 with the tag, and is not made', () => {
  const made = tagged(new Headers({ 'if-none-match': '"a"' }), '"a"', () => {
    throw new Error('made for nothing')
  })
  expect(made).toEqual({ status: 304, headers: { etag: '"a"' } })
})

test('what the caller has not is made, with the tag beside its own headers', () => {
  const made = tagged(new Headers({ 'if-none-match': '"b"' }), '"a"', () => ({
    headers: { vary: 'accept' },
    body: 'x',
  }))
  expect(made).toEqual({ headers: { vary: 'accept', etag: '"a"' }, body: 'x' })
})

test.each([
  [null, 0],
  ['wait=10', 10],
  ['respond-async, wait=5', 5],
  ['wait="7"; x=y', 7],
  ['Wait = 3', 3],
  ['wait=600', 25],
  ['wait=0', 0],
  ['wait=-1', 0],
  ['wait=soon', 0],
  ['return=minimal', 0],
])('Prefer: %s waits %i s', (prefer, seconds) => {
  expect(waitAsked(new Headers(prefer === null ? {} : { prefer }))).toBe(seconds)
})
