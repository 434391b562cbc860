import { type Befallen, befall, type Ends, entityAt, type Wakes } from './befall.ts'
import { asked, delivered, type Errand, messageErrand, poisoned, released } from './errands.ts'
import { createGround, type Ground } from './ground.ts'
import { createMonitor } from './monitor.ts'
import { type Item, type Scenario, TROUBLED_MS, type TroubleItem } from './scenario.ts'
import { type Life, passTime } from './time.ts'
import type { TraceEvent } from './trace.ts'
import { faultOfVariant, TROUBLES } from './troubles.ts'
import { createWorkers, type Plant } from './workers.ts'

export type { Plant } from './workers.ts'

const HOUR_MS = 3_600_000
/** How long calm may last until everything has ended. */
const QUIET_MS = 14 * 24 * HOUR_MS
/** How long a rollout that waits for a person, or cannot get back, is watched after the calm. */
const PATIENCE_MS = 2 * HOUR_MS

/** What came of a trial. */
export interface Lived {
  readonly canaries: number
  readonly simulatedMs: number
  readonly events: number
}

/** Lives through a scenario: 48 troubled hours, and calm until everything has ended. Every effect is told to `see` in the order in which it came. */
export async function live(scenario: Scenario, see: (event: TraceEvent) => void, plant?: Plant): Promise<Lived> {
  const ground = await createGround(scenario, see)
  const { stage, tell, told } = ground
  const began = stage.clock.now()
  const life = createLife(ground, scenario, began, plant)
  await passTime(life, began + TROUBLED_MS, () => false)
  life.calm()
  const calmAt = stage.clock.now()
  const isOver = () => {
    const isSettled = ground.manifests.every((_, service) => isAtRest(ground, service, calmAt))
    return isSettled && life.errands.length === 0 && ground.post.at === Number.POSITIVE_INFINITY
  }
  await passTime(life, calmAt + (scenario.calmMs ?? QUIET_MS), isOver)
  const numbers = ground.manifests.map((_, service) => ground.rolloutOf(service)?.number ?? 0)
  const canaries = numbers.reduce((sum, number) => sum + number, 0)
  tell({ kind: 'end', calmAt, canaries, violations: 0 })
  return { canaries, simulatedMs: stage.clock.now() - began, events: told() }
}

function isAtRest(ground: Ground, service: number, calmAt: number): boolean {
  const rollout = ground.rolloutOf(service)
  if (rollout === null || rollout.wakeAt === null) return true
  const { phase } = rollout
  if (phase.kind !== 'paused' && phase.kind !== 'rolling-back') return false
  return ground.stage.clock.now() - Math.max(phase.since, calmAt) > PATIENCE_MS
}

function createLife(ground: Ground, scenario: Scenario, began: number, plant: Plant | undefined): Life {
  const workers = createWorkers(ground, crewOf(scenario), () => tellFault(ground, 'F1', 'crash', 'strikes'), plant)
  const wakes: Wakes = { timer: 'on', bell: 'on', race: null, stall: null, gone: false }
  const errands: Errand[] = []
  const waiting = [...scenario.items]
  const running: { readonly until: number; readonly end: Ends }[] = []
  const on = createBefallen(ground, workers, wakes, errands)
  const happen = (item: Item) => {
    if (item.kind === 'push') on.push(item.service, item.version, item.image)
    else if (item.kind === 'command') errands.push(asked(ground, item.service, item.verb, item.command, null, item.by))
    else if (ground.manifests[item.service] !== undefined) trouble(item)
  }
  const trouble = (item: TroubleItem) => {
    const fault = faultOfVariant(item.variant)
    const end = befall(on, item)
    const whose = OF_ONE.has(item.variant) ? item.service : null
    tellFault(ground, fault, item.variant, end === null ? 'strikes' : 'begins', whose)
    if (end === null) return
    running.push({
      until: ground.stage.clock.now() + item.lastsMs,
      end: () => {
        end()
        tellFault(ground, fault, item.variant, 'ends', whose)
      },
    })
  }
  const isDue = (item: Item) => {
    if (began + item.at > ground.stage.clock.now()) return false
    return item.kind !== 'trouble' || item.during === null || ground.phaseOf(item.service) === item.during
  }
  return {
    ground,
    workers,
    wakes,
    errands,
    monitor: createMonitor(ground.footing, ground.tell),
    luck: scenario.seed,
    late: [],
    asleep: [],
    nextAt: () => {
      const next = earliest(running, ({ until }) => until)
      const now = ground.stage.clock.now()
      return earliest(waiting, ({ at }) => (began + at > now ? began + at : next), next)
    },
    happen: () => {
      const now = ground.stage.clock.now()
      for (const over of removed(running, ({ until }) => until <= now)) over.end()
      for (const item of removed(waiting, isDue)) happen(item)
    },
    calm: () => {
      waiting.splice(0)
      for (const over of running.splice(0)) over.end()
      ground.stage.world.clearInjections()
      for (const { push, receivedAt } of ground.lost.splice(0)) errands.push(messageErrand(ground, push, receivedAt))
      wakes.stall = null
      for (let place = 0; place < workers.count; place += 1) workers.at(place).doom = null
    },
  }
}

/** The earliest of these times and of `least`. */
function earliest<T>(list: readonly T[], timeOf: (item: T) => number, least = Number.POSITIVE_INFINITY): number {
  return list.reduce((found, item) => Math.min(found, timeOf(item)), least)
}

const NEEDS_TWO: ReadonlySet<string> = new Set(['race', 'stalled', 'double-click', 'approve-abort'])

/** How many workers there are at a time: some troubles need two. */
function crewOf({ items, workers }: Scenario): number {
  const raced = items.some((item) => item.kind === 'trouble' && NEEDS_TWO.has(item.variant))
  return raced ? Math.max(2, workers) : workers
}

function removed<T>(list: T[], is: (item: T) => boolean): readonly T[] {
  const out: T[] = []
  for (let index = 0; index < list.length; ) {
    if (is(list[index] as T)) out.push(...list.splice(index, 1))
    else index += 1
  }
  return out
}

/** Troubles that befall one service; all others befall every one. */
const OF_ONE: ReadonlySet<string> = new Set([
  ...TROUBLES.F6,
  ...TROUBLES.F9,
  ...TROUBLES.F15,
  ...TROUBLES.F16,
  'operation-failed',
  'operation-stuck',
  'digest-missing',
])

/** A fault is told for each service that it befalls, with the phase that this service is in. */
function tellFault(
  ground: Ground,
  fault: Extract<TraceEvent, { readonly kind: 'fault' }>['fault'],
  variant: string,
  moment: 'begins' | 'ends' | 'strikes',
  whose: number | null = null,
): void {
  for (const service of whose === null ? ground.manifests.keys() : [whose]) {
    const entity = entityAt(ground, service)
    ground.tell({ kind: 'fault', fault, variant, moment, entity, phase: ground.phaseOf(service) })
  }
}

function createBefallen(
  ground: Ground,
  workers: Befallen['workers'],
  wakes: Wakes,
  errands: Errand[],
): Befallen & { push(service: number, version: number, image: Extract<Item, { kind: 'push' }>['image']): void } {
  const known = new Map<number, ReturnType<typeof released>>()
  let more = 50
  const fresh = (service: number, age: number) => {
    more += 1
    return released(ground, service, more, 'healthy', age)
  }
  const send = (service: number, push: ReturnType<typeof released>) => {
    known.set(service, push)
    errands.push(delivered(ground, service, push))
  }
  return {
    ground,
    workers,
    wakes,
    standing: new Map(),
    push: (service, version, image) => send(service, released(ground, service, version, image)),
    deliver: (service, what) => {
      const last = known.get(service)
      if (what === 'again' && last !== undefined) send(service, last)
      if (what === 'late') send(service, fresh(service, 24 * HOUR_MS))
      if (what !== 'reordered') return
      const [older, newer] = [fresh(service, HOUR_MS), fresh(service, 0)]
      send(service, newer)
      send(service, older)
    },
    poison: ({ service, luck }) => void errands.push(poisoned(ground, luck, known.get(service) ?? null)),
    click: ({ id, luck, service, variant }) => {
      const verbs = variant === 'approve-abort' ? (['approve', 'abort'] as const) : (['promote', 'promote'] as const)
      const ids = variant === 'approve-abort' ? [`both-${id}-a`, `both-${id}-b`] : [`both-${id}`, `both-${id}`]
      for (const [index, verb] of verbs.entries()) errands.push(asked(ground, service, verb, ids[index] ?? '', luck))
    },
  }
}
