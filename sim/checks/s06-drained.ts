import { type Check, checkOf } from './check.ts'
import { followSkews, SKEWS } from './skews.ts'
import { followSleepers, SLEEPERS } from './sleepers.ts'

/** What may lie between the moment that users feel and the one that a clock tells. */
const OFF_MS = 1_000

/**
 * S6: a revision is switched off only when it has had no traffic for the drain that its manifest says, and another that
 * has traffic is on and can serve. Workers whose clocks are apart may be wrong about that time by as much as they are apart,
 * and by no more. What a hand gave and took at once served nobody, and who slept inside its call is held to nothing. How long
 * a promotion keeps what it replaced is S7's.
 */
export function checkDrained(): Check {
  const drains = new Map<string, number>()
  /** From when to when it last had traffic, by app and revision; to infinite = it has some. */
  const spans = new Map<string, Map<string, { readonly from: number; to: number }>>()
  const skews = followSkews()
  const sleepers = followSleepers()
  return checkOf({
    invariant: 'S6',
    kinds: [...SKEWS, ...SLEEPERS, 'service', 'traffic'],
    see: (event) => {
      skews.see(event)
      sleepers.see(event)
      if (event.kind === 'service') drains.set(event.app, event.manifest.drainMs)
      if (event.kind === 'traffic') {
        const served = spans.get(event.app) ?? new Map<string, { readonly from: number; to: number }>()
        spans.set(event.app, served)
        for (const [name, span] of served) {
          if (span.to !== Number.POSITIVE_INFINITY || (event.weights[name] ?? 0) > 0) continue
          if (span.from === event.at) served.delete(name)
          else span.to = event.at
        }
        for (const [name, weight] of Object.entries(event.weights)) {
          const isOn = served.get(name)?.to === Number.POSITIVE_INFINITY
          if (weight > 0 && !isOn) served.set(name, { from: event.at, to: Number.POSITIVE_INFINITY })
        }
      }
      if (event.kind !== 'arm-write' || event.deed !== 'deactivate' || sleepers.isWaking(event.worker)) return []
      const name = event.asked.revision ?? ''
      const lastOf = (revision: string) => spans.get(event.app)?.get(revision)?.to ?? Number.NEGATIVE_INFINITY
      const idle = event.at - lastOf(name)
      const drainMs = (drains.get(event.app) ?? 0) - skews.apart(lastOf(name))
      const fit = event.revisions.filter((one) => one.active && one.ready && one.name !== name)
      const wrongs: string[] = []
      if (idle === Number.NEGATIVE_INFINITY) wrongs.push('it has traffic')
      else if (idle < drainMs - OFF_MS) wrongs.push(`it lost its traffic ${idle / 1000} s ago`)
      if (!fit.some((one) => lastOf(one.name) === Number.POSITIVE_INFINITY))
        wrongs.push('no other that has traffic can serve')
      return wrongs.map((wrong) => ({
        invariant: 'S6',
        says: `worker ${event.worker} switched off ${name} of ${event.app} at ${new Date(event.at).toISOString()}: ${wrong}`,
        n: event.n,
      }))
    },
    end: () => [],
  })
}
