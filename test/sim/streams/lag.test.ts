import { describe, expect, test } from 'vitest'
import { generate, type Stream } from '../../../sim/streams/generate.ts'
import { GRID, outage } from '../../../sim/streams/grid.ts'
import { LAG, lagOf, VISIBLE } from '../../../sim/streams/lag.ts'

const stream: Stream = generate(outage(0.05, 0, 600), 1)
const sum = (values: Int32Array) => values.reduce((total, value) => total + value, 0)

describe('a source that lags', () => {
  test('shows a fifth of a fresh minute, more of an older one, and never less than before', () => {
    const { ages } = lagOf(stream, false)
    expect(ages).toHaveLength(LAG)
    ages.forEach(({ canary, baseline }, age) => {
      expect(sum(baseline.total) / sum(stream.baseline.total)).toBeCloseTo(VISIBLE[age] ?? 0, 2)
      expect(sum(canary.errors) / sum(stream.canary.errors)).toBeCloseTo(VISIBLE[age] ?? 0, 1)
      const older = ages[age + 1]?.canary ?? stream.canary
      expect(canary.errors.every((count, minute) => count <= (older.errors[minute] ?? 0))).toBe(true)
    })
  })

  test('shows every failure at once where failures come first, with only the requests that have arrived', () => {
    const { ages } = lagOf(stream, true)
    expect(ages[0]?.canary.errors).toEqual(stream.canary.errors)
    expect(sum(ages[0]?.canary.total ?? new Int32Array()) / sum(stream.canary.total)).toBeLessThan(0.3)
  })

  test('shows the same again for the same soak', () => {
    expect(lagOf(stream, false)).toEqual(lagOf(stream, false))
  })
})

describe('the grid of traffic and severity', () => {
  test('has every cell once, with the traffic and the fault that its row and column say', () => {
    expect(GRID).toHaveLength(6 * 8 + 3 * 4 + 3 * 4)
    expect(new Set(GRID.map(({ scenario }) => scenario.name)).size).toBe(GRID.length)
    const cell = GRID.find(
      ({ table, row, column }) => table === 'errors from hour 24 on' && row === '10 rps' && column === '5 %',
    )
    if (cell === undefined) throw new Error('There is no such cell.')
    const { canary } = generate(cell.scenario, 1)
    expect(sum(canary.errors.subarray(0, 1440)) / sum(canary.total.subarray(0, 1440))).toBeLessThan(0.001)
    expect(sum(canary.errors.subarray(1440)) / sum(canary.total.subarray(1440))).toBeCloseTo(0.05, 2)
    expect(sum(canary.total) / 2880).toBeCloseTo(60, 0)
  })
})
