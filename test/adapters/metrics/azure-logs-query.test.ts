import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  HTTP_LOGS_BODY,
  httpLogsQuery,
  jsonLiteral,
  LOG_COLUMNS,
  type LogAsk,
} from '../../../lib/adapters/metrics/azure-logs-query.ts'
import { LOG_PERCENTILES } from '../../../lib/core/service.ts'
import { columnsOf, objectionsTo, tokensOf } from './kql.ts'

const ASK: LogAsk = {
  id: '0',
  revision: 'shop--a',
  from: '2026-01-01T00:00:00.000Z',
  to: '2026-01-01T00:05:00.000Z',
  slowMs: 200,
  percentile: 95,
}

/** Strings with everything that could end a literal, a comment or a statement, and any Unicode at all. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.stringMatching(/^["'\\;|()@`\n\r\u2028\u0085\ud800a-c/]*$/),
  fc.constantFrom('"); ContainerAppHTTPLogs //', '\\"', '\\', "'", '```', '@"', 'h"x"', '\ud800', '\u0000'),
)
const hostileAsk = fc.record({
  id: hostile,
  revision: hostile,
  from: hostile,
  to: hostile,
  slowMs: fc.double({ noNaN: true, noDefaultInfinity: true }),
  percentile: fc.constantFrom(...LOG_PERCENTILES),
})

describe('the query to the access log', { timeout: 60_000 }, () => {
  test('holds against the documented schema of the table', () => {
    expect(objectionsTo(httpLogsQuery([ASK, { ...ASK, id: '1', revision: 'cart--b' }]))).toEqual([])
  })

  test('answers the promised columns with the promised types', () => {
    expect(columnsOf(httpLogsQuery([ASK]))).toEqual(LOG_COLUMNS.map((column) => `${column.name}:${column.type}`))
  })

  test('is checked by something that sees a wrong column', () => {
    const wrong = httpLogsQuery([ASK]).replaceAll('RequestDuration', 'DurationMs')
    expect(objectionsTo(wrong).join()).toContain("'DurationMs' does not refer to any known column")
  })

  test('is checked by something that sees a wrong type and a wrong function', () => {
    expect(objectionsTo(HTTP_LOGS_BODY).join()).toContain("'asks' does not refer")
    expect(objectionsTo(httpLogsQuery([ASK]).replace('countif(', 'countwhen('))).not.toEqual([])
    expect(
      objectionsTo(httpLogsQuery([ASK]).replace('StatusCode >= 500', 'RevisionName >= datetime(2026)')),
    ).not.toEqual([])
  })

  test('computes every percentile that it claims to know', () => {
    expect(HTTP_LOGS_BODY).toContain(`percentiles(RequestDuration, ${LOG_PERCENTILES.join(', ')})`)
    for (const percentile of LOG_PERCENTILES) {
      const literal = Number.isInteger(percentile) ? `${percentile}.0` : String(percentile)
      expect(HTTP_LOGS_BODY).toContain(`wanted == ${literal}, p${String(percentile).replace('.', '')}`)
    }
  })
})

describe('the parameter of the query', { timeout: 60_000 }, () => {
  test('is always one string literal whose value is the JSON, whatever the strings hold', () => {
    fc.assert(
      fc.property(fc.array(hostileAsk, { maxLength: 4 }), (asks) => {
        const tokens = tokensOf(`print ${jsonLiteral(asks)}`)
        expect(tokens.map((token) => token.value !== null)).toEqual([false, true, ...tokens.slice(2).map(() => false)])
        expect(
          tokens
            .slice(2)
            .map((token) => token.text)
            .join(''),
        ).toBe('')
        expect(JSON.parse(tokens[1]?.value ?? '')).toEqual(JSON.parse(JSON.stringify(asks)))
      }),
      { numRuns: 500 },
    )
  })

  test('never changes any other token of the text', () => {
    const others = (asks: readonly LogAsk[]) => {
      const tokens = tokensOf(httpLogsQuery(asks))
      const literal = tokens.findIndex((token) => token.value !== null)
      return tokens.filter((_, place) => place !== literal).map((token) => token.text)
    }
    const expected = others([ASK])
    fc.assert(
      fc.property(fc.array(hostileAsk, { minLength: 1, maxLength: 3 }), (asks) => {
        expect(others(asks)).toEqual(expected)
        expect(httpLogsQuery(asks).endsWith(`;\n${HTTP_LOGS_BODY}`)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test('never makes a text that the language service objects to', () => {
    fc.assert(
      fc.property(fc.array(hostileAsk, { maxLength: 3 }), (asks) => {
        expect(objectionsTo(httpLogsQuery(asks))).toEqual([])
      }),
      { numRuns: 50 },
    )
  })
})
