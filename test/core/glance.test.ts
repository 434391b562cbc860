import { describe, expect, test } from 'vitest'
import type { AppGlance } from '../../lib/core/app.ts'
import { bakeEnds } from '../../lib/core/ask.ts'
import { isAsKnown, isShown, quietSince } from '../../lib/core/glance.ts'
import type { JudgeState, KpiState, SeenBucket } from '../../lib/core/judge/state.ts'
import type { Verdict, VerdictKind } from '../../lib/core/judge/verdict.ts'
import type { Phase, Rollout, StandingTrouble } from '../../lib/core/rollout.ts'
import { footprintOf, split } from '../../lib/core/traffic.ts'
import {
  aManifest,
  appAt,
  aRevision,
  aRollout,
  CANARY,
  entries,
  finished,
  HOUR,
  labelled,
  MINUTE,
  PREPARING,
  PROVISIONING,
  paused,
  progressing,
  rollingBack,
  STABLE,
  T0,
} from '../support/builders.ts'

const READ_AT = T0 + 6 * MINUTE
const NOW = T0 + 8 * MINUTE

/** A rollout as its last look at the revisions left it. */
function read(phase: Phase = progressing(0), overrides: Partial<Rollout> = {}): Rollout {
  const rollout = aRollout(phase, overrides)
  const { footprint } = rollout
  return footprint === null ? rollout : { ...rollout, footprint: { revisionsAt: READ_AT, ...footprint } }
}

function verdict(kind: VerdictKind): Verdict {
  return { kind, because: kind, evidence: [] }
}

const LEFT = 'pricing--r1-old'
const over = (name: string) => ({
  leftovers: [name],
  footprint: {
    ...footprintOf(appAt(0, { revisions: [STABLE, CANARY, name].map((one) => aRevision(one)) }), {
      stable: STABLE,
      canary: CANARY,
      leftovers: [name],
    }),
  },
})
const trouble: StandingTrouble = {
  kind: 'throttled',
  message: 'too many',
  retryAfterMs: null,
  during: 'look',
  since: T0,
  retryAt: T0,
  count: 1,
}

describe('a look may do without the revisions', () => {
  const quiet: readonly (readonly [string, Rollout])[] = [
    ['while a weight that is real bakes', read()],
    ['while a gate waits', read(paused('gate'))],
    ['while an operator keeps it', read(paused('operator'))],
    [
      'while foreign hands have it, whatever they made of the traffic',
      read(paused('foreign-edit', { steadyAt: null })),
    ],
    ['on watch after a promotion', read(finished('promoted'), { footprint: withRead(appAt(100)) })],
    ['on watch after a rollback', read(finished('rolled-back'), { footprint: withRead(appAt(0)) })],
    ['on watch while a leftover still drains', read(finished('promoted'), { ...over(LEFT), trafficSeenAt: NOW })],
  ]
  test.each(quiet.slice(0, 6))('%s', (_, rollout) => {
    expect(quietSince(rollout, null, NOW)).toBe(READ_AT)
  })

  test('on watch while a leftover has not drained, and not any more once it has', () => {
    const rollout = read(finished('rolled-back'), { ...over(LEFT), trafficSeenAt: T0 })
    const { scaleDownDelayMs } = rollout.manifest
    expect(quietSince(rollout, null, T0 + scaleDownDelayMs - 1)).toBe(READ_AT)
    expect(quietSince(rollout, null, T0 + scaleDownDelayMs)).toBeNull()
  })

  test('on watch once its leftovers are off', () => {
    const rollout = read(finished('rolled-back'), { leftovers: [LEFT], footprint: withRead(appAt(0)) })
    expect(quietSince(rollout, null, T0 + HOUR)).toBe(READ_AT)
  })
})

function withRead(app: ReturnType<typeof appAt>) {
  return { ...footprintOf(app, { stable: STABLE, canary: CANARY, leftovers: [] }), revisionsAt: READ_AT }
}

describe('a look reads the revisions', () => {
  const busy: readonly (readonly [string, Rollout])[] = [
    ['while the image is checked', read(PREPARING)],
    ['while the canary is made', read(PROVISIONING)],
    ['while a weight is on its way', read(progressing(0, null))],
    ['while a weight is on its way and it is held', read(paused('operator', { steadyAt: null }))],
    ['while it waits before its first weight', read(paused('operator', { from: 'provisioning', steadyAt: null }))],
    ['while the canary is taken out', read(rollingBack())],
    ['while two weights may rightly be seen', read(progressing(0), { expected: [0, 10] })],
    ['where stable is not known', read(progressing(0), { stable: null })],
    ['where nothing was ever seen', read(progressing(0), { footprint: null })],
    ['where the traffic is not as wished', read(progressing(0), { footprint: withRead(appAt(37)) })],
    ['where the traffic is not as wished while a gate waits', read(paused('gate'), { footprint: withRead(appAt(37)) })],
    ['where traffic follows the latest', read(finished('promoted'), { footprint: withRead(following()) })],
    [
      'where somebody else arranged the traffic on watch',
      read(finished('promoted'), { footprint: withRead(appAt(50)) }),
    ],
    ['after a refusal', read(progressing(0), { trouble })],
    ['after an unhealthy look', read(progressing(0), { unwell: 1 })],
    ['after restarts', read(progressing(0), { restarting: 1 })],
    ['where an earlier version wrote the row', aRollout(progressing(0))],
  ]
  test.each(busy)('%s', (_, rollout) => {
    expect(quietSince(rollout, null, NOW)).toBeNull()
  })

  test('where the clock has gone back behind the last reading', () => {
    expect(quietSince(read(), null, READ_AT)).toBe(READ_AT)
    expect(quietSince(read(), null, READ_AT - 1)).toBeNull()
  })

  test('where a KPI objects', () => {
    expect(quietSince(read(), verdict('fail'), NOW)).toBeNull()
    expect(quietSince(read(), verdict('suspect'), NOW)).toBeNull()
    expect(quietSince(read(), verdict('inconclusive'), NOW)).toBe(READ_AT)
  })

  test('where a pass moves the rollout on, and not before', () => {
    const rollout = read()
    const ends = bakeEnds(rollout)
    expect(quietSince(rollout, verdict('pass'), ends - 1)).toBe(READ_AT)
    expect(quietSince(rollout, verdict('pass'), ends)).toBeNull()
    expect(quietSince(rollout, verdict('inconclusive'), ends)).toBe(READ_AT)
    expect(quietSince(read(paused('gate')), verdict('pass'), ends)).toBe(READ_AT)
  })
})

test('a rollout whose KPIs show nothing has its turn an hour before the others', () => {
  expect(quietSince(read(), verdict('nodata'), NOW)).toBe(READ_AT - HOUR)
  expect(quietSince(read(), verdict('error'), NOW)).toBe(READ_AT - HOUR)
})

test('so has one in the first minutes of a weight, of which nothing can be measured yet', () => {
  const since = (steadyAt: number) => quietSince(read(progressing(1, steadyAt)), verdict('inconclusive'), NOW)
  expect(since(NOW - 5 * MINUTE + 1)).toBe(READ_AT - HOUR)
  expect(since(NOW - 5 * MINUTE)).toBe(READ_AT)
})

function following(): ReturnType<typeof appAt> {
  return appAt(100, { traffic: [{ revision: null, weight: 100, label: null }] })
}

describe('a glance shows an app as it is known', () => {
  const labels = [labelled(STABLE, 90, 'live'), labelled(CANARY, 10, 'next')]
  const known = read(progressing(0), { footprint: withRead(appAt(10, { traffic: labels })) })
  const glance = (overrides: Partial<AppGlance> = {}): AppGlance => appAt(10, { traffic: labels, ...overrides })

  test('where nothing has changed', () => {
    expect(isAsKnown(known, glance())).toBe(true)
  })

  test('where traffic goes on following the latest revision', () => {
    expect(isAsKnown(read(finished('promoted'), { footprint: withRead(following()) }), following())).toBe(true)
  })

  const news: readonly (readonly [string, Partial<AppGlance>])[] = [
    ['another weight', { traffic: [labelled(STABLE, 89, 'live'), labelled(CANARY, 11, 'next')] }],
    ['another revision in the traffic', { traffic: entries({ other: 100 }) }],
    ['a label less', { traffic: entries(split(STABLE, CANARY, 10)) }],
    ['a label elsewhere', { traffic: [labelled(STABLE, 90, 'next'), labelled(CANARY, 10, 'live')] }],
    ['traffic that follows the latest', { traffic: [labelled(STABLE, 90, 'live'), labelled(null, 10, 'next')] }],
    ['another mode', { mode: 'Single' }],
    ['sticky sessions', { stickySessions: true }],
    ['an operation under way', { provisioning: 'InProgress' }],
    ['an operation that failed', { provisioning: 'Failed' }],
    ['a revision that was not there', { latestRevision: 'pricing--hotfix' }],
    ['no latest revision', { latestRevision: null }],
  ]
  test.each(news)('but not with %s', (_, overrides) => {
    expect(isAsKnown(known, glance(overrides))).toBe(false)
  })

  test('but not where it was never seen', () => {
    expect(isAsKnown({ footprint: null }, glance())).toBe(false)
  })
})

test('a manifest without stages to come is no reason to look closer', () => {
  const manifest = aManifest({ stages: [{ weight: 10, bakeMs: HOUR, gate: false }] })
  expect(quietSince(read(progressing(0), { manifest }), null, NOW)).toBe(READ_AT)
})

describe('figures show both revisions', () => {
  const LAG = 2 * MINUTE
  /** A bucket `minutes` before now: bad and all requests of the canary, and of the baseline. */
  const bucket = (
    minutes: number,
    of: readonly [number, number],
    base: readonly [number, number] | null,
  ): SeenBucket => {
    return [NOW - minutes * MINUTE, ...of, null, base?.[0] ?? null, base?.[1] ?? null, null]
  }
  const state = (...kpis: readonly Partial<KpiState>[]): JudgeState => {
    const one = { lagMs: LAG, blind: null, recent: [] }
    return { kpis: Object.fromEntries(kpis.map((kpi, n) => [`kpi-${n}`, { ...one, ...kpi }])) } as unknown as JudgeState
  }
  const shown = (judge: JudgeState | null, bucketMs = MINUTE) =>
    isShown({ analysis: { ...aManifest().analysis, bucketMs } }, judge, NOW)
  const good = bucket(3, [0, 1], [0, 9])

  test.each<[string, boolean, JudgeState | null, number?]>([
    ['by a good answer of each', true, state({ recent: [good] })],
    [
      'by answers in different buckets',
      true,
      state({ recent: [bucket(4, [0, 0], [0, 9]), bucket(3, [0, 1], [0, 0])] }),
    ],
    ['by one KPI where another is blind', true, state({ blind: { since: NOW, silence: 'down' } }, { recent: [good] })],
    ['not before the judge began', false, null],
    ['not by a KPI that is blind', false, state({ recent: [good], blind: { since: NOW, silence: 'down' } })],
    ['not by bad answers of the canary', false, state({ recent: [bucket(3, [5, 5], [0, 9])] })],
    ['not by bad answers of stable', false, state({ recent: [bucket(3, [0, 5], [9, 9])] })],
    ['not without requests to stable', false, state({ recent: [bucket(3, [0, 5], [0, 0])] })],
    ['not where stable is not measured', false, state({ recent: [bucket(3, [0, 5], null)] })],
    [
      'by an answer that is almost five minutes and the lag old',
      true,
      state({ recent: [bucket(6.9, [0, 1], [0, 1])] }),
    ],
    ['not by an older one', false, state({ recent: [bucket(7, [0, 1], [0, 1])] })],
    [
      'by one of the last two buckets where they are long',
      true,
      state({ recent: [bucket(11, [0, 1], [0, 1])] }),
      5 * MINUTE,
    ],
    ['not by a bucket that is still to come', false, state({ recent: [bucket(-1, [0, 1], [0, 1])] })],
  ])('%s', (_, expected, judge, bucketMs = MINUTE) => {
    expect(shown(judge, bucketMs)).toBe(expected)
  })
})
