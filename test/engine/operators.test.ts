import { describe, expect, test } from 'vitest'
import { verifyChain } from '../../lib/engine/audit-verify.ts'
import { instanceMeters, metersOf, metersText } from '../../lib/engine/meters.ts'
import { planFor } from '../../lib/engine/plan.ts'
import { pushByHand } from '../../lib/engine/push.ts'
import { rolloutView } from '../../lib/engine/rollout.ts'
import { standings, viewTag } from '../../lib/engine/view.ts'
import type { AuditLog, AuditQuery } from '../../lib/ports.ts'
import { createStage, type Stage } from '../../sim/runner.ts'
import { aCaller } from '../support/callers.ts'
import { parseExposition } from '../support/exposition.ts'
import { givenPricing, pricingManifest, version } from '../support/story.ts'

const ADMIN = aCaller()
const CHAIN = { environment: 'production', service: 'pricing' }

async function itemOf(stage: Stage) {
  const [item] = await stage.wheel.store.load('production', ['pricing'])
  if (item === undefined) throw new Error('pricing is not there')
  return item
}

describe('verifying a chain', () => {
  test('walks it to its first row, in as many calls as the time allows', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    const whole = await verifyChain(stage.wheel, stage.store, CHAIN, null, 10_000)
    expect(whole).toMatchObject({ entityId: 'production/pricing', intact: true, broken: null, next: null })
    expect(whole?.rows).toBeGreaterThan(1)
    expect(whole?.head?.id).toBe(`production/pricing#${whole?.rows}`)
  })

  test('finds that the newest rows were cut off, and that one stands behind the head', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    const pages = (change: (seq: number) => boolean): AuditLog => ({
      page: async (query: AuditQuery) => {
        const page = await stage.store.page(query)
        return { ...page, items: page.items.filter(({ seq }) => change(seq)) }
      },
    })
    const head = (await itemOf(stage)).service.chain.seq
    const cut = await verifyChain(
      stage.wheel,
      pages((seq) => seq !== head),
      CHAIN,
      null,
      10_000,
    )
    expect(cut).toMatchObject({ intact: false, broken: { because: expect.stringContaining(`row ${head} is missing`) } })
    const behind: AuditLog = {
      page: async (query: AuditQuery) => {
        const page = await stage.store.page(query)
        const [newest] = page.items
        const forged = newest === undefined ? [] : [{ ...newest, seq: head + 1, id: `production/pricing#${head + 1}` }]
        return { ...page, items: [...forged, ...page.items] }
      },
    }
    expect(await verifyChain(stage.wheel, behind, CHAIN, null, 10_000)).toMatchObject({
      intact: false,
      broken: { id: `production/pricing#${head + 1}`, because: expect.stringContaining('behind the head') },
    })
  })

  test('goes on where an earlier call stopped, and takes no mark of another chain', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    const small: AuditLog = { page: (query: AuditQuery) => stage.store.page({ ...query, limit: 1 }) }
    const first = await verifyChain(stage.wheel, small, CHAIN, null, 0)
    expect(first).toMatchObject({ intact: true, rows: 1, broken: null, next: expect.any(String) })
    let at = first
    for (let calls = 0; calls < 50 && at?.next != null; calls++)
      at = await verifyChain(stage.wheel, small, CHAIN, at.next, 0)
    expect(at).toMatchObject({
      intact: true,
      next: null,
      rows: (await itemOf(stage)).service.chain.seq,
      head: first?.head,
    })
    const other = { environment: 'production', service: null }
    await expect(verifyChain(stage.wheel, small, other, first?.next ?? '', 0)).rejects.toMatchObject({
      kind: 'malformed',
    })
    await expect(verifyChain(stage.wheel, small, CHAIN, 'rubbish', 0)).rejects.toMatchObject({ kind: 'malformed' })
  })

  test('an environment has a chain of its own, empty before its first row, and an unknown service has none', async () => {
    const stage = await givenPricing()
    const environment = { environment: 'production', service: null }
    expect(await verifyChain(stage.wheel, stage.store, environment, null, 0)).toMatchObject({
      intact: true,
      rows: 0,
      head: null,
    })
    expect(await verifyChain(stage.wheel, stage.store, { ...CHAIN, service: 'nobody' }, null, 0)).toBeNull()
  })
})

describe('a push by hand', () => {
  const asked = { id: 'build-1', tag: 'v2', digest: version(2).digest, author: 'ada-id' }
  const by = { actor: 'Ada', reason: 'hotfix' }

  test('starts a rollout, is a duplicate with the same id, and names who asked', async () => {
    const stage = await givenPricing()
    const first = await pushByHand(stage.wheel, await itemOf(stage), asked, by)
    expect(first).toMatchObject({ kind: 'taken', outcome: 'rollout', rollout: 'pricing-1' })
    const again = await pushByHand(stage.wheel, await itemOf(stage), asked, by)
    expect(again).toMatchObject({ kind: 'taken', outcome: 'duplicate', rollout: 'pricing-1' })
    const { items } = await stage.store.page({ environment: 'production', limit: 100, from: null })
    const row = items.find(({ kind }) => kind === 'rollout-started')
    expect(row).toMatchObject({ actor: 'Ada', detail: { reason: 'hotfix', push: { source: 'api', author: 'ada-id' } } })
  })

  test('is refused where the tag does not match, or the id was used for another image', async () => {
    const stage = await givenPricing()
    const item = await itemOf(stage)
    expect(await pushByHand(stage.wheel, item, { ...asked, tag: 'latest' }, by)).toMatchObject({ kind: 'no-match' })
    await pushByHand(stage.wheel, item, asked, by)
    const other = { ...asked, tag: 'v3', digest: version(3).digest }
    expect(await pushByHand(stage.wheel, await itemOf(stage), other, by)).toMatchObject({ kind: 'reused' })
  })
})

test('a plan knows what stands, what runs, and stores nothing', async () => {
  const stage = await givenPricing()
  await stage.push(version(2))
  const before = (await itemOf(stage)).service
  const plan = await planFor(stage.wheel, pricingManifest({ drainMs: 1 }), (manifest) => ({
    drainMs: manifest.drainMs,
  }))
  expect(plan).toMatchObject({
    service: 'pricing',
    version: { now: 1, next: 2 },
    running: 'pricing-1',
    changes: [{ path: 'drainMs', before: before.manifest.drainMs, after: 1 }],
    freezes: [],
  })
  expect(plan.steps[0]?.startsAt).toMatch(/Z$/)
  expect((await itemOf(stage)).service).toEqual(before)
  const fresh = await planFor(stage.wheel, pricingManifest({ name: 'new-one' }), () => ({}))
  expect(fresh).toMatchObject({ version: { now: 0 }, running: null })
})

test('a rollout is found by its number, and no other text', async () => {
  const stage = await givenPricing()
  await stage.push(version(2))
  const item = await itemOf(stage)
  expect(await rolloutView(stage.wheel, item, '1')).toMatchObject({
    id: 'pricing-1',
    etag: expect.stringMatching(/^"pricing-1\./),
  })
  for (const number of ['2', '0', '01', 'x', '']) expect(await rolloutView(stage.wheel, item, number)).toBeNull()
})

test('services come page by page over environments, and a mark of another list is refused', async () => {
  const stage = createStage({ environments: ['staging', 'production'] })
  for (const environment of ['staging', 'production'])
    for (const name of ['pricing', 'safety']) await stage.declare(pricingManifest({ environment, name }))
  const both = ['staging', 'production']
  const seen: string[] = []
  let from: string | null = null
  do {
    const page: Awaited<ReturnType<typeof standings>> = await standings(stage.wheel, both, ADMIN, { limit: 1, from })
    seen.push(...page.items.map(({ status }) => `${status.environment}/${status.service}`))
    from = page.next
  } while (from !== null)
  expect(seen).toEqual(['staging/pricing', 'staging/safety', 'production/pricing', 'production/safety'])
  const odd = standings(stage.wheel, both, ADMIN, { limit: 1, from: 'nowhere' })
  await expect(odd).rejects.toMatchObject({ kind: 'malformed' })
  expect(await standings(stage.wheel, [], ADMIN, { limit: 1, from: null })).toEqual({ items: [], next: null })
})

test('who may see little is shown little at a time, and costs no more than twenty looks', async () => {
  const stage = createStage({ environments: ['production'] })
  const names = Array.from({ length: 25 }, (_, index) => `service-${String.fromCharCode(97 + index)}`)
  for (const name of names) await stage.declare(pricingManifest({ name }))
  let looks = 0
  const { list } = stage.wheel.catalogue
  const counted: typeof list = (...asked) => {
    looks += 1
    return list(...asked)
  }
  const wheel = { ...stage.wheel, catalogue: { ...stage.wheel.catalogue, list: counted } }
  const bound = aCaller('viewer', { services: ['service-y'] })
  const first = await standings(wheel, ['production'], bound, { limit: 1, from: null })
  expect([first.items, first.next === null, looks]).toEqual([[], false, 20])
  const rest = await standings(wheel, ['production'], bound, { limit: 1, from: first.next })
  expect(rest.items.map(({ status }) => status.service)).toEqual(['service-y'])
})

test('the tag of a view changes with what is shown, and not with its countdown', async () => {
  const { wheel } = await givenPricing()
  const tag = viewTag(wheel, { items: [{ what: 'a', nextInMs: 5 }] })
  expect(tag).toMatch(/^W\/"[0-9a-f]{32}"$/)
  expect(viewTag(wheel, { items: [{ what: 'a', nextInMs: 4 }] })).toBe(tag)
  expect(viewTag(wheel, { items: [{ what: 'b', nextInMs: 5 }] })).not.toBe(tag)
})

test('the meters tell what goes on, as Prometheus reads it', async () => {
  const stage = await givenPricing()
  await stage.push(version(2))
  const counted = instanceMeters([{ door: 'services', method: 'GET', status: 200, count: 3 }], '1.2.3')
  const families = parseExposition(metersText([...(await metersOf(stage.wheel, ['production'])), ...counted]))
  const value = (name: string) =>
    families.find((family) => family.name === `slipway_${name}`)?.samples.map((each) => each.value)
  expect([value('services'), value('trouble'), value('freezes_active'), value('http_requests_total')]).toEqual([
    [1],
    [0],
    [0],
    [3],
  ])
  expect(value('rollouts')?.reduce((sum, each) => sum + each, 0)).toBe(1)
  expect(families.find(({ name }) => name === 'slipway_build_info')?.samples[0]?.labels).toEqual({ version: '1.2.3' })
})
