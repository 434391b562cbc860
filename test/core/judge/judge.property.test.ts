import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LATTICE } from '../../../lib/core/judge/verdict.ts'
import type { Kpi } from '../../../lib/core/service.ts'
import { latency, MINUTE, T0 } from '../../support/builders.ts'
import { runs } from '../../support/runs.ts'
import { exact, lookAt, looks, type Minutes, manifestOf, steady, type Trial } from './looks.ts'

const minute = fc
  .integer({ min: 0, max: 400 })
  .chain((total) =>
    fc.tuple(
      fc.oneof(
        { weight: 6, arbitrary: fc.constant(0) },
        { weight: 3, arbitrary: fc.integer({ min: 0, max: Math.min(3, total) }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: total }) },
      ),
      fc.constant(total),
    ),
  )
const minutes = fc.array(fc.oneof({ weight: 12, arbitrary: minute }, { weight: 1, arbitrary: fc.constant(null) }), {
  minLength: 1,
  maxLength: 75,
})
const kpi: fc.Arbitrary<Kpi> = fc.constantFrom<Kpi>(
  exact({ minRequests: 500 }),
  exact({ limitRatio: 0.02, minRequests: null }),
  exact({ lagMs: 3 * MINUTE, minRequests: 500 }),
  latency({ lagMs: 0, minRequests: null }),
)

const trial: fc.Arbitrary<Trial> = fc
  .record({
    canary: minutes,
    baseline: minutes,
    history: fc.constantFrom<Minutes>([], steady(60, 1, 2500)),
    kpi,
    warmUpMs: fc.constantFrom(0, 5 * MINUTE),
    bakeMs: fc.constantFrom(10 * MINUTE, 40 * MINUTE),
    onRelative: fc.constantFrom<'hold' | 'abort' | 'ignore'>('hold', 'abort', 'ignore'),
    requireEvidence: fc.boolean(),
  })
  .map(({ kpi, warmUpMs, onRelative, requireEvidence, ...rest }) => ({
    ...rest,
    manifest: manifestOf([kpi], { warmUpMs, onRelative, requireEvidence }),
  }))

/** How bad a verdict is. */
function rank(trial: Trial): readonly number[] {
  return looks(trial).map(({ verdict }) => LATTICE.indexOf(verdict.kind))
}

describe('always', () => {
  test('one more request of the canary that fails improves no verdict of any look', () => {
    fc.assert(
      fc.property(trial, fc.nat(), (given, place) => {
        const at = place % given.canary.length
        const pair = given.canary[at]
        fc.pre(pair !== null && pair !== undefined && pair[0] < pair[1])
        const canary = given.canary.map((one, index) =>
          index === at && one !== null ? [one[0] + 1, one[1]] : one,
        ) as Minutes
        const worse = rank({ ...given, canary })
        for (const [look, before] of rank(given).entries()) expect(worse[look]).toBeGreaterThanOrEqual(before)
      }),
      runs(80),
    )
  })

  test('silence never passes and never fails', () => {
    const silent: fc.Arbitrary<Minutes> = fc.array(fc.constantFrom(null, [0, 0] as const), {
      minLength: 1,
      maxLength: 90,
    })
    fc.assert(
      fc.property(trial, silent, (given, canary) => {
        for (const { verdict } of looks({ ...given, canary })) expect(['pass', 'fail']).not.toContain(verdict.kind)
      }),
      runs(60),
    )
  })

  test('an empty minute is no evidence: E-values stay, but for the prior that is spent', () => {
    fc.assert(
      fc.property(trial, (given) => {
        fc.pre(given.manifest.analysis.kpis[0]?.lagMs === 0)
        const before = looks(given).at(-1)
        const after = lookAt(
          { ...given, canary: [...given.canary, [0, 0]] },
          T0 + (given.canary.length + 1) * MINUTE,
          before?.state ?? null,
        )
        const [old, now] = [before, after].map(
          (look) => look?.state.kpis[given.manifest.analysis.kpis[0]?.name ?? '']?.sequence,
        )
        if (old === undefined || now === undefined) throw new Error('nothing was judged')
        expect(now.minutes).toBe(old.minutes + 1)
        const total = (sums: readonly number[]) => sums.reduce((sum, one) => sum + one, 0)
        const spent = (process: { sums: readonly number[]; seen: number }) => total(process.sums) / process.sums.length
        const fresh = spent(now.minute) - spent(old.minute)
        const noise = 1e-9 * (1 + spent(old.minute))
        expect(fresh).toBeGreaterThanOrEqual(-noise)
        expect(fresh).toBeLessThanOrEqual(0.5 + noise)
      }),
      runs(60),
    )
  })

  test('how often one looks changes nothing about what was absorbed', () => {
    fc.assert(
      fc.property(trial, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 10 }), (given, steps) => {
        const often = looks(given).at(-1)
        let state = null
        let now = 0
        for (const step of steps) {
          now = Math.min(now + step, given.canary.length)
          state = lookAt(given, T0 + now * MINUTE, state).state
        }
        const rarely = lookAt(given, T0 + given.canary.length * MINUTE, state)
        for (const { name } of given.manifest.analysis.kpis) {
          expect(rarely.state.kpis[name]?.sequence).toEqual(often?.state.kpis[name]?.sequence)
          expect(rarely.state.kpis[name]?.step).toEqual(often?.state.kpis[name]?.step)
        }
      }),
      runs(60),
    )
  })

  test('the baseline’s luck decides no pass: a canary over its limit does not pass beside a worse one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.integer({ min: 0, max: 3 }), (bad, baseline) => {
        const given = { manifest: manifestOf(), canary: steady(70, bad, 300), baseline: steady(70, baseline, 2700) }
        for (const { verdict } of looks(given)) expect(verdict.kind).not.toBe('pass')
      }),
      { numRuns: 30 },
    )
  })

  test('twelve KPIs’ state stays under 32 KiB, and does not grow between the first hour and the last', () => {
    const kpis = Array.from({ length: 12 }, (_, index) => exact({ name: `errors-${index}-with-a-long-name-x` }))
    const day = 2880
    const canary = Array.from({ length: day }, (_, index) => [index % 7 === 0 ? 3 : index % 3, 29_531 + index] as const)
    const baseline = Array.from({ length: day }, (_, index) => [17 + ((index * 7919) % 41), 265_779 + index] as const)
    const given: Trial = {
      manifest: manifestOf(kpis),
      canary,
      baseline,
      history: steady(1440, 25, 260_000),
      bakeMs: day * MINUTE,
    }
    let state = lookAt(given, T0 + MINUTE, null).state
    const sizes: number[] = []
    for (let now = 60; now <= day; now += 60) {
      const short = { ...given, canary: canary.slice(0, now), baseline: baseline.slice(0, now) }
      state = lookAt(short, T0 + now * MINUTE, state).state
      sizes.push(JSON.stringify(state).length)
    }
    expect(Math.max(...sizes)).toBeLessThan(32 * 1024)
    expect(sizes.at(-1) ?? 0).toBeLessThan((sizes[3] ?? 0) * 1.1)
  })
})
