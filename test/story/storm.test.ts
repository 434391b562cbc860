import { beforeAll, describe, expect, test } from 'vitest'
import { type Breached, breach, type Storm } from '../../bench/breach.ts'
import { quantile } from '../../bench/report.ts'

const SEEDS = 60
const SECOND = 1_000
const MINUTE = 60 * SECOND

async function breaches(storm: Storm | null): Promise<readonly Breached[]> {
  const met: Breached[] = []
  for (let seed = 1; seed <= SEEDS; seed++) met.push(await breach(seed, storm))
  return met
}

describe.each<[string, Storm | null, number]>([
  ['fair weather', null, MINUTE],
  ['a storm that asks for no wait', { longestRetryAfterS: null }, 5 * MINUTE],
  ['a storm that asks for waits of up to a minute', { longestRetryAfterS: 60 }, 5 * MINUTE],
])('a canary that turns bad in %s', (_, storm, promisedMs) => {
  let met: readonly Breached[] = []
  beforeAll(async () => {
    met = await breaches(storm)
  }, 120_000)

  test('loses its traffic in time, from the decision and from when it could be known', () => {
    expect(met).toHaveLength(SEEDS)
    for (const what of ['fromDecisionMs', 'fromReadableMs'] as const) {
      const times = met.map((one) => one[what])
      expect(times.every((time) => time >= 0)).toBe(true)
      expect(quantile(times, 0.99)).toBeLessThanOrEqual(promisedMs)
    }
  })

  test('gains none meanwhile', () => {
    expect(met.some(({ isRaised }) => isRaised)).toBe(false)
  })

  test('costs a bounded number of calls: three tries a second at most', () => {
    expect(Math.max(...met.map(({ callsInAMinute }) => callsInAMinute))).toBeLessThanOrEqual(storm === null ? 10 : 120)
  })
})
