import type { Query, Reading } from '../lib/core/judge/verdict.ts'
import type { Kpi } from '../lib/core/service.ts'
import type { Clock, Metrics } from '../lib/ports.ts'
import { binomial, chance, hashOf, normalQuantile, normalShare, poisson } from './chance.ts'
import type { AppKey, World } from './world/types.ts'

/** How an image serves: what its revisions' users meet from `from` (epoch milliseconds) on, until a later profile. */
export interface Profile {
  /** Requests per second of the whole service, that is at weight 100. */
  readonly rps: number
  /** 95th percentile of the duration of requests; durations are log-normal around it. */
  readonly p95Ms: number
  /** Share of failed requests, 0–1. */
  readonly errorRate: number
  /** Default: since ever. */
  readonly from?: number
}

/** What a source is down with: no answer, figures that are no numbers, or "no requests" whatever happened. */
export type Ailment = 'outage' | 'nan' | 'silence'

/** Metrics of a world, with the troubles that a story switches on and off. */
export interface SimMetrics extends Metrics {
  /** Says how an image (by reference or digest) serves; profiles of one image follow each other by `from`. */
  profile(image: string, profile: Profile): void
  /** While not null, every reading suffers from it; a source's name limits it to that source. */
  ailment: Ailment | { readonly kind: Ailment; readonly source: string } | null
  /** Requests younger than this are not in the source yet. Default 0. */
  lagMs: number
  /** How many queries were asked. */
  asked: number
}

export interface SimMetricsOptions {
  readonly world: World
  readonly clock: Clock
  readonly seed: number
  /** How images without a profile serve. Default: 20 requests per second, p95 120 ms, 0.1 % failed. */
  readonly usual?: Profile
  /** Tells which apps belong to an environment, where two environments have apps of the same name. */
  readonly belongs?: (environment: string, target: AppKey) => boolean
}

const MINUTE_MS = 60_000
/** Spread of the log-normal durations: p50 is about 0.44 of p95. */
const SIGMA = 0.5
const Z95 = 1.6448536269514722
const USUAL: Profile = { rps: 20, p95Ms: 120, errorRate: 0.001 }

/**
 * Measurements worked out from the weights that the world really dealt out and from the images' profiles. Every minute
 * of every revision has its own luck, drawn from the seed: windows that overlap agree, and asking changes nothing.
 */
export function createSimMetrics({
  world,
  clock,
  seed,
  usual = USUAL,
  belongs = () => true,
}: SimMetricsOptions): SimMetrics {
  const profiles = new Map<string, Profile[]>()
  const metrics: SimMetrics = {
    ailment: null,
    lagMs: 0,
    asked: 0,
    profile: (image, profile) => {
      const known = [...(profiles.get(image) ?? []), profile]
      profiles.set(
        image,
        known.sort((a, b) => (a.from ?? Number.NEGATIVE_INFINITY) - (b.from ?? Number.NEGATIVE_INFINITY)),
      )
    },
    read: async (queries) => queries.map((query) => answer(query)),
  }
  const answer = (query: Query): Reading => {
    metrics.asked += 1
    const ailment = ailing(metrics.ailment, query.kpi.source)
    const text = `simulated ${query.kpi.name} of ${query.revision} from ${query.from} to ${query.to}`
    if (ailment === 'outage') {
      return { id: query.id, kind: 'missing', why: `${query.kpi.source} did not answer`, query: text }
    }
    const sum = ailment === 'silence' ? NOTHING : measure(query)
    const value = ailment === 'nan' || sum.total === 0 ? Number.NaN : sum.weighed / sum.total
    const bad = ailment === 'nan' ? Number.NaN : sum.bad
    return { id: query.id, kind: 'measured', bad, total: sum.total, value, query: text, approximate: false }
  }
  const measure = (query: Query): Sum => {
    const owner = world.findRevision(query.revision).find(({ target }) => belongs(query.environment, target))
    if (owner === undefined) return NOTHING
    const to = Math.min(query.to, clock.now() - metrics.lagMs)
    const told = profiles.get(owner.image) ?? profiles.get(owner.image.slice(owner.image.indexOf('@') + 1)) ?? []
    const luck = hashOf(query.revision) ^ seed
    const sum = { total: 0, bad: 0, weighed: 0 }
    for (const segment of world.segments(owner.target, query.from, to)) {
      const share = (segment.weights[query.revision] ?? 0) / 100
      if (share > 0) addSegment(sum, query.kpi, segment, share, told, usual, luck)
    }
    return sum
  }
  return metrics
}

interface Sum {
  total: number
  bad: number
  /** Sum over minutes of the KPI's own figure times the minute's requests. */
  weighed: number
}

const NOTHING: Readonly<Sum> = { total: 0, bad: 0, weighed: 0 }

function addSegment(
  sum: Sum,
  kpi: Kpi,
  { from, to }: { readonly from: number; readonly to: number },
  share: number,
  told: readonly Profile[],
  usual: Profile,
  luck: number,
): void {
  let quality: Quality | null = null
  for (let start = from; start < to; ) {
    const minute = Math.floor(start / MINUTE_MS)
    const end = Math.min(to, (minute + 1) * MINUTE_MS)
    const profile = told.findLast((each) => (each.from ?? Number.NEGATIVE_INFINITY) <= start) ?? usual
    if (quality?.profile !== profile) quality = qualityOf(kpi, profile)
    const mean = (profile.rps * share * (end - start)) / 1000
    const total = poisson(mean, chance(luck, minute, 1))
    const bad = binomial(total, quality.badShare, chance(luck, minute, kpi.kind === 'latency' ? 2 : 3))
    sum.total += total
    sum.bad += bad
    sum.weighed += quality.percentileMs === null ? bad : total * quality.percentileMs
    start = end
  }
}

/** What a profile means for one KPI: the share of bad requests, and the percentile where the KPI is one. */
interface Quality {
  readonly profile: Profile
  readonly badShare: number
  readonly percentileMs: number | null
}

function qualityOf(kpi: Kpi, profile: Profile): Quality {
  const percentile = kpi.kind === 'latency' ? percentileMs(profile, kpi.percentile) : null
  return { profile, badShare: badShare(kpi, profile), percentileMs: percentile }
}

function badShare(kpi: Kpi, profile: Profile): number {
  if (kpi.kind === 'error-rate') return profile.errorRate
  return 1 - normalShare((Math.log(kpi.limitMs / profile.p95Ms) + Z95 * SIGMA) / SIGMA)
}

function percentileMs(profile: Profile, percentile: number): number {
  return profile.p95Ms * Math.exp(SIGMA * (normalQuantile(percentile / 100) - Z95))
}

function ailing(ailment: SimMetrics['ailment'], source: string): Ailment | null {
  if (ailment === null || typeof ailment === 'string') return ailment
  return ailment.source === source ? ailment.kind : null
}
