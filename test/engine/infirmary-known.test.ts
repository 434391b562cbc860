import { describe, expect, test } from 'vitest'
import { type Quarantined, quarantinedAs, type Suspect } from '../../lib/core/quarantine.ts'
import { createInfirmary } from '../../lib/engine/infirmary.ts'
import { createSimQuarantine } from '../../sim/store-quarantine.ts'

const NOW = 1_000_000
const MINUTE = 60_000
const SICK: Suspect = {
  kind: 'service',
  what: 'turn',
  place: 'production/pricing',
  environment: 'production',
  service: 'pricing',
  field: null,
  why: 'TypeError: x is not iterable',
  holds: false,
  content: null,
  mayGoBack: false,
}
const RESTING = quarantinedAs('q-1', SICK, null, NOW)
const SAVED = { name: 'pricing', result: 'saved', error: null } as const

/** An infirmary whose process has heard `heard` of what is stored as `stored`. */
async function given(stored: Quarantined, heard: Quarantined | null) {
  const quarantine = createSimQuarantine(() => null)
  await quarantine.keep(stored, null)
  const released: Quarantined[] = []
  const remembered: Quarantined[] = []
  const infirmary = createInfirmary({
    quarantine,
    clock: { now: () => NOW },
    ailingIn: async () => new Map(heard === null ? [] : [['pricing', heard]]),
    admit: async () => RESTING,
    release: async (item) => released.push(item),
    remember: (item) => remembered.push(item),
    attempted: async (work) => void (await work()),
  })
  return { quarantine, released, remembered, infirmary }
}

describe('a process that has not heard yet what another one has written', () => {
  test('releases no service that is released already', async () => {
    const { infirmary, released } = await given({ ...RESTING, releasedAt: NOW - 1 }, RESTING)
    await infirmary.note('production', [SAVED])
    expect(released).toEqual([])
  })

  test('releases one that is not', async () => {
    const { infirmary, released } = await given(RESTING, RESTING)
    await infirmary.note('production', [SAVED])
    expect(released).toEqual([RESTING])
  })

  test('lets one rest no more, though it was due when this process heard of it', async () => {
    const { infirmary, quarantine } = await given(RESTING, { ...RESTING, nextTryAt: NOW - 10 * MINUTE })
    await infirmary.wake('production', 'pricing')
    expect(quarantine.kept()).toEqual([{ ...RESTING, nextTryAt: null }])
  })

  test('lets one rest no more, though another writes it down anew at the same moment', async () => {
    const { infirmary, quarantine } = await given(RESTING, RESTING)
    const { find } = quarantine
    let isFirst = true
    Object.assign(quarantine, {
      find: async (...place: Parameters<typeof find>) => {
        const loaded = await find(...place)
        if (isFirst && loaded !== null) await quarantine.keep({ ...RESTING, tries: 2 }, loaded.token)
        isFirst = false
        return loaded
      },
    })
    await infirmary.wake('production', 'pricing')
    expect(quarantine.kept()).toEqual([{ ...RESTING, tries: 2, nextTryAt: null }])
  })

  test('writes nothing where it rests no more, and knows it from now on', async () => {
    const { infirmary, quarantine, remembered } = await given({ ...RESTING, nextTryAt: null }, RESTING)
    const before = await quarantine.find('production', 'q-1')
    await infirmary.wake('production', 'pricing')
    expect(await quarantine.find('production', 'q-1')).toEqual(before)
    expect(remembered).toEqual([{ ...RESTING, nextTryAt: null }])
    if (before !== null) await quarantine.remove(before.item, before.token)
    await infirmary.wake('production', 'pricing')
    expect([remembered.length, quarantine.kept()]).toEqual([2, []])
  })
})

describe('after a release that breaks all services', () => {
  test('they are written down side by side, and not all at once', async () => {
    let now = 0
    let most = 0
    const done: string[] = []
    const infirmary = createInfirmary({
      quarantine: createSimQuarantine(() => null),
      clock: { now: () => NOW },
      ailingIn: async () => new Map(),
      admit: async ({ service }) => {
        now += 1
        most = Math.max(most, now)
        await new Promise(setImmediate)
        now -= 1
        done.push(service ?? '')
        return RESTING
      },
      release: async () => {},
      remember: () => {},
      attempted: async (work) => void (await work()),
    })
    const names = Array.from({ length: 500 }, (_, n) => `service-${n}`)
    const broken = names.map((name) => ({ name, result: 'broken' as const, error: new Error('it broke') }))
    for (const _ of [1, 2, 3]) await infirmary.note('production', broken)
    expect(done.toSorted()).toEqual(names.toSorted())
    expect([most > 8, most <= 64]).toEqual([true, true])
  })
})
