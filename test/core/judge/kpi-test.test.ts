import { describe, expect, test } from 'vitest'
import { allowedBad, extensionOf, leastEvents, testOf } from '../../../lib/core/judge/kpi-test.ts'
import type { Kpi } from '../../../lib/core/service.ts'
import { aManifest, anAnalysis, errors, HOUR, latency, MINUTE } from '../../support/builders.ts'

const GAUGE: Kpi = {
  name: 'depth',
  role: 'required',
  source: { kind: 'http', url: 'https://figures.example.com/depth', secret: null },
  lagMs: 0,
  minRequests: null,
  kind: 'gauge',
  limit: 100,
  wanted: 'below',
}
const UPTIME: Kpi = {
  name: 'uptime',
  role: 'guard',
  source: { kind: 'probe', path: '/', count: 6, timeoutMs: 2000 },
  lagMs: 0,
  minRequests: null,
  kind: 'uptime',
  limitRatio: 0.001,
}
const RATIO: Kpi = { ...UPTIME, name: 'checkout', kind: 'ratio', limitRatio: 0.02 }

describe('the share that may be bad', () => {
  test.each<[string, Kpi, number]>([
    ['is what a percentile leaves over', latency({ percentile: 95 }), 0.05],
    ['is exact where floating point is not', latency({ percentile: 90 }), 0.1],
    ['is exact for 99.9', latency({ percentile: 99.9 }), 0.001],
    ['is an error rate’s limit', errors({ limitRatio: 0.001 }), 0.001],
    ['is what an uptime target leaves over', UPTIME, 0.001],
    ['is a ratio’s limit', RATIO, 0.02],
    ['is a fifth of a gauge’s buckets', GAUGE, 0.2],
  ])('%s', (_, kpi, share) => expect(allowedBad(kpi)).toBe(share))
})

describe('events that a pass needs', () => {
  test.each<[string, Kpi, number]>([
    ['are three for every part that may be bad', errors({ limitRatio: 0.001, minRequests: null }), 3000],
    ['are sixty for a p95', latency({ minRequests: null }), 60],
    ['are what the manifest says', latency({ minRequests: 7 }), 7],
    ['are one bucket of a gauge', GAUGE, 1],
  ])('%s', (_, kpi, events) => expect(leastEvents(kpi)).toBe(events))
})

describe('a test', () => {
  const manifest = aManifest({
    stages: [
      { weight: 10, bakeMs: 48 * HOUR, gate: false },
      { weight: 50, bakeMs: 24 * HOUR, gate: false },
      { weight: 100, bakeMs: 0, gate: false },
    ],
    analysis: anAnalysis({
      kpis: [errors({ limitRatio: 0.001 }), latency()],
      warmUpMs: 5 * MINUTE,
      onInconclusive: { afterMs: null, then: 'wait' },
    }),
  })

  test('shares one percent of false aborts among all tests of a rollout', () => {
    const { alpha, alphaWarm } = testOf(errors({ limitRatio: 0.001 }), manifest, 1)
    expect(alpha).toBeCloseTo(0.002, 12)
    expect(alphaWarm).toBeCloseTo(0.001, 12)
    expect(2 * (2 * alpha + alphaWarm)).toBeCloseTo(0.01, 12)
  })

  test('has its horizon at the end of the plan and of its longest extension', () => {
    expect(testOf(latency(), manifest, 1)).toMatchObject({ horizon: 2880 + 1440 + 2880 + 5, warm: 5 })
  })

  test('has at least an hour of horizon, also in short buckets', () => {
    const short = aManifest({
      stages: [{ weight: 100, bakeMs: 0, gate: false }],
      analysis: anAnalysis({ warmUpMs: 0, onInconclusive: { afterMs: 1000, then: 'wait' } }),
    })
    expect(testOf(latency(), short, 1).horizon).toBe(60)
  })

  test.each<[string, Kpi, number, number, number]>([
    ['rare errors against multiples of hundreds, after a warm-up of 2 %', errors({ limitRatio: 0.001 }), 0.02, 8, 6],
    ['common bad events against multiples up to 19, after a warm-up of a half', latency(), 0.5, 7, 6],
    ['a gauge against shares of bad buckets, and never against the baseline', GAUGE, 0.5, 5, 0],
    ['a median, whose warm-up can be no looser than its limit', latency({ percentile: 40 }), 0.6, 7, 6],
  ])('tests %s', (_, kpi, warmLimit, absolute, relative) => {
    const { ratios, ...rest } = testOf(kpi, manifest, 1.5)
    expect(rest).toMatchObject({ warmLimit, phi: 1.5 })
    expect([ratios.absolute.length, ratios.relative.length]).toEqual([absolute, relative])
  })

  test('of a rollout whose KPIs are all advisory still has a budget', () => {
    const shown = aManifest({ analysis: anAnalysis({ kpis: [latency({ role: 'advisory' })] }) })
    expect(testOf(latency(), shown, 1).alpha).toBeCloseTo(0.004, 12)
  })
})

describe('a step may stay unclear', () => {
  test.each<[string, number | null, number, number]>([
    ['as long as the manifest says', 2 * HOUR, 48 * HOUR, 2 * HOUR],
    ['as long as it bakes where the manifest says nothing', null, 48 * HOUR, 48 * HOUR],
    ['for an hour at the least', null, MINUTE, HOUR],
  ])('%s', (_, afterMs, bakeMs, extension) => {
    const manifest = aManifest({
      stages: [{ weight: 10, bakeMs, gate: false }],
      analysis: anAnalysis({ onInconclusive: { afterMs, then: 'wait' } }),
    })
    expect(extensionOf(manifest, 0)).toBe(extension)
  })
})
