import { olderRollout, olderService } from '../../lib/core/older.ts'
import type { Rollout } from '../../lib/core/rollout.ts'
import type { Manifest, Push, ServiceState } from '../../lib/core/service.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import type { Change, Loaded } from '../../lib/ports.ts'

/** What a worker of one build does to rows: what it reads of them, and what of its own it writes. */
export interface Build {
  read(item: Loaded): Loaded
  write(change: Change): Change
}

const through = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

/** This build, on rows that any build may have written: as the store reads and writes them. */
export const THIS_BUILD: Build = {
  read: (item) => ({
    ...item,
    service: olderService(through(item.service)),
    rollout: item.rollout === null ? null : olderRollout(through(item.rollout)),
  }),
  write: (change) => change,
}

/** The build before approvals, freezes, undo and authors: at its worst, which forgets all that it does not know. */
export const BUILD_BEFORE: Build = {
  read: (item) => THIS_BUILD.read({ ...item, ...forgotten(item) }),
  write: (change) => ({ ...change, ...forgotten(change) }),
}

/** A later build of the same schema: it writes fields beside those of this one, in every state. */
export const BUILD_AFTER: Build = {
  read: THIS_BUILD.read,
  write: (change) => ({
    ...change,
    ...(change.service === undefined ? {} : { service: { ...change.service, later: MARK } }),
    ...(change.rollout === undefined ? {} : { rollout: { ...change.rollout, later: MARK } }),
  }),
}

/** What a later build writes into its fields. */
export const MARK = 'a field of a later build'

function forgotten({ service, rollout }: Pick<Change, 'service'> & { readonly rollout?: Rollout | null }) {
  return {
    ...(service === undefined ? {} : { service: oldService(service) }),
    ...(rollout === undefined || rollout === null ? {} : { rollout: oldRollout(rollout) }),
  }
}

function oldRollout(rollout: Rollout): Rollout {
  const {
    cause: _,
    approvals: __,
    frozen: ___,
    unfrozen: ____,
    frozenAt: _____,
    repairBurst: ______,
    ...known
  } = rollout
  return { ...known, push: oldPush(rollout.push), manifest: oldManifest(rollout.manifest) } as Rollout
}

function oldService(service: ServiceState): ServiceState {
  const { undo: _, ...known } = service
  return {
    ...known,
    manifest: oldManifest(service.manifest),
    pending: service.pending.map(oldPush),
  } as unknown as ServiceState
}

function oldPush({ author: _, ...known }: Push): Push {
  return known as Push
}

function oldManifest({ approvals: _, ...known }: Manifest): Manifest {
  return known as Manifest
}

/** A wheel whose looks are done by workers of changing builds: `build` says whose it is, and is asked at every load. */
export function manned(wheel: Wheel, build: () => Build): Wheel {
  let current = build()
  const { store } = wheel
  return {
    ...wheel,
    store: {
      ...store,
      load: async (environment, names) => {
        current = build()
        return (await store.load(environment, names)).map(current.read)
      },
      commit: (change) => store.commit(current.write(change)),
    },
  }
}
