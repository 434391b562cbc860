import { describe, expect, test } from 'vitest'
import { commandCondition, commandStale, manifestExpectation } from '../../lib/door/precondition.ts'
import type { Refusal } from '../../lib/door/problem.ts'

const refusalOf = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    return (error as Refusal).problem
  }
  throw new Error('it was not refused')
}
const of = (headers: Record<string, string>) => manifestExpectation(new Headers(headers))

describe('a manifest may follow', () => {
  test.each<[Record<string, string>, readonly number[]]>([
    [{}, [0]],
    [{ 'if-none-match': '*' }, [0]],
    [{ 'if-match': '*' }, [1, 2, 3]],
    [{ 'if-match': '"v2"' }, [2]],
    [{ 'if-match': '"v1", "v3"' }, [1, 3]],
  ])('%o: versions %o of 0 to 3', (headers, allowed) => {
    expect([0, 1, 2, 3].filter(of(headers).holds)).toEqual(allowed)
  })

  test('without a condition, one that stands is 428 with its tag; with one, 412', () => {
    const required = of({}).refused(3).problem
    expect(required).toMatchObject({ status: 428, problem: 'precondition-required', headers: { etag: '"v3"' } })
    expect(required.detail).toContain('If-Match: "v3"')
    expect(of({ 'if-match': '"v2"' }).refused(3).problem).toMatchObject({ status: 412, headers: { etag: '"v3"' } })
    expect(of({ 'if-none-match': '*' }).refused(3).problem.status).toBe(412)
  })

  test('a condition on what is not there yet is 412 and says how the first is sent', () => {
    expect(of({ 'if-match': '*' }).refused(0).problem).toMatchObject({
      status: 412,
      detail: expect.stringContaining('Send the first without If-Match'),
    })
  })

  test.each<Record<string, string>>([
    { 'if-match': 'v2' },
    { 'if-match': 'W/"v2"' },
    { 'if-none-match': '"v2"' },
    { 'if-match': '*', 'if-none-match': '*' },
  ])('%o cannot be read: 400', (headers) => {
    expect(refusalOf(() => of(headers))).toMatchObject({ status: 400, problem: 'bad-request' })
  })
})

describe('a command', () => {
  const none = { rollout: null, step: null }

  test.each(['promote', 'promote-full', 'approve'] as const)('to %s says what it is for, or is 428', (verb) => {
    const ask = (headers: Record<string, string>, named = {}) =>
      commandCondition(new Headers(headers), verb, { ...none, ...named })
    expect(ask({ 'if-match': ' "a" ' })).toBe('"a"')
    expect(ask({}, { rollout: 'pricing-7', step: 2 })).toBeNull()
    for (const named of [{}, { rollout: 'pricing-7' }, { step: 2 }]) {
      expect(refusalOf(() => ask({}, named))).toMatchObject({ status: 428, problem: 'precondition-required' })
    }
  })

  test.each(['abort', 'pause', 'resume', 'retry', 'undo'] as const)('to %s needs nothing', (verb) => {
    expect(commandCondition(new Headers(), verb, none)).toBeNull()
    expect(commandCondition(new Headers({ 'if-match': '"a"' }), verb, none)).toBe('"a"')
  })

  test('that is stale is 412 with the tag of now', () => {
    expect(commandStale('it changed', '"b"')).toMatchObject({
      status: 412,
      detail: 'It changed.',
      headers: { etag: '"b"' },
    })
  })
})
