import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Observed } from '../../lib/core/app.ts'
import { obeyCommand } from '../../lib/engine/command.ts'
import { dismiss, findQuarantined, redrive } from '../../lib/engine/redrive.ts'
import { sweep } from '../../lib/engine/sweep.ts'
import { createWard, warded } from '../../lib/engine/ward.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { Change } from '../../lib/ports.ts'
import { createStage, type Stage } from '../../sim/runner.ts'
import { createSimQuarantine } from '../../sim/store-quarantine.ts'
import { aCaller } from '../support/callers.ts'
import { HOUR, MINUTE, plan, pricingManifest, version, weights } from '../support/story.ts'

const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const keyOf = (name: string) => ({ environment: 'production', name })
const GARBAGE = { kind: 'seen' } as unknown as Observed

function manifestOf(name: string, changes: Parameters<typeof pricingManifest>[0] = {}) {
  const { target, image, ...rest } = pricingManifest(changes)
  return { ...rest, name, target: { ...target, app: name }, image: { ...image, repository: name } }
}

/** Two services, of which `bent` can be made to break the mind, the looks at all, or the store. */
async function given(isBaking: boolean, changes: Parameters<typeof manifestOf>[1] = {}) {
  const stage = createStage()
  const add = async (name: string) => {
    const manifest = manifestOf(name, changes)
    stage.world.addApp({ target: manifest.target, image: 'registry.example.com/x:v1', suffix: 'v1' })
    await stage.declare(manifest)
    await stage.push(version(2, { repository: name, eventId: `${name}-2` }))
  }
  await add('fine')
  await add('bent')
  const bakes = (name: string) => {
    const { phase } = stage.rollout(keyOf(name))
    return phase.kind === 'progressing' && phase.steadyAt !== null
  }
  if (isBaking) await stage.runUntil('both bake', () => bakes('fine') && bakes('bent'), HOUR)
  Object.assign(stage.wakes, { timer: false, bell: false })
  if (isBaking) await stage.run(2 * MINUTE)
  const ill = { mind: false, looks: false, store: false, away: false }
  const quarantine = createSimQuarantine(() => null)
  const worker = () => instance(stage, ill, quarantine)
  return { stage, ill, quarantine, worker, ...worker() }
}

type Ill = Record<'mind' | 'looks' | 'store' | 'away', boolean>

/** An instance of the app: it remembers nothing of any other. */
function instance(stage: Stage, ill: Ill, quarantine: ReturnType<typeof createSimQuarantine>) {
  const { store, apps, clock, freezes } = stage.wheel
  const looked: string[] = []
  const commit = async (change: Change) => {
    if (ill.store && change.key.name === 'bent') throw new Fault('malformed', 'the change is too large')
    if (ill.away && change.key.name === 'bent') throw new Fault('unavailable', 'storage is away')
    return store.commit(change)
  }
  const ward = createWard({
    quarantine,
    store,
    freezes,
    clock,
    digest,
    environments: ['production'],
    onTrouble: (words, error) => {
      throw new Error(words, { cause: error })
    },
  })
  const observe: Wheel['apps']['observe'] = async (targets, ...more) => {
    looked.push(...targets.map(({ app }) => app))
    if (ill.looks && targets.some(({ app }) => app === 'bent')) throw new TypeError('x is not iterable')
    const seen = await apps.observe(targets, ...more)
    return targets.map(({ app }, at) => (ill.mind && app === 'bent' ? GARBAGE : (seen[at] ?? GARBAGE)))
  }
  const wheel: Wheel = {
    ...stage.wheel,
    store: { ...warded(store, ward), commit },
    apps: { ...apps, observe },
    heldBy: ward.heldBy,
    infirmary: ward.infirmary,
  }
  return { ward, wheel, looked }
}

const told = (stage: Stage) =>
  stage.store.environmentAudit('production').map(({ kind, notes }) => `${kind}: ${notes.slice(0, 200)}`)

/** In which of so many minutes each of both was looked at. */
async function minutesOf({ stage, wheel, looked }: Awaited<ReturnType<typeof given>>, minutes: number) {
  const seen = { fine: [] as number[], bent: [] as number[] }
  for (let minute = 0; minute < minutes; minute += 1) {
    looked.length = 0
    await sweep(wheel, 'production')
    if (looked.includes('fine')) seen.fine.push(minute)
    if (looked.includes('bent')) seen.bent.push(minute)
    stage.clock.advance(MINUTE)
  }
  return seen
}

const EACH = (count: number) => Array.from({ length: count }, (_, minute) => minute)
const REASON = 'TypeError'

describe('a service on which our own code breaks', () => {
  test('while its canary has users is tried each minute, told of once after the third time, and released by its first turn', async () => {
    const here = await given(true)
    here.ill.mind = true
    expect(await minutesOf(here, 2)).toMatchObject({ bent: [0, 1] })
    expect(here.quarantine.kept()).toEqual([])
    expect(await minutesOf(here, 40)).toEqual({ fine: EACH(40), bent: EACH(40) })
    const [item, ...more] = here.quarantine.kept()
    expect(more).toEqual([])
    expect(item).toMatchObject({
      kind: 'service',
      what: 'turn',
      place: 'production/bent',
      environment: 'production',
      service: 'bent',
      holds: false,
      state: 'waiting',
      tries: 40,
      mayGoBack: true,
    })
    expect(item?.why).toContain(REASON)
    expect(told(here.stage)).toHaveLength(1)
    expect(told(here.stage)[0]).toContain(
      "quarantine-added: the turn of production/bent breaks Slipway's own code; its traffic stays where it is, and it is tried again at every look: TypeError",
    )
    expect(here.wheel.heldBy?.(keyOf('bent'))).toBeNull()
    here.ill.mind = false
    await minutesOf(here, 1)
    expect(here.quarantine.kept()).toEqual([])
    expect(told(here.stage)[1]).toBe('quarantine-over: the turn of production/bent succeeds again')
  })

  test('goes back in the minute in which that can be decided, however long it has broken our code', async () => {
    const here = await given(true)
    const { stage, ill } = here
    const weightNow = () => Object.values(weights(stage, manifestOf('bent')))
    expect(weightNow().toSorted()).toEqual([10, 90])
    ill.mind = true
    stage.metrics.profile(version(2).digest, { rps: 50, p95Ms: 600, errorRate: 0.0002 })
    await minutesOf(here, 90)
    expect(weightNow().toSorted()).toEqual([10, 90])
    ill.mind = false
    await minutesOf(here, 1)
    expect(stage.rollout(keyOf('bent')).phase.kind).toBe('rolling-back')
    expect(weightNow()).toEqual([100])
  })

  test('is not left to rest by anybody once a person has brought it on', async () => {
    const here = await given(true)
    here.ill.mind = true
    await minutesOf(here, 5)
    here.ill.mind = false
    const asked = { verb: 'abort', actor: 'ada', actorId: 'ada', reason: 'enough', to: null, override: false } as const
    const command = { ...asked, id: 'a-1', step: null, digest: null }
    expect(await obeyCommand(here.worker().wheel, keyOf('bent'), command)).toMatchObject({ kind: 'done' })
    expect(here.quarantine.kept()).toEqual([])
  })

  test('rests no more once a person has given an order, though the worker dies right after it was stored', async () => {
    const here = await given(false)
    here.ill.mind = true
    await minutesOf(here, 19)
    const dying = here.worker()
    const died = new Error('it died')
    const infirmary = { ...dying.ward.infirmary, note: () => Promise.reject(died) }
    const asked = { verb: 'pause', actor: 'ada', actorId: 'ada', reason: 'enough', to: null, override: false } as const
    const command = { ...asked, id: 'a-1', step: null, digest: null }
    here.ill.mind = false
    await expect(obeyCommand({ ...dying.wheel, infirmary }, keyOf('bent'), command)).rejects.toBe(died)
    expect(here.quarantine.kept()).toMatchObject([{ nextTryAt: null }])
    here.stage.clock.advance(MINUTE)
    const other = here.worker()
    await sweep(other.wheel, 'production')
    expect(other.looked).toContain('bent')
    expect(here.quarantine.kept()).toEqual([])
  })

  test('rests no more once a person goes back to an earlier release: the same process begins it at once, and tries each minute until it is back', async () => {
    const here = await given(false, { stages: plan([100, 0]) })
    const { stage, ill, wheel } = here
    Object.assign(stage.wakes, { timer: true })
    const isAt = (kind: string) => stage.rollout(keyOf('bent')).phase.kind === kind
    for (const next of [3, 4]) {
      await stage.runUntil(`v${next - 1} is promoted`, () => isAt('finished'), 4 * HOUR)
      await stage.push(version(next, { repository: 'bent', eventId: `bent-${next}` }))
    }
    expect(isAt('preparing')).toBe(true)
    Object.assign(stage.wakes, { timer: false })
    ill.mind = true
    await minutesOf(here, 49)
    expect(here.quarantine.kept()).toMatchObject([{ mayGoBack: false }])
    const asked = { verb: 'undo', actor: 'ada', actorId: 'ada', reason: 'bad', to: 'v2', override: false } as const
    const command = { ...asked, id: 'u-1', step: null, digest: null }
    ill.mind = false
    expect(await obeyCommand(wheel, keyOf('bent'), command)).toMatchObject({ kind: 'done' })
    ill.mind = true
    await sweep(wheel, 'production')
    expect(stage.rollout(keyOf('bent'))).toMatchObject({ cause: 'undo', phase: { kind: 'preparing' } })
    expect((await minutesOf(here, 20)).bent).toEqual(EACH(20))
    expect(here.quarantine.kept()).toMatchObject([{ mayGoBack: true }])
    ill.mind = false
    await minutesOf(here, 20)
    expect(weights(stage, manifestOf('bent'))).toEqual({ 'bent--r4-02020202': 100 })
  })

  test('before its canary has any users is tried with growing pauses', async () => {
    const here = await given(false)
    here.ill.mind = true
    const { bent, fine } = await minutesOf(here, 60)
    expect(bent).toEqual([0, 1, 2, 3, 5, 9, 17, 32, 47])
    expect(fine.length).toBeGreaterThan(50)
    expect(here.quarantine.kept()).toMatchObject([{ mayGoBack: false }])
    expect(told(here.stage)).toHaveLength(1)
    here.ill.mind = false
    await minutesOf(here, 15)
    expect(here.quarantine.kept()).toEqual([])
  })

  test('keeps no neighbour from its look, though it breaks what looks at all of them', async () => {
    const here = await given(true)
    here.ill.looks = true
    expect(await minutesOf(here, 10)).toEqual({ fine: EACH(10), bent: EACH(10) })
    expect(here.quarantine.kept()).toMatchObject([
      { place: 'production/bent', why: 'TypeError: x is not iterable', mayGoBack: true },
    ])
    // Known to be sick it is looked at by itself: the other is asked for once a minute and not twice.
    here.looked.length = 0
    await sweep(here.wheel, 'production')
    expect(here.looked.toSorted()).toEqual(['bent', 'fine'])
  })

  test('is one whose change nobody can store as well, and not one that storage takes nothing of now', async () => {
    const here = await given(true)
    here.ill.away = true
    await minutesOf(here, 5)
    expect(here.quarantine.kept()).toEqual([])
    Object.assign(here.ill, { away: false, store: true })
    await minutesOf(here, 5)
    expect(here.quarantine.kept()).toMatchObject([{ why: 'Fault: the change is too large' }])
  })

  test('that another instance has written down rests here as well, and is told of no second time', async () => {
    const here = await given(false)
    here.ill.mind = true
    await minutesOf(here, 10)
    const other = here.worker()
    await sweep(other.wheel, 'production')
    expect(other.looked).toEqual(['fine'])
    here.stage.clock.advance(10 * MINUTE)
    await sweep(other.wheel, 'production')
    expect(other.looked).toContain('bent')
    expect(told(here.stage)).toHaveLength(1)
  })

  test('is looked at with the next sweep where a person has it tried again, and told of again where it breaks again', async () => {
    const here = await given(false)
    here.ill.mind = true
    await minutesOf(here, 25)
    const [item] = here.quarantine.kept()
    const loaded = item && (await findQuarantined(here.quarantine, ['production'], item.id, aCaller()))
    if (!loaded) throw new Error('it is not in quarantine')
    const requeue = { send: () => Promise.reject(new Error('a service is in no queue')) }
    const driving = { ward: here.ward, clock: here.stage.clock, requeue }
    expect(await redrive(driving, loaded, 'ada')).toMatchObject({ outcome: 'queued', item: { nextTryAt: null } })
    expect((await minutesOf(here, 1)).bent).toEqual([0])
    expect(told(here.stage).map((line) => line.split(':')[0])).toEqual([
      'quarantine-added',
      'quarantine-redriven',
      'quarantine-added',
    ])
  })

  test('that nobody has tried for a day is sick no more, whatever the last word of it was', async () => {
    const here = await given(false)
    here.ill.mind = true
    await minutesOf(here, 10)
    here.stage.clock.advance(23 * HOUR)
    await here.ward.heldIn('production')
    expect(here.quarantine.kept()).toHaveLength(1)
    here.stage.clock.advance(HOUR)
    await here.ward.heldIn('production')
    expect(here.quarantine.kept()).toEqual([])
  })

  test('that a person has dismissed is tried as before, and its telling ends', async () => {
    const here = await given(true)
    here.ill.mind = true
    await minutesOf(here, 5)
    const [item] = here.quarantine.kept()
    const loaded = item && (await findQuarantined(here.quarantine, ['production'], item.id, aCaller()))
    if (!loaded) throw new Error('it is not in quarantine')
    await dismiss({ ward: here.ward, clock: here.stage.clock }, loaded, 'ada', 'known')
    expect((await minutesOf(here, 5)).bent).toEqual(EACH(5))
    expect(here.quarantine.kept()).toMatchObject([{ state: 'dismissed', tries: 8 }])
    expect(told(here.stage)).toHaveLength(2)
  })
})
