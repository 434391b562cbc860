/**
 * Runs as many simulated canaries as its first argument says, `PER_STAGE` of them side by side in one environment, and prints
 * one line of JSON: what it took. Each canary bakes for 48 hours at 10 %, is looked at and judged every so many minutes as
 * the second argument says (1) on two KPIs, and must end promoted.
 */
import { createStage } from '../sim/runner.ts'
import { addService, ENVIRONMENT, MINUTE_MS, manifestOf, pushOf } from './services.ts'

/** What a run of canaries took. `looks` are turns of one service: load, observe, judge, decide, save. */
export interface CanaryRun {
  readonly canaries: number
  readonly looks: number
  readonly queries: number
  readonly wallMs: number
  /** CPU time of the process, its start included. */
  readonly cpuMs: number
  readonly peakRssBytes: number
  /** Heap in use after a stage was thrown away and the garbage collected, at the end of the run. */
  readonly heapBytes: number
}

const canaries = Number(process.argv[2])
const intervalMs = Number(process.argv[3] ?? 1) * MINUTE_MS
const PER_STAGE = 100
const HOUR_MS = 3_600_000

async function runStage(count: number, seed: number): Promise<{ readonly looks: number; readonly queries: number }> {
  const stage = createStage({ seed, crash: 'never' })
  const manifests = Array.from({ length: count }, (_, n) => {
    const manifest = manifestOf(`service-${n}`, ['setWeight: 10', 'bake: 48h'])
    return { ...manifest, analysis: { ...manifest.analysis, intervalMs } }
  })
  for (const manifest of manifests) {
    addService(stage.world, manifest)
    await stage.declare(manifest)
    await stage.push(pushOf(manifest.name, 2, stage.clock.now()))
  }
  const before = stage.store.commits().saved
  await stage.run(50 * HOUR_MS)
  for (const { name } of manifests) {
    const { phase } = stage.rollout({ environment: ENVIRONMENT, name })
    if (phase.kind !== 'finished' || phase.outcome !== 'promoted')
      throw new Error(`${name} is ${JSON.stringify(phase)}`)
  }
  if (stage.broken.length > 0) throw stage.broken[0]?.error
  return { looks: stage.store.commits().saved - before, queries: stage.metrics.asked }
}

const began = performance.now()
let looks = 0
let queries = 0
for (let done = 0; done < canaries; done += PER_STAGE) {
  const stage = await runStage(Math.min(PER_STAGE, canaries - done), 1 + done)
  looks += stage.looks
  queries += stage.queries
}
const wallMs = performance.now() - began
const cpu = process.cpuUsage()
globalThis.gc?.()
const run: CanaryRun = {
  canaries,
  looks,
  queries,
  wallMs,
  cpuMs: (cpu.user + cpu.system) / 1000,
  peakRssBytes: process.resourceUsage().maxRSS * 1024,
  heapBytes: process.memoryUsage().heapUsed,
}
process.stdout.write(`${JSON.stringify(run)}\n`)
