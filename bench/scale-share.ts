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

/** Lets `workers` workers do a tick of `due` looks, each on a thread of its own, with these delays between them and Azure. */
export async function shareOneTick(workers: number, due: number, delays: Delays): Promise<Shared> {
  const stage = await atRest(due)
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
  return { workers, due, tickMs: Math.max(...threads.map(({ doneAt }) => doneAt)), shares, inVain }
}

const free = () => ({ freeAt: 0, doneAt: 0 })

/** The stage's sockets behind these delays; what a look costs the worker's thread is taken when it is stored. */
function delayed(
  wheel: Wheel,
  { table, apps, metrics, thread }: Delays,
  time: ReturnType<typeof createTime>,
  own: { freeAt: number; doneAt: number },
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
        own.doneAt = time.now()
        return wheel.store.commit(change)
      },
    },
    apps: { ...wheel.apps, observe: (...given) => after(apps, () => wheel.apps.observe(...given)) },
    metrics: { read: (queries) => after(metrics, () => wheel.metrics.read(queries)) },
  }
}

/** A stage on which so many canaries bake, all of them due now, and nobody looks. */
async function atRest(due: number): Promise<Stage> {
  const stage = createStage()
  for (let n = 0; n < due; n += 1) {
    const manifest = manifestOf(`s-${n}`, ['setWeight: 10', 'bake: 48h'])
    addService(stage.world, manifest)
    await stage.declare(manifest)
    await stage.push(pushOf(manifest.name, 2, stage.clock.now()))
  }
  await stage.run(12 * MINUTE_MS)
  Object.assign(stage.wakes, { timer: false, bell: false })
  await stage.run(2 * MINUTE_MS)
  return stage
}
