import type { TrafficWeight } from '@azure/arm-appcontainers'
import type { TrafficEntry } from '../../core/app.ts'
import { Fault } from '../../errors.ts'

/**
 * The traffic list as ARM takes it, every entry with its revision's name and weight. Throws Fault `malformed` before
 * anything is sent when the list would be unsafe: Azure itself accepts several of these (weights to whatever is latest
 * among them), and the array replaces the stored one as a whole.
 */
export function trafficPatch(what: string, traffic: readonly TrafficEntry[]): TrafficWeight[] {
  const complaint = complaintAbout(traffic)
  if (complaint !== null) throw new Fault('malformed', `${what}: ${complaint}. Nothing was sent.`)
  return traffic.map(({ revision, weight, label }) => ({
    revisionName: revision as string,
    weight,
    ...(label === null ? {} : { label }),
  }))
}

function complaintAbout(traffic: readonly TrafficEntry[]): string | null {
  const nameless = traffic.find(({ revision }) => !revision)
  if (nameless !== undefined) return `an entry of weight ${nameless.weight} names no revision`
  const odd = traffic.find(({ weight }) => !Number.isInteger(weight) || weight < 0 || weight > 100)
  if (odd !== undefined) return `weight ${odd.weight} of ${odd.revision} is not a whole number from 0 to 100`
  const total = traffic.reduce((sum, { weight }) => sum + weight, 0)
  if (total !== 100) return `weights total ${total}, not 100`
  const labels = traffic.flatMap(({ label }) => (label === null ? [] : [label]))
  const twice = labels.find((label, index) => labels.indexOf(label) !== index)
  return twice === undefined ? null : `label ${twice} is given twice`
}
