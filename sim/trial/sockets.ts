import { type Action, revisionName } from '../../lib/core/app.ts'
import type { Weights } from '../../lib/core/audit.ts'
import type { Query, Reading } from '../../lib/core/judge/reading.ts'
import { entityId, type Target } from '../../lib/core/service.ts'
import { wantedWeight } from '../../lib/core/traffic.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { Change } from '../../lib/ports.ts'
import type { Ground } from './ground.ts'
import type { TraceBody, WriteAsked } from './trace.ts'

type Write = TraceBody & { readonly kind: 'arm-write' }

/** The sockets of one worker, telling every effect at the moment it takes place, whatever becomes of the worker then. */
export function toldSockets(ground: Ground, worker: number, skew: () => number): Wheel {
  const { stage, tell } = ground
  const { wheel, clock } = stage
  return {
    ...wheel,
    clock: { now: () => clock.now() + skew() },
    apps: toldApps(ground, worker),
    metrics: {
      read: async (queries) => {
        const readings = await wheel.metrics.read(queries)
        for (const [index, reading] of readings.entries()) tellMeasured(ground, worker, queries[index], reading)
        return readings
      },
    },
    store: {
      ...wheel.store,
      load: async (environment, names) => {
        return wheel.store.load(
          environment,
          names.filter((name) => !ground.unreadable.has(name)),
        )
      },
      commit: (change) => {
        const before = stage.store.commits().saved
        // What is stored is stored before the first wait, so it is told even where the answer is lost.
        const answer = wheel.store.commit(change)
        const { saved } = stage.store.commits()
        if (saved > before) tellChange(ground, worker, change, saved)
        return answer
      },
    },
    events: {
      ...wheel.events,
      record: async (records) => {
        await wheel.events.record(records)
        for (const record of records) tell({ kind: 'event-recorded', record })
      },
    },
  }
}

function toldApps(ground: Ground, worker: number): Wheel['apps'] {
  const { stage, tell } = ground
  const { apps } = stage.wheel
  return {
    observe: async (targets) => {
      const seen = await apps.observe(targets)
      for (const [index, target] of targets.entries()) {
        const one = seen[index]
        const code = one?.kind === 'unseen' ? one.fault.kind : null
        tell({ kind: 'arm-read', worker, app: ground.appOf(target), call: 'observe', code })
      }
      return seen
    },
    perform: async (target, action) => {
      const app = ground.appOf(target)
      if (action.kind === 'wake') {
        tell({ kind: 'arm-read', worker, app, call: 'wake', code: null })
        return apps.perform(target, action)
      }
      const before = stage.world.log.length
      const revisions = ground.revisionsOf(target)
      const write = { kind: 'arm-write' as const, worker, app, deed: deedOf(action), asked: askedOf(target, action) }
      const say = (came: Pick<Write, 'outcome' | 'code'>) => {
        tell({ ...write, ...came, applied: stage.world.log.length > before, revisions })
        ground.watchTraffic()
      }
      try {
        await apps.perform(target, action)
      } catch (error) {
        say({ outcome: 'refused', code: error instanceof Fault ? error.kind : 'unknown' })
        throw error
      }
      say({ outcome: 'taken', code: null })
    },
  }
}

function tellChange({ tell }: Ground, worker: number, { rollout, audit }: Change, commit: number): void {
  if (rollout !== undefined) {
    const { id, key, canary, stable, wakeAt, phase, cause } = rollout
    tell({
      kind: 'decision',
      worker,
      commit,
      cause,
      entity: entityId(key),
      rollout: id,
      canary,
      stable,
      phase: phase.kind,
      stage: 'stage' in phase ? phase.stage : null,
      canaryWeight: wantedWeight(rollout),
      outcome: 'outcome' in phase ? phase.outcome : null,
      wakeAt,
    })
  }
  for (const row of audit) tell({ kind: 'audit', row, commit })
}

function tellMeasured({ tell, entityOf }: Ground, worker: number, query: Query | undefined, reading: Reading): void {
  if (query === undefined) return
  const { kpi, revision, from, to, target } = query
  let [bad, total] = [0, 0]
  for (const bucket of reading.kind === 'measured' ? reading.buckets : []) {
    bad += bucket.bad
    total += bucket.total
  }
  const asked = { entity: entityOf(target), kpi: kpi.name, revision, from, to }
  tell({ kind: 'measurement', worker, ...asked, answer: reading.kind, bad, total })
}

function deedOf({ kind }: Action): Write['deed'] {
  return kind === 'activate' || kind === 'deactivate' ? kind : 'patch'
}

function askedOf({ app }: Target, action: Exclude<Action, { readonly kind: 'wake' }>): WriteAsked {
  const nothing = { weights: null, followsLatest: false, revision: null, image: null }
  switch (action.kind) {
    case 'create-revision':
      return { ...nothing, revision: revisionName(app, action.suffix), image: action.image }
    case 'set-mode':
      return nothing
    case 'set-traffic':
      return { ...nothing, ...trafficAsked(action.traffic) }
    case 'repair':
      return { ...nothing, ...trafficAsked(action.traffic), revision: revisionName(app, action.suffix) }
    case 'activate':
    case 'deactivate':
      return { ...nothing, revision: action.revision }
  }
}

function trafficAsked(
  traffic: Extract<Action, { readonly kind: 'set-traffic' }>['traffic'],
): Pick<WriteAsked, 'weights' | 'followsLatest'> {
  const weights: Record<string, number> = {}
  for (const { revision, weight } of traffic) {
    if (revision !== null) weights[revision] = (weights[revision] ?? 0) + weight
  }
  return { weights: weights satisfies Weights, followsLatest: traffic.some(({ revision }) => revision === null) }
}
