import { expect, test } from 'vitest'
import { createRequestMeter } from '../../../sim/azure/exposition.ts'

function figures(text: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
}

const bucket = (le: string) => `http_request_duration_seconds_bucket{service="shop",revision="shop--v2",le="${le}"}`
const requests = (status: string) => `http_requests_total{service="shop",revision="shop--v2",status="${status}"}`

test('requests are counted by status class, and a class that was never seen has no series', () => {
  const meter = createRequestMeter({ service: 'shop', revision: 'shop--v2' })
  expect(figures(meter.exposition())[requests('5xx')]).toBeUndefined()
  for (const status of [200, 204, 404, 500, 503]) meter.count(status, 0.01)
  const shown = figures(meter.exposition())
  expect([shown[requests('2xx')], shown[requests('4xx')], shown[requests('5xx')]]).toEqual([2, 1, 2])
})

test('buckets are cumulative, hold their upper bound, and one bound is 0.2 seconds', () => {
  const meter = createRequestMeter({ service: 'shop', revision: 'shop--v2' })
  for (const durationS of [0.01, 0.2, 0.2001, 60]) meter.count(200, durationS)
  const shown = figures(meter.exposition())
  expect([shown[bucket('0.01')], shown[bucket('0.2')], shown[bucket('0.25')], shown[bucket('10')]]).toEqual([
    1, 2, 3, 3,
  ])
  expect(shown[bucket('+Inf')]).toBe(4)
  expect(shown['http_request_duration_seconds_count{service="shop",revision="shop--v2"}']).toBe(4)
  expect(shown['http_request_duration_seconds_sum{service="shop",revision="shop--v2"}']).toBeCloseTo(60.4101)
})
