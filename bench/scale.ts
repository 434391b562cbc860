import { storeManifest } from '../lib/engine/manifest.ts'
import { sweep } from '../lib/engine/sweep.ts'
import { type CallsScene, createCallsScene } from './calls-scene.ts'
import { atMost, type Part, round, told } from './report.ts'
import { addService, MINUTE_MS, manifestOf } from './services.ts'

/** What one tick took when `due` rollouts of `services` services wanted a look. */
interface Tick {
  readonly services: number
  readonly due: number
  readonly wallMs: number
  readonly tableReads: number
  readonly tableWrites: number
}

const TICKS = 3
const MOST_GROWTH = 1.5

/**
 * Wall clock and table calls of a tick with the same rollouts due, beside few and beside many services that want nothing.
 * The table store is the real one on Azurite, ARM is served over https, metrics are answered in this process.
 */
export async function benchScale(full: boolean): Promise<Part> {
  const [due, few, many] = full ? [1_000, 1_000, 10_000] : [100, 100, 1_000]
  const scene = await createCallsScene()
  try {
    const alone = await measured(scene, due, few)
    const among = await measured(scene, due, many)
    return {
      title: `One tick with ${round(due)} rollouts due${full ? '' : ' (`--full`: 1,000 due among 10,000 services)'}`,
      figures: [
        ...[alone, among].flatMap((tick) => [
          atMost(`among ${round(tick.services)} services, wall clock`, tick.wallMs / 1000, 60, ' s'),
          told(`among ${round(tick.services)} services, table reads`, round(tick.tableReads)),
          told(`among ${round(tick.services)} services, table transactions`, round(tick.tableWrites)),
        ]),
        atMost('table reads, many services against few', among.tableReads / alone.tableReads, MOST_GROWTH, '×'),
      ],
      notes: [
        `The quickest of ${TICKS} idle ticks on one engine. The hourly search for lost due rows, which reads every service, is not`,
        'in them: it runs with the first tick, which is not counted.',
      ],
    }
  } finally {
    await scene.close()
  }
}

async function measured(scene: CallsScene, due: number, services: number): Promise<Tick> {
  const environment = `of-${services}`
  for (let n = 0; n < services; n += 1) {
    const manifest = manifestOf(`s-${services}-${n}`, ['setWeight: 10', 'bake: 2h'], environment)
    if (n < due) await scene.begin(manifest)
    else {
      addService(scene.world, manifest)
      await storeManifest(scene.wheel, manifest, 'bench')
    }
  }
  for (let minutes = 0; minutes < 8; minutes += 1) await tick(scene, environment, services)
  const ticks: Tick[] = []
  while (ticks.length < TICKS) ticks.push(await tick(scene, environment, services))
  const [quickest] = ticks.sort((a, b) => a.wallMs - b.wallMs)
  if (quickest?.due !== due) throw new Error(`${quickest?.due} rollouts were due, not ${due}`)
  return quickest
}

async function tick({ wheel, clock, tally }: CallsScene, environment: string, services: number): Promise<Tick> {
  clock.advance(MINUTE_MS)
  Object.assign(tally, { tableReads: 0, tableWrites: 0 })
  const began = performance.now()
  const turned = await sweep(wheel, environment)
  const wallMs = performance.now() - began
  const broken = turned.find(({ result }) => result !== 'saved')
  if (broken !== undefined) throw new Error(`${broken.name}: ${broken.result}`, { cause: broken.error })
  return { services, due: turned.length, wallMs, tableReads: tally.tableReads, tableWrites: tally.tableWrites }
}
