import { describe, expect, test } from 'vitest'
import type { Trouble } from '../../../lib/core/app.ts'
import { mustWait, refusedDeed } from '../../../lib/core/decide/trouble.ts'
import { isQuiet, nextWake } from '../../../lib/core/decide/wake.ts'
import type { EValues, Evidence } from '../../../lib/core/judge/verdict.ts'
import type { Rollout } from '../../../lib/core/rollout.ts'
import {
  aManifest,
  anAnalysis,
  appAt,
  aRollout,
  aVerdict,
  CANARY,
  facts,
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
  someEvidence,
  someTrouble,
  T0,
} from '../../support/builders.ts'
import { asked, kinds, look, phaseOf } from './support.ts'

const throttled: Trouble = { kind: 'throttled', message: 'too many calls', retryAfterMs: null }
const denied: Trouble = { kind: 'denied', message: 'the identity lacks a role', retryAfterMs: null }

/** Refuses a deed of `rollout` `times` times, and says how long each wait is. */
function waits(rollout: Rollout, times: number, trouble = throttled): readonly number[] {
  let now = T0
  let held = rollout
  return Array.from({ length: times }, () => {
    held = refusedDeed({ rollout: held, rows: [] }, facts(null, { now }), trouble).rollout
    const wait = (held.trouble?.retryAt ?? 0) - now
    now += wait
    return wait / SECOND
  })
}

describe('a refused deed', () => {
  test('is tried again after 15 s, doubling to 5 min', () => {
    expect(waits(aRollout(), 7)).toEqual([15, 30, 60, 120, 240, 300, 300])
  })
  test('waits as long as the other side asks', () => {
    expect(waits(aRollout(), 2, { ...throttled, retryAfterMs: 20 * MINUTE })).toEqual([1200, 1200])
    expect(waits(aRollout(), 3, { ...throttled, retryAfterMs: 17 * SECOND })).toEqual([17, 30, 60])
  })
  test('of a rollback is tried again within a minute, whatever is asked', () => {
    const back = aRollout(rollingBack())
    const busy: Trouble = { ...throttled, kind: 'unavailable' }
    expect(waits(back, 4, busy)).toEqual([15, 15, 15, 15])
    expect(waits(back, 1, { ...busy, retryAfterMs: 20 * MINUTE })).toEqual([60])
  })
  test('of a throttled rollback is tried again after 2 s, whatever is asked, and looked at then', () => {
    const back = aRollout(rollingBack())
    expect(waits(back, 4)).toEqual([2, 2, 2, 2])
    expect(waits(back, 1, { ...throttled, retryAfterMs: 20 * MINUTE })).toEqual([2])
    for (const during of ['look', 'deed'] as const) {
      const again = aRollout(rollingBack(), { trouble: someTrouble({ during, retryAt: T0 + 2 * SECOND }) })
      expect(nextWake(again, T0, true)).toBe(T0 + 2 * SECOND)
    }
    const unseen = aRollout(rollingBack(), { trouble: someTrouble({ kind: 'unavailable', during: 'look' }) })
    expect(nextWake(unseen, T0, true)).toBe(T0 + 10 * SECOND)
    expect(nextWake(aRollout(progressing(0), { trouble: someTrouble({ during: 'look' }) }), T0, true)).toBe(
      T0 + 10 * SECOND,
    )
  })
  test('is written down when it begins and when its kind changes, not every time', () => {
    const first = refusedDeed({ rollout: aRollout(), rows: [] }, facts(null), throttled)
    expect(kinds(first)).toEqual(['trouble'])
    const again = refusedDeed({ rollout: first.rollout, rows: [] }, facts(null), throttled)
    expect(kinds(again)).toEqual([])
    expect(again.rollout.trouble).toMatchObject({ count: 2, since: first.rollout.trouble?.since })
    const other = refusedDeed({ rollout: again.rollout, rows: [] }, facts(null), { ...throttled, kind: 'conflict' })
    expect(kinds(other)).toEqual(['trouble'])
    expect(other.rollout.trouble?.count).toBe(1)
  })
  const parks = [
    ['progressing', progressing(1), { from: 'progressing', stage: 1, steadyAt: T0 }],
    ['provisioning', PROVISIONING, { from: 'provisioning', stage: -1, steadyAt: null }],
    ['paused', paused('gate'), { from: 'progressing', stage: 0, steadyAt: T0 }],
  ] as const
  for (const [name, phase, expected] of parks) {
    test(`that only a person can mend parks a rollout that is ${name}`, () => {
      const parked = refusedDeed({ rollout: aRollout(phase), rows: [] }, facts(null), denied)
      expect(parked.rollout.phase).toMatchObject({ kind: 'paused', why: 'fault', ...expected })
      expect(kinds(parked)).toEqual(['paused'])
    })
  }
  for (const phase of [rollingBack(), finished('promoted')]) {
    test(`never parks a rollout that is ${phase.kind}`, () => {
      const held = refusedDeed({ rollout: aRollout(phase), rows: [] }, facts(null), denied)
      expect(held.rollout.phase).toEqual(phase)
      expect(held.rollout.trouble?.kind).toBe('denied')
    })
  }
})

describe('trouble that stands', () => {
  const going = (over: Partial<Rollout> = {}) =>
    aRollout(progressing(0, null), { expected: [0, 10], trouble: someTrouble(), footprint: null, ...over })

  test('holds deeds back until its time has come, and no row says otherwise', () => {
    const early = look(going(), appAt(0), { now: T0 + 15 * SECOND - 1 })
    expect(early.actions).toEqual([])
    expect(early.rows).toEqual([])
    expect(asked(look(going(), appAt(0), { now: T0 + 15 * SECOND }).actions)).toEqual({ [STABLE]: 90, [CANARY]: 10 })
  })
  test('at a deed is over when nothing is left to do', () => {
    const decision = look(going(), appAt(10))
    expect(kinds(decision)).toEqual(['weights-confirmed', 'trouble-over'])
    expect(decision.next.trouble).toBeNull()
  })
  test('at a look is over with the next good look; one at a deed is not', () => {
    const blind = look(aRollout(), null)
    expect(blind.next.trouble).toMatchObject({ during: 'look', count: 1 })
    const second = look(blind.next, null)
    expect(second.rows).toEqual([])
    const back = look(second.next, appAt(10))
    expect(kinds(back)).toEqual(['trouble-over'])
    expect(back.rows[0]?.notes).toContain('over after 2 attempts')
    expect(look(going(), appAt(0), { now: T0 }).next.trouble?.during).toBe('deed')
  })
  test('does not hold a rollback up for long after the clock went back', () => {
    const ahead = aRollout(rollingBack(), { trouble: someTrouble({ retryAt: T0 + 48 * HOUR }) })
    expect(mustWait(ahead, T0)).toBe(false)
    expect(mustWait(aRollout(progressing(0), { trouble: someTrouble({ retryAt: T0 + 5 * MINUTE }) }), T0)).toBe(true)
    expect(mustWait(aRollout(progressing(0), { trouble: someTrouble({ retryAt: T0 + 5 * MINUTE + 1 }) }), T0)).toBe(
      false,
    )
    expect(mustWait(aRollout(), T0)).toBe(false)
  })
})

const NOTHING_AGAINST: EValues = {
  absolute: 1,
  relative: 1,
  warmUp: 1,
  needed: 250,
  neededWarmUp: 500,
  support: 1,
  overDispersion: 1,
}

describe('nextWake', () => {
  const lagging = (...kpis: readonly Parameters<typeof latency>[0][]) =>
    aRollout(progressing(0), { manifest: aManifest({ analysis: anAnalysis({ kpis: kpis.map(latency) }) }) })
  const seldom = (kind: 'inconclusive' | 'suspect', overrides: Partial<Evidence> = {}) => {
    const manifest = aManifest({ analysis: anAnalysis({ intervalMs: HOUR, kpis: [latency({ lagMs: 0 })] }) })
    const verdict = aVerdict(kind, [someEvidence(kind, overrides)])
    return aRollout(progressing(0, T0 - 9 * HOUR), { manifest, verdict })
  }
  const against = (evalues: Partial<EValues>): Partial<Evidence> => ({
    evalues: { ...NOTHING_AGAINST, ...evalues },
  })
  const table: readonly [string, Rollout, boolean, number | null][] = [
    ['a rollout that waits for Azure is looked at soon', aRollout(PROVISIONING), false, 10 * SECOND],
    ['one that prepares is looked at soon', aRollout(PREPARING), false, 10 * SECOND],
    ['one that rolls back is looked at soon', aRollout(rollingBack()), false, 10 * SECOND],
    ['one whose weight is not real yet is looked at soon', aRollout(progressing(0, null)), false, 10 * SECOND],
    [
      'one with two weights in flight is looked at soon',
      aRollout(progressing(0), { expected: [0, 10] }),
      false,
      10 * SECOND,
    ],
    ['one with deeds on their way is looked at soon', aRollout(), true, 10 * SECOND],
    ['one that bakes is looked at every interval', aRollout(), false, MINUTE],
    [
      'one whose bake ends before that is looked at then',
      aRollout(progressing(0, T0 - 61.5 * MINUTE)),
      false,
      30 * SECOND,
    ],
    ['one whose bake is over is looked at every interval', aRollout(progressing(0, T0 - 9 * HOUR)), false, MINUTE],
    [
      'one whose source lags by no whole interval is looked at when a bucket can be read, by the longest lag that counts',
      lagging({ lagMs: 2.25 * MINUTE }, { lagMs: 2 * MINUTE }, { lagMs: 7.5 * MINUTE, role: 'advisory' }),
      false,
      15 * SECOND,
    ],
    [
      'one whose source lags by whole intervals is looked at on the beat',
      lagging({ lagMs: 6 * MINUTE }),
      false,
      MINUTE,
    ],
    ['one of which only advisory KPIs are known, too', lagging({ lagMs: 90_000, role: 'advisory' }), false, MINUTE],
    ['one that is not suspect waits for its interval', seldom('inconclusive'), false, HOUR],
    [
      'one with evidence of 20 that is not suspect, too',
      seldom('inconclusive', against({ absolute: 20 })),
      false,
      HOUR,
    ],
    [
      'one that is suspect by its limit is looked at with every bucket',
      seldom('suspect', against({ absolute: 20 })),
      false,
      MINUTE,
    ],
    ['one that is suspect beside stable, too', seldom('suspect', against({ relative: 20 })), false, MINUTE],
    ['one that is suspect while it warms up, too', seldom('suspect', against({ warmUp: 20 })), false, MINUTE],
    [
      'one that is suspect without evidence waits for its interval',
      seldom('suspect', against({ absolute: 19.9, support: 20 })),
      false,
      HOUR,
    ],
    ['one that is suspect before its first bucket, too', seldom('suspect', { evalues: null }), false, HOUR],
    [
      'one of which only an advisory KPI is suspect, too',
      seldom('suspect', { ...against({ absolute: 20 }), role: 'advisory' }),
      false,
      HOUR,
    ],
    ['one that is paused is looked at every interval', aRollout(paused('foreign-edit')), false, MINUTE],
    ['one on watch is looked at every interval', aRollout(finished('promoted')), false, MINUTE],
    [
      'one whose watch is over is never looked at again',
      aRollout(finished('promoted', { watchUntil: T0 })),
      false,
      null,
    ],
    [
      'one whose watch is over is looked at after its last deed',
      aRollout(finished('promoted', { watchUntil: T0 })),
      true,
      10 * SECOND,
    ],
    [
      'a refused deed is tried at its time',
      aRollout(progressing(0), { trouble: someTrouble({ retryAt: T0 + 40 * SECOND }) }),
      true,
      40 * SECOND,
    ],
    [
      'a long refusal keeps nobody from looking',
      aRollout(progressing(0), { trouble: someTrouble({ retryAt: T0 + HOUR }) }),
      true,
      MINUTE,
    ],
    [
      'a refusal that is about to end is given a moment',
      aRollout(progressing(0), { trouble: someTrouble({ retryAt: T0 + 1 }) }),
      true,
      10 * SECOND,
    ],
    [
      'one that raised the alarm is looked at once a minute, and no longer every few seconds',
      aRollout(progressing(0, null), {
        overdue: true,
        manifest: aManifest({ analysis: anAnalysis({ intervalMs: HOUR, kpis: [latency({ lagMs: 0 })] }) }),
      }),
      true,
      MINUTE,
    ],
    [
      'a rollback that raised the alarm too',
      aRollout(rollingBack(), {
        overdue: true,
        manifest: aManifest({ analysis: anAnalysis({ intervalMs: HOUR, kpis: [latency({ lagMs: 0 })] }) }),
      }),
      false,
      MINUTE,
    ],
    [
      'but not one that Azure refuses',
      aRollout(rollingBack(), { overdue: true, trouble: someTrouble({ kind: 'conflict', retryAt: T0 + 1 }) }),
      true,
      10 * SECOND,
    ],
    [
      'a refused look changes nothing',
      aRollout(progressing(0), { trouble: someTrouble({ during: 'look' }) }),
      false,
      MINUTE,
    ],
  ]
  for (const [name, rollout, busy, after] of table) {
    test(name, () => expect(nextWake(rollout, T0, busy)).toBe(after === null ? null : T0 + after))
  }
  test('keeps to the beat of the interval, so that all who share it are looked at together', () => {
    for (const late of [1, 20 * SECOND, 59 * SECOND]) expect(nextWake(aRollout(), T0 + late, false)).toBe(T0 + MINUTE)
    expect(nextWake(aRollout(), T0 + MINUTE, false)).toBe(T0 + 2 * MINUTE)
  })
  const refusedFor = (phase: Rollout['phase'], overrides: Partial<Rollout> = {}) =>
    aRollout(phase, {
      trouble: someTrouble({ retryAt: T0 + 30 * MINUTE }),
      manifest: aManifest({ analysis: anAnalysis({ intervalMs: HOUR, kpis: [latency({ lagMs: 0 })] }) }),
      ...overrides,
    })
  test.each<[string, Rollout, number]>([
    ['one that is prepared', refusedFor(PREPARING), 10 * MINUTE],
    ['one whose revision comes up', refusedFor(PROVISIONING), 10 * MINUTE],
    ['one whose weight is to become real', refusedFor(progressing(0, null)), 5 * MINUTE],
    ['one that was frozen for a minute', refusedFor(progressing(0, null), { frozenAt: T0 + MINUTE }), 6 * MINUTE],
    ['one that is to go back', refusedFor(rollingBack()), 5 * MINUTE],
    ['one that bakes, and awaits nothing,', refusedFor(progressing(0)), 30 * MINUTE],
    ['one that raised the alarm', refusedFor(progressing(0, null), { overdue: true }), 30 * MINUTE],
    ['one whose deadline is over', refusedFor(progressing(0, null, T0 - 5 * MINUTE)), 30 * MINUTE],
  ])('%s and refused for long is looked at when its alarm is due', (_, rollout, after) => {
    expect(nextWake(rollout, T0, true)).toBe(T0 + after)
  })
  test('an interval shorter than ten seconds is kept', () => {
    const manifest = aManifest({ analysis: anAnalysis({ intervalMs: 2 * SECOND }) })
    expect(nextWake(aRollout(PROVISIONING, { manifest }), T0, true)).toBe(T0 + 2 * SECOND)
  })
  test('only a finished rollout is quiet', () => {
    expect(isQuiet(aRollout(), T0 + 9 * HOUR)).toBe(false)
    expect(isQuiet(aRollout(finished('promoted'), { leftovers: [STABLE], footprint: null }), T0 + HOUR)).toBe(true)
  })
})

describe('a foreign edit', () => {
  test('pauses, keeps both sides, and leaves traffic alone', () => {
    const decision = look(aRollout(progressing(1)), appAt(30))
    expect(phaseOf(decision.next)).toBe('paused foreign-edit')
    expect(decision.actions).toEqual([])
    expect(decision.rows[0]).toMatchObject({
      kind: 'foreign-edit',
      actor: 'unknown',
      weightsBefore: { [STABLE]: 50, [CANARY]: 50 },
      weightsAfter: { [STABLE]: 70, [CANARY]: 30 },
      detail: { edits: [{ what: 'traffic weights' }] },
    })
  })
  test('is written down once', () => {
    const seen = look(aRollout(), appAt(30))
    expect(look(seen.next, appAt(30)).rows).toEqual([])
  })
  test('takes over from a gate, which must then be passed again', () => {
    const decision = look(aRollout(paused('gate')), appAt(30))
    expect(decision.next.phase).toMatchObject({ why: 'foreign-edit', from: 'progressing', stage: 0 })
  })
  test('before the canary has traffic is remembered as such', () => {
    expect(look(aRollout(PROVISIONING), appAt(0, { mode: 'Single' })).next.phase).toMatchObject({
      from: 'provisioning',
      stage: -1,
      steadyAt: null,
    })
  })
  test('to zero traffic for the canary is told as zero', () => {
    expect(look(aRollout(), appAt(0)).rows[0]).toMatchObject({ kind: 'foreign-edit', value: 0 })
  })
})
