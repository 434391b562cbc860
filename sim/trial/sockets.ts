import type { Weights } from '../../lib/core/audit.ts'
import type { Query, Reading } from '../../lib/core/judge/reading.ts'
import type { Target } from '../../lib/core/service.ts'
import { telling } from '../../lib/engine/tell.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { faultOf } from '../apps-lane.ts'
import type { SimClock } from '../clock.ts'
import { ArmRefusal } from '../world/refusal.ts'
import type { AppKey, World, WriteKind } from '../world/types.ts'
import { isObject } from '../world/wire.ts'
import type { Body } from './footing.ts'
import type { Ground } from './ground.ts'
import { awaitRound } from './post.ts'
import { type Postal, toldSinks } from './sinks.ts'
import type { TraceBody, WriteAsked } from './trace.ts'

type Write = TraceBody & { readonly kind: 'arm-write' }

/** The sockets of one worker, telling every effect at the moment it takes place, whatever becomes of the worker then. */
export function toldSockets(ground: Ground, body: Body, skew: () => number): Wheel & Postal {
  const { stage, tell, footing } = ground
  const { wheel, clock } = stage
  const own = skewed(clock, skew)
  const beneath = footing.socketsFor(body, toldWorld(ground, body.number), own)
  return {
    ...wheel,
    ...beneath,
    clock: own,
    // A queue knows delays only: whose clock is wrong asks for a time of its own.
    bell: { ring: (calls) => wheel.bell.ring(calls.map((call) => ({ ...call, at: call.at - skew() }))) },
    store: noticed(ground, telling(beneath.store, null)),
    outbox: beneath.outbox,
    ...toldSinks(ground, body.number),
    apps: toldApps(ground, body, beneath.apps),
    metrics: {
      read: async (queries) => {
        const readings = await wheel.metrics.read(queries)
        for (const [index, reading] of readings.entries()) tellMeasured(ground, body.number, queries[index], reading)
        return readings
      },
    },
    events: {
      ...beneath.events,
      record: async (records) => {
        await beneath.events.record(records)
        for (const record of records) tell({ kind: 'event-recorded', record })
      },
    },
  }
}

/** The clock of a machine that is ahead; whoever waits by it moves the world's. */
function skewed(clock: SimClock, skew: () => number): SimClock {
  return { now: () => clock.now() + skew(), advance: clock.advance, set: (t) => clock.set(t - skew()) }
}

/** Whatever is committed may be worth telling: the next beat looks. */
function noticed(ground: Ground, store: Wheel['store']): Wheel['store'] {
  return {
    ...store,
    commit: (change) => {
      if (change.audit.length > 0) awaitRound(ground.post, ground.stage.clock.now())
      return store.commit(change)
    },
  }
}

/** What a worker sees of its apps, as long as it lives. */
function toldApps(ground: Ground, body: Body, apps: Wheel['apps']): Wheel['apps'] {
  const tell = (target: Target, call: string, code: string | null) => {
    if (!body.isDead) ground.tell({ kind: 'arm-read', worker: body.number, app: ground.appOf(target), call, code })
  }
  return {
    observe: async (targets, urgent) => {
      const seen = await apps.observe(targets, urgent)
      for (const [index, target] of targets.entries()) {
        const one = seen[index]
        tell(target, 'observe', one?.kind === 'unseen' ? one.fault.kind : null)
      }
      return seen
    },
    perform: (target, action, urgent) => {
      if (action.kind === 'wake') tell(target, 'wake', null)
      return apps.perform(target, action, urgent)
    },
  }
}

/** The world as a worker writes to it: each request that reaches ARM is told as it is answered, heard or not. */
function toldWorld(ground: Ground, worker: number): World {
  const { world } = ground.stage
  const told = <T>(key: AppKey, deed: WriteKind, asked: WriteAsked, write: () => T): T => {
    const before = world.log.length
    const app = ground.appOf({ ...key, container: null })
    const revisions = ground.revisionsOf({ ...key, container: null })
    const say = (came: Pick<Write, 'outcome' | 'code'>) => {
      const applied = world.log.length > before
      ground.tell({ kind: 'arm-write', worker, app, deed, asked, ...came, applied, revisions })
      ground.watchTraffic()
    }
    try {
      const answer = write()
      say({ outcome: 'taken', code: null })
      return answer
    } catch (error) {
      say({ outcome: 'refused', code: error instanceof ArmRefusal ? faultOf(error).kind : 'unknown' })
      throw error
    }
  }
  const switched = (deed: 'activate' | 'deactivate' | 'restart') => (key: AppKey, revision: string) =>
    told(key, deed, { ...NOTHING, revision }, () => world[deed](key, revision))
  return {
    ...world,
    patch: (key, body) => told(key, 'patch', askedOf(key, body), () => world.patch(key, body)),
    activate: switched('activate'),
    deactivate: switched('deactivate'),
    restart: switched('restart'),
  }
}

const NOTHING: WriteAsked = { weights: null, followsLatest: false, revision: null, image: null }

/** What the body of a PATCH asks for, read as ARM reads it. */
function askedOf({ app }: AppKey, body: unknown): WriteAsked {
  const properties = partOf(body, 'properties')
  const template = partOf(properties, 'template')
  const traffic = partOf(partOf(partOf(properties, 'configuration'), 'ingress'), 'traffic')
  const suffix = partOf(template, 'revisionSuffix')
  const containers = partOf(template, 'containers')
  const image = Array.isArray(containers) ? partOf(containers[0], 'image') : null
  return {
    ...(Array.isArray(traffic) ? trafficAsked(traffic) : { weights: null, followsLatest: false }),
    revision: typeof suffix === 'string' ? `${app}--${suffix}` : null,
    image: typeof image === 'string' ? image : null,
  }
}

function partOf(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined
}

function trafficAsked(traffic: readonly unknown[]): Pick<WriteAsked, 'weights' | 'followsLatest'> {
  const weights: Record<string, number> = {}
  for (const entry of traffic) {
    const name = partOf(entry, 'revisionName')
    if (typeof name === 'string') weights[name] = (weights[name] ?? 0) + Number(partOf(entry, 'weight') ?? 0)
  }
  const followsLatest = traffic.some((entry) => partOf(entry, 'latestRevision') === true)
  return { weights: weights satisfies Weights, followsLatest }
}

function tellMeasured({ tell, entityOf }: Ground, worker: number, query: Query | undefined, reading: Reading): void {
  if (query === undefined) return
  const { kpi, revision, from, to, target } = query
  let [bad, total] = [0, 0]
  for (const bucket of reading.kind === 'measured' ? reading.buckets : []) {
    bad += bucket.bad
    total += bucket.total
  }
  const entity = entityOf(target)
  const answer = reading.kind
  tell({ kind: 'measurement', worker, entity, kpi: kpi.name, revision, from, to, answer, bad, total })
}
