import type { ServiceView } from '../../lib/api.ts'
import { environmentsOf, useShared } from '../context.ts'
import { setQuery } from '../hooks.ts'
import { arranged, type FleetQuery, type FleetSort, fleetQuery, GROUPS } from '../model/fleet.ts'
import { many } from '../model/format.ts'
import { linkTo, type Route } from '../model/route.ts'
import { Empty, Failed, Loading } from '../ui/basics.tsx'
import { Beginning } from './fleet-beginning.tsx'
import { FleetRow } from './fleet-row.tsx'

const COLUMNS: readonly { readonly word: string; readonly sort: FleetSort | null }[] = [
  { word: 'Service', sort: 'service' },
  { word: 'Status', sort: 'status' },
  { word: 'Version', sort: 'version' },
  { word: 'Step', sort: 'step' },
  { word: 'Canary traffic', sort: null },
  { word: 'KPIs', sort: null },
  { word: 'Next', sort: 'next' },
]

/** Every service as it stands; what needs a person comes first. */
export function Fleet({ route }: { readonly route: Route }) {
  const { fleet } = useShared()
  const query = fleetQuery(route.query)
  const set = (changes: Readonly<Record<string, string>>) => setQuery(route, changes)
  if (fleet.value === null) {
    return (
      <div class="page">
        <h1>Fleet</h1>
        {fleet.trouble === null ? (
          <Loading what="Asking for the services" />
        ) : (
          <Failed refused={fleet.trouble.refused} />
        )}
      </div>
    )
  }
  const all = fleet.value.items
  const shown = arranged(all, query)
  return (
    <div class="page">
      <div class="page-head">
        <h1>Fleet</h1>
        <p class="muted">
          {all.length === shown.length
            ? many(all.length, 'service')
            : `${shown.length} of ${many(all.length, 'service')}`}
        </p>
      </div>
      {all.length === 0 ? (
        <Beginning />
      ) : (
        <>
          <Groups all={all} query={query} set={set} />
          <Filters query={query} set={set} />
          {shown.length === 0 ? (
            <Empty title="No service matches.">
              <a href={linkTo('/')}>Show all of them</a>
            </Empty>
          ) : (
            <FleetTable shown={shown} query={query} set={set} />
          )}
        </>
      )}
    </div>
  )
}

interface Looked {
  readonly query: FleetQuery
  readonly set: (changes: Readonly<Record<string, string>>) => void
}

function Groups({ all, query, set }: Looked & { readonly all: readonly ServiceView[] }) {
  return (
    <div class="groups" role="group" aria-label="Show only">
      {GROUPS.map(({ id, word, has }) => {
        const size = all.filter(has).length
        const isOn = query.group === id
        return (
          <button
            type="button"
            class={`group group-${id}${size === 0 ? ' none' : ''}`}
            aria-pressed={isOn}
            onClick={() => set({ group: isOn ? '' : id })}
          >
            <span class="group-size">{size}</span>
            <span class="group-word">{word}</span>
          </button>
        )
      })}
    </div>
  )
}

function Filters({ query, set }: Looked) {
  const environments = environmentsOf(useShared().fleet)
  return (
    <div class="filters">
      <label class="field grow">
        <span class="hidden">Search services</span>
        <input
          type="search"
          data-search
          placeholder="Search name, tag, reason …  ( / )"
          value={query.text}
          onInput={(event) => set({ text: event.currentTarget.value })}
        />
      </label>
      <label class="field">
        <span class="hidden">Environment</span>
        <select value={query.environment} onChange={(event) => set({ environment: event.currentTarget.value })}>
          <option value="">All environments</option>
          {environments.map((name) => (
            <option value={name}>{name}</option>
          ))}
        </select>
      </label>
      <label class="field only-narrow">
        <span class="hidden">Order</span>
        <select value={query.sort} onChange={(event) => set({ sort: event.currentTarget.value })}>
          <option value="attention">Most urgent first</option>
          {COLUMNS.map(({ word, sort }) =>
            sort === null ? null : <option value={sort}>By {word.toLowerCase()}</option>,
          )}
        </select>
      </label>
    </div>
  )
}

function FleetTable({ shown, query, set }: Looked & { readonly shown: readonly ServiceView[] }) {
  return (
    <table class="fleet stack" role="table">
      <caption class="hidden">
        Services, {query.sort === 'attention' ? 'most urgent first' : `by ${query.sort}`}
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          {COLUMNS.map(({ word, sort }) => (
            <HeadCell word={word} sort={sort} query={query} set={set} />
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {shown.map((service) => (
          <FleetRow key={`${service.environment}/${service.service}`} service={service} />
        ))}
      </tbody>
    </table>
  )
}

function HeadCell({ word, sort, query, set }: Looked & { readonly word: string; readonly sort: FleetSort | null }) {
  if (sort === null)
    return (
      <th scope="col" role="columnheader">
        {word}
      </th>
    )
  const isOn = query.sort === sort
  const order = !isOn ? 'none' : query.isDescending ? 'descending' : 'ascending'
  const following = !isOn ? sort : query.isDescending ? '' : `-${sort}`
  return (
    <th scope="col" role="columnheader" aria-sort={order}>
      <button type="button" class="sort" onClick={() => set({ sort: following })}>
        {word}
        <span class="arrow" aria-hidden="true">
          {!isOn ? '' : query.isDescending ? '▼' : '▲'}
        </span>
      </button>
    </th>
  )
}
