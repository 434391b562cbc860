import { HEALTHY, type Level, type Shape } from './shape.ts'

/** A soak that can be played from a seed, and what a good judge does with it. */
export interface Scenario {
  /** Short id, as in the tables: `H1`, `R2b`, `HO8`. */
  readonly name: string
  /** What a person would type instead. */
  readonly alias: string
  readonly about: string
  /** `healthy` must not be aborted; `regression` must be noticed. */
  readonly kind: 'healthy' | 'regression'
  /** First minute that is worse than it should be; 0 where nothing is. */
  readonly onsetMinute: number
  readonly minutes: number
  /** `hold` is worse than the baseline but within the limits: no advance, and no abort. */
  readonly expected: 'pass' | 'abort' | 'hold'
  readonly shape: Shape
}

const HOUR = 60
const DAY = 24 * HOUR
const SOAK = 48 * HOUR

const NUISANCES = {
  swing: 0.5,
  jitter: 0.08,
  incidents: 3,
  burst: 3,
  burstBefore: 3,
  coldMinutes: 5,
  clientBursts: 4,
  gapMinutes: 30,
} as const satisfies Partial<Shape>

const BURSTY = { burst: 3, burstBefore: 3 } as const satisfies Partial<Shape>
const LIMIT = {
  errors: { canary: 0.001, baseline: 0.001 },
  p95: { canary: 200, baseline: 200 },
} as const satisfies Partial<Shape>

const ALL: readonly Scenario[] = [
  healthy('H1', 'healthy', 'A healthy canary with steady traffic', {}),
  healthy(
    'H2',
    'shared-incidents',
    'Traffic with day and night, drifting latency, three incidents that both arms share',
    {
      swing: 0.5,
      jitter: 0.08,
      incidents: 3,
    },
  ),
  healthy('H3', 'bursty', 'Errors come in bursts of three on average, as from clients that retry', BURSTY),
  healthy('H4', 'cold-start', 'The canary fails more and is slow for its first five minutes', { coldMinutes: 5 }),
  healthy('H5', 'at-limit', 'Both arms sit exactly at the limits: 0.1 % errors, p95 of 200 ms', LIMIT),
  healthy('H5b', 'at-limit-bursty', 'Both arms sit exactly at the limits, and errors come in bursts', {
    ...LIMIT,
    ...BURSTY,
  }),
  healthy('H6', 'low-traffic', 'A healthy canary that gets one request in ten seconds', { rps: 1 }),
  healthy('H7', 'metrics-gap', 'Metrics of both arms are missing for 30 minutes', { gapMinutes: 30 }),
  healthy('H8', 'all-nuisances', 'Every nuisance of the healthy scenarios at once', NUISANCES),
  healthy('H9', 'client-bursts', 'Four times one client fails 60 times within a minute on one arm', {
    clientBursts: 4,
  }),
  healthy('H10', 'shared-drift', 'Both arms drift to 0.2 % errors within the hour after hour 10', {
    errors: { canary: sharedDrift, baseline: sharedDrift },
  }),
  failing('R1', 'errors-1pct', 0.01, 0),
  failing('R2', 'errors-0.3pct', 0.003, 0),
  failing('R2b', 'errors-0.2pct', 0.002, 0),
  failing('R3', 'errors-5pct', 0.05, 0),
  failing('R4', 'errors-50pct', 0.5, 0),
  failing('R5', 'errors-1pct-late', 0.01, DAY),
  failing('R5b', 'errors-5pct-late', 0.05, DAY),
  regression('R6', 'latency-250', 'p95 of the canary is 250 ms', 0, slowCanary(250)),
  regression('R7', 'latency-220', 'p95 of the canary is 220 ms', 0, slowCanary(220)),
  regression(
    'R8',
    'leak',
    'p95 of the canary creeps from 150 to 300 ms between hours 6 and 30',
    6 * HOUR,
    slowCanary(leak),
  ),
  {
    ...regression('R9', 'worse-within-limit', 'The canary fails six times as often, yet within the limit', 0, {
      errors: { canary: 0.0006, baseline: 0.0001 },
    }),
    expected: 'hold',
  },
  regression('R10', 'hourly-outage', 'Half of the canary’s requests fail during one minute of every hour', HOUR / 2, {
    errors: { canary: (minute) => (minute >= 0 && minute % HOUR === HOUR / 2 ? 0.5 : 0.0005), baseline: 0.0005 },
  }),
  regression('R11', 'low-traffic-errors-5pct', '5 % errors at one canary request in ten seconds', 0, {
    rps: 1,
    errors: { canary: 0.05, baseline: 0.0005 },
  }),
  regression('R12', 'nuisances-errors-1pct', '1 % errors amid every nuisance of the healthy scenarios', 0, {
    ...NUISANCES,
    errors: { canary: 0.01, baseline: 0.0005 },
  }),
  healthy('HO8', 'sudden-bursts', 'Errors come in bursts of three, but did not on the day before', { burst: 3 }),
  {
    ...healthy('HO9', 'at-limit-and-worse', 'The canary sits exactly at 0.1 % errors, the baseline at 0.02 %', {
      errors: { canary: 0.001, baseline: 0.0002 },
    }),
    expected: 'hold',
  },
  {
    ...healthy('HO10', 'near-limit-and-worse', 'The canary fails at 0.08 %, the baseline at 0.02 %', {
      errors: { canary: 0.0008, baseline: 0.0002 },
    }),
    expected: 'hold',
  },
  {
    ...healthy('HO11', 'shared-fault-low-traffic', 'Both arms fail at 0.2 %, at 5 requests a second', {
      rps: 5,
      errors: { canary: 0.002, baseline: 0.002 },
    }),
    expected: 'hold',
  },
]

/** Every scenario by its short id, in the order of the tables. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = Object.fromEntries(
  ALL.map((scenario) => [scenario.name, scenario]),
)

/** The scenario with this id or alias, in any case; undefined where there is none. */
export function findScenario(word: string): Scenario | undefined {
  const wanted = word.toLowerCase()
  return ALL.find(({ name, alias }) => name.toLowerCase() === wanted || alias === wanted)
}

function healthy(name: string, alias: string, about: string, change: Partial<Shape>): Scenario {
  const shape = { ...HEALTHY, ...change }
  return { name, alias, about, kind: 'healthy', onsetMinute: 0, minutes: SOAK, expected: 'pass', shape }
}

function regression(name: string, alias: string, about: string, onsetMinute: number, change: Partial<Shape>): Scenario {
  const shape = { ...HEALTHY, ...change }
  return { name, alias, about, kind: 'regression', onsetMinute, minutes: SOAK, expected: 'abort', shape }
}

/** Errors of the canary rise to `rate` at a minute and stay there. */
function failing(name: string, alias: string, rate: number, onset: number): Scenario {
  const when = onset === 0 ? 'from the start' : `from hour ${onset / HOUR} on`
  const about = `The canary fails at ${Number((rate * 100).toPrecision(3))} % ${when}`
  const canary: Level = (minute) => (minute >= onset ? rate : 0.0005)
  return regression(name, alias, about, onset, { errors: { canary, baseline: 0.0005 } })
}

function slowCanary(canary: Level): Partial<Shape> {
  return { p95: { canary, baseline: 150 } }
}

function leak(minute: number): number {
  const share = (minute - 6 * HOUR) / (24 * HOUR)
  return 150 + 150 * Math.min(1, Math.max(0, share))
}

function sharedDrift(minute: number): number {
  const share = (minute - 10 * HOUR) / HOUR
  return 0.0005 + 0.0015 * Math.min(1, Math.max(0, share))
}
