import type { ComponentChildren } from 'preact'
import type { DeliveryReport, DeliveryView } from '../../lib/api.ts'
import { PATHS, read, serverNow } from '../api.ts'
import { environmentsOf, useShared } from '../context.ts'
import { setQuery, useFetched } from '../hooks.ts'
import { duration, percent } from '../model/format.ts'
import { type Route, serviceLink } from '../model/route.ts'
import { Empty, Failed, Loading } from '../ui/basics.tsx'
import { Trend } from './delivery-trend.tsx'

const DAY = 86_400_000
const WINDOWS = [7, 30, 90] as const
/** In how many parts the window is cut for the trend. */
const PARTS = 6

/** The four measures of delivery, whole and by service, over the last days, from the audit alone. */
export function Delivery({ route }: { readonly route: Route }) {
  const { fleet } = useShared()
  const environments = environmentsOf(fleet)
  const environment = route.query.get('environment') || environments[0] || ''
  const days = WINDOWS.find((known) => String(known) === route.query.get('days')) ?? 30
  const key = environment === '' ? null : `${environment}|${days}`
  const { value, refused, again } = useFetched(key, '', (signal) => load(environment, days, signal))
  const whole = value?.report.items.find(({ service }) => service === null) ?? null
  const services = (value?.report.items ?? []).filter(({ service }) => service !== null)
  return (
    <div class="page">
      <div class="page-head">
        <h1>Delivery</h1>
        <p class="muted grow">Counted from the audit alone. Bars: the window in six parts, the newest at the right.</p>
        <label class="field">
          <span class="hidden">Environment</span>
          <select value={environment} onChange={(event) => setQuery(route, { environment: event.currentTarget.value })}>
            {environments.map((name) => (
              <option value={name}>{name}</option>
            ))}
          </select>
        </label>
        <div class="segments" role="group" aria-label="Window">
          {WINDOWS.map((known) => (
            <button
              type="button"
              aria-pressed={known === days}
              onClick={() => setQuery(route, { days: String(known) })}
            >
              {known} days
            </button>
          ))}
        </div>
      </div>
      {refused === null ? null : <Failed refused={refused} again={again} />}
      {value === null && refused === null ? <Loading what="Counting" /> : null}
      {whole === null ? null : <Tiles view={whole} parts={value?.parts ?? []} />}
      {value !== null && services.length === 0 ? <Empty title="Nothing was delivered in this time." /> : null}
      {services.length === 0 ? null : <ByService services={services} />}
    </div>
  )
}

interface Measures {
  readonly report: DeliveryReport
  /** The environment as a whole, part by part, oldest first; null where a part was refused. */
  readonly parts: readonly (DeliveryView | null)[]
}

async function load(environment: string, days: number, signal: AbortSignal): Promise<Measures> {
  const to = Math.ceil(serverNow() / 60_000) * 60_000
  const ask = (from: number, until: number) =>
    read<DeliveryReport>(
      PATHS.delivery({ environment, from: new Date(from).toISOString(), to: new Date(until).toISOString() }),
      signal,
    )
  const from = to - days * DAY
  const size = (days * DAY) / PARTS
  const report = await ask(from, to)
  const parts = await Promise.all(
    Array.from({ length: PARTS }, (_, part) => ask(from + part * size, from + (part + 1) * size).catch(() => null)),
  )
  return { report, parts: parts.map((part) => part?.items.find(({ service }) => service === null) ?? null) }
}

interface Measure {
  readonly word: string
  readonly means: string
  readonly figure: (view: DeliveryView) => string
  readonly more: (view: DeliveryView) => string
  /** For the trend; null where there was no case. */
  readonly value: (view: DeliveryView) => number | null
}

const MEASURES: readonly Measure[] = [
  {
    word: 'Deployment frequency',
    means: 'Rollouts that ended as promoted, a day. Undos are none.',
    figure: ({ deploymentsPerDay }) => `${Number(deploymentsPerDay.toPrecision(2))} a day`,
    more: ({ deployments }) => `${deployments} in all`,
    value: ({ deploymentsPerDay }) => deploymentsPerDay,
  },
  {
    word: 'Lead time',
    means: 'From the push of an image, as the registry dates it, until it was seen to serve all traffic; the median.',
    figure: ({ leadTime }) => (leadTime.medianMs === null ? 'no case' : duration(leadTime.medianMs)),
    more: ({ leadTime }) => (leadTime.p90Ms === null ? '' : `nine of ten within ${duration(leadTime.p90Ms)}`),
    value: ({ leadTime }) => leadTime.medianMs,
  },
  {
    word: 'Change failure rate',
    means:
      'Of the rollouts that took users’ traffic, the share that ended rolled back, failed or aborted, or was undone since.',
    figure: ({ changeFailure }) => (changeFailure.ratio === null ? 'no case' : percent(changeFailure.ratio)),
    more: ({ changeFailure }) => `${changeFailure.failed} of ${changeFailure.total}`,
    value: ({ changeFailure }) => changeFailure.ratio,
  },
  {
    word: 'Time to restore',
    means:
      'From the first traffic of a failed version until its rollback was confirmed, and from the promotion of an undone one until the undo was; the median.',
    figure: ({ timeToRestore }) => (timeToRestore.medianMs === null ? 'no case' : duration(timeToRestore.medianMs)),
    more: ({ timeToRestore }) =>
      timeToRestore.p90Ms === null ? '' : `nine of ten within ${duration(timeToRestore.p90Ms)}`,
    value: ({ timeToRestore }) => timeToRestore.medianMs,
  },
]

function Tiles({ view, parts }: { readonly view: DeliveryView; readonly parts: readonly (DeliveryView | null)[] }) {
  return (
    <div class="tiles">
      {MEASURES.map((measure) => (
        <section class="card tile" aria-label={measure.word}>
          <h2>{measure.word}</h2>
          <p class="tile-figure">{measure.figure(view)}</p>
          <p class="muted">{measure.more(view) || '\u00a0'}</p>
          <Trend
            word={measure.word}
            points={parts.map((part) => ({
              value: part === null ? null : measure.value(part),
              said: part === null ? 'no answer' : measure.figure(part),
            }))}
          />
          <Means>{measure.means}</Means>
        </section>
      ))}
    </div>
  )
}

function Means({ children }: { readonly children: ComponentChildren }) {
  return (
    <details class="more">
      <summary>What it means</summary>
      <p class="muted">{children}</p>
    </details>
  )
}

function ByService({ services }: { readonly services: readonly DeliveryView[] }) {
  return (
    <table class="stack plain by-service" role="table">
      <caption class="hidden">The four measures by service</caption>
      <thead role="rowgroup">
        <tr role="row">
          <th scope="col" role="columnheader">
            Service
          </th>
          {MEASURES.map(({ word, means }) => (
            <th scope="col" role="columnheader" class="num" title={means}>
              {word}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {services.map((view) => (
          <tr role="row">
            <th scope="row" role="rowheader">
              <a href={serviceLink(view.environment, view.service ?? '')}>{view.service}</a>
            </th>
            {MEASURES.map((measure) => (
              <td role="cell" class="num" data-label={measure.word}>
                {measure.figure(view)}
                <span class="muted small block">{measure.more(view)}</span>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
