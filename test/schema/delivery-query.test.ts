import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDeliveryQuery } from '../../lib/schema/delivery-query.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 21, 12)
const read = (text: string) => readDeliveryQuery(new URLSearchParams(text), NOW)

describe('the query of the delivery measures', () => {
  it('means everything over the last 30 days where it says nothing', () => {
    expect(read('')).toEqual({
      ok: true,
      query: { environment: null, service: null, from: NOW - 30 * DAY, to: NOW },
    })
  })

  it.each([
    ['window=7d', NOW - 7 * DAY, NOW],
    ['window=90d&to=2026-11-01', Date.UTC(2026, 10, 1) - 90 * DAY, Date.UTC(2026, 10, 1)],
    ['from=2026-11-20T10:00:00Z', Date.UTC(2026, 10, 20, 10), NOW],
    ['from=2026-11-01&to=2026-11-08', Date.UTC(2026, 10, 1), Date.UTC(2026, 10, 8)],
    ['window=7d&api-version=1', NOW - 7 * DAY, NOW],
  ])('%s is a window', (text, from, to) => {
    expect(read(text)).toMatchObject({ ok: true, query: { from, to } })
  })

  it('may name an environment and a service', () => {
    expect(read('environment=production&service=pricing')).toMatchObject({
      query: { environment: 'production', service: 'pricing' },
    })
  })

  it.each([
    ['environment=Prod', 'environment', /no valid name/],
    ['window=8d', 'window', /`7d`, `30d` or `90d`/],
    ['window=7d&from=2026-11-01', 'window', /give one of them/],
    ['from=yesterday', 'from', /no moment/],
    [`from=${'1'.repeat(50)}`, 'from', /too long/],
    ['from=2026-11-08&to=2026-11-08', 'to', /later than `from`/],
    ['from=2024-01-01&to=2026-01-01', 'to', /366 days/],
    ['from=2027-01-01', 'from', /before `to`/],
    ['from=2020-01-01', 'from', /366 days/],
    ['form=2026-11-08', 'form', /./],
    ['window=7d&window=7d', 'window', /more than once/],
    ['window=9d&window=7d&window=8d', 'window', /more than once/],
  ])('is refused where it is wrong, with a word of what to do: %s', (text, path, message) => {
    const answer = read(text)
    const found = answer.ok ? [] : answer.issues.filter((issue) => issue.path === path)
    expect(found.map((issue) => issue.message).join(' ')).toMatch(message)
  })

  it('never throws, and what it takes is a window', () => {
    fc.assert(
      fc.property(fc.webQueryParameters(), (text) => {
        const answer = read(text)
        return !answer.ok || answer.query.from < answer.query.to
      }),
    )
  })
})
