import { useCallback } from 'preact/hooks'
import type { AuditView, ListOf, ServiceView } from '../../lib/api.ts'
import { PATHS, read, readAll } from '../api.ts'
import { useFetched, useLive, useNow, useRead } from '../hooks.ts'
import type { BucketPage } from '../model/buckets.ts'
import { type Rollout, sceneOf } from '../model/rollout.ts'
import { numberOf, type Route } from '../model/route.ts'
import { Empty, Failed, Loading } from '../ui/basics.tsx'
import { RolloutCharts } from './rollout-charts.tsx'
import { RolloutHead } from './rollout-head.tsx'
import { RolloutNow } from './rollout-now.tsx'
import { RolloutPast } from './rollout-past.tsx'
import { Timeline } from './rollout-timeline.tsx'
import { RolloutTraffic } from './rollout-traffic.tsx'
import { Missing } from './unknown.tsx'

type ServiceRoute = Route & { readonly view: 'service' }

const MOST_ROWS = 400
const MOST_PAGES = 60

/** One service and one of its rollouts: what, why, what next and when, and how to stop it. */
export function Service({ route }: { readonly route: ServiceRoute }) {
  const { environment, service: name } = route
  const live = useLive<ServiceView>(PATHS.status(environment, name))
  const service = live.value
  const number = route.number ?? numberOf(service?.rollout ?? null)
  const isNewest = service !== null && numberOf(service.rollout) === number
  const stamp = isNewest ? standingOf(service) : ''
  const rollouts = useRead<ListOf<Rollout>>(PATHS.rollouts(environment, name), stamp)
  const one = useRead<Rollout>(number === null ? null : PATHS.rollout(environment, name, number), stamp)
  if (service === null && live.trouble?.refused.status === 404)
    return <Missing environment={environment} service={name} number={null} />
  if (service === null) {
    return (
      <div class="page">
        <h1>{name}</h1>
        {live.trouble === null ? <Loading what={`Asking for ${name}`} /> : <Failed refused={live.trouble.refused} />}
      </div>
    )
  }
  if (number === null) return <NoRollout service={service} />
  const rollout = one.value ?? rollouts.value?.items.find((item) => item.number === number) ?? null
  if (rollout === null && one.refused?.status === 404)
    return <Missing environment={environment} service={name} number={number} />
  if (rollout === null) {
    return (
      <div class="page">
        <h1>{name}</h1>
        {one.refused === null ? (
          <Loading what={`Asking for rollout ${number}`} />
        ) : (
          <Failed refused={one.refused} again={one.again} />
        )}
      </div>
    )
  }
  return <RolloutPage service={service} rollout={rollout} past={rollouts.value?.items ?? []} stamp={stamp} />
}

function RolloutPage({
  service,
  rollout,
  past,
  stamp,
}: {
  readonly service: ServiceView
  readonly rollout: Rollout
  readonly past: readonly Rollout[]
  readonly stamp: string
}) {
  const scene = sceneOf(rollout, service)
  const isOver = scene.phase === 'finished'
  const minute = Math.floor(useNow(30_000) / 30_000)
  const rows = useRows(rollout, stamp)
  const pages = useBuckets(rollout, isOver ? stamp : `${stamp}${minute}`)
  return (
    <div class="page rollout">
      <RolloutHead scene={scene} service={service} />
      <RolloutNow scene={scene} />
      <RolloutTraffic scene={scene} />
      <RolloutCharts scene={scene} rows={rows.value ?? []} pages={pages.value ?? []} refused={pages.refused} />
      <div class="two">
        <Timeline rows={rows.value} refused={rows.refused} again={rows.again} />
        <RolloutPast service={service} rollouts={past} shown={rollout.number} />
      </div>
    </div>
  )
}

/** What changes when there may be new rows or figures: not each look, but what it found. */
function standingOf({ etag, phase, weights, kpis }: ServiceView): string {
  return JSON.stringify([etag, phase, weights.actual, kpis.map(({ to, verdict }) => [to, verdict])])
}

function useRows({ id, key }: Rollout, stamp: string) {
  const path = PATHS.audit({ environment: key.environment, service: key.name, rollout: id, limit: '100' })
  const load = useCallback((signal: AbortSignal) => readAll<AuditView>(path, MOST_ROWS, signal), [path])
  return useFetched<readonly AuditView[]>(path, stamp, load)
}

function useBuckets({ key, number }: Rollout, stamp: string) {
  const path = PATHS.buckets(key.environment, key.name, number)
  const load = async (signal: AbortSignal) => {
    const pages: BucketPage[] = []
    for (let next: string | null = path; next !== null && pages.length < MOST_PAGES; ) {
      const page: BucketPage = await read<BucketPage>(next, signal)
      pages.push(page)
      next = page.nextLink
    }
    return pages
  }
  return useFetched<readonly BucketPage[]>(path, stamp, load)
}

function NoRollout({ service }: { readonly service: ServiceView }) {
  return (
    <div class="page">
      <p class="crumbs">
        <a href="#/">Fleet</a> / {service.environment}
      </p>
      <h1>{service.service}</h1>
      <Empty title="No rollout yet.">
        <p>{service.why}</p>
        <p>{service.next}</p>
      </Empty>
    </div>
  )
}
