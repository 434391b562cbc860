import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Quarantined, Suspect } from '../../lib/core/quarantine.ts'
import { quarantine as setAside, sift } from '../../lib/engine/quarantine.ts'
import { quarantineMeters } from '../../lib/engine/quarantine-meters.ts'
import { quarantineView } from '../../lib/engine/quarantine-view.ts'
import { dismiss, findQuarantined, quarantinePage, redrive } from '../../lib/engine/redrive.ts'
import { sweep } from '../../lib/engine/sweep.ts'
import { createWard, type WardOptions, warded } from '../../lib/engine/ward.ts'
import { Fault } from '../../lib/errors.ts'
import type { RolloutStore } from '../../lib/ports.ts'
import { createSimQuarantine } from '../../sim/store-quarantine.ts'
import { aCaller } from '../support/callers.ts'
import { givenPricing, HOUR, MINUTE, version } from '../support/story.ts'

const DAY = 24 * HOUR
const ADMIN = aCaller()
const digest = (text: string) => createHash('sha256').update(text).digest('hex')

const rowOf = (name: string, of: Partial<Suspect> = {}): Suspect => ({
  kind: 'row',
  what: 'service',
  place: `SlipwayState/production/s!${name}`,
  environment: 'production',
  service: name,
  field: 'schema',
  why: 'schema 2, known is 1',
  holds: true,
  content: null,
  ...of,
})

/** A ward over services of which those in `sick` cannot be read, on their own or (`isTorn`) only together with others. */
async function given(changes: Partial<WardOptions> = {}) {
  const stage = await givenPricing()
  const quarantine = createSimQuarantine(({ place, service }) => {
    examined.push(place)
    return service !== null && sick.has(service) && !state.isTorn ? rowOf(service, { place }) : null
  })
  const state = { isTorn: false, found: (_: Suspect) => {} }
  const [sick, examined, troubles, sent] = [new Set<string>(), [] as string[], [] as unknown[], [] as string[]]
  const store: RolloutStore = {
    ...stage.wheel.store,
    load: async (environment, names) => {
      for (const name of names) if (sick.has(name)) state.found(rowOf(name))
      return stage.wheel.store.load(
        environment,
        names.filter((name) => !sick.has(name)),
      )
    },
  }
  const { clock, freezes } = stage.wheel
  const ward = createWard({
    quarantine,
    store,
    freezes,
    clock,
    digest,
    environments: ['production', 'staging'],
    onTrouble: (_, error) => troubles.push(error),
    ...changes,
  })
  state.found = ward.found
  const wheel = { ...stage.wheel, store: warded(store, ward), heldBy: ward.heldBy }
  const requeue = { send: async (queue: string, content: string) => void sent.push(`${queue}: ${content}`) }
  const again = { ward, clock, requeue }
  const shelf = { ward, queue: 'slipway-intake' }
  return { stage, clock: stage.clock, quarantine, sick, examined, troubles, sent, state, ward, wheel, again, shelf }
}

type Given = Awaited<ReturnType<typeof given>>

async function find({ quarantine }: Given, of: (item: Quarantined) => boolean = () => true) {
  const item = quarantine.kept().find(of)
  const found = item && (await findQuarantined(quarantine, ['production', null], item.id, ADMIN))
  if (found === undefined || found === null) throw new Error('nothing of the kind is in quarantine')
  return found
}

/** Admits rows, each a moment after the other. */
async function admitAll({ ward, clock }: Given, suspects: readonly Suspect[]) {
  for (const suspect of suspects) {
    await ward.admit(suspect)
    clock.advance(1)
  }
}

describe('a push for a service that cannot be read', () => {
  const pushOf = (at: number) => ({ kind: 'push', push: version(2), receivedAt: at }) as const

  test('is not turned down as nobody’s while another service is being written down', async () => {
    const ill = await given()
    let go = () => {}
    const gate = new Promise<void>((open) => {
      go = open
    })
    const { find: known } = ill.quarantine
    Object.assign(ill.quarantine, { find: async (...of: Parameters<typeof known>) => gate.then(() => known(...of)) })
    ill.ward.found(rowOf('basket'))
    const settling = ill.ward.settled()
    ill.sick.add('pricing')
    const sifting = sift(ill.wheel, 'intake', [pushOf(ill.clock.now())], ill.shelf)
    go()
    const [[record]] = await Promise.all([sifting, settling])
    expect(record).toMatchObject({ outcome: 'quarantined' })
    expect(record?.reason).toContain('production/pricing cannot be read (service: schema 2, known is 1)')
  })

  test('nor while storage takes nothing into quarantine', async () => {
    const ill = await given()
    ill.sick.add('pricing')
    const { keep } = ill.quarantine
    const away = (item: Quarantined, token: unknown) =>
      item.kind === 'row' ? Promise.reject(new Fault('unavailable', 'storage is away')) : keep(item, token)
    Object.assign(ill.quarantine, { keep: away })
    const [record] = await sift(ill.wheel, 'intake', [pushOf(ill.clock.now())], ill.shelf)
    expect(record).toMatchObject({ outcome: 'quarantined' })
    expect(ill.troubles).toMatchObject([{ message: 'storage is away' }])
    ill.sick.clear()
    expect(await sift(ill.wheel, 'intake', [pushOf(ill.clock.now())], ill.shelf)).toEqual([])
  })
})

describe('rows that are read again', () => {
  test('come in turns: three hundred that stay sick keep none that is well again waiting', async () => {
    const ill = await given()
    const names = Array.from({ length: 400 }, (_, n) => `sick-${n}`)
    for (const name of names) ill.sick.add(name)
    await admitAll(
      ill,
      names.map((name) => rowOf(name)),
    )
    const last = ill.quarantine
      .kept()
      .map(({ id }) => id)
      .sort()
      .at(-1)
    const well = ill.quarantine.kept().find(({ id }) => id === last)?.service ?? ''
    ill.sick.delete(well)
    for (let minute = 0; minute < 60; minute += 1) {
      ill.clock.advance(MINUTE)
      await ill.ward.heldIn('production')
    }
    expect(ill.quarantine.kept().filter(({ service }) => service === well)).toEqual([])
    expect(ill.wheel.heldBy({ environment: 'production', name: well })).toBeNull()
    expect(ill.quarantine.kept()).toHaveLength(399)
  })

  test('start with those that hold a service, however many others there are', async () => {
    const ill = await given()
    const loose = Array.from({ length: 60 }, (_, n) =>
      rowOf('pricing', { what: 'audit', place: `SlipwayState/production/a!${n}`, holds: false }),
    )
    await admitAll(ill, [...loose, rowOf('basket')])
    ill.sick.add('pricing').add('basket')
    ill.clock.advance(MINUTE)
    await ill.ward.heldIn('production')
    expect(ill.examined).toHaveLength(20)
    expect(ill.examined[0]).toBe('SlipwayState/production/s!basket')
  })

  test('are read soon after a clock that was a day ahead has been put right', async () => {
    let at = 100 * DAY
    const ill = await given({ clock: { now: () => at } })
    await ill.ward.admit(rowOf('pricing'))
    at -= DAY
    ill.sick.add('pricing')
    expect(await ill.ward.admit(rowOf('pricing'))).toMatchObject({ tries: 2, nextTryAt: at + 2 * MINUTE })
    ill.sick.clear()
    at += 2 * MINUTE
    expect(await ill.ward.heldIn('production')).toEqual(new Set())
    expect(ill.quarantine.kept()).toEqual([])
  })

  test('are known to be sick however many others wait to be written down', async () => {
    const ill = await given()
    const item = await ill.ward.admit(rowOf('pricing'))
    ill.sick.add('pricing')
    ill.state.isTorn = true
    for (let n = 0; n < 500; n += 1)
      ill.ward.found(rowOf('x', { place: `SlipwayState/production/a!${n}`, holds: false }))
    expect(await ill.ward.examined(item)).toEqual(rowOf('pricing'))
    expect(await redrive(ill.again, await find(ill), 'ada')).toMatchObject({ outcome: 'unreadable' })
  })
})

describe('a message that was sent again', () => {
  test('says no more than that it failed where what was thrown is no error', async () => {
    const ill = await given()
    const servicesFor = () => Promise.reject('s3cret')
    const broken = { ...ill.wheel, catalogue: { ...ill.wheel.catalogue, servicesFor } }
    const [record] = await sift(broken, 'intake', [{ kind: 'push', push: version(2), receivedAt: 0 }], ill.shelf)
    expect(record?.reason.split(';')[0]).toBe('it could not be acted on')
    expect((await find(ill)).item.why).toBe('it could not be acted on')
  })

  test('is kept a week from then on, however old it is', async () => {
    const ill = await given()
    await setAside(ill.wheel, 'intake', '{}', ill.shelf)
    ill.clock.advance(8 * DAY)
    await redrive(ill.again, await find(ill), 'ada')
    await sweep(ill.wheel, 'production')
    expect(ill.quarantine.kept()).toHaveLength(1)
    ill.clock.advance(7 * DAY + 1)
    await sweep(ill.wheel, 'production')
    expect(ill.quarantine.kept()).toEqual([])
  })

  test('and that somebody else has changed meanwhile stays as they left it where its queue does not take it', async () => {
    const ill = await given()
    await setAside(ill.wheel, 'intake', '{}', ill.shelf)
    const send = async () => {
      await dismiss(ill.again, await find(ill), 'bob', 'nobody needs it')
      throw new Fault('unavailable', 'no queue')
    }
    await expect(redrive({ ...ill.again, requeue: { send } }, await find(ill), 'ada')).rejects.toThrow('no queue')
    expect((await find(ill)).item).toMatchObject({ state: 'dismissed', dismissed: { by: 'bob' } })
  })

  test('and was dismissed is sent all the same, with nothing where it was empty', async () => {
    const ill = await given()
    await setAside(ill.wheel, 'intake', undefined, ill.shelf)
    const asked = { request: 'r-1', signIn: 'token', app: null } as const
    await dismiss(ill.again, await find(ill), { actor: 'ada', asked }, 'nobody needs it')
    const { item, token } = await find(ill)
    expect(await redrive(ill.again, { item: { ...item, content: null }, token }, 'bob')).toMatchObject({
      outcome: 'queued',
      item: { state: 'redriven', dismissed: null, redriven: { by: 'bob', at: ill.clock.now() } },
    })
    expect(ill.sent).toEqual(['slipway-intake: '])
  })
})

describe('the list of what is in quarantine', () => {
  const asked = { scopes: ['production', null], service: null, state: null, limit: 10, from: null } as const

  test('is a short page with a mark where it seldom shows anything', async () => {
    const ill = await given()
    await admitAll(
      ill,
      Array.from({ length: 30 }, (_, n) => rowOf(`a${n}`)),
    )
    const reads: (string | null)[] = []
    const { items } = ill.quarantine
    const counted: typeof items = (scope, _limit, from) => {
      reads.push(scope)
      return items(scope, 1, from)
    }
    Object.assign(ill.quarantine, { items: counted })
    const nobody = { ...asked, service: 'nobody' }
    const first = await quarantinePage(ill.quarantine, nobody, ADMIN)
    expect([first.items, first.next?.slice(0, 2), reads.length]).toEqual([[], '0~', 20])
    const second = await quarantinePage(ill.quarantine, { ...nobody, from: first.next }, ADMIN)
    expect(second).toEqual({ items: [], next: null })
    // Ten that were left, and the scope of no environment.
    expect(reads.slice(20)).toEqual([...Array.from({ length: 10 }, () => 'production'), null])
  })

  test('ends a page between two scopes, and goes on in the second', async () => {
    const ill = await given()
    await ill.ward.admit(rowOf('aa'))
    await setAside(ill.wheel, 'intake', '{}', ill.shelf)
    const first = await quarantinePage(ill.quarantine, { ...asked, limit: 1 }, ADMIN)
    expect([first.items.map(({ kind }) => kind), first.next]).toEqual([['row'], '1~'])
    const second = await quarantinePage(ill.quarantine, { ...asked, limit: 5, from: first.next }, ADMIN)
    expect([second.items.map(({ kind }) => kind), second.next]).toEqual([['message'], null])
  })

  test.each(['', 'x', '2~', '1000~x', '0'])('refuses the mark %j, which no page gave out', async (from) => {
    const ill = await given()
    await expect(quarantinePage(ill.quarantine, { ...asked, from }, ADMIN)).rejects.toMatchObject({ kind: 'malformed' })
  })

  test('finds nothing of what a caller may not see', async () => {
    const ill = await given()
    const { id } = await ill.ward.admit(rowOf('aa'))
    const other = { ...ADMIN, grants: [{ role: 'viewer', environments: ['production'], services: ['bb'] }] } as const
    expect(await findQuarantined(ill.quarantine, ['production', null], id, other)).toBeNull()
    expect(await findQuarantined(ill.quarantine, ['staging', null], id, ADMIN)).toBeNull()
  })

  test('shows times as ISO 8601, who did what, and the beginning of a long message', async () => {
    const ill = await given()
    const text = `${'x'.repeat(199)}\u{1f6a2} and more`
    await setAside(ill.wheel, 'intake', text, ill.shelf)
    await redrive(ill.again, await find(ill), 'ada')
    const at = new Date(ill.clock.now()).toISOString()
    expect(quarantineView((await find(ill)).item, false)).toMatchObject({
      since: at,
      triedAt: at,
      nextTryAt: null,
      redriven: { by: 'ada', at },
      dismissed: null,
      content: `${'x'.repeat(199)}\ufffd`,
    })
    expect(quarantineView((await find(ill)).item, true).content).toBe(text)
    await ill.ward.admit(rowOf('aa'))
    const loaded = await find(ill, ({ service }) => service === 'aa')
    const waits = new Date(ill.clock.now() + MINUTE).toISOString()
    expect(quarantineView(loaded.item, false)).toMatchObject({ nextTryAt: waits, content: null, redriven: null })
    const dismissed = await dismiss(ill.again, loaded, 'bob', 'gone')
    if (dismissed === null) throw new Error('it was not dismissed')
    expect(quarantineView(dismissed, false)).toMatchObject({
      nextTryAt: null,
      dismissed: { by: 'bob', at, reason: 'gone' },
    })
  })

  test('is counted page by page, but for what nobody waits for', async () => {
    const ill = await given()
    await admitAll(
      ill,
      ['aa', 'bb', 'cc'].map((name) => rowOf(name)),
    )
    await dismiss(ill.again, await find(ill), 'ada', 'gone')
    const { items } = ill.quarantine
    const bySingles: typeof items = (scope, _limit, from) => items(scope, 1, from)
    Object.assign(ill.quarantine, { items: bySingles })
    const [family] = await quarantineMeters(ill.quarantine, ['production'])
    expect(family?.samples.map(({ value }) => value)).toEqual([2, 0, 0, 0, 0, 0])
  })
})

describe('the ward', () => {
  test('counts no row against itself that changed while it was being read again', async () => {
    const ill = await given()
    await ill.ward.admit(rowOf('pricing'))
    ill.sick.add('pricing')
    const { keep, remove } = ill.quarantine
    Object.assign(ill.quarantine, { keep: async () => 'conflict', remove: async () => 'conflict' })
    ill.clock.advance(MINUTE)
    expect([...(await ill.ward.heldIn('production'))]).toEqual(['pricing'])
    ill.sick.clear()
    ill.clock.advance(MINUTE)
    expect([...(await ill.ward.heldIn('production'))]).toEqual(['pricing'])
    expect(ill.quarantine.kept()).toMatchObject([{ tries: 1 }])
    Object.assign(ill.quarantine, { keep, remove })
    ill.clock.advance(MINUTE)
    expect([...(await ill.ward.heldIn('production'))]).toEqual([])
  })

  test('tells nobody’s rows in every environment, and says so where none takes them', async () => {
    const broken = new Fault('malformed', 'the freezes cannot be read')
    const ill = await given()
    const refused = await given({
      freezes: { ...ill.stage.wheel.freezes, freezesOf: () => Promise.reject(broken) },
    })
    await refused.ward.admit(rowOf('x', { environment: null, service: null, what: 'event', holds: false }))
    expect(refused.troubles).toEqual([broken])
    expect(refused.quarantine.kept()).toHaveLength(1)
  })

  test('reads what is of no environment with the first environment alone', async () => {
    const ill = await given()
    const scopes: (string | null)[] = []
    const { items } = ill.quarantine
    Object.assign(ill.quarantine, {
      items: (...of: Parameters<typeof items>) => {
        scopes.push(of[0])
        return items(...of)
      },
    })
    await ill.ward.heldIn('staging')
    await ill.ward.heldIn('production')
    await ill.ward.heldIn('production')
    expect(scopes).toEqual(['staging', 'production', null])
  })

  test('reads as many pages as there are, and keeps what it knew where they cannot be read', async () => {
    const ill = await given()
    await admitAll(
      ill,
      ['aa', 'bb', 'cc'].map((name) => rowOf(name)),
    )
    ill.sick.add('aa').add('bb').add('cc')
    const { items } = ill.quarantine
    const bySingles: typeof items = (scope, _limit, from) => items(scope, 1, from)
    Object.assign(ill.quarantine, { items: bySingles })
    ill.clock.advance(MINUTE)
    expect([...(await ill.ward.heldIn('production'))].sort()).toEqual(['aa', 'bb', 'cc'])
    const away = new Fault('unavailable', 'storage is away')
    Object.assign(ill.quarantine, { items: () => Promise.reject(away) })
    ill.clock.advance(MINUTE)
    expect([...(await ill.ward.heldIn('production'))].sort()).toEqual(['aa', 'bb', 'cc'])
    expect(ill.troubles).toEqual([away])
  })

  test('writes what two ask for at once down in one go', async () => {
    const ill = await given()
    const finds: string[] = []
    const { find: known } = ill.quarantine
    Object.assign(ill.quarantine, {
      find: (...of: Parameters<typeof known>) => {
        finds.push(of[1])
        return known(...of)
      },
    })
    ill.ward.found(rowOf('pricing'))
    await Promise.all([ill.ward.settled(), ill.ward.settled()])
    // Once to see whether it is known, once to tell of it.
    expect(finds).toHaveLength(2)
    expect(ill.quarantine.kept()).toHaveLength(1)
  })
})
