import { exposition, type Family, type Sample } from '../core/exposition.ts'
import { reaches } from '../core/freeze.ts'
import type { Phase } from '../core/rollout.ts'
import type { Loaded } from '../ports.ts'
import type { Wheel } from './wheel.ts'

const PHASES: readonly Phase['kind'][] = [
  'preparing',
  'provisioning',
  'progressing',
  'paused',
  'rolling-back',
  'finished',
]
const PAGE = 100

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

async function countsOf(wheel: Wheel, environment: string, now: number): Promise<Counts> {
  const [items, held] = await Promise.all([loadAll(wheel, environment), wheel.freezes.freezesOf(environment)])
  const rollouts = items.flatMap(({ rollout }) => (rollout === null ? [] : [rollout]))
  const waits = rollouts.flatMap(({ wakeAt }) => (wakeAt === null ? [] : [wakeAt]))
  const open = held.freezes.filter((freeze) => wheel.openWindow(freeze, now) !== null)
  return {
    environment,
    services: items.length,
    phases: new Map(
      [...Map.groupBy(rollouts, ({ phase }) => phase.kind)].map(([kind, members]) => [kind, members.length]),
    ),
    overdue: Math.max(0, ...waits.map((at) => (now - at) / 1000)),
    trouble: rollouts.filter(({ trouble }) => trouble !== null).length,
    pending: items.reduce((sum, { service }) => sum + service.pending.length, 0),
    gates: rollouts.filter(({ phase }) => phase.kind === 'paused' && phase.why === 'gate').length,
    freezes: open.length,
    frozen: items.filter(({ service }) => open.some((freeze) => reaches(freeze, service.key.name))).length,
  }
}

async function loadAll(wheel: Wheel, environment: string): Promise<readonly Loaded[]> {
  const loaded: Loaded[] = []
  let from: string | null = null
  do {
    const page: Awaited<ReturnType<Wheel['catalogue']['list']>> = await wheel.catalogue.list(environment, PAGE, from)
    const names = page.items.map(({ key }) => key.name)
    loaded.push(...(names.length === 0 ? [] : await wheel.store.load(environment, names)))
    from = page.next
  } while (from !== null)
  return loaded
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
