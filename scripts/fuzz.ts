import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { againText, type Finding } from '../test/fuzz/run.ts'
import { TARGETS } from '../test/fuzz/targets.ts'
import { optionsOr, wholeNumber } from './whole-number.ts'

const USAGE = `npm run fuzz -- [--target NAME] [--count N | --seconds S] [--seed S] [--from N] [--longest SECONDS]
as many targets at once as there are cores; --seconds: all together take so long
targets: ${TARGETS.map(({ name }) => name).join(', ')}`

/** What a worker tells of its target at the end. */
interface Report {
  readonly found: readonly Finding[]
  readonly inputs: number
  readonly slowestMs: number
  readonly slowestAt: number
  /** Heap in use after a full collection, MiB: after a tenth of the inputs, and after all. */
  readonly heap: readonly [early: number, late: number]
}

/** A worker's old generation may not grow beyond this, and its heap not by more than this between a tenth and the end. */
const MOST_HEAP_MIB = 512
const MOST_GROWTH_MIB = 32

const options = optionsOr(USAGE, () => {
  const { values } = parseArgs({
    options: {
      target: { type: 'string' },
      seed: { type: 'string', default: '1' },
      from: { type: 'string', default: '0' },
      count: { type: 'string', default: '100000' },
      seconds: { type: 'string' },
      longest: { type: 'string', default: '20' },
    },
  })
  const targets = TARGETS.map(({ name }) => name).filter(
    (name) => values.target === undefined || name === values.target,
  )
  if (targets.length === 0) throw new TypeError(`there is no target ${values.target}`)
  const seconds = values.seconds === undefined ? null : wholeNumber('seconds', values.seconds, 1)
  const atOnce = Math.min(availableParallelism(), targets.length)
  return {
    targets,
    atOnce,
    seed: wholeNumber('seed', values.seed),
    from: wholeNumber('from', values.from),
    count: seconds === null ? wholeNumber('count', values.count, 1) : Number.MAX_SAFE_INTEGER,
    lastsMs: seconds === null ? Number.POSITIVE_INFINITY : (seconds * 1000 * atOnce) / targets.length,
    longestMs: wholeNumber('longest', values.longest, 1) * 1000,
  }
})

if (options !== null) {
  const { targets, atOnce, ...how } = options
  console.log(line('target', 'inputs', 'a second', 'findings', 'slowest ms', 'heap MiB'))
  const left = [...targets]
  const lane = async () => {
    const thread = createThread()
    for (let name = left.shift(); name !== undefined; name = left.shift()) await tell(thread, name, how)
    await thread.close()
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}

async function tell(thread: ReturnType<typeof createThread>, name: string, how: Run): Promise<void> {
  const began = performance.now()
  const { found, inputs, slowestMs, slowestAt, heap } = await thread.run(name, how)
  const rate = Math.round((inputs * 1000) / (performance.now() - began))
  const slowest = `${slowestMs.toFixed(0)} (#${slowestAt})`
  console.log(line(name, inputs, rate, found.length, slowest, heap.map((mib) => mib.toFixed(0)).join(' → ')))
  for (const { what, again } of found) console.log(`  ${what.slice(0, 200)}\n  ${again}`)
  if (found.length > 0) process.exitCode = 1
}

function line(...cells: readonly (string | number)[]): string {
  const [first = '', ...rest] = cells
  return `${String(first).padEnd(20)}${rest.map((cell) => String(cell).padStart(14)).join('')}`
}

interface Run {
  readonly seed: number
  readonly from: number
  readonly count: number
  /** Nothing new is begun after so long. */
  readonly lastsMs: number
  readonly longestMs: number
}

/** Runs targets one after the other in a thread: what hangs is ended, what eats memory dies alone, and both are findings. */
function createThread() {
  // The input it is at, and a beat that changes with every input.
  const beat = new Int32Array(new SharedArrayBuffer(8))
  let worker: Worker | null = null
  const start = () => {
    const resourceLimits = { maxOldGenerationSizeMb: MOST_HEAP_MIB }
    return new Worker(new URL('./fuzz-worker.ts', import.meta.url), { workerData: { beat }, resourceLimits })
  }
  const run = (name: string, { longestMs, ...how }: Run): Promise<Report> => {
    const { seed, from } = how
    worker ??= start()
    const thread = worker
    Atomics.store(beat, 0, 0)
    thread.postMessage({ name, ...how })
    return new Promise((resolve) => {
      let last = -1
      const end = (report: Report) => {
        clearInterval(guard)
        thread.off('error', died).off('message', done)
        resolve(report)
      }
      const failed = (what: string) => {
        worker = null
        const index = from + Atomics.load(beat, 0)
        const found = [{ target: name, index, what, again: againText(name, seed, index) }]
        end({ found, inputs: index - from, slowestMs: longestMs, slowestAt: index, heap: [0, 0] })
      }
      const died = (error: unknown) => failed(`the thread died: ${error instanceof Error ? error.message : error}`)
      const done = (report: Report) => {
        const [early, late] = report.heap
        end(late > early + MOST_GROWTH_MIB ? { ...report, found: [...report.found, grown(name, report)] } : report)
      }
      const guard = setInterval(() => {
        const now = Atomics.load(beat, 1)
        if (now === last) void thread.terminate().then(() => failed(`no answer within ${longestMs / 1000} s`))
        last = now
      }, longestMs)
      thread.on('error', died).on('message', done)
    })
  }
  return { run, close: async () => void (await worker?.terminate()) }
}

function grown(target: string, { heap, inputs }: Report): Finding {
  const what = `the heap grew from ${heap[0].toFixed(0)} to ${heap[1].toFixed(0)} MiB`
  return { target, index: inputs, what, again: `npm run fuzz -- --target ${target} --count ${inputs}` }
}
