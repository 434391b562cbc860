import type { Verb } from '../../lib/core/facts.ts'
import type { Manifest } from '../../lib/core/service.ts'
import { obeyCommand } from '../../lib/engine/command.ts'
import { receive } from '../../lib/engine/receive.ts'
import { sweep } from '../../lib/engine/sweep.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import { chance } from '../../sim/chance.ts'
import { Crash, mortal } from '../../sim/crash.ts'
import type { Stage } from '../../sim/runner.ts'
import type { Hand, Injection } from '../../sim/world/types.ts'
import { aCommand } from './builders.ts'
import { givenPricing, HOUR, MINUTE, PRICING, version } from './story.ts'

/** Something that happens to the world at a time, epoch milliseconds. */
interface Incident {
  readonly at: number
  readonly happen: () => void
}

/** Work that came from outside and is done again until its worker lived through it. */
type Errand = (wheel: Wheel) => Promise<unknown>

/** A life of one service under random pushes, commands, hands and faults. */
export interface Life {
  readonly stage: Stage
  readonly manifest: Manifest
  /** Errands that ended well, and those that were sent. */
  readonly errands: { sent: number; done: number }
  /** Whether a foreign hand changed anything. */
  readonly meddled: boolean
  /** Whether two workers ever turned at once. */
  readonly raced: boolean
}

type Draw = (low: number, high: number) => number

const TROUBLED_MS = 6 * HOUR
const QUIET_MS = 30 * HOUR

/** Lives through six troubled hours and fourteen quiet ones; everything in it follows from the seed. */
export async function live(seed: number): Promise<Life> {
  let drawn = 0
  const draw: Draw = (low, high) => {
    drawn += 1
    return low + Math.floor(chance(seed, drawn) * (high - low + 1))
  }
  const stage = await givenPricing(randomPlan(draw), { seed })
  const manifest = stage.store.peek(PRICING)?.service.manifest as Manifest
  const errands: Errand[] = []
  const count = { sent: 0, done: 0 }
  const send = (errand: Errand) => {
    count.sent += 1
    errands.push(errand)
  }
  const meddled = draw(0, 1) === 1
  const raced = draw(0, 2) === 0
  const incidents = [
    ...pushes(stage, draw, send),
    ...commands(stage, draw, send),
    ...troubles(stage, draw),
    ...(meddled ? hands(stage, manifest, draw) : []),
  ].sort((a, b) => a.at - b.at)
  const end = stage.clock.now() + TROUBLED_MS + 3 * HOUR
  const workers = { draw, raced, errands, done: () => (count.done += 1) }
  await run(stage, incidents, end, workers)
  calm(stage)
  await run(stage, [], end + QUIET_MS, workers)
  return { stage, manifest, errands: count, meddled, raced }
}

function randomPlan(draw: Draw): Partial<Manifest> {
  const first = draw(1, 40)
  const second = draw(first + 1, 99)
  const bake = () => draw(0, 40) * MINUTE
  const stages = [first, second, 100].slice(draw(0, 2)).map((weight) => {
    return { weight, bakeMs: bake(), gate: draw(0, 7) === 0 }
  })
  const onNewRevision = (['supersede', 'queue', 'reject'] as const)[draw(0, 2)] ?? 'queue'
  const deadlines = { readyMs: draw(2, 15) * MINUTE, trafficMs: draw(2, 10) * MINUTE, gateMs: draw(1, 3) * HOUR }
  return { stages, onNewRevision, deadlines, scaleDownDelayMs: draw(0, 20) * MINUTE }
}

function pushes({ clock, world, metrics }: Stage, draw: Draw, send: (errand: Errand) => void): readonly Incident[] {
  const start = clock.now()
  return Array.from({ length: draw(1, 5) }, (_, index) => index + 2).flatMap((n) => {
    const { digest } = version(n)
    const kind = draw(0, 9)
    const from = start + draw(0, 300) * MINUTE
    if (kind < 3) metrics.profile(digest, { rps: 50, p95Ms: draw(100, 900), errorRate: draw(0, 1) / 10, from })
    if (kind === 5) metrics.profile(digest, { rps: 0.1, p95Ms: 120, errorRate: 0 })
    if (kind === 3) world.behave(digest, { never: (['crash', 'pull-fails', 'stuck'] as const)[draw(0, 2)] ?? 'crash' })
    if (kind === 4) world.behave(digest, { scaleToZero: true, readyAfterMs: draw(1, 90) * 1000 })
    const at = n === 2 ? start + draw(0, 20) * MINUTE : start + draw(0, TROUBLED_MS)
    const deliver = () => {
      const receivedAt = clock.now()
      send((wheel) => receive(wheel, { kind: 'push', push: version(n), receivedAt }))
    }
    return [0, draw(0, 2) === 0 ? draw(0, HOUR) : null].flatMap((late) =>
      late === null ? [] : [{ at: at + late, happen: deliver }],
    )
  })
}

function commands({ clock }: Stage, draw: Draw, send: (errand: Errand) => void): readonly Incident[] {
  const verbs: readonly Verb[] = [
    'promote',
    'promote-full',
    'pause',
    'resume',
    'resume',
    'abort',
    'retry',
    'approve',
    'undo',
  ]
  return Array.from({ length: draw(0, 6) }, (_, index) => {
    const verb = verbs[draw(0, verbs.length - 1)] ?? 'resume'
    const command = aCommand(verb, { id: `command-${draw(0, 5) === 0 ? 0 : index}`, actor: 'olga' })
    return {
      at: clock.now() + draw(0, TROUBLED_MS),
      happen: () => send((wheel) => obeyCommand(wheel, PRICING, command)),
    }
  })
}

/** Troubles of Azure, of the KPIs, of the registry, of storage and of the bell, each for minutes or hours. */
function troubles(stage: Stage, draw: Draw): readonly Incident[] {
  const { world, metrics, registry, store, bell, clock } = stage
  const refusals = [
    { status: 409, code: 'ContainerAppOperationInProgress', message: 'busy' },
    { status: 429, code: 'TooManyRequests', message: 'slow down', retryAfterS: 60 },
    { status: 403, code: 'AuthorizationFailed', message: 'no role' },
    { status: 0, code: 'ECONNRESET', message: 'cut' },
  ]
  const places: readonly Injection['on'][] = ['any', 'read', 'write', 'patch', 'get']
  return Array.from({ length: draw(0, 6) }, () => {
    const at = clock.now() + draw(0, TROUBLED_MS)
    const lasts = draw(1, 120) * MINUTE
    const kind = draw(0, 8)
    const refusal = refusals[draw(0, 3)] ?? refusals[0]
    const on = places[draw(0, 4)] ?? 'any'
    const luck = draw(0, 1_000_000)
    const ill = (ailment: 'outage' | 'holes' | 'silence') => (on: boolean) => {
      metrics.ailment = on ? ailment : null
    }
    const troubled: readonly ((on: boolean) => void)[] = [
      ill('outage'),
      ill('holes'),
      ill('silence'),
      (on) => {
        registry.trouble = on ? { kind: 'unavailable', message: 'down', retryAfterMs: null } : null
      },
      (on) => {
        bell.deaf = on
      },
      (on) => store.interfere(on ? unreliable(luck) : null),
    ]
    const azure = (begins: boolean) => {
      if (begins && refusal) world.inject({ on, until: clock.now() + lasts, refusal, applied: luck % 3 === 0 })
    }
    const set = troubled[kind] ?? azure
    return [
      { at, happen: () => set(true) },
      { at: at + lasts, happen: () => set(false) },
    ]
  }).flat()
}

function unreliable(luck: number): Parameters<Stage['store']['interfere']>[0] {
  let calls = 0
  return (call, moment) => {
    calls += 1
    if (chance(luck, calls) < 0.2) throw new Fault('unavailable', `storage is down ${moment} ${call}`)
  }
}

function hands(stage: Stage, { target }: Manifest, draw: Draw): readonly Incident[] {
  const edit = (change: (hand: Hand, revisions: readonly string[]) => void) => () => {
    const revisions = stage.world.see(target).revisions.map(({ name }) => name)
    stage.world.edit(target, (hand) => change(hand, revisions))
  }
  return Array.from({ length: draw(1, 3) }, (_, index) => {
    const [pick, share] = [draw(0, 10), draw(1, 99)]
    const one = (names: readonly string[]) => names[pick % names.length] ?? ''
    const happen = [
      edit((hand, names) =>
        hand.traffic(
          names.length === 1
            ? [{ revisionName: one(names), weight: 100 }]
            : names.slice(-2).map((revisionName, at) => ({ revisionName, weight: at === 0 ? share : 100 - share })),
        ),
      ),
      edit((hand, names) => hand.traffic([{ revisionName: one(names), weight: 100 }])),
      edit((hand) => hand.traffic([{ latestRevision: true, weight: 100 }])),
      edit((hand, names) => hand.label('green', one(names))),
      edit((hand, names) => hand.deactivate(one(names))),
      edit((hand) => hand.sticky(pick % 2 === 0)),
    ][draw(0, 5)]
    return { at: stage.clock.now() + draw(0, TROUBLED_MS) + index, happen: happen ?? (() => {}) }
  })
}

function calm({ world, metrics, registry, store, bell }: Stage): void {
  world.clearInjections()
  metrics.ailment = null
  registry.trouble = null
  store.interfere(null)
  bell.deaf = false
}

interface Workers {
  readonly draw: Draw
  readonly raced: boolean
  readonly errands: Errand[]
  readonly done: () => void
}

/** Lets time pass: incidents, errands and wake-ups at their time, by workers that die now and then. */
async function run(stage: Stage, incidents: readonly Incident[], until: number, workers: Workers): Promise<void> {
  const { clock, bell } = stage
  const waiting = [...incidents]
  while (clock.now() < until) {
    const minute = (Math.floor(clock.now() / MINUTE) + 1) * MINUTE
    const next = Math.min(minute, bell.next()?.at ?? minute, waiting[0]?.at ?? minute, until)
    clock.set(Math.max(clock.now(), next))
    while ((waiting[0]?.at ?? Number.POSITIVE_INFINITY) <= clock.now()) waiting.shift()?.happen()
    const woken = bell.take(clock.now()).length > 0 || clock.now() === minute
    for (const errand of workers.errands.splice(0)) {
      if (await survived(stage, workers, errand)) workers.done()
      else workers.errands.push(errand)
    }
    const turn = (wheel: Wheel) => sweep(wheel, 'production')
    const turns = woken ? (workers.raced && workers.draw(0, 2) === 0 ? [turn, turn] : [turn]) : []
    await Promise.all(turns.map((work) => survived(stage, workers, work)))
  }
}

/** Does a piece of work with a worker of its own; false where that died or was refused by the outside. */
async function survived({ wheel }: Stage, { draw }: Workers, work: Errand): Promise<boolean> {
  const dies = draw(0, 60) === 0
  const plan = dies ? { call: draw(1, 8), moment: draw(0, 1) === 0 ? ('before' as const) : ('after' as const) } : null
  try {
    await work(mortal(wheel, plan).sockets)
    return true
  } catch (error) {
    if (error instanceof Crash || error instanceof Fault) return false
    throw error
  }
}

/** Canary weights that were written by Slipway, in order, with their times. */
export function writes({
  stage,
}: Life): readonly { readonly at: number; readonly traffic: Readonly<Record<string, number>> }[] {
  return stage.world.log.flatMap(({ at, actor, traffic }) =>
    actor === 'slipway' && traffic !== undefined ? [{ at, traffic }] : [],
  )
}
