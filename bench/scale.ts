import { writeFile } from 'node:fs/promises'
import { atLeast, atMost, type Figure, median, type Part, round, told } from './report.ts'
import type { Tick } from './scale-crew.ts'
import { createScaleScene, type ScaleScene } from './scale-scene.ts'
import { type Delays, type Shared, shareTicks } from './scale-share.ts'

/** One tick among so many services, of which so many were due. */
export interface Measured extends Tick {
  readonly services: number
  readonly due: number
}

/** All that the bench has measured, as it is written to a file for the plots of docs/scale.md. */
export interface ScaleData {
  readonly sizes: readonly Measured[]
  /** The last of the sizes again, done by two workers. */
  readonly pair: Measured | null
  /** Ticks in simulated time, by what is due and number of workers. */
  readonly shared: readonly Shared[]
  /** Memory of one worker by simulated minute, and how many looks it had stored by then. */
  readonly memory: readonly Remembered[]
  readonly delays: Delays
}

interface Remembered {
  readonly minute: number
  readonly looks: number
  readonly rssBytes: number
  readonly heapBytes: number
}

/** Services, and how many of them are in progress, a hundredth and a tenth. */
const SIZES = [
  [100, 1],
  [100, 10],
  [1_000, 10],
  [1_000, 100],
  [10_000, 100],
  [10_000, 1_000],
] as const
const SMALL = SIZES.slice(0, 4)
/** Answers of a region nearby, of ARM and of Log Analytics; what a look costs a worker's thread, as measured; the queue. */
const DELAYS: Delays = { table: 8, apps: 400, metrics: 800, thread: 5, queue: 300 }
const TICKS = 2
/** Connections that a busy machine loses cost a look now and then, which the next minute makes up for. */
const NEARLY_ALL = 0.98
const HOURS = 6
/** Where memory is watched, each rollout looked at every quarter of an hour: 24,000 looks. */
const MEMORY_AT = { services: 10_000, due: 1_000, interval: '15m' }
/** Due at once in simulated time: in a tick, and in one that fills its minute. */
const CROWDS = { few: [300], full: [1_000, 5_000] }
const WORKERS = [1, 2, 4]
const MINUTE_S = 60

/**
 * How the cost of a tick grows with what is due and with what exists, what a second worker brings, and whether memory stays
 * flat. The engine and the table store are the real ones, on Azurite; `full` takes 10,000 services and six simulated hours.
 */
export async function benchScale(full: boolean, json: string | null): Promise<Part> {
  const data: Writable<ScaleData> = { sizes: [], pair: null, shared: [], memory: [], delays: DELAYS }
  const keep = async () => json !== null && (await writeFile(json, `${JSON.stringify(data, null, 1)}\n`))
  const scene = await createScaleScene(2)
  try {
    for (const [services, due] of full ? SIZES : SMALL) {
      await scene.grow(services, due)
      data.sizes = [...data.sizes, await measured(scene, services, due, 1)]
      await keep()
    }
    const { services, due } = data.sizes.at(-1) ?? { services: 0, due: 0 }
    data.pair = await measured(scene, services, due, 2)
    await keep()
  } finally {
    await scene.close()
  }
  for (const due of full ? CROWDS.full : CROWDS.few)
    data.shared = [...data.shared, ...(await shareTicks(WORKERS, due, DELAYS))]
  await keep()
  if (full) {
    await watchMemory(async (one) => {
      data.memory = [...data.memory, one]
      await keep()
    })
  }
  return partOf(data, full)
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** The quickest of some ticks; the first, in which connections are made and code is warmed, is not counted. */
async function measured(scene: ScaleScene, services: number, due: number, workers: number): Promise<Measured> {
  await scene.tick(workers)
  const ticks: Tick[] = []
  for (let tries = 0; ticks.length < TICKS; tries += 1) {
    const tick = await scene.tick(workers)
    if (tick.looks >= due * NEARLY_ALL) ticks.push(tick)
    else if (tries === 4 * TICKS) throw new Error(`${tick.looks} looks were stored, ${due} were due`)
  }
  const [quickest] = ticks.sort((a, b) => a.wallMs - b.wallMs)
  return { ...(quickest as Tick), services, due }
}

/** Six hours of a worker's life in a scene of its own, told every half hour. */
async function watchMemory(tell: (one: Remembered) => Promise<void>): Promise<void> {
  const scene = await createScaleScene(1, MEMORY_AT.interval)
  try {
    await scene.grow(MEMORY_AT.services, MEMORY_AT.due)
    let looks = 0
    for (let minute = 1; minute <= HOURS * MINUTE_S; minute += 1) {
      const tick = await scene.tick(1)
      looks += tick.looks
      if (minute % 30 === 0) await tell({ minute, looks, rssBytes: tick.rssBytes, heapBytes: tick.heapBytes })
    }
  } finally {
    await scene.close()
  }
}

function partOf({ sizes, pair, shared, memory }: ScaleData, full: boolean): Part {
  const many = sizes.at(-1) as Measured
  return {
    title: `Ticks among many services${full ? '' : ' (`--full`: 10,000 services, 1,000 due, six hours of memory)'}`,
    figures: [
      ...sizes.flatMap(figuresOf),
      atMost('the largest tick, wall clock', many.wallMs / 1000, MINUTE_S, ' s'),
      ...dueAlone(sizes),
      ...sharing(sizes.at(-1), pair),
      ...sharedBy(shared),
      ...flatness(memory),
    ],
    notes: [
      `The quickest of ${TICKS} ticks at which nothing is decided; each look is judged and stored. CPU is that of the worker, of`,
      'Azurite, and of the process that plays apps and measurements, which all share this machine’s cores.',
    ],
  }
}

function figuresOf({ services, due, wallMs, reads, writes, cpuMs }: Measured): readonly Figure[] {
  const where = `${round(due)} due of ${round(services)}`
  const cpu = [cpuMs.workers, cpuMs.azurite, cpuMs.world].map((ms) => (ms / due).toFixed(1)).join(' / ')
  return [
    told(`${where}: wall clock`, `${(wallMs / 1000).toFixed(2)} s`),
    told(`${where}: table reads and transactions`, `${round(reads)} + ${round(writes)}`),
    told(`${where}: CPU ms a look, worker / Azurite / world`, cpu),
  ]
}

/** Where as much is due among ten times as many, calls must be the same. */
function dueAlone(sizes: readonly Measured[]): readonly Figure[] {
  return sizes.flatMap((many) => {
    const few = sizes.find(({ due, services }) => due === many.due && services * 10 === many.services)
    if (few === undefined) return []
    const growth = (many.reads + many.writes) / (few.reads + few.writes)
    return [
      atMost(`calls, ${many.due} due of ${round(many.services)} against of ${round(few.services)}`, growth, 1.1, '×'),
    ]
  })
}

/** Two workers on one Azurite, which bears hardly more than one of them brings. */
function sharing(one: Measured | undefined, two: Measured | null): readonly Figure[] {
  if (one === undefined || two === null) return []
  return [
    told('two workers on one Azurite: looks of each, looks in vain', `${two.shares.join(' + ')}, ${two.inVain}`),
    told('two workers against one, on one Azurite', `${round(one.wallMs / two.wallMs)}×`),
    told('CPU of their looks against those of one', `${round(two.cpuMs.workers / one.cpuMs.workers)}×`),
  ]
}

function sharedBy(shared: readonly Shared[]): readonly Figure[] {
  return shared.flatMap(({ workers, due, tickMs, perSecond, shares, inVain }) => {
    const name = `${round(due)} due in simulated time, ${workers} worker${workers === 1 ? '' : 's'}`
    const what = `${round(tickMs / 1000)} s, ${round(perSecond)}/s (${shares.join(' + ')}, ${inVain} in vain)`
    const one = shared.find((other) => other.workers === 1 && other.due === due)
    if (one === undefined || workers !== 2) return [told(name, what)]
    const tick = told(`${name}: the tick against one`, `${round(one.tickMs / tickMs)}×`)
    if (due < 5_000) return [told(name, what), tick]
    return [told(name, what), tick, atLeast(`${name}: throughput against one`, perSecond / one.perSecond, 1.8, '×')]
  })
}

/** The last half hour against the first; growth by hour, as the line through the points after the first hour says it. */
function flatness(memory: ScaleData['memory']): readonly Figure[] {
  const settled = memory.filter(({ minute }) => minute >= MINUTE_S)
  if (settled.length < 2) return []
  const growth = (of: (one: (typeof settled)[number]) => number) => {
    const slopes = settled.flatMap((a, i) => settled.slice(i + 1).map((b) => (of(b) - of(a)) / (b.minute - a.minute)))
    return (median(slopes) * MINUTE_S * 100) / of(settled[0] as (typeof settled)[number])
  }
  const [first, last] = [memory[0], memory.at(-1)] as [Remembered, Remembered]
  return [
    told('looks in six simulated hours', round(last.looks)),
    atMost('heap in use at the end against after half an hour', last.heapBytes / first.heapBytes, 1.1, '×'),
    atMost(
      'growth of the heap in an hour',
      growth(({ heapBytes }) => heapBytes),
      1,
      ' %',
    ),
    atMost(
      'growth of the resident memory in an hour',
      growth(({ rssBytes }) => rssBytes),
      2,
      ' %',
    ),
  ]
}
