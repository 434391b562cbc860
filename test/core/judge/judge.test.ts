import { describe, expect, test } from 'vitest'
import { allowedShare, judge, worst } from '../../../lib/core/judge/judge.ts'
import type { Reading, VerdictKind } from '../../../lib/core/judge/verdict.ts'
import { aQuery, errors, latency, measured } from '../../support/builders.ts'

const ENOUGH = 50

interface Row {
  readonly name: string
  readonly reading: Reading | null
  readonly verdict: VerdictKind
  readonly says: string
}

const rows: readonly Row[] = [
  { name: 'a share within the limit passes', reading: measured(12, 900), verdict: 'pass', says: 'within 200 ms' },
  { name: 'a share exactly at the limit passes', reading: measured(50, 1000), verdict: 'pass', says: 'within 200 ms' },
  {
    name: 'a share far over the limit fails',
    reading: measured(412, 900, { value: 312.4 }),
    verdict: 'fail',
    says: 'p95 312 ms (412 of 900 requests slower than 200 ms), over the limit of 200 ms',
  },
  {
    name: 'a share just over the limit is inconclusive, since it may be luck',
    reading: measured(51, 1000, { value: 201 }),
    verdict: 'inconclusive',
    says: 'but maybe by chance',
  },
  { name: 'a query without an answer is inconclusive', reading: null, verdict: 'inconclusive', says: 'no answer' },
  {
    name: 'a missing figure is inconclusive and its reason is kept',
    reading: { id: 'q1', kind: 'missing', why: 'the workspace is gone', query: 'the query' },
    verdict: 'inconclusive',
    says: 'the workspace is gone',
  },
  {
    name: 'too few requests are inconclusive although all were good',
    reading: measured(0, 49),
    verdict: 'inconclusive',
    says: '49 of the 50 requests needed',
  },
  {
    name: 'too few requests are inconclusive although all were bad',
    reading: measured(49, 49, { value: 900 }),
    verdict: 'inconclusive',
    says: '49 of the 50 requests needed',
  },
  { name: 'just enough good requests pass', reading: measured(0, 50), verdict: 'pass', says: 'within' },
  {
    name: 'no requests are inconclusive',
    reading: measured(0, 0, { value: Number.NaN }),
    verdict: 'inconclusive',
    says: '0 of the 50',
  },
  {
    name: 'a NaN count is inconclusive',
    reading: measured(Number.NaN, 900),
    verdict: 'inconclusive',
    says: 'cannot be',
  },
  { name: 'a NaN total is inconclusive', reading: measured(1, Number.NaN), verdict: 'inconclusive', says: 'cannot be' },
  {
    name: 'an infinite total is inconclusive',
    reading: measured(1, Number.POSITIVE_INFINITY),
    verdict: 'inconclusive',
    says: 'cannot be',
  },
  { name: 'a negative count is inconclusive', reading: measured(-1, 900), verdict: 'inconclusive', says: 'cannot be' },
  {
    name: 'more bad than all is inconclusive',
    reading: measured(901, 900),
    verdict: 'inconclusive',
    says: 'cannot be (901 of 900)',
  },
  {
    name: 'good counts with a NaN figure are inconclusive',
    reading: measured(1, 900, { value: Number.NaN }),
    verdict: 'inconclusive',
    says: 'no figure',
  },
  {
    name: 'good counts with a negative figure are inconclusive',
    reading: measured(1, 900, { value: -3 }),
    verdict: 'inconclusive',
    says: 'no figure',
  },
  {
    name: 'a clear breach fails although the figure itself is unknown',
    reading: measured(800, 900, { value: Number.NaN }),
    verdict: 'fail',
    says: 'p95 unknown',
  },
]

describe('judge', () => {
  for (const { name, reading, verdict, says } of rows) {
    test(name, () => {
      const judged = judge([aQuery()], reading === null ? [] : [reading], ENOUGH)
      expect(judged.kind).toBe(verdict)
      expect(judged.because).toContain(says)
      expect(judged.evidence).toHaveLength(1)
      expect(judged.evidence[0]?.verdict).toBe(verdict)
    })
  }

  test('no checks at all are inconclusive', () => {
    expect(judge([], [measured(0, 900)], ENOUGH)).toEqual({
      kind: 'inconclusive',
      because: 'nothing was measured yet',
      evidence: [],
    })
  })

  test('no requests never pass, even where none are asked for', () => {
    expect(judge([aQuery()], [measured(0, 0, { value: 0 })], 0).kind).toBe('inconclusive')
  })

  test('the same breach fails over a whole step and is inconclusive in the fast check', () => {
    const reading = measured(83, 1000, { value: 230 })
    expect(judge([aQuery({ window: 'full' })], [reading], ENOUGH).kind).toBe('fail')
    expect(judge([aQuery({ window: 'fast' })], [reading], ENOUGH).kind).toBe('inconclusive')
  })

  test('one failing KPI fails the whole, and only it is named as the reason', () => {
    const checks = [
      aQuery({ id: 'a' }),
      aQuery({ id: 'b', kpi: errors() }),
      aQuery({ id: 'c', kpi: latency({ name: 'p99' }) }),
    ]
    const readings = [measured(1, 900, { id: 'a' }), measured(200, 900, { id: 'b', value: 0.22 })]
    const judged = judge(checks, readings, ENOUGH)
    expect(judged.kind).toBe('fail')
    expect(judged.because).toBe('errors 22.2 % (200 of 900 requests failed), over the limit of 1 %')
    expect(judged.evidence.map((item) => item.verdict)).toEqual(['pass', 'fail', 'inconclusive'])
  })

  test('an inconclusive KPI keeps a good one from passing the whole', () => {
    const judged = judge([aQuery({ id: 'a' }), aQuery({ id: 'b' })], [measured(1, 900, { id: 'a' })], ENOUGH)
    expect(judged.kind).toBe('inconclusive')
  })

  test('an error rate of zero says so', () => {
    const judged = judge([aQuery({ kpi: errors() })], [measured(0, 900, { value: 0 })], ENOUGH)
    expect(judged.because).toBe('errors 0 % (0 of 900 requests failed), within 1 %')
  })

  test('evidence names query, window, revision, sample, value and limit', () => {
    const check = aQuery({ window: 'fast', kpi: errors() })
    const [evidence] = judge([check], [measured(3, 900, { value: 0.0033 })], ENOUGH).evidence
    expect(evidence).toEqual({
      kpi: 'errors',
      source: 'azure-logs',
      window: 'fast',
      from: check.from,
      to: check.to,
      revision: check.revision,
      query: 'the query',
      bad: 3,
      total: 900,
      value: 0.0033,
      limit: 0.01,
      unit: 'ratio',
      verdict: 'pass',
      because: 'errors 0.33 % (3 of 900 requests failed), within 1 %',
    })
  })
})

describe('allowedShare', () => {
  for (const [percentile, share] of [
    [50, 0.5],
    [90, 0.1],
    [95, 0.05],
    [99, 0.01],
    [99.9, 0.001],
    [99.99, 0.0001],
  ] as const) {
    test(`p${percentile} lets exactly ${share} of the requests be slow`, () => {
      expect(allowedShare(latency({ percentile }))).toBe(share)
    })
  }

  test('an error rate lets its limit be bad', () => {
    expect(allowedShare(errors({ limitRatio: 0.02 }))).toBe(0.02)
  })
})

describe('worst', () => {
  const table: readonly [readonly VerdictKind[], VerdictKind][] = [
    [[], 'inconclusive'],
    [['pass', 'pass'], 'pass'],
    [['pass', 'inconclusive'], 'inconclusive'],
    [['inconclusive', 'fail', 'pass'], 'fail'],
  ]
  for (const [kinds, verdict] of table) {
    test(`[${kinds.join(', ')}] is ${verdict}`, () => expect(worst(kinds)).toBe(verdict))
  }
})
