import { describe, expect, test } from 'vitest'
import { JUDGES, NOT_PLAYED, play } from '../../../bench/judge/jobs.ts'
import { judge } from '../../../bench/judge/ours.ts'
import type { Played } from '../../../bench/judge/plan.ts'
import { rank, upperLimit } from '../../../bench/judge/statistics.ts'
import { abortedText, delayText, summarize } from '../../../bench/judge/summary.ts'
import { targetsOf } from '../../../bench/judge/targets.ts'
import { generate } from '../../../sim/streams/generate.ts'
import { GRID } from '../../../sim/streams/grid.ts'
import { SCENARIOS, type Scenario } from '../../../sim/streams/scenarios.ts'

function scenario(name: string): Scenario {
  const found = SCENARIOS[name]
  if (found === undefined) throw new Error(`There is no scenario ${name}.`)
  return found
}

describe('limits and ranks', () => {
  test.each([
    [0, 2000, 0.001843],
    [2, 2000, 0.003608],
    [5, 2000, 0.005825],
    [51, 2000, 0.033362],
    [3, 10, 0.652453],
    [10, 10, 1],
  ])('the upper limit of %i in %i is %f', (k, n, wanted) => {
    expect(upperLimit(k, n)).toBeCloseTo(wanted, 4)
  })

  test('a rank is a value that was there', () => {
    expect([rank([5, 1, 4, 2], 0.5), rank([5, 1, 4, 2], 0.95), rank([7], 0.5)]).toEqual([2, 5, 7])
    expect(rank([], 0.5)).toBeNaN()
  })
})

describe('a summary', () => {
  const rows = [[9], [-1], [12], [3], [10], [NOT_PLAYED]]

  test('tells early, missed and late apart, and counts the first bad minute in', () => {
    const summary = summarize(rows, 0, 10)
    expect(summary).toMatchObject({ played: 5, aborted: 4, early: 2, missed: 1, p50: 1, p95: 3 })
    expect(delayText(summary)).toBe('1/3 m20% e40%')
    expect(abortedText(summarize(rows, 0, 0))).toBe('80.00 %')
  })

  test('has no delay where nothing was caught', () => {
    expect(delayText(summarize([[-1], [-1]], 0, 0))).toBe('-/- m100%')
    expect(abortedText(summarize([[NOT_PLAYED]], 0, 0))).toBe('–')
  })
})

describe('a soak that is played', () => {
  test('is judged by everyone, Kayenta only below its seed, and the same again', () => {
    const job = { kind: 'soak', name: 'R3', from: 1, to: 3, kayentaBelow: 2 } as const
    const [first = [], second = []] = play(job)
    expect(first).toHaveLength(JUDGES.length)
    expect(first[JUDGES.indexOf('Kayenta growing')]).toBe(59)
    expect(second[JUDGES.indexOf('Kayenta growing')]).toBe(NOT_PLAYED)
    expect(first[0]).toBeLessThan(8)
    expect(play(job)).toEqual([first, second])
  })

  test('of the grid and of the lagging source is judged too', () => {
    expect(play({ kind: 'lag', name: '50 %', from: 1, to: 2, kayentaBelow: 0 })[0]).toHaveLength(3)
    const cell = GRID.findIndex(({ row, column }) => row === '200 rps' && column === '50 %')
    expect(play({ kind: 'grid', name: String(cell), from: 1, to: 2, kayentaBelow: 0 })).toEqual([[1]])
    expect(() => play({ kind: 'soak', name: 'R99', from: 1, to: 2, kayentaBelow: 0 })).toThrow('There is no R99')
  })

  test('is held before it is aborted, and left alone when it is healthy', () => {
    expect(judge(generate(scenario('H1'), 1))).toEqual({ abort: -1, hold: -1 })
    const { abort, hold } = judge(generate(scenario('R2'), 1))
    expect(abort).toBeGreaterThan(4)
    expect(hold).toBeLessThanOrEqual(abort)
  })
})

describe('the targets', () => {
  const row = (abort: number, hold: number) => [abort, hold, ...JUDGES.slice(2).map(() => NOT_PLAYED)]
  const played = (soak: Played['soak'], lag: Played['lag']): Played => ({
    sizes: { soaks: 1, kayenta: 0, grid: 1, lag: 1, lagHealthy: 1 },
    soak,
    grid: Object.fromEntries([...GRID.keys()].map((cell) => [cell, [[1]]])),
    lag,
  })
  const good = Object.fromEntries(
    Object.values(SCENARIOS).map(({ name, kind, onsetMinute }) => {
      const aborts = kind === 'regression' && name !== 'R9'
      return [name, Array.from({ length: 1000 }, () => (aborts ? row(onsetMinute + 1, onsetMinute + 1) : row(-1, 20)))]
    }),
  )
  const prompt = Object.fromEntries(['50 %', '5 %', '1 %'].map((name) => [name, [[122, 122, 122]]]))

  test('are reached by quiet on the healthy and promptness on the rest', () => {
    const figures = targetsOf(played(good, prompt), true)
    expect(figures.filter(({ met }) => met !== true)).toEqual([])
    expect(figures.every(({ value }) => value.endsWith('reached'))).toBe(true)
  })

  test('are missed by one soak too many, one minute too many, or one that was never caught', () => {
    const worse = {
      ...good,
      H1: [...Array.from({ length: 995 }, () => row(-1, -1)), ...Array.from({ length: 5 }, () => row(99, 99))],
      R4: [row(2, 2)],
      R5: [row(-1, -1), row(1442, 1442)],
      R9: [row(30, 30)],
    }
    const missed = targetsOf(played(worse, { ...prompt, '5 %': [[122, 124, 122]] }), true).filter(
      ({ met }) => met === false,
    )
    expect(missed.map(({ name }) => name)).toEqual([
      'H1 healthy: aborted',
      'R4 errors-50pct: abort',
      'R5 errors-1pct-late: abort',
      'R9 worse-within-limit: aborted',
      '5 % failures with a lag of 3 min',
    ])
  })

  test('are only told where too little was played', () => {
    const figures = targetsOf(played(good, prompt), false)
    expect(figures.every(({ met, value }) => met === null && !value.includes('reached'))).toBe(true)
  })
})
