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
  readonly beat: Int32Array
}

const { name, seed, from, count, beat } = workerData as Task
const target = TARGETS.find((one) => one.name === name)
if (target === undefined) throw new Error(`there is no target ${name}`)

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

function heapMiB(): number {
  collect()
  return process.memoryUsage().heapUsed / 2 ** 20
}

let [slowestMs, slowestAt] = [0, from]
const watch = (index: number, tookMs: number) => {
  Atomics.store(beat, 0, index + 1 - from)
  Atomics.add(beat, 1, 1)
  if (tookMs > slowestMs) [slowestMs, slowestAt] = [tookMs, index]
}
const first = Math.max(1, Math.floor(count / 10))
const early = await fuzz(target, seed, from, first, watch)
const heapEarly = heapMiB()
const late = early.length >= 10 ? [] : await fuzz(target, seed, from + first, count - first, watch)
const inputs = Atomics.load(beat, 0)
parentPort?.postMessage({ found: [...early, ...late], inputs, slowestMs, slowestAt, heap: [heapEarly, heapMiB()] })
// Sockets and timers of the SDKs keep nothing alive that is still wanted.
setImmediate(() => process.exit(0))
