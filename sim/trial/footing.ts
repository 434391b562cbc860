import type { AuditRow } from '../../lib/core/audit.ts'
import type { Rollout } from '../../lib/core/rollout.ts'
import { entityId, type ServiceKey } from '../../lib/core/service.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { Change, Outbox } from '../../lib/ports.ts'
import { createSimApps } from '../apps.ts'
import { chance } from '../chance.ts'
import type { SimClock } from '../clock.ts'
import type { Stage } from '../runner.ts'
import type { Interference } from '../store.ts'
import type { World } from '../world/types.ts'
import { PLANTED } from './planted-secrets.ts'
import type { TroubleItem } from './scenario.ts'

/** A worker as what lies beneath it must know it. */
export interface Body {
  /** No later worker gets it again. */
  readonly number: number
  readonly isDead: boolean
  /** Whether it dies at this request of its SDKs, before or after its effect; counts it. */
  readonly fateOf: (call: string) => 'before' | 'after' | null
  readonly die: (call: string, moment: 'before' | 'after') => never
}

/** The sockets that differ with what lies beneath the engine. */
export type Beneath = Pick<Wheel, 'store' | 'catalogue' | 'events' | 'buckets' | 'freezes' | 'apps'> & {
  readonly outbox: Outbox
}

/** What lies beneath the engine in a trial: where state is kept, and the way to Azure. */
export interface Footing {
  /** Storage and Azure for one worker, by its own clock. Whatever it commits is told at the moment of its effect. */
  readonly socketsFor: (body: Body, world: World, clock: SimClock) => Beneath
  /** For whoever sets the scene: no worker, and nothing is told. */
  readonly wheel: Wheel
  /** The newest rollout as it is stored. */
  readonly rolloutOf: (key: ServiceKey) => Rollout | null
  /** Stored audit rows, oldest first. */
  readonly auditOf: (key: ServiceKey) => readonly AuditRow[]
  /** Where notices wait; commits put them there. */
  readonly outbox: Outbox
  /** How many changes were stored so far. */
  readonly commits: () => number
  /** Lets a trouble of storage begin, for the service with this key; returns what ends it, or null where it is none of storage's. */
  readonly befall: (item: TroubleItem, key: ServiceKey) => (() => void) | null
}

/** Told of a change right after it was stored, and before anybody hears of it; `commit` counts them. */
export type Stored = (worker: number, change: Pick<Change, 'rollout' | 'audit'>, commit: number) => void

/** The store and the container apps of the simulator, without SDKs in between. */
export function createSimFooting(stage: Stage, stored: Stored): Footing {
  const { store, wheel } = stage
  /** Services whose row cannot be read now. */
  const unreadable = new Set<string>()
  const fails = storageFailures(store)
  return {
    wheel,
    rolloutOf: store.rolloutOf,
    auditOf: store.auditOf,
    outbox: store.outbox,
    commits: () => store.commits().saved,
    socketsFor: ({ number }, toldWorld, clock) => ({
      ...wheel,
      outbox: store.outbox,
      apps: createSimApps(toldWorld, clock),
      heldBy: (key: ServiceKey) => (unreadable.has(key.name) ? `${entityId(key)} is in quarantine` : null),
      store: {
        ...wheel.store,
        load: (environment, names) =>
          wheel.store.load(
            environment,
            names.filter((name) => !unreadable.has(name)),
          ),
        commit: (change) => {
          const before = store.commits().saved
          // What is stored is stored before the first wait, so it is told even where the answer is lost.
          const answer = wheel.store.commit(change)
          const { saved } = store.commits()
          if (saved > before) stored(number, change, saved)
          return answer
        },
      },
    }),
    befall: ({ variant, luck }, { name }) => {
      switch (variant) {
        case 'row-unreadable':
          unreadable.add(name)
          return () => void unreadable.delete(name)
        case 'storage-down':
          return fails(1, 'before', luck)
        case 'storage-503':
          return fails(0.3, 'before', luck)
        case 'storage-ambiguous':
          return fails(0.3, 'after', luck)
        default:
          return null
      }
    },
  }
}

/** Lets calls of storage fail; troubles that overlap all work, each until its own end. */
function storageFailures(store: Stage['store']) {
  const standing = new Set<Interference>()
  const interfere: Interference = (call, when) => {
    for (const one of standing) one(call, when)
  }
  return (share: number, moment: 'before' | 'after', luck: number): (() => void) => {
    let calls = 0
    const trouble: Interference = (call, when) => {
      calls += 1
      if (when === moment && chance(luck, calls) < share) throw failure(`${when} ${call}`)
    }
    standing.add(trouble)
    store.interfere(interfere)
    return () => {
      standing.delete(trouble)
      if (standing.size === 0) store.interfere(null)
    }
  }
}

function failure(when: string): Fault {
  const cause = new Error(`the request had the header Authorization: Bearer ${PLANTED.cause}`)
  return new Fault('unavailable', `storage failed ${when}; AccountKey=${PLANTED.accountKey}`, { cause })
}
