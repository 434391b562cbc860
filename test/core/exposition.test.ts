import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exposition } from '../../lib/core/exposition.ts'
import { parseExposition } from '../support/exposition.ts'

const family = (labels: Readonly<Record<string, string>>, value: number) =>
  ({ name: 'slipway_thing', help: 'What it is.', type: 'gauge', samples: [{ labels, value }] }) as const

test('a family is its help, its type and its samples', () => {
  expect(exposition([{ ...family({ environment: 'production' }, 3), name: 'slipway_services' }])).toBe(
    '# HELP slipway_services What it is.\n# TYPE slipway_services gauge\nslipway_services{environment="production"} 3\n',
  )
})

test('whatever stands in a label or a help comes out of a strict parser as it went in', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.double().map((value) => (value === 0 ? 0 : value)),
      (label, help, value) => {
        const [read] = parseExposition(exposition([{ ...family({ a: label, b: 'x' }, value), help }]))
        expect(read).toEqual({
          name: 'slipway_thing',
          help,
          type: 'gauge',
          samples: [{ labels: { a: label, b: 'x' }, value }],
        })
      },
    ),
  )
})

test.each([
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, '+Inf'],
  [Number.NEGATIVE_INFINITY, '-Inf'],
  [0.25, '0.25'],
])('%d is written %s', (value, text) => {
  expect(exposition([family({}, value)])).toContain(`\nslipway_thing ${text}\n`)
})
