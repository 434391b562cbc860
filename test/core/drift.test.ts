import { describe, expect, test } from 'vitest'
import { foreignEdits, isOurs, repairSuffix, wereOurs } from '../../lib/core/drift.ts'
import type { Footprint, Rollout } from '../../lib/core/rollout.ts'
import { split } from '../../lib/core/traffic.ts'
import { aRollout, CANARY, progressing, rollingBack, STABLE } from '../support/builders.ts'

const rollout = aRollout(progressing(0, null), { expected: [0, 10], leftovers: ['pricing--old'], repairs: 1 })
const before: Footprint = {
  mode: 'Multiple',
  sticky: false,
  followsLatest: false,
  weights: { [STABLE]: 100 },
  labels: { blue: STABLE },
  revisions: ['pricing--old', STABLE, CANARY],
  active: ['pricing--old', STABLE, CANARY],
}

const edits: readonly [name: string, after: Partial<Footprint>, what: string][] = [
  ['another revision mode is a foreign edit', { mode: 'Single' }, 'revision mode'],
  ['sticky sessions switched on are a foreign edit', { sticky: true }, 'sticky sessions'],
  ['a weight nobody wished for is a foreign edit', { weights: split(STABLE, CANARY, 30) }, 'traffic weights'],
  ['traffic to a third revision is a foreign edit', { weights: { 'pricing--x': 100 } }, 'traffic weights'],
  [
    'a weight wished for once but long settled is a foreign edit',
    { weights: split(STABLE, CANARY, 50) },
    'traffic weights',
  ],
  ['a moved label is a foreign edit', { labels: { blue: CANARY } }, 'labels'],
  ['a label taken away is a foreign edit', { labels: {} }, 'labels'],
  ['a label added is a foreign edit', { labels: { blue: STABLE, green: STABLE } }, 'labels'],
  [
    'a revision that is not ours is a foreign edit',
    { revisions: [...before.revisions, 'pricing--x'] },
    'a new revision',
  ],
  [
    'a repair that was never asked for is a foreign edit',
    { revisions: [...before.revisions, 'pricing--r2-fix2'] },
    'a new revision',
  ],
  ['stable switched off is a foreign edit', { active: ['pricing--old', CANARY] }, 'a revision switched off'],
  ['the canary switched off is a foreign edit', { active: ['pricing--old', STABLE] }, 'a revision switched off'],
]

const ours: readonly [name: string, after: Partial<Footprint>][] = [
  ['no change is no edit', {}],
  ['the weight that was wished for is ours', { weights: split(STABLE, CANARY, 10) }],
  ['our repair revision is ours', { revisions: [...before.revisions, 'pricing--r2-fix1'] }],
  ['a leftover switched off is ours', { active: [STABLE, CANARY] }],
  [
    'a revision that was deleted after it was switched off is no edit',
    { revisions: [STABLE, CANARY], active: [STABLE, CANARY] },
  ],
  ['weights written in another order are the same', { weights: { ...before.weights } }],
]

describe('foreignEdits', () => {
  for (const [name, after, what] of edits) {
    test(name, () => {
      expect(foreignEdits(rollout, before, { ...before, ...after }).map((edit) => edit.what)).toEqual([what])
    })
  }
  for (const [name, after] of ours) {
    test(name, () => expect(foreignEdits(rollout, before, { ...before, ...after })).toEqual([]))
  }

  test('the canary that appears is ours', () => {
    const without = { ...before, revisions: ['pricing--old', STABLE], active: ['pricing--old', STABLE] }
    expect(foreignEdits(rollout, without, before)).toEqual([])
  })

  test('a leftover of an earlier rollout that appears late is ours', () => {
    const without = { ...before, revisions: [STABLE, CANARY] }
    expect(foreignEdits(rollout, without, before)).toEqual([])
  })

  test('Multiple mode within a rollback is ours, which sets it; any other mode and any other time are not', () => {
    const back = { ...rollout, phase: rollingBack() }
    const single = { ...before, mode: 'Single' }
    expect(foreignEdits(back, single, before)).toEqual([])
    expect(foreignEdits(back, before, single)).toHaveLength(1)
    expect(foreignEdits(rollout, single, before)).toHaveLength(1)
  })

  test('both sides of an edit are kept, and several edits are told apart', () => {
    const after = { ...before, mode: 'Single', weights: { [CANARY]: 100 } }
    expect(foreignEdits(rollout, before, after)).toEqual([
      { what: 'revision mode', before: 'Multiple', after: 'Single' },
      { what: 'traffic weights', before: { [STABLE]: 100 }, after: { [CANARY]: 100 } },
    ])
  })
})

describe('isOurs and wereOurs', () => {
  const settled: Rollout = aRollout(progressing(1), { expected: [50], wished: [0, 10, 50] })
  test('only what is expected now is ours', () => {
    expect(isOurs(settled, split(STABLE, CANARY, 50))).toBe(true)
    expect(isOurs(settled, split(STABLE, CANARY, 10))).toBe(false)
  })
  test('what was ever wished for was ours', () => {
    expect(wereOurs(settled, split(STABLE, CANARY, 10))).toBe(true)
    expect(wereOurs(settled, split(STABLE, CANARY, 30))).toBe(false)
  })
  test('without a stable revision nothing is ours', () => {
    expect(isOurs({ ...settled, stable: null }, { [CANARY]: 100 })).toBe(false)
    expect(wereOurs({ ...settled, stable: null }, { [CANARY]: 100 })).toBe(false)
  })
  test('every repair has a suffix of its own', () => expect(repairSuffix({ number: 7 }, 3)).toBe('r7-fix3'))
})
