import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Ask, anyOf, bucketText, cannotName } from '../../../lib/adapters/metrics/promql.ts'
import { MINUTE, NAMES, START } from './queries.ts'

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
  fc.stringMatching(/^["'\\`{}()|[\].*+?^$\n\r#a-c/-]*$/),
  fc.constantFrom('"} or vector(1) #', '.*', 'a|b', '\\', '\\"', '', '[a', '\u0000', '\u2028', '\ufffd'),
)

describe('the matcher of revisions', () => {
  test('is always one string literal of printable ASCII, whatever the values hold', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1 }), (values) => {
        expect(anyOf(values)).toMatch(/^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\]|\\U[0-9a-f]{8})*"$/)
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
    expect(anyOf(['a\ud800'])).toBe('"a\\U0000fffd"')
  })
})

describe('the PromQL text', () => {
  const row = { from: START, to: START + 5 * MINUTE, bucketMs: MINUTE }
  const requests: Ask = { form: 'requests', names: NAMES }
  const durations = (limits: readonly number[] | null): Ask => ({ form: 'durations', names: NAMES, limits })

  test('adds up by revision and status what each series gained, bucket by bucket, to a fixed end', () => {
    const text = bucketText(requests, ['shop--a', 'cart--b.1'], row)
    expect(text).toMatch(/^sum by \(revision, status\) \(.*\)\[300s:60s\] @ 1767225900\.000$/)
    expect(text).toContain('last_over_time(http_requests_total{revision=~"shop--a|cart--b\\\\.1"}[60s]) - ')
    expect(text).toContain('unless ignoring (status) (')
    expect(text).toContain('and on (revision, job, instance) last_over_time')
  })

  test('of durations asks only for the bounds that sit on the limits, however they are written', () => {
    const text = bucketText(durations([1, 0.25, 0.25]), ['shop--a'], row)
    expect(text).toContain('_bucket{revision=~"shop--a", le=~"0\\\\.250*|1(\\\\.0*)?|\\\\+Inf"}')
    expect(bucketText(durations(null), ['shop--a'], row)).not.toContain('le=~')
  })

  test('of a gauge takes the worst of the last samples', () => {
    const gauge: Ask = { form: 'gauge', names: NAMES, gauge: 'depth', worst: 'max' }
    expect(bucketText(gauge, ['a'], { ...row, bucketMs: 1500 })).toBe(
      'max by (revision) (last_over_time(depth{revision=~"a"}[1500ms]))[300s:1500ms] @ 1767225900.000',
    )
  })

  test('of a pair of counters tells the halves apart', () => {
    const pair: Ask = { form: 'counters', names: NAMES, counters: { bad: 'refused_total', total: 'orders_total' } }
    const text = bucketText(pair, ['a'], row)
    expect(text).toMatch(
      /^\(label_replace\(sum by \(revision\) \(.*"bad", "", ""\) or label_replace\(.*"total", "", ""\)\)\[/,
    )
  })

  test('asks every series for the labels too, in every form', () => {
    const names = { ...NAMES, labels: { team: 'a', environment: 'production' } }
    const asks: readonly Ask[] = [
      { form: 'requests', names },
      { form: 'durations', names, limits: [1] },
      { form: 'counters', names, counters: { bad: 'refused_total', total: 'orders_total' } },
      { form: 'gauge', names, gauge: 'depth', worst: 'max' },
    ]
    for (const ask of asks) {
      const selectors = bucketText(ask, ['shop--a'], row).match(/\{[^{}]*\}/g) ?? []
      const wanted = '{revision=~"shop--a", environment="production", team="a"'
      expect(selectors.length).toBeGreaterThan(0)
      expect(selectors.filter((selector) => !selector.startsWith(wanted))).toEqual([])
    }
  })

  test('holds the value of a label as one string, whatever it holds, and nothing else changes', () => {
    const textOf = (team: string) =>
      bucketText({ form: 'requests', names: { ...NAMES, labels: { team } } }, ['shop--a'], row)
    const plain = textOf('plain')
    fc.assert(
      fc.property(hostile, (value) => {
        const literal = /team=("(?:[^"\\]|\\.)*")/.exec(textOf(value))?.[1] ?? ''
        expect(literal).toMatch(/^[\x20-\x7e]+$/)
        expect(literalValue(literal)).toBe(value)
        expect(textOf(value).replaceAll(literal, () => '"plain"')).toBe(plain)
      }),
      { numRuns: 1000 },
    )
  })

  test.each<[object, RegExp]>([
    [{ labels: { 'a="b"} or up{c': 'x' } }, /no name of a Prometheus label/],
    [{ labels: { __name__: 'up' } }, /belongs to Prometheus itself/],
    [{ labels: { status: '200' } }, /label status tells.*apart/],
    [{ labels: { le: '1' } }, /label le tells.*apart/],
    [{ labels: { revision: 'a' } }, /label revision tells.*apart/],
    [{ labels: { team: '' } }, /label team needs a value of 1–200/],
    [{ labels: { team: 'a'.repeat(201) } }, /label team needs a value of 1–200/],
    [{ labels: { a: 'x', b: 'x', c: 'x', d: 'x', e: 'x', f: 'x' } }, /6 labels are more than the 5/],
    [{ requests: 'up or vector(1)' }, /"up or vector\(1\)" is no name of a Prometheus metric/],
    [{ requests: '' }, /"" is no name/],
    [{ requests: 'a{b="c"}' }, /no name of a Prometheus metric/],
    [{ requests: '9lives' }, /no name of a Prometheus metric/],
    [{ requests: 'lines\nof' }, /no name of a Prometheus metric/],
    [{ revisionLabel: 'revision) (' }, /no name of a Prometheus label/],
    [{ statusLabel: 'a:b' }, /no name of a Prometheus label/],
    [{ statusLabel: 'revision' }, /cannot hold both/],
    [{ revisionLabel: 'le' }, /bounds of a histogram/],
    [{ revisionLabel: '__name__' }, /belongs to Prometheus itself/],
  ])('refuses names that are none: %o', (over, why) => {
    expect(cannotName({ form: 'requests', names: { ...NAMES, ...over } })).toMatch(why)
  })

  test.each<Ask>([
    { form: 'durations', names: { ...NAMES, duration: 'a b' }, limits: null },
    { form: 'counters', names: NAMES, counters: { bad: 'a b', total: 'ok' } },
    { form: 'counters', names: NAMES, counters: { bad: 'ok', total: 'a b' } },
    { form: 'gauge', names: NAMES, gauge: 'a b', worst: 'min' },
  ])('refuses a wrong name in every form: $form', (ask) => {
    expect(cannotName(ask)).toMatch(/no name of a Prometheus metric/)
  })

  test('takes every name that Prometheus takes', () => {
    expect(cannotName(requests)).toBeNull()
    const names = { ...NAMES, requests: 'job:http_requests:rate5m', statusLabel: '_code' }
    expect(cannotName({ form: 'requests', names })).toBeNull()
  })
})

/** A Go string literal read back, as far as `anyOf` uses its escapes. */
function literalValue(literal: string): string {
  return literal
    .slice(1, -1)
    .replace(/\\(["\\]|U[0-9a-f]{8})/g, (_, code: string) =>
      code.length === 1 ? code : String.fromCodePoint(Number.parseInt(code.slice(1), 16)),
    )
}
