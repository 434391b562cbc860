import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { againText, type Finding } from '../test/fuzz/run.ts'
import { TARGETS } from '../test/fuzz/targets.ts'
import { optionsOr, wholeNumber } from './whole-number.ts'

const USAGE = `npm run fuzz -- [--target NAME] [--count N] [--seed S] [--from N] [--longest SECONDS]
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
      longest: { type: 'string', default: '20' },
    },
  })
  const targets = TARGETS.map(({ name }) => name).filter(
    (name) => values.target === undefined || name === values.target,
  )
  if (targets.length === 0) throw new TypeError(`there is no target ${values.target}`)
  return {
    targets,
    seed: wholeNumber('seed', values.seed),
    from: wholeNumber('from', values.from),
    count: wholeNumber('count', values.count, 1),
    longestMs: wholeNumber('longest', values.longest, 1) * 1000,
  }
})

if (options !== null) {
  const { targets, count, seed, from, longestMs } = options
  console.log(line('target', 'inputs', 'a second', 'findings', 'slowest ms', 'heap MiB'))
  for (const name of targets) {
    const began = performance.now()
    const { found, inputs, slowestMs, slowestAt, heap } = await run(name, { seed, from, count, longestMs })
    const rate = Math.round((inputs * 1000) / (performance.now() - began))
    const slowest = `${slowestMs.toFixed(0)} (#${slowestAt})`
    console.log(line(name, inputs, rate, found.length, slowest, heap.map((mib) => mib.toFixed(0)).join(' → ')))
    for (const { what, again } of found) console.log(`  ${what.slice(0, 200)}\n  ${again}`)
    if (found.length > 0) process.exitCode = 1
  }
}

function line(...cells: readonly (string | number)[]): string {
  const [first = '', ...rest] = cells
  return `${String(first).padEnd(20)}${rest.map((cell) => String(cell).padStart(14)).join('')}`
}

interface Run {
  readonly seed: number
  readonly from: number
  readonly count: number
  readonly longestMs: number
}

/** Runs a target in a thread of its own: what hangs is ended, what eats memory dies alone, and both are findings. */
async function run(name: string, { seed, from, count, longestMs }: Run): Promise<Report> {
  // The input it is at, and a beat that changes with every input.
  const beat = new Int32Array(new SharedArrayBuffer(8))
  const worker = new Worker(new URL('./fuzz-worker.ts', import.meta.url), {
    workerData: { name, seed, from, count, beat },
    resourceLimits: { maxOldGenerationSizeMb: MOST_HEAP_MIB },
  })
  const failed = (what: string): Report => {
    const index = from + Atomics.load(beat, 0)
    const found = [{ target: name, index, what, again: againText(name, seed, index) }]
    return { found, inputs: index - from, slowestMs: longestMs, slowestAt: index, heap: [0, 0] }
  }
  return new Promise((resolve) => {
    let last = -1
    const guard = setInterval(() => {
      const now = Atomics.load(beat, 1)
      if (now === last) {
        clearInterval(guard)
        void worker.terminate().then(() => resolve(failed(`no answer within ${longestMs / 1000} s`)))
      }
      last = now
    }, longestMs)
    worker.once('error', (error) => {
      clearInterval(guard)
      resolve(failed(`the thread died: ${error instanceof Error ? error.message : error}`))
    })
    worker.once('message', (report: Report) => {
      clearInterval(guard)
      const [early, late] = report.heap
      resolve(late > early + MOST_GROWTH_MIB ? { ...report, found: [...report.found, grown(name, report)] } : report)
    })
  })
}

function grown(target: string, { heap, inputs }: Report): Finding {
  const what = `the heap grew from ${heap[0].toFixed(0)} to ${heap[1].toFixed(0)} MiB`
  return { target, index: inputs, what, again: `npm run fuzz -- --target ${target} --count ${inputs}` }
}
