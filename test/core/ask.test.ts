import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ask, bakeEnds, steadySince } from '../../lib/core/ask.ts'
import type { PauseReason } from '../../lib/core/rollout.ts'
import {
  aManifest,
  anAnalysis,
  aRollout,
  CANARY,
  errors,
  finished,
  HOUR,
  latency,
  MINUTE,
  PREPARING,
  PROVISIONING,
  paused,
  progressing,
  rollingBack,
  T0,
} from '../support/builders.ts'

/** Two KPIs whose sources lag differently, and a first step of `bakeMs`. */
function twoLags(bakeMs: number) {
  const kpis = [latency({ lagMs: 2 * MINUTE }), errors({ lagMs: 0 })]
  const stages = [
    { weight: 10, bakeMs, gate: false },
    { weight: 100, bakeMs: 0, gate: false },
  ]
  return aRollout(progressing(0), { manifest: aManifest({ stages, analysis: anAnalysis({ kpis }) }) })
}

describe('ask', () => {
  test('the fast check looks at the last window, as far as the source has it', () => {
    const [fast, ...others] = ask(aRollout(), T0 + 30 * MINUTE)
    expect(others).toEqual([])
    expect(fast).toMatchObject({
      id: 'production/pricing-2/p95/fast',
      window: 'fast',
      revision: CANARY,
      from: T0 + 23 * MINUTE,
      to: T0 + 28 * MINUTE,
    })
  })

  test('a window never reaches back before the step was steady', () => {
    expect(ask(aRollout(), T0 + 4 * MINUTE)[0]).toMatchObject({ from: T0, to: T0 + 2 * MINUTE })
  })

  test('nothing is asked before the source can know anything of this step', () => {
    expect(ask(aRollout(), T0 + 2 * MINUTE)).toEqual([])
    expect(ask(aRollout(), T0 + 2 * MINUTE + 1)).toHaveLength(1)
  })

  test('nothing is asked when the clock went back behind the step', () => {
    expect(ask(aRollout(), T0 - HOUR)).toEqual([])
  })

  test('the whole step is asked about once its bake is over and the source has caught up', () => {
    const before = ask(aRollout(), T0 + HOUR + 2 * MINUTE - 1)
    expect(before.map((query) => query.window)).toEqual(['fast'])
    const after = ask(aRollout(), T0 + HOUR + 2 * MINUTE)
    expect(after.map((query) => query.window)).toEqual(['fast', 'full'])
    expect(after[1]).toMatchObject({ from: T0, to: T0 + HOUR })
  })

  test('the slowest source decides when the whole step can be read', () => {
    expect(bakeEnds(twoLags(HOUR))).toBe(T0 + HOUR + 2 * MINUTE)
    expect(ask(twoLags(HOUR), T0 + HOUR).map((query) => query.window)).toEqual(['fast', 'fast'])
  })

  test('the whole step is asked about for every KPI or for none', () => {
    const atTheEnd = ask(twoLags(0), T0 + 2 * MINUTE)
    expect(atTheEnd.filter((query) => query.window === 'full')).toEqual([])
    const after = ask(twoLags(0), T0 + 2 * MINUTE + 1)
    expect(after.filter((query) => query.window === 'full').map((query) => query.kpi.name)).toEqual(['p95', 'errors'])
  })

  test('every query has an id of its own', () => {
    const ids = ask(twoLags(HOUR), T0 + 3 * HOUR).map((query) => query.id)
    expect(new Set(ids).size).toBe(4)
  })

  for (const phase of [
    PREPARING,
    PROVISIONING,
    progressing(0, null),
    paused('operator', { from: 'provisioning', stage: -1, steadyAt: null }),
    paused('foreign-edit'),
    paused('fault'),
    rollingBack(),
    finished('promoted'),
  ]) {
    const why = phase.kind === 'paused' ? ` (${phase.why})` : ''
    test(`nothing is asked while ${phase.kind}${why}${'steadyAt' in phase && phase.steadyAt === null ? ', not steady' : ''}`, () => {
      expect(ask(aRollout(phase), T0 + 9 * HOUR)).toEqual([])
      expect(bakeEnds(aRollout(phase))).toBe(Number.POSITIVE_INFINITY)
    })
  }

  for (const why of ['gate', 'operator', 'inconclusive'] as const satisfies readonly PauseReason[]) {
    test(`a canary that holds its weight while paused (${why}) is still measured`, () => {
      expect(steadySince(paused(why))).toBe(T0)
      expect(ask(aRollout(paused(why)), T0 + 30 * MINUTE)).toHaveLength(1)
    })
  }

  test('nothing is asked while the stable revision is unknown', () => {
    expect(ask(aRollout(progressing(0), { stable: null }), T0 + HOUR)).toEqual([])
  })

  test('every window lies inside the step and ends no later than its source can tell', () => {
    fc.assert(
      fc.property(fc.integer({ min: -HOUR, max: 9 * HOUR }), fc.integer({ min: 0, max: 2 * HOUR }), (later, bakeMs) => {
        const now = T0 + later
        for (const query of ask(twoLags(bakeMs), now)) {
          expect(query.from).toBeGreaterThanOrEqual(T0)
          expect(query.to).toBeGreaterThan(query.from)
          expect(query.to).toBeLessThanOrEqual(now - query.kpi.lagMs)
          if (query.window === 'full') expect(query.to - query.from).toBeGreaterThanOrEqual(bakeMs)
        }
      }),
    )
  })
})
