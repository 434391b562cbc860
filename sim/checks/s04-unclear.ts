import type { Evidence } from '../../lib/core/judge/verdict.ts'
import type { Kpi } from '../../lib/core/service.ts'
import { type Check, checkOf } from './check.ts'
import { createPairs } from './pairs.ts'
import { type Advance, followSteps, isJudged, STEPS } from './steps.ts'

/** Figures may be so much older than their source's lag when a step passes. */
const STALE_MS = 5 * 60_000
/** A source that changes its mind is given so much lag. */
const LONGEST_LAG_MS = 10 * 60_000

interface Told {
  readonly from: number
  readonly to: number
  total: number
}

/**
 * S4: a step is passed on a pass of every required KPI and on no failure of another that counts: with a figure, on enough
 * requests, of the canary itself, fresh, and on no more requests than its
 * sources told of in windows that touch its own.
 */
export function checkUnclear(): Check {
  const follow = followSteps()
  /** Requests by window, of what was asked about: the same window asked twice counts once, as the answer that told most. */
  const told = createPairs<string, string, Map<string, Told[]>>()
  return checkOf({
    invariant: 'S4',
    kinds: [...STEPS, 'measurement'],
    see: (event) => {
      if (event.kind === 'measurement' && event.answer === 'measured') {
        const { entity, kpi, revision, from, to, total } = event
        const ofKpi = told.get(entity, kpi) ?? new Map<string, Told[]>()
        told.set(entity, kpi, ofKpi)
        const windows = ofKpi.get(revision) ?? []
        ofKpi.set(revision, windows)
        // Who asks again asks soon.
        const again = windows.findLast((window) => window.from === from && window.to === to)
        if (again === undefined) windows.push({ from, to, total })
        else again.total = Math.max(total, again.total)
      }
      const advance = follow(event)
      if (advance === null || !isJudged(advance)) return []
      const { row, from } = advance
      const most = (item: Evidence) => {
        const windows = told.get(row.entityId, item.kpi)?.get(item.revision) ?? []
        return windows.reduce((sum, { from, to, total }) => {
          return from < item.to && to > item.from ? sum + total : sum
        }, 0)
      }
      return wrongsOf(advance, most).map((wrong) => ({
        invariant: 'S4',
        says: `${row.rollout} of ${row.entityId} passed step ${from} though ${wrong}`,
        n: event.n,
      }))
    },
    end: () => [],
  })
}

function wrongsOf({ row, manifest, canary }: Advance, told: (item: Evidence) => number): readonly string[] {
  return manifest.analysis.kpis.flatMap((kpi) => {
    const item = row.evidence.find((one) => one.kpi === kpi.name)
    if (kpi.role === 'advisory') return []
    if (item === undefined) return kpi.role === 'required' ? [`nothing is told of ${kpi.name}`] : []
    if (item.verdict === 'fail') return [`${kpi.name} failed`]
    if (kpi.role !== 'required') return []
    const wrongs: string[] = []
    if (item.verdict !== 'pass') wrongs.push(`${kpi.name} is ${item.verdict}`)
    if (item.value === null || !Number.isFinite(item.value)) wrongs.push(`${kpi.name} has no figure`)
    if (item.revision !== canary) wrongs.push(`${kpi.name} was measured at ${item.revision}`)
    if (!((item.total ?? Number.NaN) >= leastOf(kpi)))
      wrongs.push(`${kpi.name} saw ${item.total} requests of ${leastOf(kpi)}`)
    if (row.happenedAt - item.to > Math.max(kpi.lagMs + STALE_MS, LONGEST_LAG_MS) + manifest.analysis.bucketMs)
      wrongs.push(`${kpi.name} is out of date`)
    if ((item.total ?? 0) > told(item))
      wrongs.push(`${kpi.name} counts ${item.total} requests, and its source told of ${told(item)}`)
    return wrongs
  })
}

/** How many requests a pass needs: what the manifest says, else as many as make no bad one among them telling. */
function leastOf(kpi: Kpi): number {
  if (kpi.minRequests !== null) return kpi.minRequests
  if (kpi.kind === 'gauge') return 1
  return Math.floor(3 / (kpi.kind === 'latency' ? 1 - kpi.percentile / 100 : kpi.limitRatio))
}
