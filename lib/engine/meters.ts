import { exposition, type Family, type Sample } from '../core/exposition.ts'
import { reaches } from '../core/freeze.ts'
import type { Phase } from '../core/rollout.ts'
import { servicesOf } from './services.ts'
import type { Wheel } from './wheel.ts'

const PHASES: readonly Phase['kind'][] = [
  'preparing',
  'provisioning',
  'progressing',
  'paused',
  'rolling-back',
  'finished',
]

/** The control plane's own gauges, for each environment: what goes on, what waits, and how late it is. Throws Fault. */
export async function metersOf(wheel: Wheel, environments: readonly string[]): Promise<readonly Family[]> {
  const now = wheel.clock.now()
  const all = await Promise.all(environments.map((environment) => countsOf(wheel, environment, now)))
  const gauge = (name: string, help: string, count: (counts: Counts) => number): Family => ({
    name: `slipway_${name}`,
    help,
    type: 'gauge',
    samples: all.map((counts) => ({ labels: { environment: counts.environment }, value: count(counts) })),
  })
  return [
    {
      name: 'slipway_rollouts',
      help: 'Newest rollouts of services, by phase.',
      type: 'gauge',
      samples: all.flatMap(phaseSamples),
    },
    gauge('services', 'Services that have a manifest.', ({ services }) => services),
    gauge('oldest_due_seconds', 'How long the most overdue look has been due; 0 = none is.', ({ overdue }) => overdue),
    gauge('trouble', 'Rollouts that the outside refuses something.', ({ trouble }) => trouble),
    gauge('pending_pushes', 'Pushes that wait for a rollout to end.', ({ pending }) => pending),
    gauge('gates_waiting', 'Manual gates that wait for somebody.', ({ gates }) => gates),
    gauge('freezes_active', 'Freezes that hold now.', ({ freezes }) => freezes),
    gauge('services_frozen', 'Services that a freeze holds now.', ({ frozen }) => frozen),
  ]
}

/** Later than any look, and more than there are. */
const ALWAYS = Number.MAX_SAFE_INTEGER

interface Counts {
  readonly environment: string
  readonly services: number
  readonly phases: ReadonlyMap<string, number>
  readonly overdue: number
  readonly trouble: number
  readonly pending: number
  readonly gates: number
  readonly freezes: number
  readonly frozen: number
}

/**
 * Only what wants another look is loaded: a rollout that wants none is over. So the cost of a scrape is that of the list of
 * services, and grows beyond it with what is in progress.
 */
async function countsOf(wheel: Wheel, environment: string, now: number): Promise<Counts> {
  const [services, names, held] = await Promise.all([
    servicesOf(wheel, environment),
    wheel.store.due(environment, ALWAYS, ALWAYS),
    wheel.freezes.freezesOf(environment),
  ])
  const loaded = await wheel.store.load(environment, names)
  const rollouts = loaded.flatMap(({ rollout }) => (rollout === null ? [] : [rollout]))
  const phases = Map.groupBy(rollouts, ({ phase }) => phase.kind)
  const waiting = new Set(names)
  const over = services.filter(({ key, rolloutNumber }) => rolloutNumber > 0 && !waiting.has(key.name))
  const waits = rollouts.flatMap(({ wakeAt }) => (wakeAt === null ? [] : [wakeAt]))
  const open = held.freezes.filter((freeze) => wheel.openWindow(freeze, now) !== null)
  return {
    environment,
    services: services.length,
    phases: new Map(
      PHASES.map((kind) => [kind, (phases.get(kind)?.length ?? 0) + (kind === 'finished' ? over.length : 0)]),
    ),
    overdue: Math.max(0, ...waits.map((at) => (now - at) / 1000)),
    trouble: rollouts.filter(({ trouble }) => trouble !== null).length,
    pending: services.reduce((sum, { pending }) => sum + pending.length, 0),
    gates: rollouts.filter(({ phase }) => phase.kind === 'paused' && phase.why === 'gate').length,
    freezes: open.length,
    frozen: services.filter(({ key }) => open.some((freeze) => reaches(freeze, key.name))).length,
  }
}

/** Every phase has its sample, 0 too: a series that comes and goes cannot be alarmed on. */
function phaseSamples({ environment, phases }: Counts): readonly Sample[] {
  return PHASES.map((phase) => ({ labels: { environment, phase }, value: phases.get(phase) ?? 0 }))
}

/** What doors have answered since this instance began, and which build it is. */
export function instanceMeters(
  answered: readonly {
    readonly door: string
    readonly method: string
    readonly status: number
    readonly count: number
  }[],
  version: string,
): readonly Family[] {
  const samples = answered.map(({ door, method, status, count }) => {
    return { labels: { route: door, method, status: String(status) }, value: count }
  })
  return [
    {
      name: 'slipway_http_requests_total',
      help: 'Requests that this instance answered, by route, method and status.',
      type: 'counter',
      samples,
    },
    {
      name: 'slipway_build_info',
      help: 'Which build this is; always 1.',
      type: 'gauge',
      samples: [{ labels: { version }, value: 1 }],
    },
  ]
}

/** Families as the text that Prometheus scrapes. */
export function metersText(families: readonly Family[]): string {
  return exposition(families)
}
