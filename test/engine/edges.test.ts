import { describe, expect, test } from 'vitest'
import { obeyCommand } from '../../lib/engine/command.ts'
import { storeManifest } from '../../lib/engine/manifest.ts'
import { quarantine } from '../../lib/engine/quarantine.ts'
import { auditPage, locate } from '../../lib/engine/query.ts'
import { receive } from '../../lib/engine/receive.ts'
import { standings } from '../../lib/engine/view.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { createStage, type Stage } from '../../sim/runner.ts'
import { aCommand } from '../support/builders.ts'
import { aCaller } from '../support/callers.ts'
import { givenPricing, HOUR, PRICING, pricingManifest, untilFinished, version } from '../support/story.ts'

const ADMIN = aCaller()

/** The stage's wheel, but the first `times` commits lose their race. */
function losing(stage: Stage, times: number): Wheel {
  let left = times
  const { store } = stage.wheel
  return {
    ...stage.wheel,
    store: {
      due: (...given) => store.due(...given),
      claim: (...given) => store.claim(...given),
      load: (...given) => store.load(...given),
      answered: (...given) => store.answered(...given),
      commit: async (change) => {
        if (left === 0) return store.commit(change)
        left -= 1
        return 'conflict'
      },
    },
  }
}

const pushed = { kind: 'push', push: version(2), receivedAt: 0 } as const
const abort = aCommand('abort', { id: 'a', actor: 'olga' })

describe('the loser of a race', () => {
  test('takes a push in at the next attempt', async () => {
    const stage = await givenPricing()
    expect(await receive(losing(stage, 3), pushed)).toMatchObject([{ outcome: 'rollout', rollout: 'pricing-1' }])
  })

  test('lets a push wait at the next attempt', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    const newer = { kind: 'push', push: version(3), receivedAt: 0 } as const
    expect(await receive(losing(stage, 1), newer)).toMatchObject([{ outcome: 'queued' }])
    expect(stage.store.peek(PRICING)?.service.pending).toHaveLength(1)
  })

  test('obeys, retries and stores at the next attempt', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    expect(await obeyCommand(losing(stage, 2), PRICING, abort)).toMatchObject({ kind: 'done' })
    await untilFinished(stage, HOUR)
    const retry = aCommand('retry', { id: 'r', actor: 'olga' })
    expect(await obeyCommand(losing(stage, 2), PRICING, retry)).toMatchObject({ kind: 'done', rollout: 'pricing-2' })
    const changed = pricingManifest({ drainMs: 1 })
    expect(await storeManifest(losing(stage, 2), changed, 'tester')).toMatchObject({ kind: 'changed', version: 2 })
  })

  test('gives up with a Fault when it loses for ever, and nothing was done', async () => {
    const stage = await givenPricing()
    const unlucky = losing(stage, 1_000)
    await expect(receive(unlucky, pushed)).rejects.toMatchObject({ kind: 'conflict' })
    await stage.push(version(2))
    await expect(obeyCommand(unlucky, PRICING, abort)).rejects.toMatchObject({ kind: 'conflict' })
    await expect(storeManifest(unlucky, pricingManifest({ drainMs: 2 }), 'tester')).rejects.toMatchObject({
      kind: 'conflict',
    })
    expect(stage.rollout(PRICING).phase.kind).toBe('preparing')
  })
})

describe('commands', () => {
  test('for a service that does not exist, or has no rollout, are refused in words', async () => {
    const stage = await givenPricing()
    expect(await obeyCommand(stage.wheel, { ...PRICING, name: 'nobody' }, abort)).toEqual({ kind: 'unknown-service' })
    expect(await stage.command(PRICING, 'abort')).toEqual({ kind: 'refused', because: 'pricing has no rollout yet' })
  })

  test('that name another rollout than the newest are refused', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    const answer = await obeyCommand(stage.wheel, PRICING, abort, 'pricing-7')
    expect(answer).toEqual({ kind: 'refused', because: 'the newest rollout is pricing-1, not pricing-7' })
  })

  test('that take an id which was used for another verb are refused', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    await stage.command(PRICING, 'pause', { id: 'same' })
    expect(await stage.command(PRICING, 'abort', { id: 'same' })).toMatchObject({ kind: 'reused' })
    expect(stage.rollout(PRICING).phase.kind).toBe('paused')
  })

  test('that Azure does not take now say so, and are done by the next turns', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    await stage.runUntil('there is a canary', () => stage.rollout(PRICING).phase.kind === 'progressing', HOUR)
    await stage.run(5 * 60_000)
    stage.world.inject({
      on: 'patch',
      until: stage.clock.now() + 60_000,
      refusal: { status: 429, code: 'TooManyRequests', message: 'Too many requests.', retryAfterS: 5 },
    })
    expect(await stage.command(PRICING, 'abort')).toMatchObject({
      kind: 'done',
      outstanding: expect.stringContaining('Too many requests.'),
    })
    expect(await untilFinished(stage, HOUR)).toBe('aborted')
  })

  test('about an app that cannot be seen are stored, and say why nothing is done yet', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    await stage.runUntil('there is a canary', () => stage.rollout(PRICING).phase.kind === 'progressing', HOUR)
    stage.world.inject({
      on: 'read',
      until: stage.clock.now() + 60_000,
      refusal: { status: 503, code: 'ServerBusy', message: 'Busy.' },
    })
    expect(await stage.command(PRICING, 'abort')).toMatchObject({
      kind: 'done',
      outstanding: expect.stringContaining('Busy.'),
    })
    expect(stage.rollout(PRICING).phase.kind).toBe('rolling-back')
    expect(await untilFinished(stage, HOUR)).toBe('aborted')
  })

  test('that retry are refused while a rollout runs and after a promotion, and obeyed after an abort', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    expect(await stage.command(PRICING, 'retry')).toMatchObject({ kind: 'refused' })
    expect(await untilFinished(stage, 90 * HOUR)).toBe('promoted')
    expect(await stage.command(PRICING, 'retry')).toMatchObject({ kind: 'refused' })
    await stage.push(version(3))
    await stage.command(PRICING, 'abort')
    await untilFinished(stage, HOUR)
    expect(await stage.command(PRICING, 'retry', { reason: 'fixed the database' })).toMatchObject({ kind: 'done' })
    expect(stage.store.auditOf(PRICING).at(-1)?.notes).toBe('olga tries v3 again: fixed the database')
  })

  test('whose turn breaks throw what broke it', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    const wheel = {
      ...stage.wheel,
      apps: { observe: async () => [{ kind: 'seen', app: null } as never], perform: async () => {} },
    }
    await expect(obeyCommand(wheel, PRICING, abort)).rejects.toThrow(TypeError)
  })
})

describe('manifests', () => {
  test('stored again unchanged change nothing; a stale writer is told the version of now', async () => {
    const stage = await givenPricing()
    expect(await storeManifest(stage.wheel, pricingManifest(), 'tester')).toEqual({
      kind: 'unchanged',
      version: 1,
      running: null,
    })
    expect(
      await storeManifest(stage.wheel, pricingManifest({ drainMs: 5 }), 'tester', (version) => version === 7),
    ).toMatchObject({
      kind: 'stale',
      version: 1,
    })
    expect(
      await storeManifest(stage.wheel, pricingManifest({ drainMs: 5 }), 'tester', (version) => version === 1),
    ).toMatchObject({
      kind: 'changed',
      version: 2,
    })
    expect(stage.store.auditOf(PRICING)).toHaveLength(2)
  })
})

describe('questions', () => {
  test('find a service by name in one environment, in several, in none', async () => {
    const stage = createStage({ environments: ['staging', 'production'] })
    for (const environment of ['staging', 'production']) await stage.declare(pricingManifest({ environment }))
    await stage.declare(pricingManifest({ name: 'safety' }))
    const both = ['staging', 'production']
    expect(await locate(stage.wheel, both, 'pricing', ADMIN)).toEqual({ kind: 'ambiguous', environments: both })
    expect(await locate(stage.wheel, both, 'safety', ADMIN)).toMatchObject({
      kind: 'found',
      key: { environment: 'production', name: 'safety' },
    })
    expect(await locate(stage.wheel, both, 'nobody', ADMIN)).toEqual({ kind: 'unknown' })
  })

  test('list every service as it stands, over more than one page', async () => {
    const stage = createStage()
    for (let n = 0; n < 103; n++) await stage.declare(pricingManifest({ name: `service-${n}` }))
    const first = await standings(stage.wheel, ['production'], ADMIN, { limit: 100, from: null })
    const rest = await standings(stage.wheel, ['production'], ADMIN, { limit: 100, from: first.next })
    const all = [...first.items, ...rest.items]
    expect([first.items.length, rest.items.length, rest.next]).toEqual([100, 3, null])
    expect(new Set(all.map(({ status }) => status.service)).size).toBe(103)
    expect(all.every(({ status, etag }) => status.phase === 'idle' && etag === '"none"')).toBe(true)
  })

  test('show the audit as rows with sentences and as CSV', async () => {
    const stage = await givenPricing()
    const page = await auditPage(stage.store, { environment: 'production', limit: 10, from: null }, ADMIN)
    expect(page.items[0]).toMatchObject({ kind: 'manifest-stored', happenedAt: '2026-01-05T12:00:00.000Z' })
    expect(page.items[0]?.sentence).toContain('manifest version 1 was stored')
    expect(page.csv().split('\r\n')).toHaveLength(3)
    expect(page.next).toBeNull()
  })
})

test('a message that cannot be acted on is written down once, with how it began', async () => {
  const stage = await givenPricing()
  await quarantine(stage.wheel, 'intake', { some: 'thing' })
  await quarantine(stage.wheel, 'intake', '{"some":"thing"}')
  const { items } = await stage.store.page(10, null)
  expect(items).toHaveLength(1)
  expect(items[0]).toMatchObject({ outcome: 'quarantined', source: 'intake' })
  expect(items[0]?.reason).toContain('some')
})

test('a delivery that is to be ignored is written down as it came', async () => {
  const stage = await givenPricing()
  const record = {
    id: 'x',
    receivedAt: 1,
    source: 'acr',
    outcome: 'ignored',
    reason: 'a ping',
    image: null,
    digest: null,
    entityId: null,
    rollout: null,
  } as const
  expect(await receive(stage.wheel, { kind: 'ignored', record })).toEqual([record])
  expect(stage.store.eventsRecorded()).toEqual([record])
})
