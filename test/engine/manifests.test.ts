import { describe, expect, test } from 'vitest'
import type { Grant } from '../../lib/core/caller.ts'
import type { Manifest } from '../../lib/core/service.ts'
import { storeManifest } from '../../lib/engine/manifest.ts'
import { notTheirs } from '../../lib/engine/manifest-right.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import type { Change, Loaded } from '../../lib/ports.ts'
import { createStage } from '../../sim/runner.ts'
import { aCaller } from '../support/callers.ts'
import { givenPricing, PRICING, pricingManifest, version } from '../support/story.ts'

const asked = { request: 'r-1', signIn: 'token', app: null } as const

/** A stage whose commits are kept, and answered by what stands in `answers` before they are let through. */
async function given(stage = createStage()) {
  const changes: Change[] = []
  const calls: string[] = []
  const answers: 'conflict'[] = []
  const { store, catalogue } = stage.wheel
  const commit: Wheel['store']['commit'] = async (change) => {
    calls.push('commit')
    changes.push(change)
    return answers.shift() ?? store.commit(change)
  }
  const index: Wheel['catalogue']['index'] = async (key, registry, repository) => {
    calls.push(`index ${key.environment}/${key.name} ${registry}/${repository}`)
    return catalogue.index(key, registry, repository)
  }
  const wheel: Wheel = { ...stage.wheel, store: { ...store, commit }, catalogue: { ...catalogue, index } }
  return { stage, wheel, changes, calls, answers }
}

describe('a manifest', () => {
  test('of a new service is stored as its first version, after its repository is known', async () => {
    const { wheel, changes, calls, stage } = await given()
    const manifest = pricingManifest()
    const before: unknown[] = []
    const stored = await storeManifest(
      wheel,
      manifest,
      'file',
      (standing) => before.push(standing) > 0,
      async (standing) => void before.push(standing),
    )
    expect(stored).toEqual({ kind: 'created', version: 1, running: null })
    expect(before).toEqual([0, null])
    expect(calls).toEqual(['index production/pricing registry.example.com/pricing', 'commit'])
    const [change] = changes
    const [row] = change?.audit ?? []
    expect(change).toMatchObject({ key: PRICING, token: null })
    expect(change?.service).toEqual({
      schema: 1,
      key: PRICING,
      manifest,
      manifestVersion: 1,
      rolloutNumber: 0,
      pending: [],
      undo: null,
      handled: [],
      chain: { seq: 1, hash: row?.hash },
    })
    expect(row).toMatchObject({
      entityId: 'production/pricing',
      seq: 1,
      happenedAt: stage.clock.now(),
      kind: 'manifest-stored',
      metric: 'manifest-version',
      value: 1,
      notes: 'manifest version 1 was stored',
      actor: 'file',
      rollout: null,
      step: null,
      weightsBefore: null,
      weightsAfter: null,
      evidence: [],
      detail: { before: null, after: manifest },
    })
  })

  test('that follows another says both, by whom, and which rollout goes on without it', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    const { wheel, changes } = await given(stage)
    const changed = pricingManifest({ drainMs: 5 })
    const before: unknown[] = []
    const by = { actor: 'person:0000000000000000', asked }
    const stored = await storeManifest(
      wheel,
      changed,
      by,
      () => true,
      async (standing) => void before.push(standing),
    )
    expect(stored).toEqual({ kind: 'changed', version: 2, running: 'pricing-1' })
    expect(before).toEqual([pricingManifest()])
    expect(changes[0]?.audit[0]).toMatchObject({
      notes: 'manifest version 2 was stored; pricing-1 goes on with the version it began with',
      value: 2,
      actor: 'person:0000000000000000',
      rollout: 'pricing-1',
      detail: { before: pricingManifest(), after: changed, asked },
    })
    expect(changes[0]?.rollout).toBeUndefined()
    expect(await storeManifest(wheel, changed, by)).toEqual({ kind: 'unchanged', version: 2, running: 'pricing-1' })
    expect(changes).toHaveLength(1)
  })

  test('that another writer overtook is tried again over what they stored, and after enough tries given back', async () => {
    const { wheel, answers, calls } = await given(await givenPricing())
    answers.push('conflict', 'conflict')
    expect((await storeManifest(wheel, pricingManifest({ drainMs: 5 }), 'file')).kind).toBe('changed')
    expect(calls.filter((call) => call === 'commit')).toHaveLength(3)
    calls.length = 0
    const forever = { ...wheel, store: { ...wheel.store, commit: async () => 'conflict' as const } }
    await expect(storeManifest(forever, pricingManifest({ drainMs: 6 }), 'file')).rejects.toMatchObject({
      kind: 'conflict',
      message: 'pricing changed 8 times while its manifest was being stored; send it again',
    })
    expect(calls).toHaveLength(8)
  })

  test('of a service that cannot be read is refused, and that of one that can is not asked about', async () => {
    const { wheel, calls } = await given(await givenPricing())
    const held: unknown[] = []
    const heldBy: Wheel['heldBy'] = (key) => {
      held.push(key)
      return 'in-quarantine'
    }
    await storeManifest({ ...wheel, heldBy }, pricingManifest({ drainMs: 5 }), 'file')
    expect(held).toEqual([])
    calls.length = 0
    const other = pricingManifest({ name: 'routing' })
    await expect(storeManifest({ ...wheel, heldBy }, other, 'file')).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('nothing was stored'),
    })
    expect([held, calls]).toEqual([[{ environment: 'production', name: 'routing' }], []])
  })
})

describe('a manifest that its sender may not store', () => {
  const STANDING = pricingManifest()
  const admin = (...grants: readonly Partial<Grant>[]) => ({
    ...aCaller(),
    grants: grants.map((grant): Grant => ({ role: 'admin', environments: null, services: null, ...grant })),
  })
  /** Services by environment and name, each with an app, and where was looked. */
  const catalogueOf = (...services: readonly (readonly [environment: string, name: string, app: string])[]) => {
    const looked: string[] = []
    const list = async (environment: string) => {
      looked.push(environment)
      const own = services.filter(([where]) => where === environment)
      const items = own.map(([, name, app]) => {
        const manifest = pricingManifest({ environment, name, target: { ...STANDING.target, app } })
        return { key: { environment, name }, manifest } as Loaded['service']
      })
      return { items, next: null }
    }
    return { wheel: { catalogue: { list } } as unknown as Wheel, looked }
  }
  const both = ['production', 'staging']
  const theirs = 'the container app pricing is run by a service that is not theirs to configure'

  test('takes an Admin of the whole environment, who is told what for', async () => {
    const { wheel, looked } = catalogueOf()
    const some = admin({ services: ['pricing'] })
    const needs = (what: string) => `${what} takes the role admin for all of production, not for some services of it`
    const ask = (manifest: Manifest, before: Manifest | null) => notTheirs(wheel, both, some, manifest, before)
    expect(await ask(STANDING, null)).toBe(needs('a new service'))
    const moved = needs('another container app, registry or repository')
    for (const field of ['app', 'resourceGroup', 'subscriptionId'] as const)
      expect(await ask(pricingManifest({ target: { ...STANDING.target, [field]: 'other' } }), STANDING)).toBe(moved)
    const capitals = { ...STANDING.target, app: 'PRICING', resourceGroup: 'RIDES' }
    expect(await ask(pricingManifest({ target: capitals }), STANDING)).toBeNull()
    // Not the same app, though the letters are in the same order.
    const shifted = { ...STANDING.target, resourceGroup: 'ridesp', app: 'ricing' }
    expect(await ask(pricingManifest({ target: shifted }), STANDING)).toBe(moved)
    const operator = { ...aCaller('approver') }
    expect(await notTheirs(wheel, both, operator, STANDING, null)).toBe(needs('a new service'))
    expect(looked).toEqual([])
  })

  test.each([
    [
      'nobody else runs the app',
      [
        ['production', 'pricing', 'pricing'],
        ['staging', 'other', 'another'],
      ],
      null,
    ],
    ['the other service is of its own name, elsewhere', [['staging', 'pricing', 'pricing']], theirs],
    ['the other service is its neighbour', [['production', 'other', 'Pricing']], null],
    [
      'one of two others is theirs',
      [
        ['production', 'other', 'pricing'],
        ['staging', 'more', 'pricing'],
      ],
      theirs,
    ],
    [
      'another of theirs runs another app',
      [
        ['staging', 'more', 'another'],
        ['staging', 'yet', 'third'],
      ],
      null,
    ],
  ] as const)('is one whose app another service runs: %s', async (_, services, because) => {
    const { wheel, looked } = catalogueOf(...services)
    const own = admin({ environments: ['production'] })
    expect(await notTheirs(wheel, both, own, STANDING, null)).toBe(because)
    expect(looked).toEqual(both)
    looked.length = 0
    expect(await notTheirs(wheel, both, admin({}), STANDING, null)).toBeNull()
    expect(looked).toEqual([])
    const two = admin({ environments: ['production'] }, { environments: ['staging'], services: ['more', 'pricing'] })
    expect(await notTheirs(wheel, both, two, STANDING, null)).toBeNull()
    const viewer = {
      ...two,
      grants: [...own.grants, { role: 'approver', environments: null, services: null }] as const,
    }
    expect(await notTheirs(wheel, both, viewer, STANDING, null)).toBe(because)
  })
})
