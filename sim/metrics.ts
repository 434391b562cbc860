import type { Bucket, Query, Reading, Silence } from '../lib/core/judge/reading.ts'
import type { Kpi } from '../lib/core/service.ts'
import type { Clock, Metrics } from '../lib/ports.ts'
import { binomial, chance, hashOf, normalShare, poisson } from './chance.ts'
import type { AppKey, World } from './world/types.ts'

/** How an image serves: what its revisions' users meet from `from` (epoch milliseconds) on, until a later profile. */
export interface Profile {
  /** Requests per second of the whole service, that is at weight 100. */
  readonly rps: number
  /** 95th percentile of the duration of requests; durations are log-normal around it. */
  readonly p95Ms: number
  /** Share of failed requests, 0–1. */
  readonly errorRate: number
  /** By KPI's name: the share of bad events of a ratio, or the value of a gauge. */
  readonly figures?: Readonly<Record<string, number>>
  /** Default: since ever. */
  readonly from?: number
}

/** What a source is down with: no answer, holes in place of figures, or "no requests" whatever happened. */
export type Ailment = 'outage' | 'holes' | 'silence'

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
    const source = query.kpi.source.kind
    const ailment = ailing(metrics.ailment, source)
    const text = `simulated ${query.kpi.name} of ${query.revision} from ${query.from} to ${query.to}`
    if (ailment === 'outage') return silent(query, 'down', `${source} did not answer`, text)
    const buckets = ailment === 'holes' ? [] : ailment === 'silence' ? series(query, NOBODY) : measure(query)
    return { id: query.id, kind: 'measured', buckets, quality: 'exact', query: text, note: null }
  }
  const measure = (query: Query): readonly Bucket[] => {
    const owner = world.findRevision(query.revision).find(({ target }) => belongs(query.environment, target))
    if (owner === undefined) return series(query, NOBODY)
    const known = Math.min(query.to, clock.now() - metrics.lagMs)
    const told = profiles.get(owner.image) ?? profiles.get(owner.image.slice(owner.image.indexOf('@') + 1)) ?? []
    const luck = hashOf(query.revision) ^ seed
    const shares = known <= query.from ? [] : sharesOf(world, owner.target, query, known)
    return series(
      query,
      drawing(query, shares, (at) => profileOf(told, at) ?? usual, luck),
    )
  }
  return metrics
}

/** A span of time in which the revision had one share of the traffic, 0–1. */
interface Share {
  readonly from: number
  readonly to: number
  readonly share: number
}

function sharesOf(world: World, target: AppKey, query: Query, known: number): readonly Share[] {
  return world
    .segments(target, query.from, known)
    .map(({ from, to, weights }) => ({ from, to, share: (weights[query.revision] ?? 0) / 100 }))
    .filter(({ share }) => share > 0)
}

type Draw = (at: number) => Bucket

const NOBODY: Draw = (at) => ({ at, bad: 0, total: 0, value: null })

function series({ from, to, bucketMs }: Query, draw: Draw): readonly Bucket[] {
  const buckets: Bucket[] = []
  for (let at = from; at < to; at += bucketMs) buckets.push(draw(at))
  return buckets
}

function profileOf(told: readonly Profile[], at: number): Profile | undefined {
  return told.findLast(({ from = Number.NEGATIVE_INFINITY }) => from <= at)
}

/** The bucket's own luck: the same draw whoever asks, and never less than what an earlier look at part of it saw. */
function drawing(
  { kpi, bucketMs }: Query,
  shares: readonly Share[],
  profileAt: (at: number) => Profile,
  luck: number,
): Draw {
  let known: { readonly profile: Profile; readonly bad: number } | null = null
  return (at) => {
    const profile = profileAt(at)
    const mean = requestsIn(shares, profile.rps, at, at + bucketMs)
    if (mean === 0) return NOBODY(at)
    if (kpi.kind === 'gauge') return { at, bad: 0, total: 0, value: profile.figures?.[kpi.name] ?? 0 }
    if (known?.profile !== profile) known = { profile, bad: badShare(kpi, profile) }
    const place = Math.floor(at / bucketMs)
    const total = poisson(mean, chance(luck, place, 1))
    const bad = binomial(total, known.bad, chance(luck, place, kpi.kind === 'latency' ? 2 : 3))
    return { at, bad, total, value: null }
  }
}
/** How many requests are to be expected in `[begin, end)`. */
function requestsIn(shares: readonly Share[], rps: number, begin: number, end: number): number {
  let requests = 0
  for (const { from, to, share } of shares) {
    const within = Math.min(to, end) - Math.max(from, begin)
    if (within > 0) requests += (rps * share * within) / 1000
  }
  return requests
}

function silent(query: Query, silence: Silence, why: string, text: string): Reading {
  return { id: query.id, kind: 'missing', silence, why, query: text }
}

function badShare(kpi: Kpi, profile: Profile): number {
  if (kpi.kind === 'ratio') return profile.figures?.[kpi.name] ?? profile.errorRate
  if (kpi.kind !== 'latency') return profile.errorRate
  return 1 - normalShare((Math.log(kpi.limitMs / profile.p95Ms) + Z95 * SIGMA) / SIGMA)
}

function ailing(ailment: SimMetrics['ailment'], source: string): Ailment | null {
  if (ailment === null || typeof ailment === 'string') return ailment
  return ailment.source === source ? ailment.kind : null
}
