import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { CanaryRun } from './canaries-child.ts'
import { type Part, round, told } from './report.ts'

const FULL = 10_000
const USUAL = 1_000
const CHILD = join(import.meta.dirname, 'canaries-child.ts')
const MEGABYTE = 1024 * 1024

/** Minutes between two looks of the canaries that are looked at less often, and how many of these are run. */
const SELDOM = [5, 15] as const
const FEW = 200

async function runOf(canaries: number, minutes: number): Promise<CanaryRun> {
  const args = ['--expose-gc', CHILD, String(canaries), String(minutes)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as CanaryRun
}

async function seldom(): Promise<Part['figures']> {
  const figures: Part['figures'][number][] = []
  for (const minutes of SELDOM) {
    const { canaries, cpuMs } = await runOf(FEW, minutes)
    figures.push(
      told(`canaries per second of CPU time, a look every ${minutes} minutes`, round((canaries * 1000) / cpuMs)),
    )
  }
  return figures
}

/** Wall clock and memory of simulated 48-hour canaries: 10,000 with `full`, otherwise as many as a coffee lasts. */
export async function benchCanaries(full: boolean): Promise<Part> {
  const { canaries, looks, queries, wallMs, peakRssBytes, heapBytes, cpuMs } = await runOf(full ? FULL : USUAL, 1)
  const seconds = wallMs / 1000
  return {
    title: `Simulated 48-hour canaries${full ? '' : ` (${round(USUAL)} of them; \`npm run bench -- --full\` runs ${round(FULL)})`}`,
    figures: [
      told('canaries, every one promoted', round(canaries)),
      told('wall clock, one process', `${round(seconds)} s`),
      told('canaries per second', round(canaries / seconds)),
      told('canaries per second of CPU time, a look every minute', round((canaries * 1000) / cpuMs)),
      ...(await seldom()),
      told('looks per second', round(looks / seconds)),
      told('looks at one canary', round(looks / canaries)),
      told('KPIs judged per second', round(queries / seconds)),
      told('memory at its peak (RSS)', `${round(peakRssBytes / MEGABYTE)} MiB`),
      told('heap in use at the end', `${round(heapBytes / MEGABYTE)} MiB`),
      ...(full ? [] : [told(`${round(FULL)} would take`, `${round((seconds * FULL) / canaries / 60)} min`)]),
    ],
    notes: ['Each is looked at once a minute with two KPIs judged, by the real engine and core on a hand-wound clock.'],
  }
}
