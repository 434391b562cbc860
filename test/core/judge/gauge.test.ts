import { describe, expect, test } from 'vitest'
import { judge } from '../../../lib/core/judge/judge.ts'
import type { Reading } from '../../../lib/core/judge/reading.ts'
import type { JudgeState } from '../../../lib/core/judge/state.ts'
import { minuteOf } from '../../../lib/core/judge/take-in.ts'
import type { Kpi } from '../../../lib/core/service.ts'
import { HOUR, MINUTE, T0 } from '../../support/builders.ts'
import { caseOf, manifestOf, only, queriesOf, type Trial } from './looks.ts'

function gauge(overrides: Partial<Kpi & { kind: 'gauge' }> = {}): Kpi & { kind: 'gauge' } {
  return {
    name: 'depth',
    role: 'required',
    source: { kind: 'http', url: 'https://figures.example.com/depth', secret: null },
    lagMs: 0,
    minRequests: null,
    kind: 'gauge',
    limit: 100,
    wanted: 'below',
    ...overrides,
  }
}

describe('a bucket of a gauge', () => {
  test.each<[string, 'below' | 'above', number | null, number | null, number, number]>([
    ['below its limit is well', 'below', 99, 50, 0, 1],
    ['at its limit is bad', 'below', 100, 50, 1, 1],
    ['above a floor is well', 'above', 101, 150, 0, 1],
    ['under a floor is bad', 'above', 99, 150, 1, 1],
    ['over the limit beside a baseline that is worse is nobody’s fault', 'below', 240, 200, 0, 1],
    ['over the limit and far worse than a bad baseline is bad', 'below', 251, 200, 1, 1],
    ['under the floor beside a baseline that is as bad is nobody’s fault', 'above', 38, 50, 0, 1],
    ['under the floor and far worse than a bad baseline is bad', 'above', 37, 50, 1, 1],
    ['over the limit with no baseline is bad', 'below', 120, null, 1, 1],
    ['without a value counts as nothing', 'below', null, 50, 0, 0],
  ])('%s', (_, wanted, value, baseline, bad, total) => {
    expect(minuteOf(gauge({ wanted }), [T0, 0, 0, value, 0, 0, baseline])).toMatchObject({ bad, total })
  })
})

describe('a gauge', () => {
  function run(values: readonly number[]): ReturnType<typeof judge>[] {
    const trial: Trial = { manifest: manifestOf([gauge()]), canary: [], bakeMs: 40 * MINUTE }
    let state: JudgeState | null = null
    return values.map((_, index) => {
      const now = T0 + (index + 1) * MINUTE
      const buckets = values.slice(0, index + 1).map((value, at) => ({ at: T0 + at * MINUTE, bad: 0, total: 0, value }))
      const queries = queriesOf(trial, now)
      const readings = queries.map(({ id }): Reading => {
        return { id, kind: 'measured', buckets, quality: 'exact', query: 'q', note: null }
      })
      const judged = judge(caseOf(trial), state, queries, readings, now)
      state = judged.state
      return judged
    })
  }

  test('that stays out of its limit aborts within minutes', () => {
    const kinds = run(Array(12).fill(150)).map(({ verdict }) => verdict.kind)
    expect(kinds.indexOf('fail')).toBeGreaterThanOrEqual(1)
    expect(kinds.indexOf('fail')).toBeLessThanOrEqual(6)
  })

  test('that is out now and then passes', () => {
    const judged = run(Array.from({ length: 60 }, (_, index) => (index % 12 === 3 ? 130 : 70)))
    expect(judged.map(({ verdict }) => verdict.kind)).not.toContain('fail')
    expect(judged.at(-1)?.verdict.kind).toBe('pass')
    expect(only(judged.at(-1))).toMatchObject({
      value: 70,
      limit: 100,
      unit: 'figure',
      bad: 5,
      total: 60,
      interval: null,
    })
    expect(only(judged.at(-1)).because).toBe(
      'depth 70 (out of the limit in 5 of 60 buckets), rarely enough to count as below 100',
    )
  })

  test('needs no requests, but buckets', () => {
    const judged = run(Array(40).fill(70))
    expect(judged.findIndex(({ verdict }) => verdict.kind === 'pass')).toBe(39)
    expect(HOUR).toBeGreaterThan(40 * MINUTE)
  })
})
