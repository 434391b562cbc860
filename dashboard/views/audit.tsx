import { useEffect, useState } from 'preact/hooks'
import type { AuditView, ListOf } from '../../lib/api.ts'
import { PATHS, Refused, read } from '../api.ts'
import { environmentsOf, useShared } from '../context.ts'
import { setQuery } from '../hooks.ts'
import { many } from '../model/format.ts'
import { AUDIT_KINDS } from '../model/kinds.ts'
import type { Route } from '../model/route.ts'
import { kindWords } from '../model/words.ts'
import { Empty, Failed, Loading } from '../ui/basics.tsx'
import { Chains } from './audit-chains.tsx'
import { Exports } from './audit-export.tsx'
import { AuditRow } from './audit-row.tsx'

/** The audit of an environment: filtered, in pages, with the state of its chains. */
export function Audit({ route }: { readonly route: Route }) {
  const { fleet } = useShared()
  const environments = environmentsOf(fleet)
  const asked = (name: string) => route.query.get(name) ?? ''
  const environment = asked('environment') || environments[0] || ''
  const path =
    environment === ''
      ? null
      : PATHS.audit({
          environment,
          service: asked('service'),
          kind: asked('kind'),
          since: instant(asked('since')),
          until: instant(asked('until')),
          limit: '50',
        })
  const { rows, next, refused, isLoading, more, again } = useRows(path)
  return (
    <div class="page audit">
      <div class="page-head">
        <h1>Audit</h1>
        <p class="muted grow">
          {many(rows.length, 'row')}
          {next === null ? '' : ' so far'}, newest first
        </p>
        {path === null ? null : <Exports path={path} name={`audit-${environment}`} />}
      </div>
      <Filters route={route} environment={environment} environments={environments} />
      <Chains environment={environment} service={asked('service')} />
      {refused === null ? null : <Failed refused={refused} again={again} />}
      {isLoading && rows.length === 0 ? <Loading what="Asking for the audit" /> : null}
      {path === null && fleet.value !== null ? <Empty title="There is no environment yet, and so no audit." /> : null}
      {path !== null && !isLoading && refused === null && rows.length === 0 ? (
        <Empty title="No row matches.">
          <p>Ask for a longer time, or for less.</p>
        </Empty>
      ) : null}
      <ol class="timeline card">
        {rows.map((row) => (
          <AuditRow key={row.id} row={row} isPlaced />
        ))}
      </ol>
      {next === null ? null : (
        <button type="button" class="button" onClick={more} disabled={isLoading}>
          {isLoading ? 'Loading …' : 'Load more'}
        </button>
      )}
    </div>
  )
}

/** A local date and time of a form as the API takes it. */
function instant(local: string): string {
  const at = Date.parse(local)
  return local === '' || Number.isNaN(at) ? '' : new Date(at).toISOString()
}

function Filters({
  route,
  environment,
  environments,
}: {
  readonly route: Route
  readonly environment: string
  readonly environments: readonly string[]
}) {
  const { fleet } = useShared()
  const services = (fleet.value?.items ?? [])
    .filter((item) => item.environment === environment)
    .map(({ service }) => service)
  const asked = (name: string) => route.query.get(name) ?? ''
  const set = (name: string) => (event: { readonly currentTarget: HTMLInputElement | HTMLSelectElement }) =>
    setQuery(route, { [name]: event.currentTarget.value })
  return (
    <div class="filters labelled">
      <label class="field">
        Environment
        <select value={environment} onChange={set('environment')}>
          {environments.map((name) => (
            <option value={name}>{name}</option>
          ))}
        </select>
      </label>
      <label class="field">
        Service
        <select value={asked('service')} onChange={set('service')} data-search>
          <option value="">All</option>
          {services.sort().map((name) => (
            <option value={name}>{name}</option>
          ))}
        </select>
      </label>
      <label class="field">
        Kind
        <select value={asked('kind')} onChange={set('kind')}>
          <option value="">All</option>
          {AUDIT_KINDS.map((kind) => (
            <option value={kind}>{kindWords(kind)}</option>
          ))}
        </select>
      </label>
      <label class="field whole">
        From
        <input type="datetime-local" value={asked('since')} onChange={set('since')} />
      </label>
      <label class="field whole">
        Until
        <input type="datetime-local" value={asked('until')} onChange={set('until')} />
      </label>
    </div>
  )
}

interface Rows {
  readonly rows: readonly AuditView[]
  readonly next: string | null
  readonly refused: Refused | null
  readonly isLoading: boolean
}

const NO_ROWS: Rows = { rows: [], next: null, refused: null, isLoading: true }

function useRows(path: string | null): Rows & { readonly more: () => void; readonly again: () => void } {
  const [state, setState] = useState<Rows>(NO_ROWS)
  const [round, setRound] = useState(0)
  const load = async (from: string, before: readonly AuditView[], signal?: AbortSignal) => {
    setState((old) => ({ ...old, isLoading: true }))
    try {
      const page = await read<ListOf<AuditView>>(from, signal)
      setState({ rows: [...before, ...page.items], next: page.nextLink, refused: null, isLoading: false })
    } catch (error) {
      if (signal?.aborted === true) return
      const refused = error instanceof Refused ? error : new Refused(0, 'The answer could not be read.')
      setState((old) => ({ ...old, refused, isLoading: false }))
    }
  }
  useEffect(() => {
    if (path === null) return
    const controller = new AbortController()
    setState(NO_ROWS)
    void load(path, [], controller.signal)
    return () => controller.abort()
  }, [path, round])
  return {
    ...state,
    more: () => (state.next === null ? undefined : void load(state.next, state.rows)),
    again: () => setRound((count) => count + 1),
  }
}
