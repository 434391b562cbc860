import { Crash, guarded } from './crash.ts'

/** A call of a socket that waits at a gate: `before` it took effect, or `after` it did and before its worker hears of it. */
export interface Parked {
  /** From 0, in the order in which workers were made. */
  readonly worker: number
  /** In words: `store.commit`. */
  readonly call: string
  readonly moment: 'before' | 'after'
  /** Which call of its worker it is, from 1. */
  readonly nth: number
  /** Which write of its worker it is, from 1; 0 = it only reads. */
  readonly write: number
}

/**
 * What becomes of a call at its gate. `die`: the worker dies here, and all else that it has under way. `hold`: the worker
 * sleeps until it is freed. `fails`: it is answered with this error, after its effect or (`effect` false) without any.
 */
export type Fate = 'go' | 'die' | 'hold' | { readonly fails: unknown; readonly effect: boolean }

/** Says whose call goes on next: an index into what is parked, oldest first. */
export type Chooser = (parked: readonly Parked[]) => number

export interface ScheduleOptions {
  readonly choose: Chooser
  /** Asked once at every gate, when the call would go on. Absent = every call goes on. */
  readonly fate?: (gate: Parked) => Fate
  /** Whether calls also park after their effect. Default: only before. */
  readonly after?: boolean
}

/** A worker of a schedule. */
export interface Worker<T> {
  readonly number: number
  readonly sockets: T
}

/**
 * Several workers whose calls of sockets take effect in an order that is chosen, one at a time. The same choices give the
 * same run. Made for sockets in memory: between two calls a worker may wait for nothing but its own promises.
 */
export interface Schedule {
  /** A new worker on these sockets; `skewMs` is how far its clock is ahead. A worker that died gets no second life: make another. */
  worker<T extends object>(sockets: T, skewMs?: number): Worker<T>
  /** Gives a worker something to do; nothing of it happens before `settle`. Rejects with `Crash` where the worker died. */
  start<R>(worker: Pick<Worker<unknown>, 'number'>, work: () => Promise<R>): Promise<R>
  /**
   * Lets calls go on, one at a time, until all work is over, or only workers that are held have some left. A worker that is
   * alone is not stopped at its gates, only asked for its fate there. Throws where work waits for something that is no call.
   */
  settle(): Promise<void>
  /** The calls of a worker that wait before or after their effect now, oldest first. */
  parked(worker: number): readonly Parked[]
  /** A held worker goes on at the next `settle`, as if no time had passed for it. */
  free(worker: number): void
  /** Every gate that was passed, in order: the run in words. */
  readonly passed: readonly Parked[]
}

/** Calls that change something outside of their worker. */
const WRITES: ReadonlySet<string> = new Set([
  'store.commit',
  'tables.write',
  'freezes.commitFreezes',
  'events.record',
  'catalogue.index',
  'apps.perform',
  'bell.ring',
  'inbox.accept',
  'outbox.handOut',
  'outbox.keepSink',
  'outbox.delivered',
  'outbox.failed',
  'outbox.revive',
  'notifier.tell',
])

/** Whether a call, in words, changes something outside of its worker. */
export function isWrite(call: string): boolean {
  return WRITES.has(call)
}

interface Waiting {
  readonly gate: Parked
  readonly open: () => void
}

interface Inside {
  readonly options: ScheduleOptions
  readonly waiting: Waiting[]
  readonly passed: Parked[]
  readonly held: Set<number>
  readonly dead: Set<number>
  /** How many pieces of work each worker has under way. */
  readonly busy: Map<number, number>
  readonly begun: (() => void)[]
}

/** A schedule without workers. */
export function createSchedule(options: ScheduleOptions): Schedule {
  const inside: Inside = {
    options,
    waiting: [],
    passed: [],
    held: new Set(),
    dead: new Set(),
    busy: new Map(),
    begun: [],
  }
  let workers = 0
  return {
    worker: (sockets, skewMs = 0) => {
      const number = workers
      workers += 1
      return { number, sockets: skewed(gated(inside, number, sockets), skewMs) }
    },
    start: ({ number }, work) => begin(inside, number, work),
    settle: () => settle(inside),
    parked: (worker) => inside.waiting.flatMap(({ gate }) => (gate.worker === worker ? [gate] : [])),
    free: (worker) => void inside.held.delete(worker),
    passed: inside.passed,
  }
}

function begin<R>({ busy, begun }: Inside, worker: number, work: () => Promise<R>): Promise<R> {
  busy.set(worker, (busy.get(worker) ?? 0) + 1)
  const started = new Promise<void>((resolve) => begun.push(resolve))
  const over = () => void busy.set(worker, (busy.get(worker) ?? 1) - 1)
  const result = started.then(work)
  result.then(over, over)
  return result
}

function skewed<T extends object>(sockets: T, skewMs: number): T {
  const { clock } = sockets as { readonly clock?: { now(): number } }
  if (skewMs === 0 || clock === undefined) return sockets
  return { ...sockets, clock: { now: () => clock.now() + skewMs } }
}

function gated<T extends object>(inside: Inside, worker: number, sockets: T): T {
  let calls = 0
  let writes = 0
  return guarded(sockets, async (call, effect) => {
    calls += 1
    if (isWrite(call)) writes += 1
    const gate = { worker, call, nth: calls, write: isWrite(call) ? writes : 0 }
    const fate = await pass(inside, { ...gate, moment: 'before' })
    if (fate !== 'go') {
      if (fate.effect) await effect()
      throw fate.fails
    }
    const result = await effect()
    const late = inside.options.after ? await pass(inside, { ...gate, moment: 'after' }) : 'go'
    // A worker that died meanwhile hears of nothing any more.
    if (inside.dead.has(worker)) throw new Crash(`worker ${worker} is dead`)
    if (late !== 'go') throw late.fails
    return result
  })
}

type Passed = Exclude<Fate, 'die' | 'hold'>

async function pass(inside: Inside, gate: Parked): Promise<Passed> {
  const { options, waiting, passed, held, dead } = inside
  const { worker, call } = gate
  if (!isAlone(inside, worker)) await new Promise<void>((open) => waiting.push({ gate, open }))
  if (dead.has(worker)) throw new Crash(`${call} was called by worker ${worker}, which is dead`)
  const fate = options.fate?.(gate) ?? 'go'
  if (fate === 'hold') {
    held.add(worker)
    await new Promise<void>((open) => waiting.push({ gate, open }))
    if (dead.has(worker)) throw new Crash(`${call} was called by worker ${worker}, which is dead`)
  }
  passed.push(gate)
  if (fate === 'die') {
    dead.add(worker)
    throw new Crash(`worker ${worker} died ${gate.moment} ${call}, its call ${gate.nth}`)
  }
  return fate === 'hold' ? 'go' : fate
}

/** Whether nobody else could go on now; those who sleep do not count. */
function isAlone({ busy, held }: Inside, worker: number): boolean {
  if (held.has(worker)) return false
  for (const [other, count] of busy) if (other !== worker && count > 0 && !held.has(other)) return false
  return true
}

const PATIENCE = 1000

async function settle(inside: Inside): Promise<void> {
  const { options, waiting, busy, held, begun } = inside
  let idle = 0
  for (const start of begun.splice(0)) start()
  for (;;) {
    // All promises that are settled have been heard of when the next immediate comes.
    await new Promise((resolve) => setImmediate(resolve))
    for (const start of begun.splice(0)) start()
    const going = [...busy].filter(([worker, count]) => count > 0 && !held.has(worker)).map(([worker]) => worker)
    if (going.length === 0) return
    const open = waiting.filter(({ gate }) => going.includes(gate.worker))
    if (!going.every((worker) => open.some(({ gate }) => gate.worker === worker))) {
      idle += 1
      if (idle > PATIENCE) throw new Error(`a worker of ${going.join(', ')} waits for something that is no call`)
      continue
    }
    idle = 0
    const chosen = open[open.length === 1 ? 0 : options.choose(open.map(({ gate }) => gate))]
    if (chosen === undefined) throw new RangeError(`the choice is none of ${open.length} calls that are parked`)
    waiting.splice(waiting.indexOf(chosen), 1)
    chosen.open()
  }
}
