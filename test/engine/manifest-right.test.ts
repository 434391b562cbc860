import { describe, expect, test } from 'vitest'
import type { Caller } from '../../lib/core/caller.ts'
import { storeManifest } from '../../lib/engine/manifest.ts'
import { notTheirs } from '../../lib/engine/manifest-right.ts'
import { aCaller } from '../support/callers.ts'
import { givenPricing, pricingManifest } from '../support/story.ts'

const ENVIRONMENTS = ['production']
const STANDING = pricingManifest()
const moved = pricingManifest({ target: { ...STANDING.target, app: 'other' } })
const elsewhere = pricingManifest({ image: { ...STANDING.image, repository: 'nobodys' } })

const bound = (environments: readonly string[] | null, services: readonly string[] | null): Caller => ({
  ...aCaller(),
  grants: [{ role: 'admin', environments, services }],
})

describe('whether a manifest may be stored by somebody who may configure its service', () => {
  test.each([
    ['how it is rolled out', pricingManifest({ drainMs: 5 }), null],
    ['the app', moved, /all of production/],
    ['the repository', elsewhere, /all of production/],
    ['the registry', pricingManifest({ image: { ...STANDING.image, registry: 'x.example' } }), /all of production/],
  ])('an Admin of some services changes %s', async (_, manifest, because) => {
    const { wheel } = await givenPricing()
    for (const services of [['pricing'], ['*']]) {
      const said = await notTheirs(wheel, ENVIRONMENTS, bound(null, services), manifest, STANDING)
      if (because === null) expect(said).toBeNull()
      else expect(said).toMatch(because)
    }
  })

  test('the app of another service is for whoever may configure both, however it is written', async () => {
    const { wheel } = await givenPricing()
    const target = { ...STANDING.target, resourceGroup: STANDING.target.resourceGroup.toUpperCase() }
    const thief = pricingManifest({ name: 'thief', environment: 'staging', target })
    const ask = (caller: Caller) => notTheirs(wheel, ENVIRONMENTS, caller, thief, null)
    expect(await ask(bound(['staging'], null))).toMatch(/run by a service that is not theirs/)
    expect(await ask(bound(['staging', 'production'], null))).toBeNull()
    expect(await ask(aCaller())).toBeNull()
  })
})

test('a manifest that is refused leaves nothing behind: no push finds its service by the repository it named', async () => {
  const { wheel } = await givenPricing()
  const { registry, repository } = elsewhere.image
  const refuse = async () => {
    throw new Error('not theirs')
  }
  await expect(storeManifest(wheel, elsewhere, 'mallory', () => true, refuse)).rejects.toThrow('not theirs')
  expect((await storeManifest(wheel, elsewhere, 'late', () => false)).kind).toBe('stale')
  expect(await wheel.catalogue.servicesFor(registry, repository)).toEqual([])
  await storeManifest(wheel, elsewhere, 'olga')
  expect(await wheel.catalogue.servicesFor(registry, repository)).toHaveLength(1)
})
