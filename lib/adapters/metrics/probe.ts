import type { Bucket, Query, Reading } from '../../core/judge/reading.ts'
import type { Source } from '../../core/service.ts'
import type { Metrics } from '../../ports.ts'
import { missing } from './missing.ts'
import { type ProbeBatch, sendBatches } from './probe-batch.ts'
import { hasFailed, noteOn, saysNothing, unreached } from './probe-outcome.ts'
import type { Outcome, ProbeTls } from './probe-send.ts'
import { shellWord } from './shell.ts'
import type { Trouble } from './trouble.ts'
import { cannotAskWindow } from './window.ts'

export interface ProbeOptions {
  /** Epoch milliseconds; the machine's clock unless told otherwise. */
  readonly now?: () => number
  /** Authorities to trust instead of the usual ones, and another way to look up names. */
  readonly tls?: ProbeTls
  /** Between two probes of one address, default 250 ms. */
  readonly gapMs?: number
  /** All probes of a read are sent within this time, default 12,000 ms; the last answer may take its look-up and its time-out longer. */
  readonly sendMs?: number
  /** So many probes are under way at the same time, over all rollouts, default 50. */
  readonly atOnce?: number
  /** So long a name may take to be looked up, default 5,000 ms. It is no part of the time-out and of the latency. */
  readonly lookupMs?: number
}

/** A query that can be probed: where, and how. */
interface Placed {
  readonly query: Query
  readonly host: string
  readonly source: Extract<Source, { kind: 'probe' }>
}

/**
 * Probes that Slipway itself sends: each read asks `https://<host><path>` of a revision `count` times, once per address
 * whatever number of KPIs look at it, each time over a new connection. Bad, for uptime and error rates, is no answer within
 * the time-out, a broken connection, and a status of 400 or above: as with health probes only 200–399 is well, so that a wrong
 * path fails loudly and never passes for healthy. For latency bad is all of that, and slower than the limit, connecting
 * included, looking the name up not. A redirect is an answer and is not followed. What says nothing about the revision (its
 * name cannot be looked up or not in time, its ingress is not reached or its certificate not trusted, Slipway has no sockets
 * left) is not counted. A probe knows no past: a
 * reading holds the one bucket in which its probes were begun. Every probe carries the header `slipway-probe: 1`. Never
 * throws.
 */
export function createProbe(options: ProbeOptions = {}): Metrics {
  const { now = Date.now, tls = {}, gapMs = 250, sendMs = 12_000, atOnce = 50, lookupMs = 5000 } = options
  return {
    async read(queries) {
      const placed = queries.map(place)
      const batches = batchesOf(placed.filter((one) => 'host' in one))
      const startedAt = now()
      const outcomes = await sendBatches([...batches.values()], { tls, gapMs, sendMs, atOnce, lookupMs })
      const byAddress = new Map([...batches.keys()].map((address, at) => [address, outcomes[at] ?? []]))
      return placed.map((one, at) => {
        if ('why' in one) return missing(queries[at]?.id ?? '', one.silence, one.why, '')
        return toReading(one, byAddress.get(addressOf(one)) ?? [], startedAt)
      })
    },
  }
}

function place(query: Query): Placed | Trouble {
  const { kpi, host, revision } = query
  const { source } = kpi
  const refused = (why: string): Trouble => ({ silence: 'refused', why: `KPI ${kpi.name}: ${why}` })
  if (source.kind !== 'probe') return refused(`it is measured by ${source.kind}, not by probes`)
  if (kpi.kind === 'ratio' || kpi.kind === 'gauge')
    return refused(`probes measure uptime, error rates and latency, no ${kpi.kind}: use another source`)
  const why = cannotAskWindow(query)
  if (why !== null) return refused(why)
  if (!source.path.startsWith('/'))
    return refused(`the path ${JSON.stringify(source.path)} does not begin with a slash: correct the manifest`)
  if (host === null) {
    const unset = `revision ${revision} has no address of its own, so it cannot be probed: switch the app's ingress on`
    return { silence: 'unset', why: unset }
  }
  if (!isHost(host))
    return refused(`${JSON.stringify(host).slice(0, 80)} is no host that could be probed: look at the app in Azure`)
  return { query, host, source }
}

function isHost(host: string): boolean {
  const port = /^[a-z0-9.-]+(?::([0-9]{1,5}))?$/i.exec(host)
  return port !== null && Number(port[1] ?? 443) <= 65_535
}

/** One batch per address: KPIs that look at the same address share its probes. */
function batchesOf(placed: readonly Placed[]): ReadonlyMap<string, ProbeBatch> {
  const batches = new Map<string, ProbeBatch>()
  for (const one of placed) {
    const { path, count, timeoutMs } = one.source
    const known = batches.get(addressOf(one))
    const wider = { count: Math.max(count, known?.count ?? 0), timeoutMs: Math.max(timeoutMs, known?.timeoutMs ?? 0) }
    batches.set(addressOf(one), { host: one.host, path, ...wider })
  }
  return batches
}

function addressOf({ host, source }: Placed): string {
  return `https://${host}${source.path}`
}

function toReading(placed: Placed, all: readonly Outcome[], startedAt: number): Reading {
  const { query, source } = placed
  const sent = all.slice(0, source.count)
  const telling = sent.filter((outcome) => !saysNothing(outcome))
  const text = asCommand(placed)
  if (telling.length === 0) {
    const { silence, why } = nothingTold(placed, sent)
    return missing(query.id, silence, why, text)
  }
  const bad = telling.filter((outcome) => isBad(outcome, placed)).length
  const at = bucketOf(query, startedAt)
  const buckets: readonly Bucket[] = at === null ? [] : [{ at, bad, total: telling.length, value: null }]
  const note =
    at === null ? `probes know no past, and were sent at ${new Date(startedAt).toISOString()}` : noteOn(sent, source)
  return { id: query.id, kind: 'measured', buckets, quality: 'exact', query: text, note }
}

function nothingTold(placed: Placed, sent: readonly Outcome[]): Trouble {
  const probes = `the probes of ${addressOf(placed)}`
  if (sent.length === 0)
    return {
      silence: 'late',
      why: `${probes} had no turn in time: probe fewer revisions, or send fewer probes to each`,
    }
  return { silence: 'down', why: `${probes} ${unreached(sent)}` }
}

function isBad(outcome: Outcome, { query, source }: Placed): boolean {
  if (hasFailed(outcome, source.timeoutMs)) return true
  if (query.kpi.kind === 'latency') return outcome.tookMs > query.kpi.limitMs
  return query.kpi.kind === 'error-rate' && query.kpi.alsoBad.includes(outcome.status ?? 0)
}

/** The bucket in which the probes were begun. Where that began since the question was put, it is the newest one asked for. */
function bucketOf({ from, to, bucketMs }: Query, startedAt: number): number | null {
  const at = Math.floor(startedAt / bucketMs) * bucketMs
  if (at >= from && at < to) return at
  return at >= to && startedAt - to < Math.max(bucketMs, MOST_DELAY_MS) ? to - bucketMs : null
}

/** Between putting the question and probing a turn looks at Azure, which may take so long. */
const MOST_DELAY_MS = 30_000

function asCommand(placed: Placed): string {
  const { timeoutMs } = placed.source
  const told = `-o /dev/null -w '%{http_code} %{time_total}\\n' --max-time ${timeoutMs / 1000}`
  return `curl -sS ${told} -H 'slipway-probe: 1' ${shellWord(addressOf(placed))}`
}
