import { expect } from 'vitest'
import type { Caller } from '../../lib/core/caller.ts'
import { erasePerson } from '../../lib/engine/erase.ts'
import { storeManifest } from '../../lib/engine/manifest.ts'
import { bylineOf, withoutAuthor } from '../../lib/engine/people.ts'
import { receive } from '../../lib/engine/receive.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { createStage } from '../../sim/runner.ts'
import type { ChoreRace } from './chores.ts'
import { expectChain, pricingManifest, version } from './story.ts'
import { createRing, type Plugs } from './wire-races.ts'

const ENVIRONMENT = 'production'
const ADA: Caller = {
  id: 'id-of-ada',
  name: 'ada@example.com',
  kind: 'person',
  grants: [{ role: 'admin', environments: null, services: null }],
  method: 'token',
}

/** Pricing with a manifest, and Ada, who is known or not yet. */
async function givenAda(isKnown: boolean) {
  const stage = createStage({ crash: 'never' })
  const ring = await createRing(stage.clock)
  const { clock } = stage
  const on = ({ store, people }: Plugs): Wheel => {
    return { ...stage.wheel, store, catalogue: store, events: store, freezes: store, buckets: store, people }
  }
  await storeManifest(on(ring.plugs), pricingManifest(), 'tester')
  const known = isKnown ? (await bylineOf({ people: ring.plugs.people, clock }, ADA, 'request-0')).actor : ''
  const erases = (plugs: Plugs) =>
    erasePerson(on(plugs), plugs.people, [ENVIRONMENT], known, { by: { actor: 'kim', asked: ASKED }, reason: 'asked' })
  const acts = ({ people }: Plugs) => bylineOf({ people, clock }, ADA, 'request-1')
  const renames = ({ people }: Plugs) => bylineOf({ people, clock }, { ...ADA, name: 'ada.l@example.com' }, 'request-2')
  const pushes = async (plugs: Plugs) => {
    const push = await withoutAuthor({ people: plugs.people, clock }, version(2, { author: ADA.name }))
    return receive(on(plugs), { kind: 'push', push, receivedAt: clock.now() })
  }
  return { ring, works: { erases, acts, renames, pushes } }
}

const ASKED = { request: 'request-9', signIn: 'token', app: null } as const

type Ada = Awaited<ReturnType<typeof givenAda>>

const people = (name: string, isKnown: boolean, what: readonly (keyof Ada['works'])[]): ChoreRace => ({
  name,
  set: async () => {
    const { ring, works } = await givenAda(isKnown)
    return {
      ring,
      works: what.map((one) => works[one]),
      settle: async ({ answers }) => {
        expect(answers.flatMap((one) => ('error' in one ? [one.error] : []))).toEqual([])
        const { people, store } = ring.plugs
        const listed = (await people.list(100, null)).items.filter(({ kind }) => kind === 'account')
        const found = await people.find('account', ADA.id)
        // Whoever is known is known by both of their rows, and once.
        expect(listed).toEqual(found === null ? [] : [found])
        const came = answers.map((one) => ('value' in one ? one.value : null))
        const erased = came.filter((one) => (one as { kind?: string } | null)?.kind === 'erased').length
        expect(erased).toBeLessThanOrEqual(1)
        if (what.includes('erases') && !what.includes('pushes')) expect(erased).toBe(1)
        const actors = came.flatMap((one, index) =>
          what[index] === 'acts' || what[index] === 'renames' ? [(one as { actor: string }).actor] : [],
        )
        if (erased === 0) expect(new Set(actors).size).toBeLessThanOrEqual(1)
        const { items } = await store.page({ environment: ENVIRONMENT, service: null, limit: 100, from: null })
        expectChain(items.toReversed())
        const rows = items.filter(({ kind }) => kind === 'person-erased').length
        expect(rows).toBeGreaterThanOrEqual(erased)
        expect(rows).toBeLessThanOrEqual(what.filter((one) => one === 'erases').length)
        const text = JSON.stringify([items, await store.load(ENVIRONMENT, ['pricing'])])
        expect(text).not.toContain(ADA.name)
        expect(text).not.toContain(ADA.id)
      },
    }
  },
})

/** People who come to be known, are renamed, or are erased, by several at once. */
export const PEOPLE: readonly ChoreRace[] = [
  people('two first deeds of one person', false, ['acts', 'acts']),
  people('three first deeds of one person, under two names', false, ['acts', 'renames', 'acts']),
  people('two erasures', true, ['erases', 'erases']),
  people('three erasures', true, ['erases', 'erases', 'erases']),
  people('an erasure and a deed of that person', true, ['erases', 'acts']),
  people('an erasure and a new name', true, ['erases', 'renames']),
  people('an erasure, a new name and a deed', true, ['erases', 'renames', 'acts']),
  people('an erasure and a push of that person', true, ['erases', 'pushes']),
]
