import { sweep } from '../lib/engine/sweep.ts'
import type { Turned } from '../lib/engine/turn.ts'
import { type Crowd, type CrowdCalls, crowdCalls } from './calls-crowd.ts'
import { type CallsScene, createCallsScene, type Tally } from './calls-scene.ts'
import { atMost, type Figure, type Part, told } from './report.ts'
import { ENVIRONMENT, manifestOf } from './services.ts'

/** One look at everything that is due, and what it cost. */
interface Tick {
  readonly turned: readonly Turned[]
  readonly cost: Tally
}

const STEPS = ['setWeight: 10', 'bake: 20m', 'setWeight: 50', 'bake: 20m', 'setWeight: 100']
/** Rollouts, resource groups, workspaces. */
const CROWDS = [
  [1, 1, 1],
  [10, 1, 1],
  [100, 1, 1],
  [100, 10, 1],
  [100, 10, 10],
] as const
const LARGE = [
  [1_000, 1, 1],
  [1_000, 10, 10],
] as const
/** Long enough for every quiet app to have its turn: four minutes for 100, twenty for 1,000. */
const TICKS = { few: 8, full: 20 }

/**
 * Counts what goes out to ARM and to Table Storage, for a weight change and for a look that changes nothing; and what goes out
 * to ARM and to the sources for crowds of up to 100 quiet rollouts, `full`: 1,000.
 */
export async function benchCalls(full: boolean): Promise<Part> {
  const scene = await createCallsScene()
  try {
    const ticks = await followOne(scene)
    const changes = ticks.filter(isWeightChange)
    const confirming = ticks.filter(({ turned }) => wrote(turned, 'weights-confirmed'))
    const idle = ticks.filter(isIdle)
    if (changes.length !== 3 || idle.length < 30) throw new Error('the rollout did not go as it should')
    return {
      title: 'Calls to ARM, Table Storage and the sources (the dearest of each kind)',
      figures: [
        ...costs('a weight change', changes, { armReads: 2, armWrites: 1, tableWrites: 2 }),
        ...costs('the look that confirms it', confirming, {}),
        ...costs('an idle tick', idle, { armWrites: 0, tableWrites: 1 }),
        ...(await crowds(full)),
      ],
      notes: [
        `A weight change is the turn that decides it, stores it and writes it: ${changes.length} in one rollout. An idle tick is a look`,
        `at a running or watched rollout that decides nothing: ${idle.length} of them. A table transaction is a write: one entity-group`,
        'transaction, or one single row. Reads of tables are the range of due rows (twice), the service and its rollout, the freezes',
        'of the environment (once a turn), and once an hour the ranges that show whether a due row was lost.',
        'A crowd is told as rollouts/resource groups/workspaces, with the most of a tick and the mean over some in a row.',
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

async function crowds(full: boolean): Promise<readonly Figure[]> {
  const sizes = full ? [...CROWDS, ...LARGE] : CROWDS
  const asked = sizes.map(
    ([rollouts, groups, workspaces]): Crowd => ({ rollouts, groups, workspaces, state: 'baking' }),
  )
  const one = { rollouts: 100, groups: 1, workspaces: 1 }
  const others: readonly Crowd[] = [
    { ...one, state: 'watched' },
    { ...one, state: 'baking', source: 'azure-metrics' },
    { ...one, state: 'baking', source: 'prometheus' },
  ]
  const figures: Figure[] = []
  for (const crowd of [...asked, ...others]) {
    const calls = await crowdCalls(crowd, crowd.rollouts > 100 ? TICKS.full : TICKS.few)
    figures.push(...crowdFigures(crowd, calls))
  }
  return figures
}

/** At most as many reads of ARM as lists of groups and the turns of a minute twice over; at most a query per slice of 500. */
function crowdFigures(crowd: Crowd, { most, mean }: CrowdCalls): readonly Figure[] {
  const { rollouts, groups, workspaces, state, source = 'azure-logs' } = crowd
  const name = `${state} ${rollouts}/${groups}/${workspaces}`
  const slices = Math.ceil(rollouts / workspaces / 500) * workspaces
  const turns = Math.min(rollouts, 50)
  const about = (kind: 'arm' | 'logs' | 'monitor' | 'prometheus') => `${most[kind]} (mean ${mean[kind].toFixed(1)})`
  const arm = atMost(`${name}: ARM reads`, most.arm, 2 * groups + turns)
  if (state === 'watched') return [{ ...arm, value: about('arm') }]
  if (source === 'azure-metrics') return [told(`${name}: Azure Monitor`, about('monitor'))]
  if (source === 'prometheus') return [told(`${name}: Prometheus`, about('prometheus'))]
  const logs = atMost(`${name}: Log Analytics`, most.logs, slices)
  return [
    { ...arm, value: about('arm') },
    { ...logs, value: about('logs') },
  ]
}

async function tick({ wheel, tally }: CallsScene, environment = ENVIRONMENT): Promise<Tick> {
  Object.assign(tally, { armReads: 0, armWrites: 0, tableWrites: 0, tableReads: 0, searchWrites: 0 })
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

function wrote(turned: readonly Turned[], kind: string): boolean {
  return turned.some(({ decision }) => decision?.rows.some((row) => row.kind === kind) === true)
}

const WORDS: Readonly<Record<keyof Tally, string>> = {
  armReads: 'ARM reads',
  armWrites: 'ARM writes',
  tableWrites: 'table transactions',
  tableReads: 'table reads',
  searchWrites: 'notes of the hourly search for lost due rows',
}

function costs(what: string, ticks: readonly Tick[], targets: Partial<Tally>) {
  return (Object.keys(WORDS) as (keyof Tally)[]).map((kind) => {
    const most = Math.max(...ticks.map(({ cost }) => cost[kind]))
    const target = targets[kind]
    const name = `${what}: ${WORDS[kind]}`
    return target === undefined ? told(name, String(most)) : atMost(name, most, target)
  })
}
