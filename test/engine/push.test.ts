import { describe, expect, test } from 'vitest'
import { pushByHand } from '../../lib/engine/push.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import type { EventRecord } from '../../lib/ports.ts'
import { aManifest, aService, digestOf } from '../support/builders.ts'
import { loaded, NOW, toldWheel } from './told-wheel.ts'

describe('a push by hand', () => {
  const asked = { id: 'build-1', tag: 'v3', digest: digestOf('33'), author: 'id-ada' }
  const handled = {
    eventId: 'build-1',
    tag: 'v3',
    digest: digestOf('33'),
    pushedAt: 0,
    rollout: 'pricing-1',
    receivedAt: 0,
    source: 'api',
  } as const

  async function answered(
    service: Parameters<typeof aService>[0],
    changes: Partial<typeof asked> = {},
    isThere = true,
  ) {
    const item = { ...loaded(null), service: aService({ rolloutNumber: 0, ...service }) }
    const { wheel } = toldWheel({ load: () => (isThere ? [item] : []), takesMs: { load: 0, commit: 0 } })
    const records: EventRecord[] = []
    const events = { ...wheel.events, record: async (some: readonly EventRecord[]) => void records.push(...some) }
    const matchesTag: Wheel['matchesTag'] = (_, tag) => tag.startsWith('v')
    const answer = await pushByHand(
      { ...wheel, events, matchesTag },
      item,
      { ...asked, ...changes },
      { actor: 'ada', reason: '' },
    )
    return { answer, records }
  }

  test('of a tag that the manifest does not take is told what it takes', async () => {
    expect((await answered({}, { tag: 'x' })).answer).toEqual({
      kind: 'no-match',
      because: 'does not match v*, which the manifest takes',
    })
    const image = { ...aManifest().image, tags: { kind: 'semver', range: '>=1 <3' } as const }
    expect((await answered({ manifest: aManifest({ image }) }, { tag: 'x' })).answer).toEqual({
      kind: 'no-match',
      because: 'does not match >=1 <3, which the manifest takes',
    })
  })

  test('under an id that was used for another digest or tag is refused, and nothing is recorded', async () => {
    const reused = {
      answer: {
        kind: 'reused',
        because: `the id build-1 was used before for v3 (${digestOf('33')}); take a fresh one`,
      },
      records: [],
    }
    expect(await answered({ handled: [handled] }, { digest: digestOf('44') })).toEqual(reused)
    expect(await answered({ handled: [handled] }, { tag: 'v4' })).toEqual(reused)
    expect(
      (await answered({ handled: [handled] }, { id: 'build-2', tag: 'v4', digest: digestOf('44') })).answer,
    ).toMatchObject({
      kind: 'taken',
      outcome: 'rollout',
    })
  })

  test('is taken as if its registry had announced it now, and again it is a duplicate', async () => {
    const { answer, records } = await answered({})
    expect(answer).toEqual({
      kind: 'taken',
      outcome: 'rollout',
      reason: records[0]?.reason,
      rollout: 'pricing-1',
    })
    expect(records).toMatchObject([
      {
        id: 'build-1@production/pricing',
        receivedAt: NOW,
        source: 'api',
        outcome: 'rollout',
        entityId: 'production/pricing',
        rollout: 'pricing-1',
      },
    ])
    expect((await answered({ handled: [handled] })).answer).toEqual({
      kind: 'taken',
      outcome: 'duplicate',
      reason: 'this event was delivered before',
      rollout: 'pricing-1',
    })
  })

  test('for a service that is there no more comes to nothing', async () => {
    expect(await answered({}, {}, false)).toEqual({ answer: { kind: 'gone' }, records: [] })
  })
})
