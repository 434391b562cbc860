import { setImmediate as soon } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Rollout } from '../../lib/core/rollout.ts'
import { pinnedImage } from '../../lib/core/service.ts'
import { type Turned, turn } from '../../lib/engine/turn.ts'
import type { Loaded } from '../../lib/ports.ts'
import {
  aManifest,
  anApp,
  aPush,
  appAt,
  aRevision,
  aRollout,
  finished,
  MINUTE,
  PREPARING,
  progressing,
  SECOND,
  STABLE,
} from '../support/builders.ts'
import { type Answers, loaded, measured, NOW, toldWheel } from './told-wheel.ts'

const OVER = finished('promoted', { at: NOW - MINUTE, watchUntil: NOW + 14 * MINUTE })
const BAKES = progressing(0, NOW - 20 * MINUTE)

function of(name: string, phase: Rollout['phase']): Loaded {
  const key = { environment: 'production', name }
  const manifest = { ...aManifest(), ...key, target: { ...aManifest().target, app: name } }
  return loaded(aRollout(phase, { id: `${name}-2`, key, manifest }))
}

const many = (count: number, phase: Rollout['phase'] = OVER) =>
  Array.from({ length: count }, (_, n) => of(`svc-${n + 1}`, phase))
const fresh: Loaded = loaded(null, { key: { environment: 'production', name: 'fresh' }, pending: [aPush()] })
const QUICK = { has: 0, load: 0, commit: 0, freezes: 0, ring: 0, perform: 0, read: 0, observe: 0 }

/** Turns all of these; only looks at apps take time. */
async function turned(stored: readonly Loaded[], lookMs = 0, answers: Answers = {}) {
  const observe: Answers['observe'] = (targets) => targets.map(() => ({ kind: 'seen', app: appAt(100) }))
  const { wheel, lines } = toldWheel({
    isBrief: true,
    observe,
    ...answers,
    stored,
    takesMs: { ...QUICK, observe: lookMs },
  })
  const all = await turn(
    wheel,
    'production',
    stored.map(({ service }) => service.key.name),
  )
  const of = (socket: string) => lines.filter((line) => line.split(' ')[1] === socket)
  return { all, of, looks: of('observe').map((line) => line.replace(/;.*/, '').split(' ').length - 2) }
}

function counted(all: readonly Turned[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...Map.groupBy(all, ({ result }) => result)].map(([result, those]) => [result, those.length]),
  )
}

test('apps are looked at a hundred at a time, and whoever begins does so once', async () => {
  const { all, looks, of } = await turned([...many(250), fresh])
  expect(looks).toEqual([100, 100, 50])
  expect(all.map(({ name }) => name)).toEqual(['fresh', ...many(250).map(({ service }) => service.key.name)])
  expect(counted(all)).toEqual({ saved: 251 })
  expect(of('commit')).toHaveLength(251)
})

test('a hundred are one portion', async () => {
  const { looks, of } = await turned(many(100))
  expect([looks, of('freezes').length]).toEqual([[100], 1])
})

test('the bell is rung once for each moment, however many portions want it', async () => {
  const { of } = await turned(many(250))
  expect(of('ring')).toEqual([`+0s ring [{"environment":"production","at":T0+3660s}]`])
})

test('the bell is rung again for a moment that is now, as what is due then came later than the first call', async () => {
  const app = anApp({ revisions: [aRevision(STABLE, { image: pinnedImage(aPush()) })] })
  const stored = many(150, PREPARING).map((item) => ({ ...item, service: { ...item.service, pending: [aPush()] } }))
  const { all, of } = await turned(stored, 0, { observe: (targets) => targets.map(() => ({ kind: 'seen', app })) })
  expect(new Set(all.map(({ decision }) => decision?.next.phase.kind))).toEqual(new Set(['finished']))
  expect(of('ring')).toEqual(Array.from({ length: 2 }, () => '+0s ring [{"environment":"production","at":T0+3600s}]'))
})

test('portions go on as long as the next one likely ends within twenty-five seconds', async () => {
  const { all, looks } = await turned(many(250), 6.25 * SECOND)
  expect([looks, counted(all)]).toEqual([[100, 100, 50], { saved: 250 }])
})

test('a portion that would likely end later is left, though it was looked at', async () => {
  const { all, looks } = await turned([...many(250), fresh], 6.25 * SECOND + 1)
  expect([looks, counted(all)]).toEqual([[100, 100], { saved: 101, left: 150 }])
  expect(all.at(-1)).toEqual({ name: 'svc-250', result: 'left', decision: null, error: null })
  expect(all.slice(101).map(({ name }) => name)).toEqual(
    many(250)
      .slice(100)
      .map(({ service }) => service.key.name),
  )
})

test('what is known to fail is never left, however long it takes', async () => {
  const { all, looks } = await turned(many(101, BAKES), 60 * SECOND, {
    observe: (targets) => targets.map(() => ({ kind: 'seen', app: appAt(10) })),
    read: (query) => {
      const reading = measured({ ...query, from: Math.max(query.from, query.to - 10 * MINUTE) }, true)
      return reading
    },
  })
  expect([looks, counted(all)]).toEqual([[100, 1], { saved: 101 }])
  expect(new Set(all.map(({ decision }) => decision?.next.phase.kind))).toEqual(new Set(['rolling-back']))
})

test('thirty-two are stored and done at once', async () => {
  const { wheel } = toldWheel({ isBrief: true, stored: many(100), observe: () => [] })
  let [now, most] = [0, 0]
  const store: typeof wheel.store = {
    ...wheel.store,
    commit: async () => {
      now += 1
      most = Math.max(most, now)
      await soon()
      now -= 1
      return 'saved'
    },
  }
  await turn(
    { ...wheel, store },
    'production',
    many(100).map(({ service }) => service.key.name),
  )
  expect(most).toBe(32)
})

test('a portion that cannot be looked at takes nothing along of what was done before', async () => {
  const committed: string[] = []
  const observe: Answers['observe'] = (targets, call) => {
    if (call === 2) throw new TypeError('our own bug')
    return targets.map(() => ({ kind: 'seen', app: appAt(100) }))
  }
  const commit: Answers['commit'] = ({ key }) => {
    committed.push(key.name)
    return 'saved'
  }
  await expect(turned(many(150), 0, { observe, commit })).rejects.toThrow('our own bug')
  expect(committed).toHaveLength(100)
})
