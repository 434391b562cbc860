import { GRID } from '../../sim/streams/grid.ts'
import { SCENARIOS } from '../../sim/streams/scenarios.ts'
import { type Job, LAG_ROWS } from './jobs.ts'
import { playAll, type Rows } from './pool.ts'

/** How many soaks of each kind are played. */
export interface Sizes {
  readonly soaks: number
  readonly kayenta: number
  readonly grid: number
  /** Behind a source that lags: outages, and healthy soaks. */
  readonly lag: number
  readonly lagHealthy: number
}

/** What the tables and targets are made from: the rows of each scenario, cell and lag row, by its key. */
export interface Played {
  readonly sizes: Sizes
  readonly soak: Readonly<Record<string, Rows>>
  readonly grid: Readonly<Record<string, Rows>>
  readonly lag: Readonly<Record<string, Rows>>
}

/** The whole proof. */
export const FULL: Sizes = { soaks: 2000, kayenta: 400, grid: 400, lag: 1000, lagHealthy: 300 }

/** As much as fits into a minute: it shows that everything runs, and proves nothing about rare false aborts. */
export const SUBSET: Sizes = { soaks: 24, kayenta: 6, grid: 6, lag: 60, lagHealthy: 4 }

/** So many soaks make a job: small enough that threads end together. */
const CHUNK = 50

/** Plays everything; seeds count from 1, so every run of the same sizes plays the same soaks. */
export async function playPlan(sizes: Sizes, onDone: (done: number, of: number) => void): Promise<Played> {
  const jobs = [
    ...Object.entries(LAG_ROWS).flatMap(([name, { kind }]) =>
      jobsOf('lag', name, kind === 'healthy' ? sizes.lagHealthy : sizes.lag, 0),
    ),
    ...Object.keys(SCENARIOS).flatMap((name) => jobsOf('soak', name, sizes.soaks, sizes.kayenta)),
    ...[...GRID.keys()].flatMap((cell) => jobsOf('grid', String(cell), sizes.grid, 0)),
  ]
  const results = await playAll(jobs, (done) => onDone(done, jobs.length))
  const gather = (kind: Job['kind']): Readonly<Record<string, Rows>> => {
    const gathered: Record<string, Rows> = {}
    jobs.forEach((job, index) => {
      if (job.kind === kind) gathered[job.name] = [...(gathered[job.name] ?? []), ...(results[index] ?? [])]
    })
    return gathered
  }
  return { sizes, soak: gather('soak'), grid: gather('grid'), lag: gather('lag') }
}

function jobsOf(kind: Job['kind'], name: string, soaks: number, kayenta: number): readonly Job[] {
  return Array.from({ length: Math.ceil(soaks / CHUNK) }, (_, chunk) => {
    const from = 1 + chunk * CHUNK
    return { kind, name, from, to: Math.min(from + CHUNK, soaks + 1), kayentaBelow: kayenta + 1 }
  })
}
