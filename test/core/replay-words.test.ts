import { expect, test } from 'vitest'
import { feedOf, lastOf } from '../../lib/core/replay/feed.ts'
import { replay } from '../../lib/core/replay/replay.ts'
import { allWell, freshRollout } from '../../lib/core/replay/stand-in.ts'
import { incomparable, withUnfinished } from '../../lib/core/replay/stored.ts'
import { kpiVerdict } from '../../lib/core/replay/timeline.ts'
import { aManifest, aRevision, digestOf, HOUR, MINUTE, someEvidence, T0 } from '../support/builders.ts'
import { aPlan, arm, type Count, ERRORS_ONLY, errorSeries, times, walk } from './replay-scene.ts'

const STEPS = '[ { setWeight: 10 }, { bake: 1h }, { setWeight: 100 } ]'
const kpis = (...all: readonly string[]) => aPlan(STEPS, `{ kpis: [ ${all.join(', ')} ] }`)
const ERRORS = '{ name: errors, errorRate: { limit: 1% }, source: azure-logs }'
const TEAPOTS = '{ name: errors, errorRate: { limit: 1%, alsoBad: [418, 429] }, source: azure-logs }'
const P95 = '{ name: p95, latency: { percentile: 95, limit: 200ms }, source: azure-logs }'
const P95_AS_ERRORS = '{ name: errors, latency: { percentile: 95, limit: 200ms }, source: azure-logs }'
const was = kpis(ERRORS, P95)

test.each([
  ['nothing else', was, was, []],
  [
    'another service',
    was,
    { ...was, name: 'basket' },
    [
      'the manifest is of basket in production, but the buckets are of pricing in production; give a manifest of that service',
    ],
  ],
  [
    'another environment',
    was,
    { ...was, environment: 'staging' },
    [
      'the manifest is of pricing in staging, but the buckets are of pricing in production; give a manifest of that service',
    ],
  ],
  [
    'other buckets',
    was,
    { ...was, analysis: { ...was.analysis, bucketMs: 30_000 } },
    ['analysis.bucket is 30s, but the buckets were counted in 60s; write 60s'],
  ],
  [
    'a KPI that is new',
    was,
    kpis(ERRORS, P95.replace('p95', 'p99')),
    ['KPI p99 was not measured then; leave it out (there are buckets of errors, p95)'],
  ],
  [
    'another kind',
    was,
    kpis(P95_AS_ERRORS),
    ['KPI errors has the kind latency, but was counted with error-rate; write error-rate again'],
  ],
  [
    'more that is bad',
    was,
    kpis(TEAPOTS),
    ['KPI errors has alsoBad 418 429, but was counted with none; write none again'],
  ],
  [
    'less that is bad',
    kpis(TEAPOTS),
    was,
    [
      'KPI errors has alsoBad none, but was counted with 418 429; write 418 429 again',
      'KPI p95 was not measured then; leave it out (there are buckets of errors)',
    ],
  ],
])('of a manifest with %s it is said what cannot be judged by the buckets', (_, then, now, words) => {
  expect(incomparable(then, now)).toEqual(words)
})

test('a KPI is told as its evidence says, whatever of it there is', () => {
  const evalues = {
    absolute: 1.5,
    relative: 2.5,
    warmUp: 3.5,
    needed: 40,
    neededWarmUp: 50,
    support: 6.5,
    overDispersion: 1.25,
  }
  const whole = someEvidence('fail', {
    evalues: { ...someEvidence('fail').evalues, ...evalues } as never,
    baseline: { ...someEvidence('fail').baseline, bad: 7, total: 800 } as never,
    passAt: T0 + HOUR,
  })
  const told = kpiVerdict(whole, (at) => (at - T0) / MINUTE, 9)
  expect(told).toMatchObject({ ...evalues, baselineBad: 7, baselineTotal: 800, baselineValue: 9, passAtMinute: 60 })
  const { kpi, role, verdict: kind, because, bad, total, value, limit, unit, interval, missing } = whole
  expect(told).toMatchObject({ kpi, role, kind, because, bad, total, value, limit, unit, interval, missing })
  expect(kpiVerdict({ ...whole, evalues: null, baseline: null, passAt: null }, () => 5, null)).toEqual({
    ...told,
    ...Object.fromEntries(Object.keys(evalues).map((name) => [name, null])),
    baselineBad: null,
    baselineTotal: null,
    baselineValue: null,
    passAtMinute: null,
  })
})

test('a replay sees an app that is well, and whose traffic is as wished', () => {
  const manifest = aManifest()
  const rollout = freshRollout(manifest, T0)
  const push = {
    registry: 'acme.azurecr.io',
    repository: 'team/pricing',
    tag: 'replay',
    digest: digestOf('00'),
    pushedAt: T0,
    eventId: 'replay',
    source: 'replay',
    author: null,
  }
  expect(rollout).toMatchObject({ id: 'pricing-1', push, manifest, canary: 'pricing--r1-00000000', startedAt: T0 })
  const one = (name: string, image: string) => ({ ...aRevision(name), image, fqdn: null, createdAt: 0 })
  expect(allWell(rollout, T0 + 5, 10)).toEqual({
    now: T0 + 5,
    app: {
      kind: 'seen',
      app: {
        target: manifest.target,
        location: 'nowhere',
        mode: 'Multiple',
        stickySessions: false,
        provisioning: 'Succeeded',
        latestRevision: 'pricing--r1-00000000',
        traffic: [
          { revision: 'pricing--stable', weight: 90, label: null },
          { revision: 'pricing--r1-00000000', weight: 10, label: null },
        ],
        revisions: [
          one('pricing--stable', 'stable'),
          one('pricing--r1-00000000', `acme.azurecr.io/team/pricing@${digestOf('00')}`),
        ],
      },
    },
    image: { kind: 'present' },
    restarts: null,
    freeze: null,
  })
})

test('the traffic of what was not final is overstated by the newest ten buckets, and stands where there were none', () => {
  const canary = arm([...times<Count>(10, [0, 1000]), ...times<Count>(10, [0, 100])])
  const series = new Map([['errors', { canary, baseline: new Map() }]])
  const late = [[20 * MINUTE, 3, 50, null, null, null, null]] as const
  const full = withUnfinished(series, { errors: late, others: late }, 0, MINUTE)
  expect(full.get('errors')?.canary.get(20)).toEqual({ bad: 3, total: 120, value: null })
  expect([...(full.get('others')?.canary ?? [])]).toEqual([[20, { bad: 3, total: 50, value: null }]])
  expect(full.get('others')?.baseline.size).toBe(0)
})

test('a feed knows of a baseline where there is one', () => {
  const feed = feedOf(new Map([['errors', { canary: arm([[0, 1]]), baseline: new Map() }]]))
  expect([feed.hasBaseline('errors'), feed.hasBaseline('p95'), feed.last]).toEqual([false, false, 0])
  expect(feedOf(errorSeries([[0, 1]], [], [1, 9])).hasBaseline('errors')).toBe(true)
  expect(lastOf(errorSeries([], [], [1, 9]))).toBe(-1)
})

const GOOD: Count = [1, 300]
const plan = aPlan(STEPS, ERRORS_ONLY)

test('where the data end it is said in which step, and what was said last', () => {
  expect(walk(plan, new Map()).because).toBe('the data end in step 1 of 2, still unseen')
  const short = walk(plan, errorSeries(times(5, GOOD)))
  expect(short.because).toBe(`the data end in step 1 of 2, still inconclusive: ${short.verdicts.at(-1)?.because}`)
  expect(short.verdicts.map(({ kpis }) => kpis[0]?.passAtMinute)).toEqual(times(5, 59))
})

test('where a weight cannot be shown it stands before it, and says why', () => {
  const steps = '[ { setWeight: 10 }, { bake: 5m }, { setWeight: 50 }, { bake: 5m } ]'
  const series = errorSeries(times(90, [1, 3000] as const), times(90, [9, 27_000] as const))
  const feed = {
    ...feedOf(series),
    obstacle: (_: number, weight: number) => (weight === 50 ? 'nobody saw 50 %' : null),
  }
  const told = replay({ manifest: aPlan(steps, ERRORS_ONLY), feed, gates: 'open' })
  expect(told.outcome).toBe('running')
  expect(told.because).toMatch(
    /^nobody saw 50 %; it stands in step 2 of 3, still inconclusive: .*the step’s weight is not real yet$/,
  )
  expect(new Set(told.verdicts.map(({ weight }) => weight))).toEqual(new Set([10]))
})
