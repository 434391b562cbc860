import { describe, expect, test } from 'vitest'
import { cutText } from '../../lib/core/audit-cut.ts'
import type { SignedDigest } from '../../lib/core/audit-digest.ts'
import { findCut } from '../../lib/engine/audit-cut.ts'
import { writeDigests } from '../../lib/engine/audit-digest.ts'
import { HOUR } from '../support/builders.ts'
import { auditWorld } from './audit-world.ts'

/** An audit of 160 days with four digests, of which the first may be cut at. */
function old() {
  const here = auditWorld()
  here.state.now -= 160 * 24 * HOUR
  here.live(4, 40 * 24 * HOUR)
  return { ...here, found: () => findCut(here.wheel, here.man, 'production') }
}

describe('the newest cut', () => {
  test('is none, or sound, or wrong for a reason', async () => {
    const { found, cutAt, cuts } = old()
    expect(await found()).toEqual({ kind: 'none' })
    const cut = cutAt(1)
    expect(await found()).toEqual({ kind: 'sound', cut })
    cuts.push({ ...cut, retentionDays: 91 })
    expect(await found()).toEqual({
      kind: 'wrong',
      because: 'what it says does not give its hash: it was changed',
    })
  })

  test('is checked against the keys that sign, over what it says', async () => {
    const { found, cutAt, man } = old()
    const cut = cutAt(1)
    const asked: unknown[] = []
    Object.assign(man, {
      verify: (...of: unknown[]) => {
        asked.push(of)
        return 'unknown'
      },
    })
    expect(await found()).toEqual({ kind: 'wrong', because: 'no key that is known vouches for it (pen)' })
    expect(asked).toEqual([[[{ kid: 'pen' }], cutText(cut), cut.signature]])
  })

  test('is wrong where its digest is the newest, or there is none', async () => {
    const { found, cutAt, digests } = old()
    cutAt(1)
    digests.splice(1)
    expect(await found()).toEqual({ kind: 'wrong', because: 'digest 1 was not old enough, or is the newest' })
    digests.splice(0)
    expect(await found()).toEqual({ kind: 'wrong', because: 'digest 1 is not the one that it names' })
  })
})

describe('the digest of an hour', () => {
  /** An audit whose digests are stored where `taken` is not reached; `tried` = all that somebody tried to store. */
  function given(taken = Number.POSITIVE_INFINITY) {
    const here = auditWorld()
    const tried: SignedDigest[] = []
    Object.assign(here.man.digests, {
      append: async (digest: SignedDigest) => {
        tried.push(digest)
        if (tried.length > taken) return 'conflict'
        here.digests.push(digest)
        return 'saved'
      },
    })
    const seal = async () => (await writeDigests(here.wheel, here.man, ['production']))[0]
    return { ...here, tried, seal }
  }

  test('says where each chain stands, and of one that cannot be read now where it stood', async () => {
    const { seal, ...here } = given()
    here.write('pricing')
    here.write('basket')
    expect(await seal()).toEqual({ environment: 'production', result: 'written', error: null })
    here.write('pricing')
    here.write('basket')
    here.unread.add('pricing')
    here.state.now += HOUR
    await seal()
    const seqs = here.digests.map(({ heads }) => heads.map(({ entityId, seq }) => `${entityId} ${seq}`))
    expect(seqs).toEqual([
      ['production/basket 1', 'production/pricing 1'],
      ['production/basket 2', 'production/pricing 1'],
    ])
    expect(here.digests[1]?.heads[1]).toEqual(here.digests[0]?.heads[1])
  })

  test('is tried eight times where others are always faster', async () => {
    const { seal, tried } = given(0)
    expect(await seal()).toMatchObject({
      environment: 'production',
      result: 'failed',
      error: {
        kind: 'conflict',
        message:
          'The digest of production was not stored in 8 tries: its next number is taken, though no digest with that number can be read.',
      },
    })
    expect(tried.map(({ number }) => number)).toEqual(Array(8).fill(1))
  })
})
