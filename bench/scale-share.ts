import { sweep } from '../lib/engine/sweep.ts'
import { createTurnstile } from '../lib/engine/turnstile.ts'
import type { Wheel } from '../lib/engine/wheel.ts'
import { createStage, type Stage } from '../sim/runner.ts'
import { addService, ENVIRONMENT, MINUTE_MS, manifestOf, pushOf } from './services.ts'

/** How one tick was shared, in simulated time: no machine has a part in it. */
export interface Shared {
  readonly workers: number
  readonly due: number
  readonly tickMs: number
  /** Looks a second from when a fifth of them was stored until a fifth was left: without what it takes to get going and to end. */
  readonly perSecond: number
  /** Looks that each worker stored. */
  readonly shares: readonly number[]
  /** Looks that lost a race against another worker's. */
  readonly inVain: number
}

/** What answers and work take, in milliseconds: a storage account of the region, ARM, Log Analytics, a worker's own thread. */
export interface Delays {
  readonly table: number
  readonly apps: number
  readonly metrics: number
  /** A worker's thread, for one look. */
  readonly thread: number
  /** From a call for help to the instance that takes it. */
  readonly queue: number
}

/** Reads of the table store at once, and calls for help that a host hands to one instance: `table-load.ts`, `host.json`. */
const LANES = 16
const CALLS = 4

/** All that bakes is due once in so long, at the same moment. */
const [INTERVAL, INTERVAL_MS] = ['5m', 5 * MINUTE_MS]

/** Time that passes only when nobody has anything left to do. */
function createTime() {
  const waiting: { readonly at: number; readonly go: () => void }[] = []
  let now = 0
  return {
    now: () => now,
    sleep: (ms: number) => new Promise<void>((go) => waiting.push({ at: now + ms, go })),
    until: async <T>(work: Promise<T>): Promise<T> => {
      let isOver = false
      const mark = () => {
        isOver = true
      }
      work.then(mark, mark)
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve))
        if (isOver) return work
        waiting.sort((a, b) => a.at - b.at)
        const next = waiting.shift()
        if (next === undefined) throw new Error('nobody has anything left to do, and the work is not over')
        now = next.at
        next.go()
      }
    },
  }
}

/**
 * Lets each of these numbers of workers do a tick of `due` looks, each worker on a thread of its own, with these delays
 * between them and Azure.
 */
export async function shareTicks(crews: readonly number[], due: number, delays: Delays): Promise<readonly Shared[]> {
  const stage = await atRest(due)
  const shared: Shared[] = []
  for (const workers of crews) {
    await stage.run(INTERVAL_MS)
    shared.push(await shareTick(stage, workers, due, delays))
  }
  return shared
}

async function shareTick(stage: Stage, workers: number, due: number, delays: Delays): Promise<Shared> {
  const time = createTime()
  const crew = Array.from({ length: workers }, () => ({ inTurn: createTurnstile(2), waiting: 0, saved: 0 }))
  const sweeps: Promise<void>[] = []
  let inVain = 0
  const begin = async (index: number, isHelp: boolean): Promise<void> => {
    const worker = crew[index]
    if (worker === undefined) throw new Error(`there is no worker ${index}`)
    const wheel = delayed(stage.wheel, delays, time, threads[index] ?? free(), help)
    worker.waiting += 1
    const work = () => sweep(wheel, ENVIRONMENT, { isHelp })
    const turned = await (isHelp ? worker.inTurn(work) : work())
    worker.waiting -= 1
    worker.saved += turned.filter(({ result }) => result === 'saved').length
    inVain += turned.filter(({ result }) => result === 'lost').length
  }
  const help = (): void => {
    sweeps.push(
      time.sleep(delays.queue).then(async () => {
        const [idlest] = crew.map((_, index) => index).sort((a, b) => (crew[a]?.waiting ?? 0) - (crew[b]?.waiting ?? 0))
        if (idlest !== undefined && (crew[idlest]?.waiting ?? 0) <= CALLS) await begin(idlest, true)
      }),
    )
  }
  const threads = crew.map(free)
  sweeps.push(begin(0, false))
  for (let done = 0; done < sweeps.length; done += 1) await time.until(sweeps[done] as Promise<void>)
  const shares = crew.map(({ saved }) => saved)
  const done = threads.flatMap(({ doneAt }) => doneAt).sort((a, b) => a - b)
  const at = (part: number) => done[Math.floor((done.length - 1) * part)] ?? 0
  const perSecond = (done.length * 0.6 * 1000) / (at(0.8) - at(0.2))
  return { workers, due, tickMs: at(1), perSecond, shares, inVain }
}

/** A worker's thread: until when it is taken, and when each of its looks was stored. */
interface Thread {
  freeAt: number
  readonly doneAt: number[]
}

const free = (): Thread => ({ freeAt: 0, doneAt: [] })

/** The stage's sockets behind these delays; what a look costs the worker's thread is taken when it is stored. */
function delayed(
  wheel: Wheel,
  { table, apps, metrics, thread }: Delays,
  time: ReturnType<typeof createTime>,
  own: Thread,
  help: () => void,
): Wheel {
  const after = async <T>(ms: number, work: () => T): Promise<Awaited<T>> => {
    await time.sleep(ms)
    return await work()
  }
  return {
    ...wheel,
    bell: {
      ring: async (calls) => {
        for (const call of calls) if (call.isHelp === true) help()
      },
    },
    store: {
      ...wheel.store,
      claim: (...given) => after(2 * table, () => wheel.store.claim(...given)),
      load: (environment, names) =>
        after(Math.ceil(names.length / LANES) * 2 * table, () => wheel.store.load(environment, names)),
      commit: async (change) => {
        own.freeAt = Math.max(own.freeAt, time.now()) + thread
        await time.sleep(own.freeAt - time.now() + table)
        own.doneAt.push(time.now())
        return wheel.store.commit(change)
      },
    },
    apps: { ...wheel.apps, observe: (...given) => after(apps, () => wheel.apps.observe(...given)) },
    metrics: { read: (queries) => after(metrics, () => wheel.metrics.read(queries)) },
  }
}

/** A stage on which so many canaries bake, all of them due at the next beat, and nobody looks. */
async function atRest(due: number): Promise<Stage> {
  const stage = createStage()
  const names = Array.from({ length: due }, (_, n) => `s-${n}`)
  for (const [n, name] of names.entries()) {
    const { target, ...rest } = manifestOf(name, ['setWeight: 10', 'bake: 48h'], ENVIRONMENT, INTERVAL)
    // In subscriptions of a hundred: ARM would make so many canaries one after the other in a single one.
    const manifest = { ...rest, target: { ...target, subscriptionId: `subscription-${Math.floor(n / 100)}` } }
    addService(stage.world, manifest)
    await stage.declare(manifest)
    await stage.push(pushOf(name, 2, stage.clock.now()))
  }
  const bakes = (name: string) => {
    const { phase } = stage.rollout({ environment: ENVIRONMENT, name })
    return phase.kind === 'progressing' && phase.steadyAt !== null
  }
  await stage.run(4 * INTERVAL_MS)
  if (!names.every(bakes)) throw new Error('not all canaries have come to rest')
  Object.assign(stage.wakes, { timer: false, bell: false })
  return stage
}
