import { expect, test } from 'vitest'
import type { Refusal } from '../../lib/door/problem.ts'
import { requestIdIn, requiredId, withRequestId } from '../../lib/door/request-id.ts'

test.each<[string, Record<string, string>, unknown, string | null]>([
  ['the body', {}, { id: 'a' }, 'a'],
  ['Idempotency-Key', { 'idempotency-key': 'b' }, {}, 'b'],
  ['Idempotency-Key as a quoted string', { 'idempotency-key': '"b c"' }, null, 'b c'],
  ['Repeatability-Request-ID', { 'repeatability-request-id': 'd' }, undefined, 'd'],
  [
    'both headers and the body, all the same',
    { 'idempotency-key': 'e', 'repeatability-request-id': '"e"' },
    { id: 'e' },
    'e',
  ],
  ['nowhere', {}, {}, null],
  ['nowhere: a body that is a list has no id', {}, [{ id: 'x' }], null],
])('the id of a request comes from %s', (_, headers, body, id) => {
  expect(requestIdIn(new Headers(headers), body)).toBe(id)
})

const refusalOf = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    return (error as Refusal).problem
  }
  throw new Error('it was not refused')
}

test.each<[string, Record<string, string>, unknown, RegExp]>([
  ['two that differ', { 'idempotency-key': 'a' }, { id: 'b' }, /id in the body and idempotency-key differ/],
  ['an empty one', { 'idempotency-key': '""' }, {}, /must be 1–128 printable/],
  ['one that is too long', {}, { id: 'x'.repeat(129) }, /must be 1–128 printable/],
  ['one with control characters', {}, { id: 'a\nb' }, /must be 1–128 printable/],
])('%s is refused with 400', (_, headers, body, said) => {
  expect(refusalOf(() => requestIdIn(new Headers(headers), body))).toMatchObject({
    status: 400,
    problem: 'bad-request',
    detail: expect.stringMatching(said),
  })
})

test('where an id is needed and there is none, it is said where to put it', () => {
  expect(refusalOf(() => requiredId(new Headers(), {}, 'push')).detail).toMatch(/Give the push an id of its own/)
  expect(requiredId(new Headers({ 'idempotency-key': 'a' }), null, 'push')).toBe('a')
})

test('the id is put into the body, and a body that is no object is left for whoever reads it', () => {
  const headers = new Headers({ 'idempotency-key': 'a' })
  expect(withRequestId(headers, { reason: 'r' })).toEqual({ reason: 'r', id: 'a' })
  expect(withRequestId(headers, null)).toEqual({ id: 'a' })
  expect(withRequestId(headers, [1])).toEqual([1])
  expect(withRequestId(headers, { id: {} })).toEqual({ id: {} })
  expect(withRequestId(new Headers(), 'text')).toBe('text')
})
