import { sweep } from '../lib/engine/sweep.ts'
import type { Turned } from '../lib/engine/turn.ts'
import { type CallsScene, createCallsScene, type Tally } from './calls-scene.ts'
import { atMost, type Part, told } from './report.ts'
import { ENVIRONMENT, MINUTE_MS, manifestOf } from './services.ts'

/** One look at everything that is due, and what it cost. */
interface Tick {
  readonly turned: readonly Turned[]
  readonly cost: Tally
}

const STEPS = ['setWeight: 10', 'bake: 20m', 'setWeight: 50', 'bake: 20m', 'setWeight: 100']
const CROWDS = [1, 10, 100]

/** Counts what goes out to ARM and to Table Storage: for a weight change, for a look that changes nothing, for a crowd. */
export async function benchCalls(): Promise<Part> {
  const scene = await createCallsScene()
  try {
    const ticks = await followOne(scene)
    const changes = ticks.filter(isWeightChange)
    const confirming = ticks.filter(({ turned }) => wrote(turned, 'weights-confirmed'))
    const idle = ticks.filter(isIdle)
    if (changes.length !== 3 || idle.length < 30) throw new Error('the rollout did not go as it should')
    const crowds = []
    for (const size of CROWDS) crowds.push({ size, cost: await crowd(scene, size) })
    return {
      title: 'Calls to ARM and Table Storage (the dearest of each kind)',
      figures: [
        ...costs('a weight change', changes, { armReads: 2, armWrites: 1, tableWrites: 2 }),
        ...costs('the look that confirms it', confirming, {}),
        ...costs('an idle tick', idle, { armWrites: 0, tableWrites: 1 }),
        ...crowds.flatMap(({ size, cost }) => [
          told(`an idle tick of ${size} in one resource group: ARM reads`, String(cost.armReads)),
          told(`an idle tick of ${size} in one resource group: table transactions`, String(cost.tableWrites)),
        ]),
      ],
      notes: [
        `A weight change is the turn that decides it, stores it and writes it: ${changes.length} in one rollout. An idle tick is a look`,
        `at a running or watched rollout that decides nothing: ${idle.length} of them. A table transaction is a write: one entity-group`,
        'transaction, or one single row. Reads of tables are the range of due rows (twice), the service and its rollout, the freezes',
        'of the environment (once a turn), and once an hour the ranges that show whether a due row was lost.',
      ],
    }
  } finally {
    await scene.close()
  }
}

/** One rollout from the push to the end of its watch. */
async function followOne(scene: CallsScene): Promise<readonly Tick[]> {
  await scene.begin(manifestOf('alone', STEPS))
  const ticks: Tick[] = []
  for (;;) {
    const one = await tick(scene)
    ticks.push(one)
    const wakeAt = one.turned[0]?.decision?.next.wakeAt ?? null
    if (wakeAt === null) return ticks
    scene.clock.set(Math.max(wakeAt, scene.clock.now()))
  }
}

/** What one tick costs when `size` services of one resource group are within a step, alone in an environment of their own. */
async function crowd(scene: CallsScene, size: number): Promise<Tally> {
  const environment = `crowd-of-${size}`
  for (let n = 0; n < size; n++) {
    await scene.begin(manifestOf(`crowd-${size}-${n}`, ['setWeight: 10', 'bake: 20m'], environment))
  }
  for (let minutes = 0; minutes < 10; minutes++) {
    scene.clock.advance(MINUTE_MS)
    const { turned, cost } = await tick(scene, environment)
    if (turned.length === size && turned.every(isQuiet) && turned.every(isSteady)) return cost
  }
  throw new Error(`${size} services did not come to rest`)
}

async function tick({ wheel, tally }: CallsScene, environment = ENVIRONMENT): Promise<Tick> {
  Object.assign(tally, { armReads: 0, armWrites: 0, tableWrites: 0, tableReads: 0 })
  const turned = await sweep(wheel, environment)
  const broken = turned.find(({ result }) => result !== 'saved')
  if (broken !== undefined) throw new Error(`${broken.name}: ${broken.result}`, { cause: broken.error })
  return { turned, cost: { ...tally } }
}

function isWeightChange({ turned }: Tick): boolean {
  return turned.some(({ decision }) => decision?.actions.some(({ kind }) => kind === 'set-traffic') === true)
}

function isIdle({ turned }: Tick): boolean {
  return turned.length > 0 && turned.every(isQuiet)
}

function isQuiet({ decision }: Turned): boolean {
  return decision?.actions.length === 0 && decision.rows.length === 0
}

function isSteady({ decision }: Turned): boolean {
  return decision?.next.phase.kind === 'progressing' && decision.next.phase.steadyAt !== null
}

function wrote(turned: readonly Turned[], kind: string): boolean {
  return turned.some(({ decision }) => decision?.rows.some((row) => row.kind === kind) === true)
}

const WORDS: Readonly<Record<keyof Tally, string>> = {
  armReads: 'ARM reads',
  armWrites: 'ARM writes',
  tableWrites: 'table transactions',
  tableReads: 'table reads',
}

function costs(what: string, ticks: readonly Tick[], targets: Partial<Tally>) {
  return (Object.keys(WORDS) as (keyof Tally)[]).map((kind) => {
    const most = Math.max(...ticks.map(({ cost }) => cost[kind]))
    const target = targets[kind]
    const name = `${what}: ${WORDS[kind]}`
    return target === undefined ? told(name, String(most)) : atMost(name, most, target)
  })
}
