import { describe, expect, it } from 'vitest'
import { isReady } from '../../lib/core/app.ts'
import {
  type Connect,
  create,
  done,
  FIRST,
  look,
  revisionIn,
  scene,
  seen,
  traffic,
  web,
  weights,
} from './container-apps.contract.ts'

/** What a look at container apps must show, whoever looks. */
export function lookContract(connect: Connect): void {
  describe('a look', () => {
    it('shows a running app: one revision, ready, with all traffic', async () => {
      const app = await look(await scene(connect))
      expect(app).toMatchObject({
        target: web,
        location: 'West Europe',
        mode: 'Multiple',
        stickySessions: false,
        provisioning: 'Succeeded',
        latestRevision: FIRST,
        latestReady: FIRST,
        traffic: [{ revision: FIRST, weight: 100, label: null }],
      })
      expect(app.revisions).toHaveLength(1)
      expect(revisionIn(app, 'first')).toMatchObject({ image: 'web:1', active: true, error: null })
      expect(isReady(revisionIn(app, 'first'))).toBe(true)
      expect(revisionIn(app, 'first').fqdn).toMatch(/^web--first\../)
    })

    it('shows traffic that follows the latest revision as an entry without a revision', async () => {
      const app = await look(await scene(connect, { latestRevisionTraffic: true }))
      expect(app.traffic).toEqual([{ revision: null, weight: 100, label: null }])
    })

    it.each(['Single', 'Labels'] as const)('shows an app in %s mode as it is', async (mode) => {
      expect((await look(await scene(connect, { mode }))).mode).toBe(mode)
    })

    it('shows sticky sessions', async () => {
      expect((await look(await scene(connect, { stickySessions: true }))).stickySessions).toBe(true)
    })

    it('answers in order, and an app that is missing takes nothing from its neighbours', async () => {
      const set = await scene(connect)
      set.world.addApp({ target: { ...web, app: 'api' }, image: 'api:1' })
      const targets = ['gone', 'web', 'api'].map((app) => ({ ...web, app }))
      const [gone, first, second] = await set.apps.observe(targets)
      expect(gone).toMatchObject({ kind: 'unseen', fault: { kind: 'not-found' } })
      expect([seen(first).target.app, seen(second).target.app]).toEqual(['web', 'api'])
    })

    it('is not-found for a lone app that is missing', async () => {
      const set = await scene(connect)
      set.world.removeApp(web)
      expect(await set.apps.observe([web])).toMatchObject([{ kind: 'unseen', fault: { kind: 'not-found' } }])
    })

    it('reads the list of a resource group once, and the revisions of each app once', async () => {
      const set = await scene(connect)
      const others = ['a', 'b', 'c', 'd'].map((app) => ({ ...web, app }))
      for (const target of others) set.world.addApp({ target, image: 'x:1' })
      await set.apps.observe([web, ...others])
      expect(set.world.reads).toMatchObject({ list: 1, get: 0, listRevisions: 5, getRevision: 0 })
    })

    it('costs two reads for one app', async () => {
      const set = await scene(connect)
      await look(set)
      expect(Object.values(set.world.reads).reduce((sum, count) => sum + count)).toBe(2)
    })

    it.each([
      [429, 'TooManyRequests', 'throttled', 17_000],
      [403, 'AuthorizationFailed', 'denied', null],
      [503, 'ServiceUnavailable', 'unavailable', null],
    ])('hands on a %i as the trouble of that app, not of its neighbour', async (status, code, kind, retryAfterMs) => {
      const set = await scene(connect)
      const api = { ...web, app: 'api' }
      set.world.addApp({ target: api, image: 'api:1' })
      const refusal = { status, code, message: 'not now', ...(retryAfterMs === null ? {} : { retryAfterS: 17 }) }
      set.world.inject({ on: 'listRevisions', target: web, refusal })
      const [first, second] = await set.apps.observe([web, api])
      expect(first).toMatchObject({ kind: 'unseen', fault: { kind, retryAfterMs } })
      expect(first?.kind === 'unseen' && first.fault.message).toContain(`${code}: not now`)
      expect(second?.kind).toBe('seen')
    })
  })

  describe('what foreign hands did', () => {
    it('is seen: moved traffic, a new label, another mode', async () => {
      const set = await scene(connect)
      await done(set, create('v2'))
      set.world.edit(web, (hand) => {
        hand.traffic([
          { revisionName: FIRST, weight: 60 },
          { revisionName: 'web--v2', weight: 40 },
        ])
        hand.label('blue', 'web--v2')
      })
      const app = await look(set)
      expect(weights(app)).toEqual({ first: 60, v2: 40 })
      expect(app.traffic.find(({ label }) => label === 'blue')?.revision).toBe('web--v2')
      set.world.edit(web, (hand) => hand.mode('Single'))
      expect((await look(set)).mode).toBe('Single')
    })

    it('is seen: a revision that nobody of ours made', async () => {
      const set = await scene(connect)
      set.world.edit(web, (hand) => hand.deploy('web:foreign', 'theirs'))
      set.clock.advance(20_000)
      const app = await look(set)
      expect(revisionIn(app, 'theirs').image).toBe('web:foreign')
      expect(app.latestRevision).toBe('web--theirs')
    })

    it('is seen: a revision that is switched off and keeps its place in the traffic', async () => {
      const set = await scene(connect)
      set.world.edit(web, (hand) => hand.deactivate(FIRST))
      const app = await look(set)
      expect(revisionIn(app, 'first').active).toBe(false)
      expect(isReady(revisionIn(app, 'first'))).toBe(false)
      expect(weights(app)).toEqual({ first: 100 })
    })
  })

  describe('a revision on its way', () => {
    it('has no weight and is not ready until its replica is healthy', async () => {
      const set = await scene(connect)
      set.world.behave('web@sha256:2', { readyAfterMs: 60_000 })
      await set.apps.perform(web, create('v2'))
      expect((await look(set)).provisioning).toBe('InProgress')
      set.clock.advance(30_000)
      const early = await look(set)
      expect(early.provisioning).toBe('Succeeded')
      expect(isReady(revisionIn(early, 'v2'))).toBe(false)
      set.clock.advance(40_000)
      const late = await look(set)
      expect(isReady(revisionIn(late, 'v2'))).toBe(true)
      expect(weights(late)).toEqual({ first: 100 })
    })

    it('that crashes is provisioned all the same, but never ready', async () => {
      const set = await scene(connect)
      set.world.behave('web@sha256:2', { never: 'crash' })
      await done(set, create('v2'))
      set.clock.advance(600_000)
      const revision = revisionIn(await look(set), 'v2')
      expect(revision).toMatchObject({ provisioning: 'Provisioned', health: 'Unhealthy', running: 'Failed' })
      expect(isReady(revision)).toBe(false)
    })

    it('that sleeps at zero replicas is not ready, and is once it was woken', async () => {
      const set = await scene(connect)
      set.world.behave('web@sha256:2', { scaleToZero: true })
      await done(set, create('v2'))
      const asleep = revisionIn(await look(set), 'v2')
      expect(asleep).toMatchObject({ running: 'ScaledToZero', replicas: 0 })
      expect(isReady(asleep)).toBe(false)
      await done(set, { kind: 'wake', revision: 'web--v2', fqdn: asleep.fqdn ?? '' })
      expect(isReady(revisionIn(await look(set), 'v2'))).toBe(true)
    })
  })

  describe('weights', () => {
    it('are what was asked for once the operation is over, and not before', async () => {
      const set = await scene(connect)
      await done(set, create('v2'))
      await set.apps.perform(web, traffic({ first: 90, v2: 10 }))
      const under = await look(set)
      expect(under.provisioning).toBe('InProgress')
      expect(weights(under)).toEqual({ first: 100 })
      set.clock.advance(20_000)
      const after = await look(set)
      expect(after.provisioning).toBe('Succeeded')
      expect(weights(after)).toEqual({ first: 90, v2: 10 })
    })
  })
}
