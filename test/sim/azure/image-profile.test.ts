import { expect, test } from 'vitest'
import { drawLatencyMs, failing, healthyProfile, seededRandom, slowed } from '../../../sim/azure/image-profile.ts'

function draws(profile = healthyProfile('1'), seed = 1): readonly number[] {
  const random = seededRandom(seed, 'shop--first')
  return Array.from({ length: 5000 }, () => drawLatencyMs(profile, random)).sort((a, b) => a - b)
}

test('durations have the median and the 95th percentile of the profile', () => {
  const sorted = draws()
  expect(sorted[2500]).toBeCloseTo(20, -0.5)
  expect(sorted[4750]).toBeGreaterThan(54)
  expect(sorted[4750]).toBeLessThan(66)
  expect(sorted[0]).toBeGreaterThan(0)
})

test('the same seed draws the same durations, another seed others', () => {
  expect(draws()).toEqual(draws())
  expect(draws()).not.toEqual(draws(healthyProfile('1'), 2))
})

test('a slow variant is slower at every percentile, a failing one fails more often and is no slower', () => {
  const [normal, slow] = [draws(), draws(slowed(healthyProfile('1'), 6))]
  expect(slow[2500]).toBeCloseTo((normal[2500] ?? 0) * 6, 5)
  expect(failing(healthyProfile('1'), 0.25)).toEqual({ ...healthyProfile('1'), errorRate: 0.25 })
})
