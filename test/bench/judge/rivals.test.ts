import { describe, expect, test } from 'vitest'
import { type Count, type Counts, countIn, countsOf, LIMITS } from '../../../bench/judge/counts.ts'
import { argoAborts } from '../../../bench/judge/rivals/argo.ts'
import { burnRateAborts } from '../../../bench/judge/rivals/burn-rate.ts'
import { cloudRunAborts, diagnose } from '../../../bench/judge/rivals/cloud-run.ts'
import { flaggerAborts } from '../../../bench/judge/rivals/flagger.ts'
import { kayentaAborts } from '../../../bench/judge/rivals/kayenta.ts'
import { RIVALS } from '../../../bench/judge/rivals/rivals.ts'
import { zOf, zPeekAborts } from '../../../bench/judge/rivals/z-peek.ts'
import type { Stream } from '../../../sim/streams/generate.ts'
import { outage } from '../../../sim/streams/grid.ts'
import { HEALTHY } from '../../../sim/streams/shape.ts'

const GOOD: Count = { total: 300, errors: 0, slow: 0 }
const BAD: Count = { total: 300, errors: 1, slow: 0 }
const SLOW: Count = { total: 300, errors: 0, slow: 16 }
const EMPTY: Count = { total: 0, errors: 0, slow: 0 }

const times = (count: number, minute: Count): readonly Count[] => Array<Count>(count).fill(minute)

function armOf(minutes: readonly Count[]): Stream['canary'] {
  return {
    total: Int32Array.from(minutes, ({ total }) => total),
    errors: Int32Array.from(minutes, ({ errors }) => errors),
    slow: Int32Array.from(minutes, ({ slow }) => slow),
    p95: Float64Array.from(minutes, () => 150),
  }
}

function soak(...canary: readonly Count[]): Counts {
  return countsOf({ canary: armOf(canary), baseline: armOf(canary.map(() => ({ ...GOOD, total: 2700 }))) })
}

describe('running sums', () => {
  test('answer for any window, and for a shorter one in a young soak', () => {
    const { canary } = soak(GOOD, BAD, SLOW, BAD)
    expect(countIn(canary, 3, 2)).toEqual({ total: 600, errors: 1, slow: 16 })
    expect(countIn(canary, 2, 60)).toEqual({ total: 600, errors: 1, slow: 0 })
    expect(countIn(canary, 4, 1)).toEqual(BAD)
  })
})

describe('Argo Rollouts', () => {
  const each = { interval: 1, window: 1, delay: 0, failureLimit: 3, limits: LIMITS }

  test('aborts at the failure after its limit, however many successes lie between', () => {
    expect(argoAborts(each, soak(BAD, ...times(50, GOOD), BAD, ...times(50, GOOD), BAD, GOOD, BAD))).toBe(104)
    expect(argoAborts(each, soak(BAD, BAD, BAD, ...times(50, GOOD)))).toBe(-1)
  })

  test('aborts at the first failure by default', () => {
    expect(argoAborts({ ...each, failureLimit: 0 }, soak(GOOD, GOOD, BAD))).toBe(2)
  })

  test('counts each metric by itself', () => {
    expect(argoAborts(each, soak(BAD, SLOW, BAD, SLOW, BAD, SLOW))).toBe(-1)
    expect(argoAborts(each, soak(BAD, SLOW, BAD, SLOW, BAD, SLOW, GOOD, SLOW))).toBe(7)
  })

  test('passes what is exactly at the limit', () => {
    const atLimit = { total: 1000, errors: 1, slow: 50 }
    expect(argoAborts({ ...each, failureLimit: 0 }, soak(...times(20, atLimit)))).toBe(-1)
  })

  test('aborts when it cannot measure, as it tries again every ten seconds', () => {
    expect(argoAborts(each, soak(GOOD, GOOD, EMPTY, GOOD))).toBe(2)
    expect(argoAborts({ ...each, window: 5 }, soak(GOOD, GOOD, ...times(4, EMPTY), GOOD))).toBe(-1)
  })

  test('looks first after its delay, then at each interval, at its window', () => {
    const tuned = { interval: 5, window: 10, delay: 10, failureLimit: 0, limits: LIMITS }
    expect(argoAborts(tuned, soak(BAD, ...times(20, GOOD)))).toBe(-1)
    expect(argoAborts(tuned, soak(...times(3, { ...BAD, errors: 2 }), ...times(20, GOOD)))).toBe(9)
    expect(argoAborts(tuned, soak(...times(11, GOOD), { ...BAD, errors: 9 }, ...times(9, GOOD)))).toBe(14)
  })
})

describe('Flagger', () => {
  const each = { interval: 1, window: 1, delay: 0, threshold: 5, limits: LIMITS }

  test('never forgets a failed check, and takes errors, slowness and silence for the same', () => {
    const spread = [BAD, SLOW, EMPTY, BAD, SLOW].flatMap((minute) => [minute, ...times(100, GOOD)])
    expect(flaggerAborts(each, soak(...spread))).toBe(404)
    expect(flaggerAborts(each, soak(...spread.slice(0, 404), ...times(2000, GOOD)))).toBe(-1)
  })

  test('looks at its interval only', () => {
    const minutes = Array.from({ length: 60 }, (_, minute) => (minute % 5 === 4 ? BAD : GOOD))
    expect(flaggerAborts({ ...each, interval: 5 }, soak(...minutes))).toBe(24)
    expect(flaggerAborts({ ...each, interval: 5 }, soak(GOOD, ...minutes))).toBe(-1)
  })
})

describe('Cloud Run Release Manager', () => {
  test('is inconclusive below 100 requests, unless they are bad already', () => {
    expect(diagnose({ total: 99, errors: 0, slow: 4 })).toBe('inconclusive')
    expect(diagnose({ total: 100, errors: 0, slow: 5 })).toBe('healthy')
    expect(diagnose({ total: 99, errors: 1, slow: 0 })).toBe('unhealthy')
    expect(diagnose({ total: 100, errors: 0, slow: 6 })).toBe('unhealthy')
    expect(diagnose(EMPTY)).toBe('inconclusive')
  })

  test('looks first after two minutes, and forgets what is older than 30', () => {
    expect(cloudRunAborts(soak(BAD, GOOD, GOOD))).toBe(1)
    expect(cloudRunAborts(soak(...times(30, GOOD), ...times(60, { ...GOOD, total: 30, errors: 0 })))).toBe(-1)
    expect(cloudRunAborts(soak(...times(40, GOOD), { ...BAD, errors: 9 }, GOOD))).toBe(-1)
    expect(cloudRunAborts(soak(...times(40, GOOD), { ...BAD, errors: 10 }, GOOD))).toBe(40)
  })
})

describe('burn rates', () => {
  test('page at more than 14.4 times over an hour and five minutes', () => {
    // 60 minutes of 300 requests: 260 errors are 14.44 times, 259 are 14.39 times the allowed share.
    const outage = (errors: number) => soak(...times(360, GOOD), { ...BAD, errors }, ...times(4, GOOD))
    expect(burnRateAborts(outage(260))).toBe(360)
    expect(burnRateAborts(outage(259))).toBe(-1)
  })

  test('page at more than 6 times over six hours and thirty minutes', () => {
    const slow = (errors: number) => soak(...times(720, GOOD), ...times(360, { ...BAD, errors }))
    expect(burnRateAborts(slow(1))).toBe(-1)
    // At 10 times the rate the six hours are full enough after 217 minutes: 217/360 × 10 > 6.
    expect(burnRateAborts(slow(3))).toBe(720 + 216)
  })
})

describe('the z-test that is looked at all the time', () => {
  test('has the value of the textbook', () => {
    expect(zOf(15, 100, 10, 200)).toBeCloseTo(0.1 / Math.sqrt((1 / 12) * (11 / 12) * 0.015), 12)
    expect(zOf(0, 100, 0, 200)).toBe(0)
  })

  test('begins after thirty minutes and calls only what is worse', () => {
    expect(zPeekAborts(soak(...times(60, { ...BAD, errors: 3 })))).toBe(30)
    expect(zPeekAborts(soak(...times(60, GOOD)))).toBe(-1)
  })
})

describe('Kayenta', () => {
  const minutes = (count: number, total: number, errors: (minute: number) => number) =>
    armOf(Array.from({ length: count }, (_, minute) => ({ total, errors: errors(minute), slow: 0 })))

  function stream(length: number, canaryErrors: (minute: number) => number, coldMinutes = 0): Stream {
    return {
      scenario: { ...outage(0, 0, length), shape: { ...HEALTHY, coldMinutes } },
      seed: 1,
      canary: minutes(length, 300, canaryErrors),
      baseline: minutes(length, 2700, (minute) => minute % 3),
      missing: new Uint8Array(length),
      history: minutes(1440, 3000, () => 1),
    }
  }
  const calm = (length: number) => ({
    canary: Float64Array.from({ length }, (_, minute) => 150 + (minute % 7)),
    baseline: Float64Array.from({ length }, (_, minute) => 150 + ((minute + 3) % 7)),
  })

  test('judges every hour, and ten minutes later where the canary starts cold', () => {
    const broken = (minute: number) => 3 + (minute % 5)
    expect(kayentaAborts('growing', stream(180, broken), calm(180))).toBe(59)
    expect(kayentaAborts('growing', stream(180, broken, 5), calm(180))).toBe(69)
    expect(
      kayentaAborts(
        'sliding',
        stream(180, () => 0),
        calm(180),
      ),
    ).toBe(-1)
  })

  test('sees a late fault sooner in its last hour than in everything since the start', () => {
    const late = (minute: number) => (minute >= 300 ? 3 + (minute % 5) : 0)
    expect(kayentaAborts('sliding', stream(900, late), calm(900))).toBe(359)
    expect(kayentaAborts('growing', stream(900, late), calm(900))).toBeGreaterThan(359)
  })
})

test('the tuned rivals abort a broken canary exactly when their settings say', () => {
  const broken = soak(...times(60, { ...BAD, errors: 30 }))
  const aborts = Object.entries(RIVALS).map(([name, abort]) => [name, abort(broken) + 1])
  expect(Object.fromEntries(aborts)).toEqual({
    'Argo 5m/fl3': 20,
    'Argo 1m/fl0': 1,
    'Argo tuned': 25,
    'Flagger 1m/5': 5,
    'Flagger tuned': 30,
    'CloudRun RM': 2,
    'SRE burn': 1,
    'z-peek': 31,
    'Argo loose': 13,
    'Flagger loose': 19,
  })
})
