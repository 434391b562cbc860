import { type Breached, breach, type Storm } from './breach.ts'
import { atMost, type Figure, type Part, quantile, told } from './report.ts'

const WEATHERS: readonly { readonly name: string; readonly storm: Storm | null; readonly p99S: number }[] = [
  { name: 'fair weather', storm: null, p99S: 60 },
  { name: 'a storm without Retry-After', storm: { longestRetryAfterS: null }, p99S: 300 },
  { name: 'a storm with Retry-After 1…60 s', storm: { longestRetryAfterS: 60 }, p99S: 300 },
]

/** How long simulated canaries that turn bad keep their traffic once that can be known. */
export async function benchRollback(full: boolean): Promise<Part> {
  const breaches = full ? 10_000 : 1_000
  const figures: Figure[] = []
  for (const { name, storm, p99S } of WEATHERS) {
    const met: Breached[] = []
    for (let seed = 1; seed <= breaches; seed++) met.push(await breach(seed, storm))
    const since = (what: keyof Pick<Breached, 'fromReadableMs' | 'fromDecisionMs'>) =>
      met.map((one) => one[what] / 1000)
    figures.push(
      ...spread(`${name}: readable to PATCH`, since('fromReadableMs'), p99S),
      ...spread(`${name}: decision to PATCH`, since('fromDecisionMs'), p99S),
      told(`${name}: calls to ARM in the busiest minute`, String(Math.max(...met.map((one) => one.callsInAMinute)))),
      atMost(`${name}: canaries raised meanwhile`, met.filter(({ isRaised }) => isRaised).length, 0),
    )
  }
  return {
    title: `Rollback of ${breaches.toLocaleString('en')} canaries that turn bad, in each weather`,
    figures,
    notes: [
      'Readable: the end of the oldest bucket that the deciding look absorbed, and the lag of its source. A storm refuses 90 % of',
      'all calls to ARM with 429 for 30 minutes, and begins before the canary turns bad. Clock wound by hand: calls take no time.',
    ],
  }
}

function spread(name: string, seconds: readonly number[], p99S: number): readonly Figure[] {
  const at = (q: number) => `${quantile(seconds, q).toFixed(1)} s`
  return [
    told(`${name}, p50`, at(0.5)),
    told(`${name}, p95`, at(0.95)),
    atMost(`${name}, p99`, quantile(seconds, 0.99), p99S, ' s'),
    told(`${name}, max`, at(1)),
  ]
}
