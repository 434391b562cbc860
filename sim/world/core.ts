import { createHash } from 'node:crypto'
import type { Clock } from '../../lib/ports.ts'
import { createInjections, type Injections, keyOf } from './injections.ts'
import { comeTrue } from './lies.ts'
import { notFound } from './refusal.ts'
import { settle } from './settle.ts'
import type { AppState, OperationState } from './state.ts'
import type { AppKey, ImageBehaviour, LogEntry, ReadKind } from './types.ts'
import { acceptPatch, type Surroundings } from './write.ts'

/** What all parts of a world share. */
export interface Core {
  readonly clock: Clock
  readonly apps: Map<string, AppState>
  /** Apps by their bare name: revisions are named after it. */
  readonly named: Map<string, readonly AppState[]>
  readonly behaviours: Map<string, ImageBehaviour>
  readonly operations: Map<string, OperationState>
  readonly log: LogEntry[]
  readonly reads: Record<ReadKind, number>
  readonly injections: Injections
  domain: string
  /** The app, brought up to now. Throws the 404 of ARM. */
  find(target: AppKey): AppState
  behaviourOf(image: string): ImageBehaviour
  /** Counts a read, meets the injections for it, and answers. */
  read<T>(kind: ReadKind, target: AppKey | null, answer: (now: number) => T): T
  surroundings(): Surroundings
}

/** An empty core. */
export function createCore(clock: Clock, seed: number): Core {
  const core: Core = {
    clock,
    apps: new Map(),
    named: new Map(),
    behaviours: new Map(),
    operations: new Map(),
    log: [],
    reads: { get: 0, list: 0, listRevisions: 0, getRevision: 0, listReplicas: 0, operation: 0 },
    injections: createInjections(seed),
    domain: 'calmsea-0a1b2c3d.westeurope.azurecontainerapps.io',
    find: (target) => {
      const app = core.apps.get(keyOf(target))
      if (app === undefined) throw notFound('Microsoft.App/containerApps', target.app, target.resourceGroup)
      settle(app, clock.now())
      comeTrue(app, clock.now(), ({ at, body }) => {
        const operation = acceptPatch(app, body, {
          ...core.surroundings(),
          now: Math.max(at, app.traffic.at(-1)?.at ?? at),
        })
        core.operations.set(operation.id, operation)
      })
      return app
    },
    behaviourOf: (image) =>
      core.behaviours.get(image) ?? core.behaviours.get(image.slice(image.indexOf('@') + 1)) ?? {},
    read: (kind, target, answer) => {
      core.reads[kind] += 1
      return core.injections.around(kind, target, clock.now(), () => answer(clock.now()))
    },
    surroundings: () => ({
      now: clock.now(),
      operationId: guid(`operation ${seed} ${core.operations.size + 1}`),
      behaviourOf: core.behaviourOf,
    }),
  }
  return core
}

function guid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
