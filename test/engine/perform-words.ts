import type { Action } from '../../lib/core/app.ts'
import type { Rollout } from '../../lib/core/rollout.ts'
import { perform } from '../../lib/engine/perform.ts'
import { Fault } from '../../lib/errors.ts'
import {
  aRollout,
  CANARY,
  entries,
  finished,
  PREPARING,
  PROVISIONING,
  paused,
  progressing,
  rollingBack,
  SECOND,
  STABLE,
  someTrouble,
} from '../support/builders.ts'
import { type Answers, aStop, loaded, NOW, toldWheel } from './told-wheel.ts'
import { plain } from './words.ts'

/** Which deeds are done for which rollout, and what the outside answers. */
interface Scene extends Answers {
  readonly rollout?: Rollout
  readonly actions?: readonly Action[]
  /** So long ago the look ended. */
  readonly lookedMs?: number
}

const FIRST = aRollout(progressing(0, null))
const SECOND_STEP = aRollout(progressing(1, null))
const BACK = aRollout(rollingBack())
const OVER = aRollout(finished('promoted'))
const NEW = aRollout(PREPARING)

const set = (weight: number): Action => ({
  kind: 'set-traffic',
  traffic: entries({ [STABLE]: 100 - weight, [CANARY]: weight }),
})
const mend = (weight: number): Action => ({
  kind: 'repair',
  from: STABLE,
  suffix: 'r2-x',
  traffic: entries({ [STABLE]: 100 - weight, [CANARY]: weight }),
})
const BEGIN: Action = { kind: 'create-revision', from: STABLE, suffix: 'r2-abababab', image: 'acme.azurecr.io/x' }
const ON: Action = { kind: 'activate', revision: STABLE }
const OFF: Action = { kind: 'deactivate', revision: CANARY }
const split: Action = {
  kind: 'set-traffic',
  traffic: [
    { revision: STABLE, weight: 40, label: null },
    { revision: CANARY, weight: 5, label: null },
    { revision: CANARY, weight: 55, label: 'next' },
  ],
}

const refusing =
  (kind: Fault['kind'], at = 1, retryAfterMs: number | null = null): NonNullable<Scene['perform']> =>
  (_, call) => {
    if (call === at) throw new Fault(kind, `Azure answers ${kind}`, { retryAfterMs })
  }
const stored = (rollout: Rollout) => [loaded(rollout)]
/** The store gives the first from its `from`-th load on. */
const later =
  (before: Rollout, after: Rollout | null, from = 2): NonNullable<Scene['load']> =>
  (_, call) => [loaded(call < from ? before : after)]
const frozen = () => [aStop('line')]

export const SCENES: Readonly<Record<string, Scene>> = {
  'there is nothing to do': { actions: [] },
  'there is nothing to do in a rollback': { rollout: BACK, actions: [] },
  'all is taken': { actions: [ON, set(10), OFF] },
  'the look is as old as it may be': { actions: [set(10)], lookedMs: 29 * SECOND },
  'the look is older': { actions: [OFF], lookedMs: 29 * SECOND + 1 },
  'the look grows too old between two deeds': { actions: [ON, OFF], takesMs: { perform: 30 * SECOND } },
  'a rollback goes on as long as it is wished for': { rollout: BACK, actions: [set(0)] },
  'a rollback was overtaken': { rollout: BACK, actions: [set(0)], load: later(OVER, OVER) },
  'the service is gone': { actions: [OFF], load: () => [] },
  'there is no rollout any more': { actions: [OFF], load: later(FIRST, null, 1) },
  'a newer rollout runs': { actions: [OFF], load: () => [loaded({ ...FIRST, id: 'pricing-3' })] },
  'another weight was wished for since': { actions: [OFF], load: () => [loaded({ ...FIRST, wishedAt: NOW })] },
  'it was paused since': { actions: [OFF], load: () => [loaded(aRollout(paused('operator')))] },
  'a freeze holds a rise': { actions: [set(10)], rollout: { ...FIRST, footprint: null }, freezes: frozen },
  'a freeze of others holds nothing': { actions: [set(50)], freezes: () => [aStop('line', ['safety'])] },
  'a freeze holds what is no rise': { actions: [set(10), OFF, BEGIN], freezes: frozen },
  'a freeze holds one rise among other deeds': { rollout: SECOND_STEP, actions: [ON, set(51)], freezes: frozen },
  'a freeze holds a rise of two entries': { rollout: SECOND_STEP, actions: [split], freezes: frozen },
  'a freeze holds a repair that raises the weight': { rollout: NEW, actions: [mend(10)], freezes: frozen },
  'a freeze holds, and a repair leaves the weight': { actions: [mend(10)], freezes: frozen },
  'a freeze holds, and the glass was broken': {
    rollout: { ...SECOND_STEP, unfrozen: ['line'] },
    actions: [set(60)],
    freezes: frozen,
  },
  'a freeze holds, and the release is brought back': {
    rollout: { ...SECOND_STEP, cause: 'undo' },
    actions: [set(60)],
    freezes: frozen,
  },
  'a freeze holds, and the rollout is over': {
    rollout: { ...OVER, footprint: null },
    actions: [set(100)],
    freezes: frozen,
  },
  'freezes cannot be read': {
    rollout: SECOND_STEP,
    actions: [set(60)],
    freezes: () => {
      throw new Fault('throttled', 'storage is busy')
    },
  },
  'the second of three deeds meets another operation': {
    actions: [ON, set(10), OFF],
    perform: refusing('conflict', 2),
  },
  'Azure is busy and names a time': { actions: [set(10)], perform: refusing('throttled', 1, 40 * SECOND) },
  'Azure was busy before': {
    rollout: { ...FIRST, trouble: someTrouble() },
    actions: [set(10)],
    perform: refusing('throttled'),
  },
  'Azure refuses for good': { actions: [set(10)], perform: refusing('denied') },
  'Azure refuses for good before there is a canary': { rollout: NEW, actions: [BEGIN], perform: refusing('malformed') },
  'Azure refuses a rollback': { rollout: BACK, actions: [set(0)], perform: refusing('denied') },
  'Azure is too busy for a rollback': { rollout: BACK, actions: [set(0)], perform: refusing('throttled') },
  'Azure refuses tidying up': { rollout: OVER, actions: [OFF], perform: refusing('not-found') },
  'Azure refuses, and somebody else writes first': {
    actions: [set(10)],
    perform: refusing('unavailable'),
    commit: () => 'conflict',
  },
  'Azure refuses what was aborted since': {
    actions: [set(10)],
    perform: refusing('conflict'),
    load: later(FIRST, BACK),
  },
  'Azure refuses what a newer rollout has replaced': {
    actions: [set(10)],
    perform: refusing('conflict'),
    load: later(FIRST, { ...FIRST, id: 'pricing-3' }),
  },
  'Azure refuses, and there is no rollout any more': {
    actions: [set(10)],
    perform: refusing('conflict'),
    load: later(FIRST, null),
  },
  'Azure refuses, and the service is gone': {
    actions: [set(10)],
    perform: refusing('conflict'),
    load: (_, call) => (call === 1 ? stored(FIRST) : []),
  },
  'our own code breaks': {
    actions: [set(10), OFF],
    perform: () => {
      throw new TypeError('no such thing')
    },
  },
  'Azure refuses once more what is being provisioned, and the bell is out of order': {
    rollout: aRollout(PROVISIONING),
    actions: [ON],
    perform: refusing('unavailable'),
    ring: () => {
      throw new Fault('unavailable', 'no queue')
    },
  },
}

/** The calls that deeds make, in turn, what is stored of them, and what comes of it. */
export async function toldOfDeeds({ rollout = FIRST, actions = [], lookedMs = 0, ...answers }: Scene) {
  const { wheel, lines } = toldWheel({ stored: stored(rollout), ...answers })
  const trouble = await perform(wheel, rollout, actions, NOW - lookedMs).catch((error) => `throws ${error}`)
  return [...lines, `= ${plain(trouble)}`]
}
