import type { Caller } from '../../lib/core/caller.ts'
import type { By } from '../../lib/core/facts.ts'
import { type Freeze, plainWindow } from '../../lib/core/freeze.ts'
import { addFreeze, type FreezeWish, findFreeze, freezeViews, liftFreeze } from '../../lib/engine/freeze.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { FreezesChange, FreezesLoaded } from '../../lib/ports.ts'
import { createStage } from '../../sim/runner.ts'
import { aService, HOUR, KEY, T0 } from '../support/builders.ts'
import { aCaller } from '../support/callers.ts'
import { plain, rowsText } from './words.ts'

/** What is asked of an environment's freezes, as they stand. */
interface Case {
  readonly known?: Partial<FreezesLoaded>
  readonly ask: (wheel: Wheel) => Promise<unknown>
  /** So often somebody else is faster. */
  readonly lost?: number
}

const DAY = 24 * HOUR
const NOW = T0 + HOUR
const REQUEST: By = { actor: 'ada', asked: { request: 'r-1', signIn: 'token', app: null } }
const once = (from: number, until: number) => ({ kind: 'once', from: T0 + from, until: T0 + until }) as const
const weekends = { kind: 'recurring', cron: '0 18 * * 5', timeZone: 'Europe/Berlin', durationMs: 62 * HOUR } as const
const NIGHTLY = { ...weekends, cron: '0 22 * * *', durationMs: 2 * DAY }
const STOP: FreezeWish = {
  id: 'stop',
  environment: 'production',
  services: null,
  time: { kind: 'stop' },
  reason: 'the database is down',
}
const freezeOf = (id: string, changes: Partial<Freeze> = {}): Freeze => ({
  schema: 1,
  ...STOP,
  id,
  by: 'kim',
  createdAt: T0,
  ...changes,
})
const TORN = freezeOf('torn', { time: { kind: 'once', from: T0 } as never, services: ['pricing', 'basket'] })
const ALL = [
  freezeOf('stop'),
  freezeOf('of two', { services: ['pricing', 'basket'], reason: 'a sale' }),
  freezeOf('now', { time: once(0, 2 * HOUR) }),
  freezeOf('later', { time: once(2 * HOUR, 3 * HOUR) }),
  freezeOf('over', { time: once(0, HOUR) }),
  freezeOf('weekends', { time: weekends }),
  freezeOf('nights', { time: NIGHTLY, services: ['basket'] }),
  TORN,
]
const add =
  (changes: Partial<FreezeWish> = {}, by: By = 'ada') =>
  (wheel: Wheel) =>
    addFreeze(wheel, { ...STOP, ...changes }, by)
const lift =
  (id: string, reason = '', by: By = 'ada') =>
  (wheel: Wheel) =>
    liftFreeze(wheel, 'production', id, { by, reason })
const seenBy = (grants: Caller['grants']) => async (wheel: Wheel) =>
  await freezeViews(wheel, ['production'], { ...aCaller(), grants })
const lifted = (id: string, ago: number) => ({ id, at: NOW - ago })
const viewer = { role: 'viewer', environments: ['production'], services: null } as const
const hundred = Array.from({ length: 100 }, (_, n) => freezeOf(`f${n}`, { time: once(0, 2 * HOUR) }))
const later = { time: once(2 * HOUR, 3 * HOUR) }

export const CASES: Readonly<Record<string, Case>> = {
  'the line is stopped': { ask: add() },
  'the line is stopped by a request': { ask: add({}, REQUEST) },
  'two services are frozen for an hour': { ask: add({ ...later, services: ['pricing', 'basket'] }) },
  'weekends are frozen': {
    ask: add({ time: weekends }),
    known: { freezes: [freezeOf('other')], told: ['stop@7'] as never },
  },
  'a service is named that is not there': { ask: add({ services: ['prizing', 'pricing', 'shop'] }) },
  'the same stands': { ask: add(), known: { freezes: [freezeOf('other'), freezeOf('stop')] } },
  'the same stands for another reason': { ask: add({ reason: 'a sale' }), known: { freezes: [freezeOf('stop')] } },
  'the same stands for other services': { ask: add({ services: ['pricing'] }), known: { freezes: [freezeOf('stop')] } },
  'the same stands, from another moment on': {
    ask: add({ time: once(HOUR, 2 * HOUR) }),
    known: { freezes: [freezeOf('stop', { time: once(0, 2 * HOUR) })] },
  },
  'the same stands, until another moment': {
    ask: add({ time: once(0, 3 * HOUR) }),
    known: { freezes: [freezeOf('stop', { time: once(0, 2 * HOUR) })] },
  },
  'a stop is asked for where a time stands': { ask: add(), known: { freezes: [freezeOf('stop', later)] } },
  'a time is asked for where a stop stands': { ask: add(later), known: { freezes: [freezeOf('stop')] } },
  'the id is of one that cannot be read': { ask: add({ id: 'torn' }), known: { freezes: [TORN] } },
  'the id is of one that was lifted': {
    ask: add(),
    known: { lifted: [lifted('other', 1), lifted('stop', 7 * DAY - 1)] },
  },
  'the id is of one that was lifted a week ago': { ask: add(), known: { lifted: [lifted('stop', 7 * DAY)] } },
  'nobody has kept what was lifted or told': { ask: add(), known: { lifted: undefined, told: undefined } as never },
  'there are a hundred': { ask: add(), known: { freezes: hundred } },
  'there are a hundred, one of which is over': {
    ask: async (wheel) => (await add()(wheel)).kind,
    known: { freezes: [...hundred.slice(1), freezeOf('over', { time: once(0, HOUR) })] },
  },
  'somebody else is faster once': { ask: add(), lost: 1 },
  'somebody else is faster thirty-nine times': { ask: add(), lost: 39 },
  'somebody else is always faster': { ask: add(), lost: 40 },
  'one is lifted': {
    ask: lift('stop', 'the database is back'),
    known: { freezes: [freezeOf('other'), freezeOf('stop')] },
  },
  'one is lifted by a request, without a reason': {
    ask: lift('of two', '', REQUEST),
    known: {
      freezes: [freezeOf('of two', { services: ['pricing', 'basket'] })],
      lifted: [lifted('stop', DAY), lifted('old', 8 * DAY)],
    },
  },
  'one is lifted that is not there': { ask: lift('stop'), known: { freezes: [freezeOf('other')] } },
  'one is lifted, and somebody else is faster': { ask: lift('stop'), known: { freezes: [freezeOf('stop')] }, lost: 40 },
  'one is lifted after two hundred others': {
    ask: lift('stop'),
    known: { freezes: [freezeOf('stop')], lifted: Array.from({ length: 200 }, (_, n) => lifted(`l${n}`, n)) },
  },
  'one is looked for': {
    ask: async (wheel) => [
      await findFreeze(wheel, 'production', 'later'),
      await findFreeze(wheel, 'production', 'nothing'),
    ],
    known: { freezes: ALL },
  },
  'who may see all of it asks': { ask: seenBy([viewer]), known: { freezes: ALL } },
  'who may see everything asks': {
    ask: seenBy([{ ...viewer, environments: null }]),
    known: { freezes: ALL.slice(0, 2) },
  },
  'who may see one service asks': { ask: seenBy([{ ...viewer, services: ['basket'] }]), known: { freezes: ALL } },
  'who may see another environment, too, asks': {
    ask: seenBy([
      { ...viewer, environments: ['staging'] },
      { ...viewer, services: ['shop'] },
    ]),
    known: { freezes: ALL.slice(0, 2) },
  },
  'who may see another environment only asks': {
    ask: seenBy([{ ...viewer, environments: ['staging'] }]),
    known: { freezes: ALL },
  },
}

/** What is answered about freezes, and what is stored, a line each. */
export async function toldOfFreezes({ known = {}, ask, lost = 0 }: Case): Promise<readonly string[]> {
  const { wheel: usual } = createStage({ start: NOW, crash: 'never' })
  const lines: string[] = []
  let races = 0
  const freezesOf = async (environment: string): Promise<FreezesLoaded> => ({
    ...(await usual.freezes.freezesOf(environment)),
    token: 'token-7',
    ...known,
  })
  const commitFreezes = async ({ chain, audit, freezes, lifted: gone = [], ...rest }: FreezesChange) => {
    races += 1
    if (races <= lost) return 'conflict' as const
    const counted = gone.length > 9 ? `${gone.length}, the last ${plain(gone.at(-1))}` : plain(gone)
    lines.push(`  commit ${plain(rest)}, chain ${chain.seq}`, ...rowsText(audit))
    const ids = freezes.map(({ id }) => id)
    const kept = ids.length > 9 ? `${ids.length}, from ${ids[0]} to ${ids.at(-1)}` : ids.join(', ')
    lines.push(`  freezes ${kept}; lifted ${counted}`)
    return 'saved' as const
  }
  const load = async (_: string, names: readonly string[]) =>
    names
      .filter((name) => name === 'pricing' || name === 'basket')
      .map((name) => ({ service: aService({ key: { ...KEY, name } }), rollout: null, judge: null, token: 1 }))
  const nextWindow: Wheel['nextWindow'] = (freeze, at) =>
    freeze.time.kind === 'recurring' ? { from: T0 + DAY, until: T0 + 2 * DAY } : plainWindow(freeze, at)
  const freezes = { freezesOf, commitFreezes }
  const wheel = { ...usual, freezes, nextWindow, store: { ...usual.store, load } }
  try {
    const answer = await ask(wheel)
    const told = Array.isArray(answer) ? answer.map((one) => `  ${plain(one)}`) : [plain(answer)]
    return [...told, ...lines]
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return [`! ${error.kind}: ${error.message}`, ...lines]
  }
}
