import { expect, test } from 'vitest'
import { type Series, stepsPerValue } from '../../../lib/core/drift-report/effective-size.ts'

const block = (length: number, value: number): Series => Array<number>(length).fill(value)
/** Twelve hours up and twelve hours down, a step an hour. */
const UP_DOWN = [...block(12, 1), ...block(12, -1)]
/** Its pairs of neighbours at lag k are 24 − k, of which k are of both halves; from lag 8 on they cancel each other out. */
const BLOCKS = 2 * (1 + 21 / 23 + 18 / 22 + 15 / 21 + 12 / 20 + 9 / 19 + 6 / 18 + 3 / 17) - 1
const not = (day: Series): Series => day.map((value) => (value === null ? null : -value))
const plus = (day: Series, more: (step: number) => number): Series =>
  day.map((value, step) => (value === null ? null : value + more(step)))
const without = (day: Series, ...steps: readonly number[]) =>
  day.map((value, step) => (steps.includes(step) ? null : value))

test.each<[string, readonly Series[], number]>([
  [
    'that last for two steps',
    [
      [1, 1, -1, -1],
      [-1, -1, 1, 1],
    ].map((four) => Array(6).fill(four).flat()),
    25 / 23,
  ],
  ['that last for half a day', [UP_DOWN, not(UP_DOWN)], BLOCKS],
  ['whose days have another mean', [plus(UP_DOWN, () => 100), not(UP_DOWN)], BLOCKS],
  [
    'that swing over the day besides, both days alike',
    [UP_DOWN, not(UP_DOWN)].map((day) => plus(day, (hour) => 10 * hour)),
    BLOCKS,
  ],
  ['beside a day that was not measured', [UP_DOWN, not(UP_DOWN), [null, null]], BLOCKS],
  [
    'of which two are missing',
    [UP_DOWN, not(UP_DOWN)].map((day) => plus(without(day, 3, 20), () => 7)),
    2 * (1 + 17 / 19 + 14 / 18 + 11 / 17 + 10 / 18 + 7 / 17 + 4 / 16 + 1 / 15) - 1,
  ],
  ['that go up and down at every step', [Array(12).fill([1, -1]).flat(), Array(12).fill([-1, 1]).flat()], 1],
  ['that are all alike', [block(24, 5), block(24, 7)], 60],
  ['of which there are none', [[], []], 60],
])('values %s are worth what was worked out by hand', (_, days, worth) => {
  expect(stepsPerValue(days)).toBeCloseTo(worth, 9)
})
