import type { Command } from '../../lib/core/facts.ts'
import type { Rollout } from '../../lib/core/rollout.ts'
import type { ServiceState } from '../../lib/core/service.ts'
import { undo } from '../../lib/engine/undo.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { Change } from '../../lib/ports.ts'
import { createStage } from '../../sim/runner.ts'
import {
  aCommand,
  anApp,
  aPush,
  aRevision,
  aRollout,
  aService,
  digestOf,
  finished,
  HOUR,
  PREPARING,
  progressing,
  rollingBack,
  STABLE,
  T0,
} from '../support/builders.ts'
import { commitText, plain } from './words.ts'

/** Who asks for what, where. */
interface Case {
  /** All rollouts, newest first. */
  readonly rollouts?: readonly Rollout[]
  readonly service?: Partial<ServiceState>
  readonly command?: Partial<Command>
  readonly wheel?: (wheel: Wheel) => Partial<Wheel>
}

const FIRST = STABLE
const digests = ['00', '11', '22', '33', '44', '55'].map(digestOf)
const pushOf = (n: number) => aPush({ tag: `v${n}`, digest: digests[n] ?? '', eventId: `event-${n}`, author: 'bo' })
/** Rollout `n` of version `v`. */
const rolloutOf = (n: number, phase: Rollout['phase'], v = n, changes: Partial<Rollout> = {}) =>
  aRollout(phase, {
    id: `pricing-${n}`,
    number: n,
    push: pushOf(v),
    canary: `pricing--r${n}`,
    stable: n === 1 ? FIRST : `pricing--r${n - 1}`,
    leftovers: [],
    ...changes,
  })
const promoted = (n: number, v = n) => rolloutOf(n, finished('promoted'), v)
const TWO = [promoted(2), promoted(1)]
const running = (phase: Rollout['phase'], v = 3, changes: Partial<Rollout> = {}) => [
  rolloutOf(3, phase, v, changes),
  ...TWO,
]
const undoing = (n: number) => ({ push: pushOf(n), actor: 'kim', because: 'kim goes back' })
const seeing = (image: string | null) => (): Partial<Wheel> => ({
  apps: {
    perform: async () => {},
    observe: async () => [
      { kind: 'seen', app: anApp({ revisions: image === null ? [] : [aRevision(FIRST, { image })] }) },
    ],
  },
})
const pinned = `acme.azurecr.io/team/pricing@${digestOf('ee')}`
const ONE: Case = { rollouts: [promoted(1)] }

export const CASES: Readonly<Record<string, Case>> = {
  'nothing runs': {},
  'nothing runs, and it is said why': {
    command: {
      reason: 'checkout is broken',
      asked: { request: 'r-1', signIn: 'token', app: null },
      override: true,
    },
  },
  'nothing runs, and one push waits': { service: { pending: [pushOf(4)] } },
  'nothing runs, and two pushes wait': { service: { pending: [pushOf(4), pushOf(5)] } },
  'nothing runs, and another release was to be brought back': {
    rollouts: [promoted(3), ...TWO],
    service: { undo: undoing(1) },
  },
  'nothing runs, and the same release is to be brought back': { service: { undo: undoing(1) } },
  'one runs, and nothing is named': { rollouts: running(progressing(0)) },
  'one runs': { rollouts: running(progressing(0)), command: { to: 'v1' }, service: { pending: [pushOf(4)] } },
  'one is being prepared': {
    rollouts: running(PREPARING, 3, { stable: null, footprint: null }),
    command: { to: 'pricing-2', reason: 'v3 is not wanted' },
  },
  'one is being rolled back': {
    rollouts: running(rollingBack()),
    command: { to: 'pricing--r1' },
    service: { pending: [pushOf(4), pushOf(5)] },
  },
  'one is being rolled back, and another release is to be brought back': {
    rollouts: running(rollingBack()),
    command: { to: 'v1' },
    service: { undo: undoing(2) },
  },
  'one is being rolled back, and the same release is to be brought back': {
    rollouts: running(rollingBack()),
    command: { to: 'v1' },
    service: { undo: undoing(1) },
  },
  'an undo to the same runs': { rollouts: running(progressing(0), 1, { cause: 'undo' }), command: { to: 'v1' } },
  'an undo to the same is being rolled back': {
    rollouts: running(rollingBack(), 1, { cause: 'undo' }),
    command: { to: 'v1' },
  },
  'an undo to the same runs, and another release waits': {
    rollouts: running(progressing(0), 1, { cause: 'undo' }),
    command: { to: 'v1' },
    service: { undo: undoing(2) },
  },
  'an undo to another runs': { rollouts: running(progressing(0), 2, { cause: 'undo' }), command: { to: 'v1' } },
  'a push of the same runs': { rollouts: running(progressing(0), 1), command: { to: 'v1' } },
  'what is named serves': { command: { to: 'v2' } },
  'what is named was never there': { command: { to: 'v9' } },
  'nothing was promoted yet': { rollouts: [rolloutOf(1, finished('rolled-back'))] },
  'nothing served before': { rollouts: [rolloutOf(1, finished('promoted'), 1, { stable: null })] },
  'the first revision is meant': { ...ONE, wheel: seeing(pinned) },
  'the first revision is named while one runs': {
    rollouts: running(progressing(0)),
    command: { to: FIRST },
    wheel: seeing(pinned),
  },
  'the first revision is gone': { ...ONE, wheel: seeing(null) },
  'the first revision runs a tag': { ...ONE, wheel: seeing('acme.azurecr.io/team/pricing:v1') },
  'the app cannot be seen': {
    ...ONE,
    wheel: () => ({
      apps: {
        perform: async () => {},
        observe: async () => [
          { kind: 'unseen', fault: { kind: 'unavailable', message: 'ARM does not answer', retryAfterMs: null } },
        ],
      },
    }),
  },
  'somebody else writes first': { wheel: ({ store }) => ({ store: { ...store, commit: async () => 'conflict' } }) },
  'the bell is out of order': {
    wheel: () => ({
      bell: {
        ring: async () => {
          throw new Fault('unavailable', 'no queue')
        },
      },
    }),
  },
}

/** What is answered to an undo, what is stored, and who is woken, a line each. */
export async function toldOfUndo({ rollouts = TWO, service = {}, command = {}, wheel = () => ({}) }: Case) {
  const { wheel: usual } = createStage({ start: T0 + HOUR, crash: 'never' })
  const lines: string[] = []
  const item = {
    service: aService({ rolloutNumber: rollouts.length, ...service }),
    rollout: rollouts[0] ?? null,
    judge: null,
    token: 'token-7',
  }
  const commit = async (change: Change) => {
    lines.push(
      ...commitText({ service: item.service, ...(item.rollout === null ? {} : { rollout: item.rollout }) }, change),
    )
    return 'saved' as const
  }
  const own: Wheel = {
    ...usual,
    store: { ...usual.store, commit },
    bell: { ring: async (calls) => void lines.push(`  ring ${plain(calls)}`) },
    catalogue: { ...usual.catalogue, rollouts: async () => ({ items: rollouts, next: null }) },
  }
  const answer = await undo({ ...own, ...wheel(own) }, item, aCommand('undo', { id: 'back', ...command }))
  return [plain(answer), ...lines]
}
