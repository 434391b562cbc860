import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort, workerData } from 'node:worker_threads'
import { fuzz } from '../test/fuzz/run.ts'
import { TARGETS } from '../test/fuzz/targets.ts'

interface Task {
  readonly name: string
  readonly seed: number
  readonly from: number
  readonly count: number
  /** Nothing new is begun after so many milliseconds. */
  readonly lastsMs: number
}

/** Between two looks at the clock. */
const BATCH = 100

const { beat } = workerData as { readonly beat: Int32Array }
setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

function heapMiB(): number {
  collect()
  return process.memoryUsage().heapUsed / 2 ** 20
}

async function work({ name, seed, from, count, lastsMs }: Task) {
  const target = TARGETS.find((one) => one.name === name)
  if (target === undefined) throw new Error(`there is no target ${name}`)
  const until = performance.now() + lastsMs
  let [slowestMs, slowestAt] = [0, from]
  const watch = (index: number, tookMs: number) => {
    Atomics.store(beat, 0, index + 1 - from)
    Atomics.add(beat, 1, 1)
    if (tookMs > slowestMs) [slowestMs, slowestAt] = [tookMs, index]
  }
  const first = Number.isFinite(lastsMs) ? BATCH : Math.max(1, Math.floor(count / 10))
  const found = [...(await fuzz(target, seed, from, Math.min(first, count), watch))]
  const heapEarly = heapMiB()
  for (let done = first; done < count && found.length < 10 && performance.now() < until; done += BATCH)
    found.push(...(await fuzz(target, seed, from + done, Math.min(BATCH, count - done), watch)))
  const inputs = Atomics.load(beat, 0)
  return { found, inputs, slowestMs, slowestAt, heap: [heapEarly, heapMiB()] }
}

parentPort?.on('message', async (task: Task) => parentPort?.postMessage(await work(task)))
