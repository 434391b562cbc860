import fc from 'fast-check'
import { expect, test } from 'vitest'
import { filterFor, type MetricsRequest, requestText } from '../../../lib/adapters/metrics/azure-metrics-request.ts'
import { readFilter } from '../../../sim/azure/metrics-filter.ts'
import { MINUTE, START } from './queries.ts'

const CATEGORY = ['statusCodeCategory']
const quotes = fc.string({
  unit: fc.constantFrom("'", ' ', 'or', 'and', 'eq', '*', '(', ')', '\\', '%27', 'a', 'é', '\n'),
})
const names = fc.array(
  fc.oneof(quotes, fc.string()).filter((name) => name !== '*'),
  { minLength: 1, maxLength: 5 },
)

test('a filter names revisions and splits by the dimensions', () => {
  expect(filterFor(['shop--a', 'shop--b'], CATEGORY)).toBe(
    "revisionName eq 'shop--a' or revisionName eq 'shop--b' and statusCodeCategory eq '*'",
  )
})

test('whatever a name holds, a filter wants exactly the names and nothing else', () => {
  fc.assert(
    fc.property(names, (revisions) => {
      const wanted = readFilter(filterFor(revisions, [...CATEGORY, 'statusCode']))
      const values = new Set(revisions.map((name) => name.toLowerCase()))
      expect([...wanted]).toEqual([
        ['revisionname', values],
        ['statuscodecategory', null],
        ['statuscode', null],
      ])
    }),
  )
})

test('where the names would grow too long, all revisions are asked for', () => {
  const many = Array.from({ length: 100 }, (_, place) => `a-service-with-a-long-name--revision-${place}`)
  expect(filterFor(many, CATEGORY)).toBe("revisionName eq '*' and statusCodeCategory eq '*'")
  expect(filterFor(many.slice(0, 20), CATEGORY)).toContain('revision-19')
})

test('a request as text is one line that nothing in it can break, and a body', () => {
  const request: MetricsRequest = {
    endpoint: 'https://westeurope.metrics.monitor.azure.com',
    subscriptionId: "s'; rm\n",
    resourceIds: ['/subscriptions/s/x'],
    metric: 'Requests',
    aggregation: 'Total',
    filter: filterFor(["it's & # (1)\n"], CATEGORY),
    from: START,
    to: START + MINUTE,
  }
  const [line = '', body, ...more] = requestText(request).split('\n')
  expect(more).toEqual([])
  expect(body).toBe('{"resourceids":["/subscriptions/s/x"]}')
  expect(line.slice('POST '.length)).not.toMatch(/[\s'"()]/)
  const url = new URL(line.replace('POST ', ''))
  expect(url.searchParams.get('filter')).toBe(request.filter)
  expect(url.searchParams.get('endtime')).toBe('2026-01-01T00:01:00.000Z')
})
