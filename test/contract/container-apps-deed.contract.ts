import { describe, expect, it } from 'vitest'
import { type Action, isReady } from '../../lib/core/app.ts'
import {
  type Connect,
  create,
  done,
  entries,
  FIRST,
  faultOf,
  look,
  revisionIn,
  scene,
  traffic,
  web,
  weights,
  wirePart,
} from './container-apps.contract.ts'

/** What a deed at a container app must do, and what it must leave alone. */
export function deedContract(connect: Connect): void {
  describe('a new revision', () => {
    it('is a copy of the stable one, not of the latest, with image and suffix changed', async () => {
      const set = await scene(connect)
      const containers = [{ name: 'web', image: 'web:other', env: [{ name: 'MODE', value: 'experiment' }] }]
      set.world.patch(web, {
        properties: { template: { revisionSuffix: 'other', containers, scale: { minReplicas: 3 } } },
      })
      set.clock.advance(20_000)
      await done(set, create('v2'))
      const from = wirePart(set.world.getRevision(web, FIRST), 'properties', 'template') as { containers: object[] }
      const made = wirePart(set.world.getRevision(web, 'web--v2'), 'properties', 'template')
      expect(made).toEqual({
        ...from,
        revisionSuffix: 'v2',
        containers: from.containers.map((container) => ({ ...container, image: 'web@sha256:2' })),
      })
    })

    it('is named by app and suffix, becomes ready, and gets no weight', async () => {
      const set = await scene(connect)
      await done(set, create('s2-ab12'))
      const app = await look(set)
      expect(isReady(revisionIn(app, 's2-ab12'))).toBe(true)
      expect(revisionIn(app, 's2-ab12').image).toBe('web@sha256:2')
      expect(weights(app)).toEqual({ first: 100 })
    })

    it('leaves secrets, labels, traffic and the rest of the configuration as they are', async () => {
      const set = await scene(connect, { labels: { live: 'first' } })
      const before = wirePart(set.world.get(web), 'properties', 'configuration')
      await done(set, create('v2'))
      expect(wirePart(set.world.get(web), 'properties', 'configuration')).toEqual(before)
    })

    it('is asked for with location and template, and nothing else', async () => {
      const set = await scene(connect)
      await done(set, create('v2'))
      const body = set.world.log.at(-1)?.body as { properties: object }
      expect(Object.keys(body).sort()).toEqual(['location', 'properties'])
      expect(Object.keys(body.properties)).toEqual(['template'])
      expect(JSON.stringify(body)).not.toMatch(/null|ephemeralStorage/)
    })

    it('of a used suffix is taken, then fails where a look can see it, and harms nothing', async () => {
      const set = await scene(connect)
      await done(set, create('v2', 'web@sha256:2'))
      await set.apps.perform(web, create('v2', 'web@sha256:3'))
      set.clock.advance(20_000)
      const app = await look(set)
      expect(app.provisioning).toBe('Failed')
      expect(revisionIn(app, 'v2').image).toBe('web@sha256:2')
      expect(weights(app)).toEqual({ first: 100 })
    })

    it('takes the named container of several, and leaves the others', async () => {
      const named = { ...web, container: 'web' }
      const containers = [{ name: 'side', image: 'side:1', resources: { cpu: 0.5, memory: '1Gi' } }]
      const set = await scene(connect, { target: named, containers })
      await set.apps.perform(named, create('v2'))
      const made = wirePart(set.world.getRevision(web, 'web--v2'), 'properties', 'template') as {
        containers: { name: string; image: string }[]
      }
      const images = Object.fromEntries(made.containers.map(({ name, image }) => [name, image]))
      expect(images).toEqual({ web: 'web@sha256:2', side: 'side:1' })
    })

    it.each([
      ['no container is named', null],
      ['the named one is not there', 'api'],
    ])('is malformed when there are several containers and %s; nothing is written', async (_, container) => {
      const containers = [{ name: 'side', image: 'side:1', resources: { cpu: 0.5, memory: '1Gi' } }]
      const set = await scene(connect, { containers })
      expect(await faultOf(set.apps.perform({ ...web, container }, create('v2')))).toMatchObject({ kind: 'malformed' })
      expect(set.world.log).toEqual([])
    })

    it('is not-found when the revision to copy is gone', async () => {
      const set = await scene(connect)
      expect(await faultOf(set.apps.perform(web, create('v2', 'x', 'web--gone')))).toMatchObject({ kind: 'not-found' })
      expect(set.world.log).toEqual([])
    })

    it('with an impossible suffix is malformed', async () => {
      const set = await scene(connect)
      expect(await faultOf(set.apps.perform(web, create('2--Bad')))).toMatchObject({ kind: 'malformed' })
      expect(set.world.log).toEqual([])
    })

    it('costs one write, and at most one read more than a look had cost', async () => {
      const set = await scene(connect)
      await look(set)
      const before = sum(set.world.reads)
      await set.apps.perform(web, create('v2'))
      expect(sum(set.world.reads) - before).toBeLessThanOrEqual(1)
      expect(set.world.log).toHaveLength(1)
    })
  })

  describe('traffic', () => {
    it('is written with location and traffic list, and nothing else', async () => {
      const set = await scene(connect)
      await done(set, create('v2'))
      const before = set.world.get(web)
      await done(set, traffic({ first: 75, v2: 25 }, { blue: 'v2' }))
      expect(set.world.log.at(-1)?.body).toEqual({
        location: 'West Europe',
        properties: {
          configuration: {
            ingress: {
              traffic: [
                { revisionName: FIRST, weight: 75 },
                { revisionName: 'web--v2', weight: 25, label: 'blue' },
              ],
            },
          },
        },
      })
      const after = set.world.get(web)
      expect(wirePart(after, 'properties', 'template')).toEqual(wirePart(before, 'properties', 'template'))
      expect(wirePart(after, 'properties', 'configuration', 'secrets')).toEqual(
        wirePart(before, 'properties', 'configuration', 'secrets'),
      )
    })

    it('keeps a label on a revision without weight', async () => {
      const set = await scene(connect)
      await done(set, create('v2'))
      await done(set, traffic({ first: 100, v2: 0 }, { live: 'first', preview: 'v2' }))
      const app = await look(set)
      expect(app.traffic).toEqual(entries({ first: 100, v2: 0 }, { live: 'first', preview: 'v2' }))
    })

    it('written twice is the same as written once', async () => {
      const set = await scene(connect)
      await done(set, create('v2'))
      await done(set, traffic({ first: 50, v2: 50 }))
      await done(set, traffic({ first: 50, v2: 50 }))
      expect(weights(await look(set))).toEqual({ first: 50, v2: 50 })
    })

    it.each<[string, Action]>([
      ['totals less than 100', traffic({ first: 99 })],
      ['totals more than 100', traffic({ first: 100, v2: 1 })],
      ['follows the latest revision', { kind: 'set-traffic', traffic: [{ revision: null, weight: 100, label: null }] }],
      [
        'gives a label twice',
        {
          kind: 'set-traffic',
          traffic: [
            { revision: FIRST, weight: 50, label: 'a' },
            { revision: 'web--v2', weight: 50, label: 'a' },
          ],
        },
      ],
    ])('that %s is malformed, and nothing is written', async (_, action) => {
      const set = await scene(connect)
      await done(set, create('v2'))
      const writes = set.world.log.length
      expect(await faultOf(set.apps.perform(web, action))).toMatchObject({ kind: 'malformed' })
      expect(set.world.log).toHaveLength(writes)
    })

    it('costs one write and no read after a look', async () => {
      const set = await scene(connect)
      await done(set, create('v2'))
      await look(set)
      const before = sum(set.world.reads)
      const writes = set.world.log.length
      await set.apps.perform(web, traffic({ first: 90, v2: 10 }))
      expect(sum(set.world.reads)).toBe(before)
      expect(set.world.log).toHaveLength(writes + 1)
    })
  })

  describe('a failed template', () => {
    it('sticks: a write of weights alone fails with it, until it is repaired together with the weights', async () => {
      const set = await scene(connect)
      set.world.behave('web@sha256:9', { never: 'pull-fails' })
      await done(set, create('v2'))
      await done(set, create('v9', 'web@sha256:9'))
      expect((await look(set)).provisioning).toBe('Failed')

      await done(set, traffic({ first: 50, v2: 50 }))
      const stuck = await look(set)
      expect(stuck.provisioning).toBe('Failed')
      expect(weights(stuck)).toEqual({ first: 100 })

      await done(set, { kind: 'repair', from: FIRST, suffix: 'r1', traffic: entries({ first: 50, v2: 50 }) })
      const mended = await look(set)
      expect(mended.provisioning).toBe('Succeeded')
      expect(weights(mended)).toEqual({ first: 50, v2: 50 })
      expect(revisionIn(mended, 'r1').image).toBe('web:1')
    })

    it('is repaired in one write that holds template and traffic', async () => {
      const set = await scene(connect)
      await done(set, { kind: 'repair', from: FIRST, suffix: 'r1', traffic: entries({ first: 100 }) })
      expect(set.world.log).toHaveLength(1)
      const body = set.world.log[0]?.body
      expect(Object.keys(wirePart(body, 'properties') as object).sort()).toEqual(['configuration', 'template'])
      expect(wirePart(body, 'properties', 'template', 'revisionSuffix')).toBe('r1')
      expect(wirePart(body, 'properties', 'configuration')).toEqual({
        ingress: { traffic: [{ revisionName: FIRST, weight: 100 }] },
      })
    })
  })

  describe('switching', () => {
    it('a revision off and on again is seen, and doing it twice does no harm', async () => {
      const set = await scene(connect)
      await done(set, create('v2'))
      for (const _ of ['once', 'twice']) await done(set, { kind: 'deactivate', revision: 'web--v2' })
      const off = revisionIn(await look(set), 'v2')
      expect(off.active).toBe(false)
      expect(isReady(off)).toBe(false)
      for (const _ of ['once', 'twice']) await done(set, { kind: 'activate', revision: 'web--v2' })
      expect(isReady(revisionIn(await look(set), 'v2'))).toBe(true)
    })

    it.each(['activate', 'deactivate'] as const)('%s is not-found for a revision that is not there', async (kind) => {
      const set = await scene(connect)
      expect(await faultOf(set.apps.perform(web, { kind, revision: 'web--gone' }))).toMatchObject({ kind: 'not-found' })
    })
  })

  describe('a deed that Azure refuses', () => {
    const deeds: [string, Action][] = [
      ['a new revision', create('v3')],
      ['traffic', traffic({ first: 100 })],
      ['a repair', { kind: 'repair', from: FIRST, suffix: 'r1', traffic: entries({ first: 100 }) }],
      ['activation', { kind: 'activate', revision: FIRST }],
      ['deactivation', { kind: 'deactivate', revision: FIRST }],
    ]

    it.each(deeds)('because another write is under way is a conflict: %s', async (_, action) => {
      const set = await scene(connect)
      await set.apps.perform(web, create('v2'))
      const fault = await faultOf(set.apps.perform(web, action))
      expect(fault.kind).toBe('conflict')
      expect(fault.message).toContain('active provisioning operation in progress')
      set.clock.advance(20_000)
      await expect(set.apps.perform(web, action)).resolves.toBeUndefined()
    })

    it.each(deeds)('because there were too many calls is throttled, and says for how long: %s', async (_, action) => {
      const set = await scene(connect)
      const refusal = { status: 429, code: 'TooManyRequests', message: 'slow down', retryAfterS: 23 }
      set.world.inject({ on: 'write', refusal })
      expect(await faultOf(set.apps.perform(web, action))).toMatchObject({ kind: 'throttled', retryAfterMs: 23_000 })
      expect(set.world.log).toEqual([])
    })

    it.each([
      [409, 'ContainerAppLockConflict', 'conflict'],
      [403, 'AuthorizationFailed', 'denied'],
      [401, 'InvalidAuthenticationToken', 'denied'],
      [400, 'InvalidParameterValueInContainerTemplate', 'malformed'],
      [500, 'InternalServerError', 'unavailable'],
      [504, 'GatewayTimeout', 'unavailable'],
    ])("with %i %s is said with Azure's words", async (status, code, kind) => {
      const set = await scene(connect)
      set.world.inject({ on: 'patch', refusal: { status, code, message: 'because of something' } })
      const fault = await faultOf(set.apps.perform(web, traffic({ first: 100 })))
      expect(fault.kind).toBe(kind)
      expect(fault.message).toContain(`${code}: because of something`)
    })

    it('may have happened all the same: the next look tells', async () => {
      const set = await scene(connect)
      await done(set, create('v2'))
      const refusal = { status: 504, code: 'GatewayTimeout', message: 'no answer in time' }
      set.world.inject({ on: 'patch', refusal, applied: true })
      expect(await faultOf(set.apps.perform(web, traffic({ first: 90, v2: 10 })))).toMatchObject({
        kind: 'unavailable',
      })
      set.clock.advance(20_000)
      expect(weights(await look(set))).toEqual({ first: 90, v2: 10 })
    })

    it.each(deeds)('because the app is gone is not-found: %s', async (_, action) => {
      const set = await scene(connect)
      set.world.removeApp(web)
      expect(await faultOf(set.apps.perform(web, action))).toMatchObject({ kind: 'not-found' })
    })
  })
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}
