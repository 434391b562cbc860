import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Suspect } from '../../lib/core/quarantine.ts'
import { dismiss, findQuarantined, redrive } from '../../lib/engine/redrive.ts'
import { createWard, type Ward } from '../../lib/engine/ward.ts'
import { Fault } from '../../lib/errors.ts'
import type { FreezesChange } from '../../lib/ports.ts'
import { createSimFreezes } from '../../sim/store-freezes.ts'
import { createSimQuarantine } from '../../sim/store-quarantine.ts'
import { aCaller } from '../support/callers.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const ENVIRONMENTS = ['production', 'staging'] as const
const digest = (text: string) => createHash('sha256').update(text).digest('hex')

const MESSAGE: Suspect = {
  kind: 'message',
  what: 'registry-event',
  place: 'slipway-events',
  environment: null,
  service: null,
  field: null,
  why: 'it is no event of a registry',
  holds: false,
  content: '{}',
}
const ROW: Suspect = {
  ...MESSAGE,
  kind: 'row',
  what: 'service',
  place: 'SlipwayState/production/s!pricing',
  environment: 'production',
  service: 'pricing',
  holds: true,
  content: null,
}

/** How long a worker lives: it dies before or after its last call, and never calls again. */
interface Life {
  left: number
  readonly end: 'before' | 'after'
}

const DEATH = new Error('it died')

function mortal<T extends object>(of: T, life: Life): T {
  const call = async (work: () => unknown) => {
    if (life.left <= 0) throw DEATH
    life.left -= 1
    if (life.left === 0 && life.end === 'before') throw DEATH
    const answer = await work()
    if (life.left === 0) throw DEATH
    return answer
  }
  const entries = Object.entries(of).map(([name, work]) => [name, (...given: unknown[]) => call(() => work(...given))])
  return Object.fromEntries(entries) as T
}

/** One storage, whoever works on it, and what its audits say. */
function given() {
  const state = { now: 100 * DAY, isSick: true }
  const quarantine = createSimQuarantine(() => (state.isSick ? ROW : null))
  const freezes = createSimFreezes()
  const clock = { now: () => state.now }
  const troubles: unknown[] = []
  /** A worker's ward, which remembers nothing of any before; with a life it dies in the middle. */
  const ward = (life: Life = { left: 1e9, end: 'after' }) => {
    const { kept: _, ...port } = quarantine
    const { rowsOf: __, ...chains } = freezes
    return createWard({
      quarantine: mortal(port, life),
      freezes: mortal(chains, life),
      store: { load: async () => [] },
      clock,
      digest,
      environments: ENVIRONMENTS,
      onTrouble: (_words, error) => troubles.push(error),
    })
  }
  const told = (environment: string) =>
    freezes.rowsOf(environment).map(({ kind, notes }) => `${kind}: ${notes.split(': ').at(-1)}`)
  return { state, quarantine, freezes, clock, troubles, ward, told }
}

type Given = ReturnType<typeof given>

/** What has to be told of one deed, by environment, whenever its worker died. */
interface Deed {
  readonly name: string
  readonly suspect: Suspect
  /** What one who comes in time does; whoever asked for it asks again where it was not done. */
  readonly work: (here: Given, ward: Ward) => Promise<unknown>
  readonly told: string
  readonly in: readonly string[]
}

const found = async (here: Given) => {
  const [item] = here.quarantine.kept()
  return item === undefined ? null : findQuarantined(here.quarantine, [item.environment], item.id, aCaller())
}

const DEEDS: readonly Deed[] = [
  {
    name: 'a message that comes in',
    suspect: MESSAGE,
    work: async (here, ward) => {
      if ((await found(here)) === null) await ward.admit(MESSAGE)
    },
    told: 'quarantine-added: it is no event of a registry',
    in: ENVIRONMENTS,
  },
  {
    name: 'a row that is well again',
    suspect: ROW,
    work: async ({ state }, ward) => {
      state.isSick = false
      await ward.heldIn('production')
    },
    told: 'quarantine-over: the service row SlipwayState/production/s!pricing can be read again, or is gone',
    in: ['production'],
  },
  {
    name: 'a row that a person waits for no more',
    suspect: ROW,
    work: async (here, ward) => {
      const loaded = await found(here)
      if (loaded?.item.state !== 'waiting') return
      await dismiss({ ward, clock: here.clock }, loaded, 'ada', 'the shop is closed')
    },
    told: 'quarantine-dismissed: the shop is closed',
    in: ['production'],
  },
]

describe('whenever a worker dies', () => {
  test.each(DEEDS)('$name is told exactly once', async (deed) => {
    let deaths = 0
    for (const end of ['before', 'after'] as const) {
      for (let calls = 1; calls <= 12; calls += 1) {
        const here = given()
        if (deed.suspect === ROW) await here.ward().admit(ROW)
        here.state.now += MINUTE
        const life = { left: calls, end }
        await deed.work(here, here.ward(life)).catch((error: unknown) => expect(error).toBe(DEATH))
        if (life.left === 0) deaths += 1
        const heir = here.ward()
        await deed.work(here, heir)
        for (const minute of [1, 2, 3]) {
          here.state.now += minute * MINUTE
          await heir.heldIn('production')
        }
        const times = ENVIRONMENTS.map((name) => here.told(name).filter((line) => line === deed.told).length)
        expect([end, calls, times]).toEqual([end, calls, ENVIRONMENTS.map((name) => Number(deed.in.includes(name)))])
        expect(here.quarantine.kept().flatMap(({ owed = [] }) => owed)).toEqual([])
      }
    }
    // At each call that it makes, and not only once it has made all of them.
    expect(deaths).toBeGreaterThanOrEqual(10)
  })
})

describe('people are told', () => {
  test('of a message again that comes again after it was dismissed', async () => {
    const here = given()
    const ward = here.ward()
    await ward.admit(MESSAGE)
    const loaded = await found(here)
    if (loaded === null) throw new Error('nothing is in quarantine')
    await dismiss({ ward, clock: here.clock }, loaded, 'ada', 'nobody needs it')
    here.state.now += MINUTE
    expect(await ward.admit(MESSAGE)).toMatchObject({ state: 'waiting', since: here.state.now, dismissed: null })
    await ward.admit(MESSAGE)
    expect(here.told('staging').map((line) => line.split(':')[0])).toEqual([
      'quarantine-added',
      'quarantine-dismissed',
      'quarantine-added',
    ])
  })

  test('once of each thing that is wrong, and no more than five times of one that is another each time', async () => {
    const here = given()
    const ward = here.ward()
    for (const why of ['a', 'a', 'b', 'a', 'c', 'd', 'e', 'f', 'g', 'b']) {
      await ward.admit({ ...MESSAGE, why })
      here.state.now += MINUTE
    }
    expect(here.told('production')).toEqual(['a', 'b', 'c', 'd', 'e'].map((why) => `quarantine-added: ${why}`))
  })

  test('in an environment whose audit could not be written as soon as it can, and in no other again', async () => {
    const here = given()
    const { freezesOf } = here.freezes
    const away = new Fault('unavailable', 'storage is away')
    const isAway = { staging: true }
    Object.assign(here.freezes, {
      freezesOf: async (environment: string) => {
        if (environment === 'staging' && isAway.staging) throw away
        return freezesOf(environment)
      },
    })
    const ward = here.ward()
    await ward.admit(MESSAGE)
    expect([here.told('production').length, here.told('staging').length]).toEqual([1, 0])
    // Longer than a telling is remembered by the audit that has it.
    here.state.now += 4 * DAY
    await ward.heldIn('production')
    isAway.staging = false
    here.state.now += MINUTE
    await ward.heldIn('production')
    expect([here.told('production').length, here.told('staging').length]).toEqual([1, 1])
  })

  test('no second time where another environment’s audit is away for longer than tellings are remembered', async () => {
    const here = given()
    const { freezesOf } = here.freezes
    const away = new Fault('unavailable', 'storage is away')
    Object.assign(here.freezes, {
      freezesOf: async (environment: string) => {
        if (environment === 'staging') throw away
        return freezesOf(environment)
      },
    })
    const ward = here.ward()
    for (let day = 0; day < 15; day += 1) {
      await ward.admit({ ...MESSAGE, content: `${day}` })
      here.state.now += DAY
      await ward.heldIn('production')
    }
    expect(here.told('production')).toHaveLength(15)
    const owed = here.quarantine.kept().flatMap((item) => item.owed ?? [])
    expect(owed.map(({ environments }) => environments)).toEqual(Array.from({ length: 15 }, () => ['staging']))
  })
})

describe('many that come in at once', () => {
  const NAMES = Array.from({ length: 120 }, (_, n) => `service-${n}`)
  const admitAll = (ward: Ward) =>
    Promise.all(NAMES.map((content) => ward.admit({ ...MESSAGE, content, why: content })))
  const wanted = NAMES.map((name) => `quarantine-added: ${name}`).toSorted()

  test('are all told at once, each once, in a few commits of the chain that they share', async () => {
    const here = given()
    const commits = { production: 0, staging: 0 }
    const { commitFreezes } = here.freezes
    Object.assign(here.freezes, {
      commitFreezes: (change: FreezesChange) => {
        commits[change.environment as 'staging'] += 1
        return commitFreezes(change)
      },
    })
    await admitAll(here.ward())
    expect(here.troubles).toEqual([])
    for (const name of ENVIRONMENTS) expect(here.told(name).toSorted()).toEqual(wanted)
    expect(here.quarantine.kept().flatMap(({ owed = [] }) => owed)).toEqual([])
    expect(Math.max(...Object.values(commits))).toBeLessThanOrEqual(5)
    expect(here.freezes.rowsOf('production').map(({ seq }) => seq)).toEqual(NAMES.map((_, n) => n + 1))
  })

  test('are told later, each once, where their audit cannot be written', async () => {
    const here = given()
    const { commitFreezes } = here.freezes
    const away = () => Promise.reject(new Fault('unavailable', 'storage is away'))
    Object.assign(here.freezes, { commitFreezes: away })
    await admitAll(here.ward())
    expect([here.told('production'), here.troubles.length]).toEqual([[], NAMES.length])
    Object.assign(here.freezes, { commitFreezes })
    const heir = here.ward()
    for (let minute = 0; minute < 8; minute += 1) {
      here.state.now += MINUTE
      await heir.heldIn('production')
    }
    for (const name of ENVIRONMENTS) expect(here.told(name).toSorted()).toEqual(wanted)
  })

  test('are told though many before them cannot be told, because their environment’s audit is away', async () => {
    const here = given()
    const { freezesOf } = here.freezes
    const away = { production: true, staging: true }
    Object.assign(here.freezes, {
      freezesOf: async (environment: string) => {
        if (away[environment as 'staging']) throw new Fault('unavailable', 'storage is away')
        return freezesOf(environment)
      },
    })
    const ward = here.ward()
    for (const name of NAMES) await ward.admit({ ...ROW, service: name, place: `SlipwayState/production/s!${name}` })
    await ward.admit({ ...MESSAGE, why: 'the last of all' })
    away.staging = false
    for (let minute = 0; minute < 8; minute += 1) {
      here.state.now += MINUTE
      await ward.heldIn('production')
    }
    expect(here.told('staging')).toEqual(['quarantine-added: the last of all'])
    expect(here.told('production')).toEqual([])
  })
})

describe('what was dismissed', () => {
  const dismissed = async (here: Given, suspect: Suspect) => {
    const ward = here.ward()
    await ward.admit(suspect)
    const loaded = await found(here)
    if (loaded === null) throw new Error('nothing is in quarantine')
    await dismiss({ ward, clock: here.clock }, loaded, 'ada', 'nobody needs it')
    return ward
  }

  test('is kept for thirty days where it is a message, and no longer', async () => {
    const here = given()
    const ward = await dismissed(here, MESSAGE)
    here.state.now += 30 * DAY
    await ward.heldIn('production')
    expect(here.quarantine.kept()).toHaveLength(1)
    here.state.now += MINUTE
    await ward.heldIn('production')
    expect(here.quarantine.kept()).toEqual([])
  })

  test('is read again after thirty days where it is a row, and goes only where it is well', async () => {
    const here = given()
    const ward = await dismissed(here, ROW)
    const pass = async (ms: number) => {
      here.state.now += ms
      await ward.heldIn('production')
      return here.quarantine.kept().map(({ state, tries }) => `${state} ${tries}`)
    }
    expect(await pass(30 * DAY)).toEqual(['dismissed 1'])
    expect(await pass(MINUTE)).toEqual(['dismissed 2'])
    here.state.isSick = false
    expect(await pass(30 * DAY)).toEqual(['dismissed 2'])
    expect(await pass(MINUTE)).toEqual([])
    expect(here.told('production').map((line) => line.split(':')[0])).toEqual([
      'quarantine-added',
      'quarantine-dismissed',
      'quarantine-over',
    ])
  })

  test('is over once, and told of once, however long its audit cannot be written', async () => {
    const here = given()
    await dismissed(here, ROW)
    const { commitFreezes } = here.freezes
    Object.assign(here.freezes, { commitFreezes: () => Promise.reject(new Fault('unavailable', 'storage is away')) })
    const ward = here.ward()
    here.state.isSick = false
    here.state.now += 31 * DAY
    for (let minute = 0; minute < 60; minute += 1) {
      await ward.heldIn('production')
      here.state.now += MINUTE
    }
    expect(here.quarantine.kept().map(({ owed = [] }) => owed.length)).toEqual([1])
    Object.assign(here.freezes, { commitFreezes })
    await here.ward().heldIn('production')
    expect(here.quarantine.kept()).toEqual([])
    expect(here.told('production').filter((line) => line.startsWith('quarantine-over'))).toHaveLength(1)
  })

  test('but what waits stays for as long as nobody says otherwise', async () => {
    const here = given()
    const ward = here.ward()
    await ward.admit(MESSAGE)
    here.state.now += 400 * DAY
    await ward.heldIn('production')
    expect(here.quarantine.kept()).toMatchObject([{ state: 'waiting' }])
  })
})

test('a message that a person sends again is in its queue though its audit cannot be written now, and is told of later', async () => {
  const here = given()
  const ward = here.ward()
  await ward.admit(MESSAGE)
  const { commitFreezes } = here.freezes
  const refuse = { on: true }
  Object.assign(here.freezes, {
    commitFreezes: (...given: Parameters<typeof commitFreezes>) =>
      refuse.on ? Promise.reject(new Fault('unavailable', 'storage is away')) : commitFreezes(...given),
  })
  const sent: string[] = []
  const requeue = { send: async (queue: string, content: string) => void sent.push(`${queue} ${content}`) }
  const heir = here.ward()
  const loaded = await found(here)
  if (loaded === null) throw new Error('nothing is in quarantine')
  await redrive({ ward: heir, requeue, clock: here.clock }, loaded, 'ada')
  expect([sent, here.told('production').length]).toEqual([['slipway-events {}'], 1])
  refuse.on = false
  here.state.now += MINUTE
  await heir.heldIn('production')
  expect(here.told('production')[1]).toBe('quarantine-redriven: it is put back into slipway-events')
})
