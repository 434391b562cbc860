import { describe, expect, test } from 'vitest'
import type { Rollout } from '../../lib/core/rollout.ts'
import { statusOf } from '../../lib/core/status.ts'
import {
  aManifest,
  aPush,
  aRollout,
  aService,
  finished,
  HOUR,
  MINUTE,
  PREPARING,
  paused,
  progressing,
  rollingBack,
  T0,
} from '../support/builders.ts'

const NOW = T0 + 2 * HOUR
const FREEZE = { id: 'weekend', reason: 'no changes', by: 'kim', since: T0, until: T0 + 60 * HOUR }
const APPROVALS = { required: 2, from: ['ada', 'bo', 'cy'], notAuthor: true, validForMs: HOUR }

function atGate(overrides: Partial<Rollout> = {}): Rollout {
  const deadlines = { ...aManifest().deadlines, gateMs: 24 * HOUR }
  const manifest = aManifest({ approvals: APPROVALS, deadlines })
  return aRollout(paused('gate'), { manifest, push: aPush({ author: 'dev', source: 'api' }), ...overrides })
}

const given = { id: 'ada', name: 'ada', step: 1, digest: aPush().digest, at: T0 + HOUR, expiresAt: NOW + 1 }
const status = (rollout: Rollout | null, freeze: typeof FREEZE | null = null) =>
  statusOf(aService(), rollout, NOW, freeze)

describe('the status of a gate', () => {
  test('tells what it takes, what it has, and until when', () => {
    expect(status(atGate({ approvals: [given, { ...given, id: 'bo', name: 'bo', expiresAt: NOW }] })).gate).toEqual({
      step: 1,
      digest: aPush().digest,
      required: 2,
      given: [{ by: 'ada', at: '2026-11-21T13:00:00.000Z', expiresAt: '2026-11-21T14:00:00.001Z' }],
      from: ['ada', 'bo', 'cy'],
      notAuthor: true,
      author: 'dev',
      expiresAt: '2026-11-22T12:00:00.000Z',
    })
  })

  test('says next what is missing, and from whom', () => {
    const { next, nextAt, commands } = status(atGate({ approvals: [given] }))
    expect(next).toBe(
      'approve opens the gate, 1 of 2 approvals (by ada); 1 more is needed, from bo or cy, not from the author dev, abort rolls back; without either it is rolled back',
    )
    expect(nextAt).toBe('2026-11-22T12:00:00.000Z')
    expect(commands).toEqual(['promote', 'approve', 'abort', 'undo'])
  })

  test('with enough approvals opens by itself, or when the freeze is over', () => {
    const full = atGate({ approvals: [given, { ...given, id: 'bo', name: 'bo' }] })
    expect(status(full).next).toContain(
      'the gate opens by itself with the next look at which the KPIs pass, 2 of 2 approvals (by ada, bo)',
    )
    expect(status(full, FREEZE).next).toMatch(/^held by freeze weekend .* until 2026-11-24 00:00Z; then /)
  })

  test('is none where none waits', () => {
    expect([
      status(null).gate,
      status(aRollout(progressing(0))).gate,
      status(aRollout(paused('operator'))).gate,
    ]).toEqual([null, null, null])
    expect(status(aRollout(paused('gate'))).gate).toMatchObject({ required: 1, from: null, expiresAt: null })
  })
})

describe('the status under a freeze', () => {
  const held = { id: 'weekend', reason: 'no changes', by: 'kim', until: '2026-11-24T00:00:00.000Z' }

  test.each<[string, Rollout | null, boolean]>([
    ['before the first rollout', null, false],
    ['preparing', aRollout(PREPARING), true],
    ['in a step', aRollout(progressing(0)), true],
    ['in the last step', aRollout(progressing(2)), false],
    ['at a gate that waits for people', atGate(), false],
    ['paused by an operator', aRollout(paused('operator')), false],
    ['rolling back', aRollout(rollingBack()), false],
    ['over', aRollout(finished('promoted')), false],
    ['an undo', aRollout(progressing(0), { cause: 'undo' }), false],
  ])('%s names it, and next says so where it holds', (_, rollout, holds) => {
    const { freeze, next, nextAt } = status(rollout, FREEZE)
    expect(freeze).toEqual(held)
    expect(next.startsWith('held by freeze weekend')).toBe(holds)
    if (holds) expect(nextAt).toBe(held.until)
  })

  test('where freezes cannot be read, they are read again within a minute: nobody is waited for', () => {
    const unread = {
      ...FREEZE,
      id: 'unreadable',
      reason: 'no answer',
      by: 'slipway',
      until: null,
      unreadable: true,
    } as const
    const { next, nextAt, nextInMs, freeze } = statusOf(aService(), aRollout(progressing(0)), NOW, unread)
    expect(freeze).toMatchObject({ reason: 'no answer', until: null, unreadable: true })
    expect(next).toMatch(/^held by freezes that cannot be read \(no answer\) until they can; then /)
    expect([nextAt, nextInMs]).toEqual([new Date(NOW + MINUTE).toISOString(), MINUTE])
  })

  test('without an end says until it is lifted, and has no time', () => {
    const frozen = { ...FREEZE, until: null }
    const { freeze, next, nextAt } = statusOf(aService(), aRollout(progressing(0)), NOW, frozen)
    expect([freeze?.until, nextAt]).toEqual([null, null])
    expect(next).toContain('until it is lifted')
  })
})

test('an undo that waits stands before the pushes that do', () => {
  const undo = { push: aPush({ tag: 'v1' }), actor: 'ada', because: 'v2 is bad' }
  const service = aService({ undo, pending: [aPush({ tag: 'v3' })] })
  expect(statusOf(service, aRollout(rollingBack()), NOW, null).pending).toEqual(['v1', 'v3'])
})

test('undo is offered once something was promoted, retry where it was not', () => {
  expect(status(aRollout(finished('promoted'))).commands).toEqual(['undo'])
  expect(status(aRollout(finished('rolled-back'))).commands).toEqual(['retry', 'undo'])
  const first = { stable: 'pricing--first', stableImage: 'acme.azurecr.io/pricing:v1' }
  const pinned = { ...first, stableImage: `acme.azurecr.io/pricing@${aPush().digest}` }
  expect(status(aRollout(finished('promoted'), first)).commands).toEqual([])
  expect(status(aRollout(finished('promoted'), pinned)).commands).toEqual(['undo'])
  expect(status(aRollout(finished('aborted'), pinned)).commands).toEqual(['retry'])
  expect(status(aRollout(progressing(0), pinned)).commands).toContain('undo')
  const undo = { push: aPush({ tag: 'v1' }), actor: 'ada', because: 'v2 is bad' }
  const { commands } = statusOf(aService({ undo }), aRollout(finished('rolled-back')), NOW, null)
  expect(commands).toEqual([])
  expect(status(null).commands).toEqual([])
})
