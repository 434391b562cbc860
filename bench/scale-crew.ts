import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Cost, Order, Report } from './scale-worker.ts'

/** What all workers cost in one tick. `looks` were stored, `inVain` lost the race against another worker's. */
export interface Tick {
  readonly wallMs: number
  readonly looks: number
  readonly inVain: number
  readonly reads: number
  readonly writes: number
  /** Of all workers together; of Azurite; of the process that plays Azure's apps and measurements. */
  readonly cpuMs: { readonly workers: number; readonly azurite: number; readonly world: number }
  /** Of the first worker, after its garbage was collected. */
  readonly rssBytes: number
  readonly heapBytes: number
  /** Looks by worker. */
  readonly shares: readonly number[]
}

/** Messages that a host takes for one instance at once, and the timer besides: `host.json`. */
const AT_ONCE = 5

/** A worker, and how it is spoken to. */
export interface Worker {
  readonly child: ChildProcess
  readonly waiting: Map<number, (said: Report) => void>
  onHelp: () => void
  busy: number
}

/** Starts a worker; it ends with this process, or when its channel is closed. */
export function startWorker(tableUrl: string, ca: string, remote: string, token: string): Worker {
  const entry = fileURLToPath(new URL('./scale-worker.ts', import.meta.url))
  const env = { ...process.env, BENCH_TOKEN: token }
  const child = fork(entry, [tableUrl, ca, remote], { env, execArgv: ['--expose-gc'] })
  const worker: Worker = { child, waiting: new Map(), onHelp: () => {}, busy: 0 }
  child.on('message', (said: Report) => {
    if (said.kind === 'help') return worker.onHelp()
    worker.waiting.get(said.id)?.(said)
    worker.waiting.delete(said.id)
  })
  return worker
}

let orders = 0
async function say(worker: Worker, order: SweepOrder | { readonly kind: 'tell' }): Promise<Report> {
  orders += 1
  const id = orders
  const answered = new Promise<Report>((resolve, reject) => {
    worker.waiting.set(id, resolve)
    worker.child.once('exit', (code) => reject(new Error(`a worker ended with ${code}`)))
  })
  worker.child.send({ ...order, id } as Order)
  const said = await answered
  worker.child.removeAllListeners('exit')
  return said
}

/**
 * Lets a crew do one tick. The timer comes to the first worker; calls for help wait in one queue, and whoever has most room
 * takes the next. `azurite` is a process id.
 */
export async function ticked(crew: readonly Worker[], at: number, azurite: number): Promise<Tick> {
  await costsOf(crew)
  const [worldBefore, azuriteBefore] = [process.cpuUsage(), cpuOf(azurite)]
  const began = performance.now()
  const { shares, inVain } = await sweptBy(crew, { kind: 'sweep', at })
  const wallMs = performance.now() - began
  const azuriteMs = cpuOf(azurite) - azuriteBefore
  const { user, system } = process.cpuUsage(worldBefore)
  const costs = await costsOf(crew)
  const sum = (of: (cost: Cost) => number) => costs.reduce((total, cost) => total + of(cost), 0)
  return {
    wallMs,
    looks: shares.reduce((total, share) => total + share, 0),
    inVain,
    reads: sum(({ reads }) => reads),
    writes: sum(({ writes }) => writes),
    cpuMs: { workers: sum(({ cpuMs }) => cpuMs), azurite: azuriteMs, world: (user + system) / 1000 },
    rssBytes: costs[0]?.rssBytes ?? 0,
    heapBytes: costs[0]?.heapBytes ?? 0,
    shares,
  }
}

type SweepOrder = Omit<Extract<Order, { readonly kind: 'sweep' }>, 'id'>

/** Looks that each worker stored, and looks of all that lost a race. */
async function sweptBy(crew: readonly Worker[], order: Omit<SweepOrder, 'isHelp'>) {
  const shares = crew.map(() => 0)
  let [calls, inVain] = [0, 0]
  const sweeps: Promise<void>[] = []
  const send = async (index: number, isHelp: boolean): Promise<void> => {
    const worker = crew[index] as Worker
    worker.busy += 1
    const said = await say(worker, { ...order, isHelp })
    worker.busy -= 1
    if (said.kind !== 'swept') throw new Error(JSON.stringify(said))
    shares[index] = (shares[index] ?? 0) + said.saved
    inVain += said.lost
    hand()
  }
  const hand = (): void => {
    for (; calls > 0; calls -= 1) {
      const [idlest = 0] = crew.map((_, index) => index).sort((a, b) => (crew[a]?.busy ?? 0) - (crew[b]?.busy ?? 0))
      if ((crew[idlest]?.busy ?? AT_ONCE) >= AT_ONCE) return
      sweeps.push(send(idlest, true))
    }
  }
  for (const worker of crew) {
    worker.onHelp = () => {
      calls += 1
      hand()
    }
  }
  sweeps.push(send(0, false))
  for (let done = 0; done < sweeps.length; done += 1) await sweeps[done]
  return { shares, inVain }
}

async function costsOf(crew: readonly Worker[]): Promise<readonly Cost[]> {
  const told = await Promise.all(crew.map((worker) => say(worker, { kind: 'tell' })))
  return told.flatMap((said) => (said.kind === 'told' ? [said] : []))
}

/** CPU time that a process has used, in milliseconds; 0 where the system does not tell. Hundredths of a second. */
function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return 0
  }
}
