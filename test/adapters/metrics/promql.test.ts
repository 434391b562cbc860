import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyOf, cannotName, increaseText } from '../../../lib/adapters/metrics/promql.ts'
import { NAMES, START } from './queries.ts'

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
  fc.stringMatching(/^["'\\`{}()|[\].*+?^$\n\r#a-c/-]*$/),
  fc.constantFrom('"} or vector(1) #', '.*', 'a|b', '\\', '\\"', '', '[a', '\u0000', '\u2028'),
)

describe('the matcher of revisions', () => {
  test('is always one string literal, whatever the values hold', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1 }), (values) => {
        expect(anyOf(values)).toMatch(/^"(?:[^"\\\p{Cc}]|\\["\\]|\\u[0-9a-f]{4})*"$/u)
      }),
      { numRuns: 1000 },
    )
  })

  test('always matches the values, and never anything else', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1 }), hostile, (values, other) => {
        const pattern = new RegExp(`^(?:${literalValue(anyOf(values))})$`, 'u')
        for (const value of values) expect(pattern.test(value)).toBe(true)
        expect(pattern.test(other)).toBe(values.includes(other))
      }),
      { numRuns: 1000 },
    )
  })

  test('replaces half a surrogate pair, which no label can hold', () => {
    expect(anyOf(['a\ud800'])).toBe('"a\ufffd"')
  })
})

describe('the PromQL text', () => {
  const window = { names: NAMES, from: START, to: START + 300_000 }

  test('sums the increase of requests by revision and status', () => {
    expect(increaseText({ ...window, kind: 'error-rate' }, ['shop--a', 'cart--b.1'])).toBe(
      'sum by (revision, status) (increase(http_requests_total{revision=~"shop--a|cart--b\\\\.1"}[300000ms] @ 1767225900.000))',
    )
  })

  test('sums the increase of buckets by revision and bound', () => {
    expect(increaseText({ ...window, kind: 'latency' }, ['shop--a'])).toBe(
      'sum by (revision, le) (increase(http_request_duration_seconds_bucket{revision=~"shop--a"}[300000ms] @ 1767225900.000))',
    )
  })

  test.each([
    [{ requests: 'up or vector(1)' }, /"up or vector\(1\)" is no name of a Prometheus metric/],
    [{ requests: '' }, /"" is no name/],
    [{ duration: 'a{b="c"}' }, /no name of a Prometheus metric/],
    [{ duration: '9lives' }, /no name of a Prometheus metric/],
    [{ duration: 'lines\nof' }, /no name of a Prometheus metric/],
    [{ revisionLabel: 'revision) (' }, /no name of a Prometheus label/],
    [{ statusLabel: 'a:b' }, /no name of a Prometheus label/],
    [{ statusLabel: 'revision' }, /cannot hold both/],
    [{ revisionLabel: 'le' }, /bounds of a histogram/],
  ])('refuses names that are none: %o', (over, why) => {
    expect(cannotName({ ...NAMES, ...over })).toMatch(why)
  })

  test('takes every name that Prometheus takes', () => {
    expect(cannotName(NAMES)).toBeNull()
    expect(cannotName({ ...NAMES, requests: 'job:http_requests:rate5m', statusLabel: '_code' })).toBeNull()
  })
})

/** A Go string literal read back, as far as `anyOf` uses its escapes. */
function literalValue(literal: string): string {
  return literal
    .slice(1, -1)
    .replace(/\\(["\\]|u[0-9a-f]{4})/g, (_, code: string) =>
      code.length === 1 ? code : String.fromCharCode(Number.parseInt(code.slice(1), 16)),
    )
}
