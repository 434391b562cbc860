import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Suspect } from '../../lib/core/quarantine.ts'
import { storeManifest } from '../../lib/engine/manifest.ts'
import { quarantine as setAside, sift } from '../../lib/engine/quarantine.ts'
import { quarantineMeters } from '../../lib/engine/quarantine-meters.ts'
import { locate } from '../../lib/engine/query.ts'
import { dismiss, findQuarantined, quarantinePage, redrive } from '../../lib/engine/redrive.ts'
import { sweep } from '../../lib/engine/sweep.ts'
import { createWard, type Ward, warded } from '../../lib/engine/ward.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { RolloutStore } from '../../lib/ports.ts'
import type { Stage } from '../../sim/runner.ts'
import { createSimQuarantine, type SimQuarantine } from '../../sim/store-quarantine.ts'
import { aCaller } from '../support/callers.ts'
import { givenPricing, HOUR, MINUTE, PRICING, pricingManifest, version, weights } from '../support/story.ts'

/** Rows that cannot be read, as the table store answers for them: left out of a load, and told of. */
interface Ill {
  readonly stage: Stage
  readonly wheel: Wheel
  readonly ward: Ward
  readonly quarantine: SimQuarantine
  /** Services whose rows cannot be read now. */
  readonly sick: Set<string>
  readonly loads: string[]
  /** Rows that were read by themselves, one after the other. */
  readonly examined: string[]
  readonly troubles: unknown[]
  readonly sent: { readonly queue: string; readonly content: string }[]
}

const rowOf = (name: string): Suspect => ({
  kind: 'row',
  what: 'service',
  place: `SlipwayState/production/s!${name}`,
  environment: 'production',
  service: name,
  field: 'schema',
  why: 'schema 2, known is 1',
  holds: true,
  content: null,
})

const digest = (text: string) => createHash('sha256').update(text).digest('hex')

async function givenIllness(): Promise<Ill> {
  const stage = await givenPricing()
  const sick = new Set<string>()
  const [loads, troubles]: [string[], unknown[]] = [[], []]
  let found: Ward['found'] = () => {}
  const store: RolloutStore = {
    ...stage.wheel.store,
    load: async (environment, names) => {
      loads.push(...names)
      for (const name of names) if (sick.has(name)) found(rowOf(name))
      return stage.wheel.store.load(
        environment,
        names.filter((name) => !sick.has(name)),
      )
    },
  }
  const examined: string[] = []
  const quarantine = createSimQuarantine(({ place, service }) => {
    examined.push(place)
    return service !== null && sick.has(service) ? rowOf(service) : null
  })
  const { clock, freezes } = stage.wheel
  const onTrouble = (_: string, error: unknown) => troubles.push(error)
  const ward = createWard({
    quarantine,
    store,
    freezes,
    clock,
    digest,
    environments: ['production', 'staging'],
    onTrouble,
  })
  found = ward.found
  const wheel = { ...stage.wheel, store: warded(store, ward), heldBy: ward.heldBy }
  return { stage, wheel, ward, quarantine, sick, loads, examined, troubles, sent: [] }
}

const ADMIN = aCaller()
const ASKED = { request: 'r-1', signIn: 'token', app: null } as const

/** Another instance of the app: it remembers nothing of the first. */
async function givenWard({ stage, quarantine, troubles }: Ill, freezes = stage.wheel.freezes): Promise<Ward> {
  const { clock, store } = stage.wheel
  const onTrouble = (_: string, error: unknown) => troubles.push(error)
  return createWard({ quarantine, store, freezes, clock, digest, environments: ['production', 'staging'], onTrouble })
}

const told = ({ stage }: Ill, environment = 'production') =>
  stage.store.environmentAudit(environment).map(({ kind, actor, value }) => `${kind} by ${actor}, ${value}`)

const redriving = (ill: Ill) => ({
  ward: ill.ward,
  clock: ill.stage.clock,
  requeue: { send: async (queue: string, content: string) => void ill.sent.push({ queue, content }) },
})

const only = async (ill: Ill) => {
  const [item] = ill.quarantine.kept()
  const found = item && (await findQuarantined(ill.quarantine, ['production', null], item.id, ADMIN))
  if (found === undefined || found === null) throw new Error('nothing is in quarantine')
  return found
}

describe('a row that cannot be read', () => {
  test('is written down once with field and reason, told once, and read again with growing pauses', async () => {
    const ill = await givenIllness()
    await ill.stage.push(version(2))
    await ill.stage.run(MINUTE)
    ill.sick.add('pricing')
    ill.loads.length = 0
    const [loads, examined]: [number[], number[]] = [[], []]
    for (let minute = 0; minute < 60; minute += 1) {
      const before = ill.examined.length
      await sweep(ill.wheel, 'production')
      if (ill.loads.splice(0).length > 0) loads.push(minute)
      if (ill.examined.length > before) examined.push(minute)
      ill.stage.clock.advance(MINUTE)
    }
    const [item, ...more] = ill.quarantine.kept()
    expect(more).toEqual([])
    expect(item).toMatchObject({ ...rowOf('pricing'), state: 'waiting', redriven: null, dismissed: null })
    expect([loads, examined]).toEqual([[1], [2, 4, 8, 16, 31, 46]])
    expect(item?.tries).toBe(7)
    expect(told(ill)).toEqual(['quarantine-added by slipway, 1'])
    expect(ill.troubles).toEqual([])
  })

  test('is released by itself once a build can read it, and its rollout goes on', async () => {
    const ill = await givenIllness()
    await ill.stage.push(version(2))
    ill.sick.add('pricing')
    await sweep(ill.wheel, 'production')
    expect(ill.quarantine.kept()).toHaveLength(1)
    ill.sick.clear()
    for (let minute = 0; minute < 30; minute += 1) {
      ill.stage.clock.advance(MINUTE)
      await sweep(ill.wheel, 'production')
    }
    expect(ill.quarantine.kept()).toEqual([])
    expect(told(ill)).toEqual(['quarantine-added by slipway, 1', 'quarantine-over by slipway, 1'])
    expect(Object.values(weights(ill.stage))).toContain(10)
  })

  test('fifty of them cost a tick one read of the quarantine and at most twenty rows, and the neighbour’s turn goes on', async () => {
    const ill = await givenIllness()
    await ill.stage.push(version(2))
    for (let n = 0; n < 50; n += 1) {
      ill.sick.add(`sick-${n}`)
      ill.ward.found(rowOf(`sick-${n}`))
    }
    await ill.ward.settled()
    expect(ill.quarantine.kept()).toHaveLength(50)
    let listed = 0
    const { items } = ill.quarantine
    const counted: typeof items = (...given) => {
      listed += 1
      return items(...given)
    }
    Object.assign(ill.quarantine, { items: counted })
    for (let minute = 0; minute < 30; minute += 1) {
      ill.stage.clock.advance(MINUTE)
      const [lists, rows] = [listed, ill.examined.length]
      ill.loads.length = 0
      await sweep(ill.wheel, 'production')
      // One list of the environment, one of what is of none; the sweep asks more than once, and the ward answers from memory.
      expect(listed - lists).toBe(2)
      expect(ill.examined.length - rows).toBeLessThanOrEqual(20)
      expect(ill.loads.filter((name) => name !== 'pricing')).toEqual([])
    }
    expect(Object.values(weights(ill.stage))).toContain(10)
    expect(ill.troubles).toEqual([])
  })

  test('is not told of twice by two instances that meet it at once', async () => {
    const ill = await givenIllness()
    const again = await givenWard(ill)
    await Promise.all([ill.ward.admit(rowOf('pricing')), again.admit(rowOf('pricing'))])
    expect(ill.quarantine.kept()).toHaveLength(1)
    expect(told(ill)).toEqual(['quarantine-added by slipway, 1'])
  })

  test('of no environment is told in all of them, and one whose record is broken keeps it from no other', async () => {
    const ill = await givenIllness()
    const nowhere = { ...rowOf('x'), what: 'source', environment: null, service: null, holds: false } as const
    await ill.ward.admit(nowhere)
    expect([told(ill), told(ill, 'staging')]).toEqual([
      ['quarantine-added by slipway, 1'],
      ['quarantine-added by slipway, 1'],
    ])
    const broken = new Fault('malformed', 'the freezes cannot be read')
    const freezesOf = ill.stage.wheel.freezes.freezesOf
    const ward = await givenWard(ill, {
      ...ill.stage.wheel.freezes,
      freezesOf: async (environment) => {
        if (environment === 'production') throw broken
        return freezesOf(environment)
      },
    })
    await ward.admit({ ...nowhere, place: 'SlipwayIndex/y/z' })
    expect([told(ill).length, told(ill, 'staging').length]).toEqual([1, 2])
    expect(ill.troubles).toEqual([])
    await ward.admit(rowOf('pricing'))
    expect(ill.troubles).toEqual([broken])
    expect(ill.quarantine.kept()).toHaveLength(3)
  })

  test('lies between two rows that can each be read, and is known by reading them together', async () => {
    const ill = await givenIllness()
    const apart = { ...rowOf('pricing'), what: 'rollout', place: 'SlipwayState/production/r!pricing!999998' } as const
    ill.sick.add('pricing')
    const item = await ill.ward.admit(rowOf('pricing'))
    const here = ill.quarantine.examine
    Object.assign(ill.quarantine, { examine: async () => null })
    expect(await ill.ward.examined(item)).toEqual(rowOf('pricing'))
    // What is read together tells of another row: this one is over, the other comes in.
    expect(await ill.ward.examined(await ill.ward.admit(apart))).toBeNull()
    ill.sick.clear()
    Object.assign(ill.quarantine, { examine: here })
    expect(await ill.ward.examined(item)).toBeNull()
  })

  test('that storage does not take into quarantine now is met again', async () => {
    const ill = await givenIllness()
    ill.sick.add('pricing')
    const { keep } = ill.quarantine
    Object.assign(ill.quarantine, { keep: () => Promise.reject(new Fault('unavailable', 'storage is away')) })
    await ill.stage.push(version(2))
    await sweep(ill.wheel, 'production')
    expect(ill.troubles).toMatchObject([{ message: 'storage is away' }])
    Object.assign(ill.quarantine, { keep })
    ill.stage.clock.advance(MINUTE)
    await sweep(ill.wheel, 'production')
    expect(ill.quarantine.kept()).toHaveLength(1)
  })

  test('makes a push for its service come back, where it was turned down as nobody’s before', async () => {
    const ill = await givenIllness()
    ill.sick.add('pricing')
    const delivery = { kind: 'push', push: version(2), receivedAt: ill.stage.clock.now() } as const
    const shelf = { ward: ill.ward, queue: 'slipway-intake' }
    const [record] = await sift(ill.wheel, 'intake', [delivery], shelf)
    expect(record?.reason).toContain('production/pricing cannot be read (service: schema 2, known is 1)')
    const message = ill.quarantine.kept().find(({ kind }) => kind === 'message')
    expect(message).toMatchObject({ what: 'delivery', place: 'slipway-intake', content: JSON.stringify(delivery) })
    ill.sick.clear()
    const found = message && (await findQuarantined(ill.quarantine, [null], message.id, ADMIN))
    if (!found) throw new Error('the message is not found')
    expect(await redrive(redriving(ill), found, 'ada')).toMatchObject({ outcome: 'queued' })
    expect(ill.sent).toEqual([{ queue: 'slipway-intake', content: JSON.stringify(delivery) }])
    expect(ill.quarantine.kept().find(({ kind }) => kind === 'message')).toMatchObject({
      state: 'redriven',
      redriven: { by: 'ada', at: ill.stage.clock.now() },
    })
    await sweep(ill.wheel, 'production')
    expect(await sift(ill.wheel, 'intake', [JSON.parse(ill.sent[0]?.content ?? '')], shelf)).toEqual([])
  })
})

describe('the ward', () => {
  test('counts what it meets again after its time, and tells of it no second time', async () => {
    const ill = await givenIllness()
    await ill.ward.admit(rowOf('pricing'))
    expect(await ill.ward.admit(rowOf('pricing'))).toMatchObject({ tries: 1 })
    ill.stage.clock.advance(MINUTE)
    const again = await ill.ward.admit(rowOf('pricing'))
    expect(again).toMatchObject({ tries: 2, since: again.triedAt - MINUTE, nextTryAt: again.triedAt + 2 * MINUTE })
    expect(told(ill)).toEqual(['quarantine-added by slipway, 1'])
  })

  test('leaves what it holds out of what is due, and gives as many others as were asked for', async () => {
    const ill = await givenIllness()
    await ill.ward.admit(rowOf('aa'))
    const asked: number[] = []
    const due = async (_environment: string, _until: number, limit: number) => {
      asked.push(limit)
      return ['aa', 'bb', 'cc'].slice(0, limit)
    }
    const store = warded({ ...ill.stage.wheel.store, due }, ill.ward)
    expect(await store.due('production', ill.stage.clock.now(), 1)).toEqual(['bb'])
    expect(asked).toEqual([2])
  })

  test('gives up on an audit that others are always faster at, and keeps the item', async () => {
    const ill = await givenIllness()
    const ward = await givenWard(ill, { ...ill.stage.wheel.freezes, commitFreezes: async () => 'conflict' })
    await ward.admit(rowOf('pricing'))
    expect(ill.quarantine.kept()).toHaveLength(1)
    expect(ill.troubles).toMatchObject([{ kind: 'conflict', message: expect.stringContaining('changed 8 times') }])
    Object.assign(ill.quarantine, { keep: async () => 'conflict' })
    await expect(ward.admit(rowOf('aa'))).rejects.toThrow('changed 8 times meanwhile')
  })

  test('finds no more than it can remember: the rest is met again', async () => {
    const ill = await givenIllness()
    for (let n = 0; n < 510; n += 1) ill.ward.found(rowOf(`sick-${n}`))
    await ill.ward.settled()
    expect(ill.quarantine.kept()).toHaveLength(500)
    await ill.ward.settled()
    expect(ill.troubles).toEqual([])
  })
})

describe('a message', () => {
  test('that fails again after it was redriven is in quarantine again, told again, and says who had sent it', async () => {
    const ill = await givenIllness()
    const shelf = { ward: ill.ward, queue: 'slipway-events' }
    const bytes = '{"b": 1,  "a": 1.0}'
    await setAside(ill.wheel, 'event-grid', bytes, shelf, 'it is no event of a registry')
    const first = await only(ill)
    expect(first.item).toMatchObject({ what: 'registry-event', why: 'it is no event of a registry', holds: false })
    await redrive(redriving(ill), first, { actor: 'ada' })
    expect(ill.sent).toEqual([{ queue: 'slipway-events', content: bytes }])
    ill.stage.clock.advance(MINUTE)
    await setAside(ill.wheel, 'event-grid', bytes, shelf)
    const { item } = await only(ill)
    expect(item).toMatchObject({ state: 'waiting', tries: 2, redriven: { by: 'ada' } })
    expect(told(ill)).toEqual([
      'quarantine-added by slipway, 1',
      'quarantine-redriven by ada, 1',
      'quarantine-added by slipway, 2',
    ])
  })

  test('that breaks our own code, or nests too deep to be written, is told of with what it met', async () => {
    const ill = await givenIllness()
    const broken = {
      ...ill.wheel,
      catalogue: { ...ill.wheel.catalogue, servicesFor: async () => Promise.reject(new TypeError('x is no list')) },
    }
    let deep: unknown = { kind: 'push' }
    for (let depth = 0; depth < 20_000; depth += 1) deep = [deep]
    const shelf = { ward: ill.ward, queue: 'slipway-intake' }
    const push = { kind: 'push', push: version(2), receivedAt: 0 } as const
    const lost = [...(await sift(broken, 'intake', [push], shelf)), await setAside(ill.wheel, 'intake', deep, shelf)]
    expect(lost.map(({ reason }) => reason.slice(0, 60))).toEqual([
      expect.stringContaining('it could not be acted on (TypeError: x is no list)'),
      expect.stringContaining('it could not be acted on; it began with "something that nest'),
    ])
    expect(ill.quarantine.kept()).toHaveLength(2)
    expect(await sift(broken, 'intake', [push])).toHaveLength(1)
  })

  test('that its queue does not take waits on', async () => {
    const ill = await givenIllness()
    await setAside(ill.wheel, 'intake', '{}', { ward: ill.ward, queue: 'slipway-intake' })
    const send = () => Promise.reject(new Fault('unavailable', 'no queue'))
    await expect(redrive({ ...redriving(ill), requeue: { send } }, await only(ill), 'ada')).rejects.toThrow('no queue')
    expect((await only(ill)).item).toMatchObject({ state: 'waiting', redriven: { by: 'ada' } })
    await dismiss(redriving(ill), await only(ill), 'bo', 'nobody needs it')
    await expect(redrive({ ...redriving(ill), requeue: { send } }, await only(ill), 'ada')).rejects.toThrow('no queue')
    const dismissed = { by: 'bo', reason: 'nobody needs it' }
    expect((await only(ill)).item).toMatchObject({ state: 'dismissed', dismissed })
  })

  test('is kept a week after it was redriven, and no longer', async () => {
    const ill = await givenIllness()
    await setAside(ill.wheel, 'intake', '{}', { ward: ill.ward, queue: 'slipway-intake' })
    await redrive(redriving(ill), await only(ill), 'ada')
    ill.stage.clock.advance(7 * 24 * HOUR)
    await sweep(ill.wheel, 'production')
    expect(ill.quarantine.kept()).toHaveLength(1)
    ill.stage.clock.advance(MINUTE)
    await sweep(ill.wheel, 'production')
    expect(ill.quarantine.kept()).toEqual([])
  })

  test('holds nothing that a terminal would act on in what is said of it, and is kept as it came', async () => {
    const ill = await givenIllness()
    const hostile = 'a\u0000\u001b[2J\r\n\u202egnp\u2028'
    const suspect = { ...rowOf('x'), kind: 'message', place: 'slipway-events', content: hostile, why: hostile } as const
    const item = await ill.ward.admit({ ...suspect, what: 'registry-event', holds: false })
    expect(item.content).toBe(hostile)
    expect(item.why).toBe('a\\u0000\\u001b[2J\\u000d\\u000a\\u202egnp\\u2028')
  })
})

describe('a service that cannot be read', () => {
  const both = ['production', 'staging']
  const words =
    'production/pricing cannot be read (service: schema 2, known is 1); see quarantine c4cb0e768096ed52609f404f5e9bddba; '

  test('is answered as in quarantine, with the item, and not as unknown', async () => {
    const ill = await givenIllness()
    ill.sick.add('pricing')
    const asked = locate(ill.wheel, both, 'pricing', ADMIN)
    await expect(asked).rejects.toMatchObject({ kind: 'unavailable', retryAfterMs: MINUTE })
    await expect(asked).rejects.toThrow(`${words}traffic stays where it is until it can be`)
    expect(ill.quarantine.kept()).toMatchObject([{ id: words.slice(-34, -2) }])
    expect(await locate(ill.wheel, both, 'nobody', ADMIN)).toEqual({ kind: 'unknown' })
    const stranger = { ...ADMIN, grants: [{ role: 'viewer', environments: ['production'], services: ['bb'] }] } as const
    expect(await locate(ill.wheel, both, 'pricing', stranger)).toEqual({ kind: 'unknown' })
  })

  test('is not taken for its namesake in another environment', async () => {
    const ill = await givenIllness()
    const heldBy: Wheel['heldBy'] = ({ environment }) => (environment === 'staging' ? 'it cannot be read' : null)
    const environments = ['production', 'staging']
    expect(await locate({ ...ill.wheel, heldBy }, both, 'pricing', ADMIN)).toEqual({ kind: 'ambiguous', environments })
    expect(await locate({ ...ill.wheel, heldBy }, ['production'], 'pricing', ADMIN)).toMatchObject({ kind: 'found' })
  })

  test('takes no manifest, as if there had been none before', async () => {
    const ill = await givenIllness()
    ill.sick.add('pricing')
    const permitted: unknown[] = []
    const permit = async (before: unknown) => void permitted.push(before)
    const stored = storeManifest(ill.wheel, pricingManifest({ drainMs: 5 }), 'ada', () => true, permit)
    await expect(stored).rejects.toThrow(`${words}nothing was stored`)
    expect(permitted).toEqual([])
  })
})

describe('a person', () => {
  test('has a row read again at once: released where it can be read, counted where it cannot', async () => {
    const ill = await givenIllness()
    ill.sick.add('pricing')
    await ill.ward.admit(rowOf('pricing'))
    const still = await redrive(redriving(ill), await only(ill), { actor: 'ada', asked: ASKED })
    expect(still).toMatchObject({ outcome: 'unreadable', item: { tries: 2, redriven: { by: 'ada' } } })
    ill.sick.clear()
    expect(ill.wheel.heldBy?.(PRICING)).toContain('production/pricing cannot be read')
    expect(await redrive(redriving(ill), await only(ill), 'ada')).toMatchObject({ outcome: 'released' })
    expect([ill.quarantine.kept(), ill.wheel.heldBy?.(PRICING)]).toEqual([[], null])
    expect(told(ill)).toEqual([
      'quarantine-added by slipway, 1',
      'quarantine-redriven by ada, 2',
      'quarantine-redriven by ada, 2',
    ])
    expect(ill.stage.store.environmentAudit('production')[1]).toMatchObject({
      notes:
        'the service row SlipwayState/production/s!pricing is tried again: it still cannot be read: schema 2, known is 1',
      detail: { field: 'schema', asked: ASKED },
    })
  })

  test('waits no more for a row: it is not read again by itself, its service is left alone, and it can be redriven', async () => {
    const ill = await givenIllness()
    ill.sick.add('pricing')
    await ill.ward.admit(rowOf('pricing'))
    expect(await dismiss(redriving(ill), await only(ill), 'ada', 'the shop is closed')).toMatchObject({
      state: 'dismissed',
      dismissed: { by: 'ada', at: ill.stage.clock.now(), reason: 'the shop is closed' },
    })
    ill.stage.clock.advance(HOUR)
    await sweep(ill.wheel, 'production')
    await ill.wheel.store.load('production', ['pricing'])
    expect(ill.examined).toEqual([])
    expect((await only(ill)).item).toMatchObject({ state: 'dismissed', tries: 1 })
    expect(await redrive(redriving(ill), await only(ill), 'ada')).toMatchObject({ outcome: 'unreadable' })
    expect((await only(ill)).item).toMatchObject({ state: 'waiting', dismissed: null })
    expect(told(ill).map((line) => line.split(' ')[0])).toEqual([
      'quarantine-added',
      'quarantine-dismissed',
      'quarantine-redriven',
    ])
  })

  test('cannot dismiss the record of all freezes', async () => {
    const ill = await givenIllness()
    await ill.ward.admit({ ...rowOf('x'), what: 'freezes', service: null })
    expect(await dismiss(redriving(ill), await only(ill), 'ada', 'no')).toBeNull()
    expect((await only(ill)).item.state).toBe('waiting')
  })

  test('who was overtaken is told to look again, and nothing is done', async () => {
    const ill = await givenIllness()
    ill.sick.add('pricing')
    await ill.ward.admit(rowOf('pricing'))
    const old = await only(ill)
    await redrive(redriving(ill), old, 'ada')
    await expect(dismiss(redriving(ill), old, 'bob', 'x')).rejects.toThrow('changed meanwhile; look at it again')
    await expect(redrive(redriving(ill), old, 'bob')).rejects.toThrow('changed meanwhile')
    ill.sick.clear()
    await expect(redrive(redriving(ill), old, 'bob')).rejects.toThrow('changed meanwhile')
  })

  test('pages through what they may see, scope by scope', async () => {
    const ill = await givenIllness()
    for (const name of ['aa', 'bb', 'cc']) await ill.ward.admit(rowOf(name))
    await ill.ward.admit({
      ...rowOf('dd'),
      environment: null,
      service: null,
      what: 'event',
      place: 'SlipwayEvents/1/2',
    })
    const asked = { scopes: ['production', null], service: null, state: null, limit: 2, from: null } as const
    const seen: string[] = []
    let from: string | null = null
    do {
      const page: Awaited<ReturnType<typeof quarantinePage>> = await quarantinePage(
        ill.quarantine,
        { ...asked, from },
        ADMIN,
      )
      expect(page.items.length).toBeLessThanOrEqual(2)
      seen.push(...page.items.map(({ place }) => place))
      from = page.next
    } while (from !== null)
    expect(seen.sort()).toEqual([
      'SlipwayEvents/1/2',
      ...['aa', 'bb', 'cc'].map((name) => `SlipwayState/production/s!${name}`),
    ])
    const mine = { ...ADMIN, grants: [{ role: 'viewer', environments: ['production'], services: ['bb'] }] } as const
    const page = await quarantinePage(ill.quarantine, { ...asked, limit: 10 }, mine)
    expect(page.items.map(({ service }) => service)).toEqual(['bb'])
    const ofCc = await quarantinePage(ill.quarantine, { ...asked, limit: 10, service: 'cc' }, ADMIN)
    expect(ofCc.items.map(({ service }) => service)).toEqual(['cc'])
    await expect(quarantinePage(ill.quarantine, { ...asked, from: '7~x' }, ADMIN)).rejects.toThrow('page token')
    const gone = await quarantinePage(ill.quarantine, { ...asked, state: 'dismissed' }, ADMIN)
    expect(gone).toEqual({ items: [], next: null })
  })

  test('finds the count of what waits among the figures of the control plane', async () => {
    const ill = await givenIllness()
    await ill.ward.admit(rowOf('aa'))
    await setAside(ill.wheel, 'intake', '{}', { ward: ill.ward, queue: 'slipway-intake' })
    const [family] = await quarantineMeters(ill.quarantine, ['production'])
    expect(family?.samples).toEqual([
      { labels: { environment: 'production', kind: 'row' }, value: 1 },
      { labels: { environment: 'production', kind: 'message' }, value: 0 },
      { labels: { environment: 'production', kind: 'service' }, value: 0 },
      { labels: { environment: 'none', kind: 'row' }, value: 0 },
      { labels: { environment: 'none', kind: 'message' }, value: 1 },
      { labels: { environment: 'none', kind: 'service' }, value: 0 },
    ])
  })
})
