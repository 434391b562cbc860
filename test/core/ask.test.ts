import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ask, bakeEnds, judgedSince, steadySince } from '../../lib/core/ask.ts'
import type { JudgeState } from '../../lib/core/judge/state.ts'
import { HISTORY_BUCKETS, REREAD_BUCKETS, startKpi } from '../../lib/core/judge/take-in.ts'
import type { PauseReason, Rollout } from '../../lib/core/rollout.ts'
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
  SECOND,
  STABLE,
  T0,
} from '../support/builders.ts'

/** Two KPIs whose sources lag differently, and a first step of `bakeMs`. */
function twoLags(bakeMs: number): Rollout {
  const kpis = [latency({ lagMs: 2 * MINUTE }), errors({ lagMs: 0 })]
  const stages = [
    { weight: 10, bakeMs, gate: false },
    { weight: 100, bakeMs: 0, gate: false },
  ]
  return aRollout(progressing(0), { manifest: aManifest({ stages, analysis: anAnalysis({ kpis }) }) })
}

/** What the judge remembers once every KPI of `rollout` was judged up to `next`; `from` is where it began. */
function remembered(rollout: Rollout, next: number, from = T0): JudgeState {
  const { manifest, id } = rollout
  const states = manifest.analysis.kpis.map((kpi) => {
    const state = startKpi({ kpi, manifest, from, since: from, stepSince: null }, null)
    return [kpi.name, { ...state, next, history: { phi: 1, buckets: 1440, busy: 1440, total: 1440 } }] as const
  })
  return { schema: 1, rollout: id, since: from, from, kpis: Object.fromEntries(states) }
}

describe('ask', () => {
  test('both revisions are asked about, each under an id of its own, with all that a source must know', () => {
    const place = { region: 'westeurope', hosts: { [CANARY]: 'canary.example.net', [STABLE]: 'stable.example.net' } }
    const [canary, baseline, ...others] = ask(aRollout(progressing(0), { place }), null, T0 + 30 * MINUTE)
    expect(others).toEqual([])
    const both = {
      environment: 'production',
      target: aManifest().target,
      region: 'westeurope',
      kpi: latency(),
      bucketMs: MINUTE,
    }
    expect(canary).toEqual({
      ...both,
      id: 'production/pricing-2/p95/canary',
      arm: 'canary',
      revision: CANARY,
      host: 'canary.example.net',
      from: T0,
      to: T0 + 31 * MINUTE,
    })
    expect(baseline).toMatchObject({
      ...both,
      id: 'production/pricing-2/p95/baseline',
      arm: 'baseline',
      revision: STABLE,
      host: 'stable.example.net',
    })
  })

  test('region and host are null where nobody has seen them yet', () => {
    expect(ask(aRollout(), null, T0)[0]).toMatchObject({ region: null, host: null })
  })

  test('every query has an id of its own', () => {
    const ids = ask(twoLags(HOUR), null, T0 + 3 * HOUR).map((query) => query.id)
    expect(new Set(ids).size).toBe(4)
  })

  test('the first time the stable revision’s last 24 hours come along, the canary’s do not', () => {
    const [canary, baseline] = ask(aRollout(), null, T0 + 30 * MINUTE)
    expect(canary?.from).toBe(T0)
    expect(baseline?.from).toBe(T0 - HISTORY_BUCKETS * MINUTE)
    expect(HISTORY_BUCKETS * MINUTE).toBe(24 * HOUR)
  })

  test('later only what was not judged yet is asked for, and the newest buckets once more', () => {
    const rollout = aRollout()
    const now = T0 + 30 * MINUTE
    const reread = now + MINUTE - REREAD_BUCKETS * MINUTE
    for (const query of ask(rollout, remembered(rollout, now - 3 * MINUTE), now)) {
      expect([query.from, query.to]).toEqual([reread, now + MINUTE])
    }
    for (const query of ask(rollout, remembered(rollout, T0 + 5 * MINUTE), now))
      expect(query.from).toBe(T0 + 5 * MINUTE)
  })

  test('what was missed in days of silence is caught up with day by day', () => {
    const rollout = aRollout()
    for (const query of ask(rollout, remembered(rollout, T0), T0 + 72 * HOUR)) {
      expect([query.from, query.to]).toEqual([T0, T0 + 24 * HOUR])
    }
  })

  test('the bucket that is running is asked for, since bad events in it only become more', () => {
    expect(ask(aRollout(), null, T0 + 30 * MINUTE + 20 * SECOND)[0]?.to).toBe(T0 + 31 * MINUTE)
  })

  test('a weight that became real within a bucket is asked about from that bucket’s start', () => {
    expect(ask(aRollout(progressing(0, T0 + 20 * SECOND)), null, T0 + 30 * MINUTE)[0]?.from).toBe(T0)
  })

  test('buckets are as long as the manifest says', () => {
    const rollout = aRollout(progressing(0), { manifest: aManifest({ analysis: anAnalysis({ bucketMs: SECOND }) }) })
    const [canary, baseline] = ask(rollout, null, T0 + 30 * SECOND)
    expect(canary).toMatchObject({ bucketMs: SECOND, to: T0 + 31 * SECOND })
    expect(baseline?.from).toBe(T0 - HISTORY_BUCKETS * SECOND)
  })

  describe('at 100 %', () => {
    const stages = [{ weight: 100, bakeMs: HOUR, gate: false }]
    const at = (steadyAt: number | null) =>
      aRollout(progressing(0, steadyAt), { manifest: aManifest({ stages }), footprint: null })
    const arms = (rollout: Rollout, judge: JudgeState | null) =>
      ask(rollout, judge, T0 + 30 * MINUTE).map((query) => query.arm)

    test('there is no baseline to ask about once all before it was judged', () => {
      expect(arms(at(T0), remembered(at(T0), T0 + MINUTE))).toEqual(['canary'])
    })
    test('the first look asks for the baseline’s history all the same', () => {
      expect(arms(at(T0), null)).toEqual(['canary', 'baseline'])
    })
    test('the baseline is still asked for buckets of the step before', () => {
      expect(arms(at(T0), remembered(at(T0), T0 - MINUTE, T0 - HOUR))).toEqual(['canary', 'baseline'])
    })
    test('and while the weight is on its way', () => {
      expect(arms(at(null), remembered(at(null), T0 + MINUTE, T0 - HOUR))).toEqual(['canary', 'baseline'])
    })
  })

  for (const phase of [
    PREPARING,
    PROVISIONING,
    progressing(0, null),
    paused('operator', { from: 'provisioning', stage: -1, steadyAt: null }),
    paused('foreign-edit'),
    rollingBack(),
    finished('promoted'),
  ]) {
    const why = phase.kind === 'paused' ? ` (${phase.why})` : ''
    test(`nothing is asked while ${phase.kind}${why}${'steadyAt' in phase && phase.steadyAt === null ? ', not steady' : ''}`, () => {
      expect(ask(aRollout(phase), null, T0 + 9 * HOUR)).toEqual([])
      expect(bakeEnds(aRollout(phase))).toBe(Number.POSITIVE_INFINITY)
    })
  }

  for (const why of ['gate', 'operator', 'inconclusive', 'fault'] as const satisfies readonly PauseReason[]) {
    test(`a canary that holds its weight while paused (${why}) is still measured`, () => {
      expect(steadySince(paused(why))).toBe(T0)
      expect(ask(aRollout(paused(why)), null, T0 + 30 * MINUTE)).toHaveLength(2)
    })
  }

  test('what was judged before goes on while the next weight is on its way', () => {
    const rollout = aRollout(progressing(1, null), { footprint: null })
    expect(judgedSince(rollout, null)).toBeNull()
    expect(judgedSince(rollout, remembered(rollout, T0 + HOUR))).toBe(T0)
    expect(ask(rollout, remembered(rollout, T0 + HOUR), T0 + HOUR)).toHaveLength(2)
  })

  test('nothing is asked while foreign hands hold the rollout, whatever was judged before', () => {
    const rollout = aRollout(paused('foreign-edit'))
    expect(ask(rollout, remembered(rollout, T0 + HOUR), T0 + HOUR)).toEqual([])
  })

  test('nothing is asked while the stable revision is unknown', () => {
    expect(ask(aRollout(progressing(0), { stable: null }), null, T0 + HOUR)).toEqual([])
  })

  test('every query is whole buckets, from what was not judged yet, of a day at most and a day of history', () => {
    const lengths = fc.constantFrom(SECOND, 7 * SECOND, MINUTE, 5 * MINUTE)
    fc.assert(
      fc.property(lengths, fc.nat(90 * HOUR), fc.option(fc.nat(HOUR)), (bucketMs, later, judged) => {
        const rollout = aRollout(progressing(0), { manifest: aManifest({ analysis: anAnalysis({ bucketMs }) }) })
        const whole = (at: number) => Math.floor(at / bucketMs) * bucketMs
        const next = whole(T0 + (judged ?? 0))
        const now = T0 + later
        const end = whole(now) + bucketMs
        for (const query of ask(rollout, judged === null ? null : remembered(rollout, next, whole(T0)), now)) {
          expect([query.from % bucketMs, query.to % bucketMs]).toEqual([0, 0])
          expect(query.from).toBeLessThanOrEqual(next)
          expect(query.from).toBeLessThan(query.to)
          expect(query.to).toBeLessThanOrEqual(end)
          expect(query.to).toBeGreaterThan(Math.min(next, now))
          expect(query.to - query.from).toBeLessThanOrEqual(2 * HISTORY_BUCKETS * bucketMs)
        }
      }),
    )
  })
})

describe('bakeEnds', () => {
  test('is when the slowest source can tell all of the step', () => {
    expect(bakeEnds(twoLags(HOUR))).toBe(T0 + HOUR + 2 * MINUTE)
  })
  test('counts from when the weight was seen', () => {
    expect(bakeEnds(aRollout(progressing(0, T0 + 7 * MINUTE)))).toBe(T0 + 7 * MINUTE + HOUR + 2 * MINUTE)
  })
  test('takes a step that the plan does not have as one without a bake', () => {
    expect(bakeEnds(aRollout(progressing(9), { footprint: null }))).toBe(T0 + 2 * MINUTE)
  })
})
