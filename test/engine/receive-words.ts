import type { Rollout } from '../../lib/core/rollout.ts'
import type { HandledPush, Manifest, Push, ServiceState } from '../../lib/core/service.ts'
import { offer, type PushedBy, receiveAll } from '../../lib/engine/receive.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { Change, Delivery } from '../../lib/ports.ts'
import { createStage } from '../../sim/runner.ts'
import {
  aManifest,
  aPush,
  aRollout,
  aService,
  digestOf,
  finished,
  HOUR,
  KEY,
  PREPARING,
  progressing,
  rollingBack,
  T0,
} from '../support/builders.ts'
import { commitText, plain, recordText } from './words.ts'

/** What is pushed to which service, as it stands. */
interface Case {
  readonly service?: Partial<ServiceState>
  readonly manifest?: Partial<Manifest>
  readonly rollout?: Rollout | null
  readonly push?: Partial<Push>
  /** Pushed by hand. */
  readonly by?: PushedBy
  /** What comes instead of one push. */
  readonly deliveries?: readonly Delivery[]
  readonly wheel?: (wheel: Wheel) => Partial<Wheel>
}

const NOW = T0 + HOUR
const OLD = finished('promoted', { at: T0 - HOUR })
const old = (changes: Partial<Rollout> = {}) => aRollout(OLD, changes)
const by: PushedBy = { actor: 'ada', reason: 'the webhook is away' }
const pushOf = (n: number) =>
  aPush({ tag: `v${n}`, digest: digestOf(`0${n}`), eventId: `event-${n}`, pushedAt: T0 + n * 1000 })
const PUSH = pushOf(5)
const handled = (n: number, changes: Partial<HandledPush> = {}): HandledPush => {
  const { digest, tag, pushedAt, eventId, source } = pushOf(n)
  return { digest, tag, pushedAt, eventId, source, rollout: null, receivedAt: NOW - n, ...changes }
}
const busy = aRollout(progressing(0))
const twoWait = {
  pending: [pushOf(3), pushOf(4)],
  handled: [handled(4), handled(3), handled(2, { rollout: 'pricing-2' })],
}
const same = (changes: Partial<HandledPush> = {}) => handled(5, { receivedAt: NOW, ...changes })
const refuse = (kind: Fault['kind'], message: string) => async () => {
  throw new Fault(kind, message)
}
const many = Array.from({ length: 20 }, (_, n) => aPush({ digest: digestOf(String(n + 10)) }))
const pushed = (push: Push): Delivery => ({ kind: 'push', push, receivedAt: NOW })

export const CASES: Readonly<Record<string, Case>> = {
  'nothing ran yet': { rollout: null, service: { rolloutNumber: 0 } },
  'the rollout before has ended': {},
  'it is pushed by hand': { by },
  'it is pushed by hand, and the request is known': {
    by: { ...by, reason: '', asked: { request: 'r-1', signIn: 'token', app: null } },
  },
  'one runs': { rollout: busy },
  'one runs, and it is pushed by hand': { rollout: busy, by },
  'one is being prepared': { rollout: aRollout(PREPARING, { stable: null, footprint: null }) },
  'one is being rolled back': { rollout: aRollout(rollingBack()) },
  'one runs, and two wait': { rollout: busy, service: twoWait },
  'one runs, and what waits was taken in by an earlier Slipway': {
    rollout: busy,
    service: {
      pending: [pushOf(3), pushOf(4)],
      handled: [4, 3].map((n) => {
        const { receivedAt: _, source: _from, ...known } = handled(n)
        return n === 4 ? known : { ...known, receivedAt: NOW - n }
      }),
    },
  },
  'one runs, and the manifest says queue': { rollout: busy, manifest: { onNewRevision: 'queue' } },
  'one runs, two wait, and the manifest says queue': {
    rollout: busy,
    manifest: { onNewRevision: 'queue' },
    service: twoWait,
  },
  'as many wait as may': { rollout: busy, manifest: { onNewRevision: 'queue' }, service: { pending: many } },
  'one runs, and the manifest says reject': { rollout: busy, manifest: { onNewRevision: 'reject' } },
  'one runs, the manifest says reject, and it is pushed by hand': {
    rollout: busy,
    manifest: { onNewRevision: 'reject' },
    by,
  },
  'an undo runs': { rollout: aRollout(progressing(0), { cause: 'undo' }) },
  'an undo waits': { rollout: old(), service: { undo: { push: pushOf(1), actor: 'kim', because: 'kim goes back' } } },
  'an undo and another push wait': {
    rollout: old(),
    service: { undo: { push: pushOf(1), actor: 'kim', because: 'kim goes back' }, pending: [pushOf(3), pushOf(4)] },
  },
  'another waits that nothing holds any more': { rollout: old(), service: { pending: [pushOf(4)] } },
  'nothing ran yet, and another waits': { rollout: null, service: { pending: [pushOf(4)] } },
  'it came before': { service: { handled: [same({ receivedAt: NOW - HOUR, rollout: 'pricing-2' })] } },
  'it came before, and is pushed by hand': { service: { handled: [same({ rollout: 'pricing-2' })] }, by },
  'it is the very same delivery, which began a rollout': { service: { handled: [same({ rollout: 'pricing-2' })] } },
  'it is the very same delivery, which waits': {
    service: { handled: [same()], pending: [pushOf(4), PUSH] },
    rollout: busy,
  },
  'it is the very same delivery, which was turned down': { service: { handled: [same()] }, rollout: busy },
  'it is the very same delivery, which was replaced': {
    service: { handled: [handled(6), same({ replacedBy: 'event-6' })], pending: [pushOf(6)] },
    rollout: busy,
  },
  'it is the very same delivery, which replaced others': {
    service: {
      handled: [same(), handled(4, { replacedBy: 'event-5' }), handled(3, { replacedBy: 'event-4' })],
      pending: [PUSH],
    },
    rollout: busy,
  },
  'it came before under another event': { service: { handled: [same({ eventId: 'event-x', rollout: 'pricing-2' })] } },
  'another image came under its event': { service: { handled: [same({ digest: digestOf('09'), pushedAt: T0 })] } },
  'a newer one came first': { service: { handled: [handled(6)] } },
  'its tag is not wanted': { push: { tag: 'nightly' } },
  'its tag is not in the range that is wanted': {
    manifest: { image: { ...aManifest().image, tags: { kind: 'semver', range: '^1.2' } } },
  },
  'the service takes another repository': { manifest: { image: { ...aManifest().image, repository: 'team/other' } } },
  'the service takes another registry': { manifest: { image: { ...aManifest().image, registry: 'registry.example' } } },
  'the service is gone': { wheel: ({ store }) => ({ store: { ...store, load: async () => [] } }) },
  'the service cannot be read': {
    wheel: ({ store }) => ({
      store: { ...store, load: async () => [] },
      heldBy: () => 'production/pricing cannot be read (service: schema 2, known is 1)',
    }),
  },
  'no service takes it': { wheel: ({ catalogue }) => ({ catalogue: { ...catalogue, servicesFor: async () => [] } }) },
  'somebody else always writes first': {
    wheel: ({ store }) => ({ store: { ...store, commit: async () => 'conflict' } }),
  },
  'somebody else always writes first while one runs': {
    rollout: busy,
    wheel: ({ store }) => ({ store: { ...store, commit: async () => 'conflict' } }),
  },
  'the bell is out of order': { wheel: () => ({ bell: { ring: refuse('unavailable', 'no queue') } }) },
  'the store cannot be reached': {
    wheel: ({ store }) => ({ store: { ...store, load: refuse('unavailable', 'storage is away') } }),
  },
  'two come, and nothing can be read': {
    deliveries: [pushed(PUSH), pushed(pushOf(6))],
    wheel: ({ catalogue }) => ({ catalogue: { ...catalogue, servicesFor: refuse('unavailable', 'storage is away') } }),
  },
  'one comes that is nobody’s, and one that is to be ignored': {
    deliveries: [
      pushed(aPush({ repository: 'team/other' })),
      {
        kind: 'ignored',
        record: {
          id: 'event-9',
          receivedAt: NOW,
          source: 'acr',
          outcome: 'ignored',
          reason: 'a deletion is no push',
          image: null,
          digest: null,
          entityId: null,
          rollout: null,
        },
      },
    ],
  },
  'nothing comes': { deliveries: [] },
}

/** What becomes of a push: what is stored, recorded and rung, a line each. */
export async function toldOfReceiving(scene: Case): Promise<readonly string[]> {
  const { service = {}, manifest = {}, rollout = old(), push = {}, by: hand = null, wheel = () => ({}) } = scene
  const { wheel: usual } = createStage({ start: NOW, crash: 'never' })
  const lines: string[] = []
  const item = {
    service: aService({ manifest: aManifest(manifest), ...service }),
    rollout,
    judge: null,
    token: 'token-7',
  }
  const commit = async (change: Change) => {
    lines.push(...commitText({ service: item.service, ...(rollout === null ? {} : { rollout }) }, change))
    return 'saved' as const
  }
  const servicesFor = async (registry: string, repository: string) => {
    lines.push(`  services for ${registry}/${repository}?`)
    return repository === 'team/pricing' ? [KEY] : []
  }
  const own: Wheel = {
    ...usual,
    store: { ...usual.store, load: async () => [item], commit },
    events: { ...usual.events, record: async (records) => void lines.push(...records.map(recordText), '  recorded') },
    bell: { ring: async (calls) => void lines.push(`  ring ${plain(calls)}`) },
    catalogue: { ...usual.catalogue, servicesFor },
  }
  const sent = { ...PUSH, ...push }
  const turned = { ...own, ...wheel(own) }
  try {
    if (hand === null) await receiveAll(turned, scene.deliveries ?? [pushed(sent)])
    else lines.push(...(await offer(turned, KEY, sent, NOW, hand)).map((record) => `  answer ${plain(record)}`))
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const { name, message } = error
    lines.push(`  ! ${name}${error instanceof Fault ? ` ${error.kind}` : ''}: ${message}`)
    if (error instanceof AggregateError) lines.push(...error.errors.map((one) => `    ! ${one.message}`))
  }
  return lines
}
