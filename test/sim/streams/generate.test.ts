import { describe, expect, test } from 'vitest'
import { type ArmStream, generate, type Stream } from '../../../sim/streams/generate.ts'
import { sampledP95 } from '../../../sim/streams/sampled-p95.ts'
import { findScenario, SCENARIOS, type Scenario } from '../../../sim/streams/scenarios.ts'

function scenario(name: string): Scenario {
  const found = SCENARIOS[name]
  if (found === undefined) throw new Error(`There is no scenario ${name}.`)
  return found
}

const play = (name: string, seed = 1): Stream => generate(scenario(name), seed)

function sum(values: Int32Array, from = 0, to = values.length): number {
  return values.subarray(from, to).reduce((total, value) => total + value, 0)
}

/** Share of failed or slow requests over several seeds, between two minutes. */
function share(name: string, arm: 'canary' | 'baseline', kpi: 'errors' | 'slow', from = 0, to = 2880): number {
  let bad = 0
  let total = 0
  for (let seed = 1; seed <= 8; seed += 1) {
    const stream: ArmStream = play(name, seed)[arm]
    bad += sum(stream[kpi], from, to)
    total += sum(stream.total, from, to)
  }
  return bad / total
}

/** Variance of errors per minute over their mean, on the baseline. */
function scatter({ errors }: ArmStream): number {
  const mean = sum(errors) / errors.length
  return errors.reduce((squares, count) => squares + (count - mean) ** 2, 0) / errors.length / mean
}

describe('a soak from a seed', () => {
  test.each(Object.keys(SCENARIOS))('%s is the same for the same seed, and another for another', (name) => {
    const stream = play(name, 5)
    expect(play(name, 5)).toEqual(stream)
    expect(play(name, 6).canary.total).not.toEqual(stream.canary.total)
  })

  test.each(Object.keys(SCENARIOS))('%s never has more failed or slow requests than requests', (name) => {
    const { canary, baseline, history } = play(name, 3)
    for (const { total, errors, slow } of [canary, baseline, history]) {
      expect(total.every((count, minute) => count >= (errors[minute] ?? 0) && count >= (slow[minute] ?? 0))).toBe(true)
    }
  })

  test('lasts 48 hours after a day of history with all of the traffic', () => {
    const { canary, baseline, history } = play('H1')
    expect([canary.total.length, baseline.total.length, history.total.length]).toEqual([2880, 2880, 1440])
    expect(sum(canary.total) / 2880).toBeCloseTo(300, -1)
    expect(sum(baseline.total) / 2880).toBeCloseTo(2700, -1)
    expect(sum(history.total) / 1440).toBeCloseTo(3000, -1)
  })

  test.each([
    ['H1', 'canary', 'errors', 0.0005],
    ['H1', 'canary', 'slow', 0.01682],
    ['H5', 'canary', 'errors', 0.001],
    ['H5', 'canary', 'slow', 0.05],
    ['R1', 'canary', 'errors', 0.01],
    ['R1', 'baseline', 'errors', 0.0005],
    ['R6', 'canary', 'slow', 0.1017],
    ['R9', 'baseline', 'errors', 0.0001],
    ['HO9', 'canary', 'errors', 0.001],
  ] as const)('%s: the %s has its share of %s', (name, arm, kpi, wanted) => {
    expect(share(name, arm, kpi) / wanted).toBeGreaterThan(0.92)
    expect(share(name, arm, kpi) / wanted).toBeLessThan(1.08)
  })

  test('worsens at its onset and not before', () => {
    expect(share('R5', 'canary', 'errors', 0, 1440)).toBeLessThan(0.0006)
    expect(share('R5', 'canary', 'errors', 1440, 2880)).toBeCloseTo(0.01, 3)
    expect(share('R8', 'canary', 'slow', 0, 360)).toBeLessThan(0.02)
    expect(share('R8', 'canary', 'slow', 830, 850)).toBeCloseTo(0.05, 1)
    expect(share('H10', 'baseline', 'errors', 660, 2880)).toBeCloseTo(0.002, 4)
  })

  test('has its outage in minute 30 of every hour and in no other', () => {
    const { errors, total } = play('R10').canary
    const outages = [...errors.keys()].filter((minute) => (errors[minute] ?? 0) > 0.2 * (total[minute] ?? 0))
    expect(outages).toEqual(Array.from({ length: 48 }, (_, hour) => 60 * hour + 30))
  })

  test('starts cold for five minutes on the canary only', () => {
    expect(share('H4', 'canary', 'errors', 0, 5)).toBeCloseTo(0.015, 2)
    expect(share('H4', 'canary', 'errors', 5, 200)).toBeLessThan(0.001)
    expect(share('H4', 'baseline', 'errors', 0, 5)).toBeLessThan(0.001)
  })

  test('scatters its errors five times as far when they come in bursts of three', () => {
    expect(scatter(play('H1').baseline)).toBeCloseTo(1, 0)
    expect(scatter(play('H3').baseline)).toBeGreaterThan(4)
    expect(scatter(play('H3').baseline)).toBeLessThan(6)
    expect(scatter(play('H3').history)).toBeGreaterThan(4)
  })

  test('keeps its bursts out of the day before where that is the catch', () => {
    expect(scatter(play('HO8').history)).toBeLessThan(1.3)
    expect(scatter(play('HO8').baseline)).toBeGreaterThan(4)
  })

  test('lets an incident meet both arms in the same ten minutes', () => {
    const { canary, baseline } = play('H2')
    const minutes = (arm: ArmStream) =>
      [...arm.errors.keys()].filter((minute) => (arm.errors[minute] ?? 0) > 0.02 * (arm.total[minute] ?? 0))
    expect(minutes(baseline)).toHaveLength(30)
    expect(minutes(canary).every((minute) => minutes(baseline).includes(minute))).toBe(true)
  })

  test('gives one client 60 failures in a minute, four times', () => {
    const { canary, baseline } = play('H9', 2)
    const bursts = [canary, baseline].flatMap(({ errors }) => [...errors].filter((count) => count >= 60))
    expect(bursts).toHaveLength(4)
  })

  test('swings with the day', () => {
    const { total } = play('H2').baseline
    const hourly = Array.from({ length: 24 }, (_, hour) => sum(total, 60 * hour, 60 * hour + 60) / 60)
    expect(Math.max(...hourly)).toBeGreaterThan(2700 * 1.4)
    expect(Math.min(...hourly)).toBeLessThan(2700 * 0.6)
  })

  test('loses 30 minutes of both arms, which are marked, and no others', () => {
    const { canary, baseline, missing } = play('H7')
    const lost = [...missing.keys()].filter((minute) => missing[minute] === 1)
    expect(lost).toHaveLength(30)
    expect((lost.at(-1) ?? 0) - (lost[0] ?? 0)).toBe(29)
    for (const { total } of [canary, baseline]) {
      expect([...total.keys()].filter((minute) => total[minute] === 0)).toEqual(lost)
    }
  })
})

describe('the p95 that was measured', () => {
  test('lies around the true one, the closer the more requests there were', () => {
    const stream = play('H1')
    const { canary, baseline } = sampledP95(stream)
    const spread = (values: Float64Array) => {
      const mean = values.reduce((total, value) => total + value, 0) / values.length
      return { mean, sd: Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length) }
    }
    expect(spread(canary).mean).toBeCloseTo(150, -1)
    expect(spread(baseline).mean).toBeCloseTo(150, -1)
    expect(spread(canary).sd / spread(baseline).sd).toBeCloseTo(3, 0)
    expect(sampledP95(stream)).toEqual({ canary, baseline })
  })

  test('is not a number where there was no request', () => {
    const stream = play('H7')
    const { canary } = sampledP95(stream)
    expect([...canary].map(Number.isNaN)).toEqual([...stream.missing].map((flag) => flag === 1))
  })
})

describe('the scenarios', () => {
  test('are found by id or alias in any case, and nothing else is', () => {
    expect(findScenario('r2B')?.name).toBe('R2b')
    expect(findScenario('errors-1pct')?.name).toBe('R1')
    expect(findScenario('HEALTHY')?.name).toBe('H1')
    expect(findScenario('toString')).toBeUndefined()
  })

  test('have ids and aliases that no two share', () => {
    const all = Object.values(SCENARIOS)
    expect(new Set(all.flatMap(({ name, alias }) => [name.toLowerCase(), alias])).size).toBe(2 * all.length)
    expect(all.every(({ alias }) => /^[a-z0-9.-]+$/.test(alias))).toBe(true)
  })
})
