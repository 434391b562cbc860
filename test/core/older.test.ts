import { describe, expect, test } from 'vitest'
import { olderPush, olderRollout, olderService } from '../../lib/core/older.ts'
import type { Rollout } from '../../lib/core/rollout.ts'
import { aManifest, aPush, aRollout, aService } from '../support/builders.ts'

/** A value without some of its keys, as it was stored before they were thought of. */
function without<T extends object, K extends keyof T>(value: T, ...keys: readonly K[]): Omit<T, K> {
  const kept = Object.entries(value).filter(([key]) => !keys.includes(key as K))
  return Object.fromEntries(kept) as Omit<T, K>
}

const oldPush = without(aPush(), 'author') as ReturnType<typeof aPush>
const oldManifest = without(aManifest(), 'approvals') as ReturnType<typeof aManifest>

describe('what an earlier Slipway stored', () => {
  test('a push without an author has none', () => {
    expect(olderPush(oldPush)).toEqual(aPush({ author: null }))
  })

  test('a rollout has no approvals and no freeze, and was begun by a push', () => {
    const old = without(
      aRollout(undefined, { push: oldPush, manifest: oldManifest }),
      'cause',
      'approvals',
      'frozen',
      'unfrozen',
      'frozenAt',
    )
    expect(olderRollout(old)).toEqual(aRollout())
  })

  test('a glass that was broken for whichever freeze is bound to the one that was written down', () => {
    const frozen = { id: 'weekend', reason: 'no changes', by: 'kim', since: 1, until: null }
    const stored = (unfrozen: boolean, more: Partial<Rollout> = {}) =>
      ({ ...aRollout(undefined, more), unfrozen }) as unknown as Rollout
    expect(olderRollout(stored(true, { frozen })).unfrozen).toEqual(['weekend'])
    expect(olderRollout(stored(true)).unfrozen).toEqual([])
    expect(olderRollout(stored(false, { frozen })).unfrozen).toEqual([])
  })

  test('a service has nothing to undo, and its pushes that wait have no author', () => {
    const old = without(aService({ manifest: oldManifest, pending: [oldPush] }), 'undo')
    expect(olderService(old)).toEqual(aService({ pending: [aPush({ author: null })] }))
  })

  test('what is stored now is read as it is', () => {
    const rollout = aRollout(undefined, {
      cause: 'undo',
      unfrozen: ['weekend'],
      frozenAt: 7,
      push: aPush({ author: 'ada' }),
      approvals: [{ id: 'i', name: 'n', step: 1, digest: 'd', at: 1, expiresAt: null }],
    })
    expect(olderRollout(rollout)).toEqual(rollout)
  })
})
