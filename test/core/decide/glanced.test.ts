import { describe, expect, test } from 'vitest'
import { looked } from '../../../lib/core/app.ts'
import { decide } from '../../../lib/core/decide/decide.ts'
import type { Facts } from '../../../lib/core/facts.ts'
import type { Phase, Rollout } from '../../../lib/core/rollout.ts'
import {
  aCommand,
  aFreshRollout,
  appAt,
  aRollout,
  aVerdict,
  facts,
  finished,
  HOUR,
  MINUTE,
  PREPARING,
  PROVISIONING,
  paused,
  progressing,
  rollingBack,
  STABLE,
  T0,
} from '../../support/builders.ts'

const PHASES: readonly Phase[] = [
  PREPARING,
  PROVISIONING,
  progressing(0),
  progressing(0, null),
  progressing(1),
  paused('gate'),
  paused('operator'),
  paused('foreign-edit'),
  paused('fault'),
  rollingBack(),
  finished('promoted'),
  finished('rolled-back'),
]

/** Facts of a look that glanced at an app whose canary has `weight`. */
function glanced(weight: number, overrides: Partial<Facts> = {}): Facts {
  const { revisions: _, ...app } = appAt(weight)
  return { ...facts(null, overrides), app: { kind: 'glanced', app } }
}

describe('on a glance', () => {
  test.each(PHASES)('nothing is done to the app, whatever is wanted: %o', (phase) => {
    for (const weight of [0, 10, 37, 100]) {
      for (const now of [T0 + MINUTE, T0 + 1000 * HOUR]) {
        const rollout = aRollout(phase)
        expect(decide(rollout, glanced(weight, { now }), null).actions).toEqual([])
        expect(decide(rollout, glanced(weight, { now }), aCommand('abort')).actions).toEqual([])
      }
    }
  })

  test('what is known of the revisions stays as it is, and so does the count of unhealthy looks', () => {
    const rollout = aRollout(progressing(0), { unwell: 1 })
    const { next } = decide(rollout, glanced(5), null)
    expect(next.footprint).toBe(rollout.footprint)
    expect(next.place).toBe(rollout.place)
    expect(next.unwell).toBe(1)
  })

  test('a refusal of the last look is over, and restarts are counted', () => {
    const refusal = { kind: 'throttled', message: 'too many', retryAfterMs: null } as const
    const trouble = { ...refusal, during: 'look', since: T0, retryAt: T0, count: 2 } as const
    const { next, rows } = decide(aRollout(progressing(0), { trouble }), glanced(5, { restarts: 3 }), null)
    expect(next.trouble).toBeNull()
    expect(next.restarting).toBe(1)
    expect(rows.map(({ kind }) => kind)).toEqual(['trouble-over'])
  })

  test('a rollout that fails is to be rolled back, and its row has the weights that were seen', () => {
    const { next, rows } = decide(aRollout(progressing(0)), glanced(5, { verdict: aVerdict('fail') }), null)
    expect(next.phase.kind).toBe('rolling-back')
    expect(rows[0]?.weightsBefore).toEqual({ [STABLE]: 95, 'pricing--r2-abababab': 5 })
  })

  test('nothing begins: the app was not seen with its revisions', () => {
    const image = { kind: 'present' } as const
    const early = decide(aFreshRollout(), glanced(0, { image }), null)
    expect(early.next.phase).toEqual(PREPARING)
    const late = decide(aFreshRollout(), glanced(0, { image, now: T0 + HOUR }), null)
    expect(late.next.phase).toMatchObject({
      outcome: 'failed',
      because: 'the app could not be seen: the revisions of pricing were not read',
    })
    const canary = decide(aRollout(PROVISIONING), glanced(0, { now: T0 + HOUR }), null)
    expect(canary.next.phase).toMatchObject({ kind: 'rolling-back', outcome: 'failed' })
  })
})

test('a look at the revisions tells when they were read', () => {
  const now = T0 + 2 * MINUTE
  const rollout: Rollout = aRollout(progressing(0))
  expect(decide(rollout, facts(appAt(5), { now }), null).next.footprint?.revisionsAt).toBe(now)
  const begun = decide(aFreshRollout(), facts(appAt(0), { now, image: { kind: 'present' } }), null)
  expect(begun.next.footprint?.revisionsAt).toBe(now)
})

test('whoever needs the revisions takes a glance for no sight of the app', () => {
  const seen = facts(appAt(5)).app
  expect(looked(seen)).toBe(seen)
  const unseen = facts(null).app
  expect(looked(unseen)).toBe(unseen)
  expect(looked(glanced(5).app)).toEqual({
    kind: 'unseen',
    fault: { kind: 'unavailable', message: 'the revisions of pricing were not read', retryAfterMs: null },
  })
})
