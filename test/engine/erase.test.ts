import { describe, expect, test } from 'vitest'
import type { PersonRecord } from '../../lib/core/people.ts'
import type { Rollout } from '../../lib/core/rollout.ts'
import type { ServiceState } from '../../lib/core/service.ts'
import { erasePerson } from '../../lib/engine/erase.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import type { Loaded, People } from '../../lib/ports.ts'
import { createStage } from '../../sim/runner.ts'
import { aFreshRollout, aManifest, aPush, aRollout, aService, finished } from '../support/builders.ts'

const WHO = 'person:0000000000000001'
const OTHER = 'person:0000000000000002'
const approvals = (from: readonly string[] | null) => ({ required: 1, from, notAuthor: false, validForMs: null })

/** Production with one service and its rollout; who is known, and what was done to them. */
function given(service: Partial<ServiceState> | null, rollout: Rollout | null = null) {
  const stage = createStage()
  const done: string[] = []
  const isGone = { already: false, meanwhile: false }
  const record: PersonRecord = { pseudonym: WHO, kind: 'word', key: 'Ada', name: 'Ada', since: 0 }
  const people = {
    named: async (all: readonly string[]) => new Map(all.map((one) => [one, isGone.already ? null : record])),
    erase: async (one: string) => {
      done.push(`erase ${one}`)
      return !isGone.meanwhile
    },
  } as unknown as People
  const items = service === null ? [] : [aService(service)]
  const { store, catalogue } = stage.wheel
  const wheel: Wheel = {
    ...stage.wheel,
    catalogue: { ...catalogue, list: async () => ({ items, next: null }) },
    store: {
      ...store,
      due: async (environment, until, limit) => {
        done.push(`due ${environment} ${until} ${limit}`)
        return ['pricing']
      },
      load: async (_, names) => names.flatMap(() => items.map((own) => ({ service: own, rollout }) as Loaded)),
    },
  }
  const erase = (reason = '') =>
    erasePerson(wheel, people, ['production'], WHO, { by: { actor: 'person:0000000000000009' }, reason })
  return { stage, erase, done, isGone }
}

describe('an erasure', () => {
  test('is written down before it is done, with its reason where there is one', async () => {
    const { stage, erase, done } = given(null)
    expect(await erase()).toEqual({ kind: 'erased' })
    const notes = `person:0000000000000009 had ${WHO} erased: nothing says any more who that was`
    expect(stage.store.environmentAudit('production')).toMatchObject([
      { kind: 'person-erased', metric: 'people', value: null, notes, detail: { person: WHO } },
    ])
    expect(await erase('they asked')).toEqual({ kind: 'erased' })
    expect(stage.store.environmentAudit('production')[1]?.notes).toBe(`${notes}: they asked`)
    expect(done).toEqual([`erase ${WHO}`, `erase ${WHO}`])
  })

  test('of somebody whom nobody knows, or who was erased meanwhile, says so', async () => {
    const { stage, erase, done, isGone } = given(null)
    isGone.meanwhile = true
    expect(await erase()).toEqual({ kind: 'unknown' })
    isGone.already = true
    expect(await erase()).toEqual({ kind: 'unknown' })
    expect(done).toEqual([`erase ${WHO}`])
    expect(stage.store.environmentAudit('production')).toHaveLength(1)
  })
})

describe('somebody is needed', () => {
  const needs: readonly (readonly [string, Partial<ServiceState>, Rollout | null, string | null])[] = [
    [
      'whom a manifest names',
      { manifest: aManifest({ approvals: approvals([OTHER, WHO]) }) },
      null,
      'the manifest of production/pricing names them as an approver: store it without them first',
    ],
    ['unless it names others', { manifest: aManifest({ approvals: approvals([OTHER]) }) }, null, null],
    ['unless it names nobody', { manifest: aManifest({ approvals: approvals(null) }) }, null, null],
    ['unless it wants no approvals', { manifest: aManifest({ approvals: null }) }, null, null],
    [
      'whose push waits behind others',
      { pending: [aPush({ author: OTHER }), aPush({ author: WHO })] },
      null,
      'a push of theirs waits at production/pricing: let it run first',
    ],
    ['unless others wait', { pending: [aPush({ author: OTHER }), aPush({ author: null })] }, null, null],
    [
      'whose push is rolled out',
      {},
      aFreshRollout({ push: aPush({ author: WHO }) }),
      'pricing-2 in production runs and counts on who they are, as its author or for its approvals: let it end first',
    ],
    [
      'who may approve what is rolled out',
      {},
      aRollout(undefined, { manifest: aManifest({ approvals: approvals([WHO]) }) }),
      'pricing-2 in production runs and counts on who they are, as its author or for its approvals: let it end first',
    ],
    [
      'who has approved what is rolled out',
      {},
      aRollout(undefined, {
        approvals: [{ id: WHO, name: WHO, step: 1, digest: 'sha256:00', at: 0, expiresAt: null }],
      }),
      'pricing-2 in production runs and counts on who they are, as its author or for its approvals: let it end first',
    ],
    ['unless it is over', {}, aRollout(finished('promoted'), { push: aPush({ author: WHO }) }), null],
    ['unless others pushed it', {}, aFreshRollout({ push: aPush({ author: OTHER }) }), null],
    ['unless nothing was rolled out yet', {}, null, null],
  ]
  test.each(needs)('%s', async (_, service, rollout, because) => {
    const { stage, erase, done } = given(service, rollout)
    expect(await erase()).toEqual(because === null ? { kind: 'erased' } : { kind: 'needed', because })
    expect(stage.store.environmentAudit('production')).toHaveLength(because === null ? 1 : 0)
    expect(done.includes(`erase ${WHO}`)).toBe(because === null)
    const looked = done.filter((what) => what.startsWith('due'))
    expect(looked.every((what) => what === `due production ${Number.MAX_SAFE_INTEGER} 20000`)).toBe(true)
  })
})
