import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { APP_REQUESTS } from '../../../lib/adapters/metrics/app-insights-query.ts'
import { ACCESS_LOG, jsonLiteral, type LogAsk, queryText } from '../../../lib/adapters/metrics/azure-logs-query.ts'
import { columnsOf, objectionsTo, tokensOf } from './kql.ts'

const ASK: LogAsk = {
  id: '0',
  revision: 'shop--a',
  from: '2026-01-01T00:00:00.000Z',
  to: '2026-01-01T00:05:00.000Z',
  bucketMs: 60_000,
  slowMs: 200,
  alsoBad: '',
}

/** Strings with everything that could end a literal, a comment or a statement, and any Unicode at all. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.stringMatching(/^["'\\;|()@`\n\r\u2028\u0085\ud800a-c/]*$/),
  fc.constantFrom('"); ContainerAppHTTPLogs //', '\\"', '\\', "'", '```', '@"', 'h"x"', '\ud800', '\u0000'),
)
const hostileAsk: fc.Arbitrary<LogAsk> = fc.record(
  {
    id: hostile,
    revision: hostile,
    from: hostile,
    to: hostile,
    bucketMs: fc.integer(),
    slowMs: fc.double({ noNaN: true, noDefaultInfinity: true }),
    alsoBad: hostile,
    dimension: hostile,
  },
  { requiredKeys: ['id', 'revision', 'from', 'to', 'bucketMs', 'slowMs', 'alsoBad'] },
)

describe.each([
  ['the access log', ACCESS_LOG],
  ['Application Insights', APP_REQUESTS],
])('the query to %s', { timeout: 60_000 }, (_, table) => {
  const text = queryText(table, [
    ASK,
    { ...ASK, id: '1', revision: 'cart--b', dimension: 'revision', alsoBad: ',404,' },
  ])

  test('holds against the documented schema of the table', () => {
    expect(objectionsTo(text)).toEqual([])
  })

  test('has no statement that Azure Monitor does not take', () => {
    expect(text).not.toMatch(/\bdeclare\b|\balias\b/)
    expect(text.startsWith('let asks = "[')).toBe(true)
  })

  test('answers the promised columns with the promised types', () => {
    expect(columnsOf(text)).toEqual(table.columns.map((column) => `${column.name}:${column.type}`))
  })

  test('is checked by something that sees a wrong column, type or function', () => {
    expect(objectionsTo(text.replaceAll(table.name, 'NoTable')).join()).toContain("'NoTable' does not refer")
    expect(objectionsTo(text.replaceAll('TimeGenerated', 'Time')).join()).toContain("'Time' does not refer")
    expect(objectionsTo(text.replaceAll(' / bucketMs', " / 'bucketMs'"))).not.toEqual([])
    expect(objectionsTo(text.replace('countif(', 'countwhen('))).not.toEqual([])
    expect(objectionsTo(table.body).join()).toContain("'asks' does not refer")
  })

  test('never makes a text that the language service objects to, whatever the asks hold', () => {
    fc.assert(
      fc.property(fc.array(hostileAsk, { maxLength: 3 }), (asks) => {
        expect(objectionsTo(queryText(table, asks))).toEqual([])
      }),
      { numRuns: 50 },
    )
  })

  test('differs from any other in the value of its one parameter only', () => {
    const others = (asks: readonly LogAsk[]) => {
      const tokens = tokensOf(queryText(table, asks))
      const literal = tokens.findIndex((token) => token.value !== null)
      return tokens.filter((_token, place) => place !== literal).map((token) => token.text)
    }
    const expected = others([ASK])
    fc.assert(
      fc.property(fc.array(hostileAsk, { minLength: 1, maxLength: 3 }), (asks) => {
        expect(others(asks)).toEqual(expected)
        expect(queryText(table, asks).endsWith(`;\n${table.body}`)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })
})

describe('the parameter of the query', { timeout: 60_000 }, () => {
  test('is always one string literal whose value is the JSON, whatever the strings hold', () => {
    fc.assert(
      fc.property(fc.array(hostileAsk, { maxLength: 4 }), (asks) => {
        const tokens = tokensOf(`print ${jsonLiteral(asks)}`)
        expect(tokens.map((token) => token.value !== null)).toEqual([false, true, ...tokens.slice(2).map(() => false)])
        const rest = tokens.slice(2).map((token) => token.text)
        expect(rest.join('')).toBe('')
        expect(JSON.parse(tokens[1]?.value ?? '')).toEqual(JSON.parse(JSON.stringify(asks)))
      }),
      { numRuns: 500 },
    )
  })
})
