import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import type { ListOf, ServiceView } from '../lib/api.ts'
import { PATHS, Refused, read, readAll, serverNow } from './api.ts'
import { type Live, NOTHING, watch } from './live.ts'
import { type Route, readRoute } from './model/route.ts'

/** Watches a path as long as the component is there; null = nothing to watch. */
export function useLive<T>(path: string | null): Live<T> {
  const [live, setLive] = useState<{ readonly path: string | null; readonly live: Live<T> }>({ path, live: NOTHING })
  useEffect(() => {
    if (path === null) return
    return watch<T>(path, (next) => setLive({ path, live: next }))
  }, [path])
  return live.path === path ? live.live : NOTHING
}

/**
 * The fleet as it stands: its first hundred services as soon as they change, all others whenever those do, and every
 * half minute.
 */
export function useFleet(): Live<ListOf<ServiceView>> {
  const live = useLive<ListOf<ServiceView>>(PATHS.services)
  const next = live.value?.nextLink ?? null
  const half = Math.floor(useNow(30_000) / 30_000)
  const stamp = `${half} ${live.value?.items.map(({ etag }) => etag).join(' ') ?? ''}`
  const rest = useFetched(next, stamp, (signal) => readAll<ServiceView>(next ?? '', MOST_SERVICES, signal))
  return useMemo(() => {
    if (live.value === null || next === null) return live
    return { ...live, value: { items: [...live.value.items, ...(rest.value ?? [])], nextLink: null } }
  }, [live, next, rest.value])
}

const MOST_SERVICES = 2000

/** One answer that is asked for again when `stamp` changes; the old one stays until the new one is there. */
export interface Fetched<T> {
  readonly value: T | null
  readonly refused: Refused | null
  readonly again: () => void
}

/** Reads with `load` when `key` or `stamp` changes; null as key = nothing to read. */
export function useFetched<T>(
  key: string | null,
  stamp: string,
  load: (signal: AbortSignal) => Promise<T>,
): Fetched<T> {
  const [found, setFound] = useState<{ key: string | null; value: T | null; refused: Refused | null }>({
    key,
    value: null,
    refused: null,
  })
  const [round, setRound] = useState(0)
  useEffect(() => {
    if (key === null) return
    const controller = new AbortController()
    load(controller.signal).then(
      (value) => setFound({ key, value, refused: null }),
      (error: unknown) => {
        if (controller.signal.aborted) return
        const refused = error instanceof Refused ? error : new Refused(0, 'The answer could not be read.')
        setFound((old) => ({ key, value: old.key === key ? old.value : null, refused }))
      },
    )
    return () => controller.abort()
  }, [key, stamp, round])
  const again = useCallback(() => setRound((count) => count + 1), [])
  return found.key === key ? { ...found, again } : { value: null, refused: null, again }
}

/** As `useFetched`, for one JSON answer of one path. */
export function useRead<T>(path: string | null, stamp = ''): Fetched<T> {
  return useFetched<T>(path, stamp, (signal) => read<T>(path ?? '', signal))
}

/** The server's clock, anew every `ms`; rests while the page is hidden. */
export function useNow(ms = 1000): number {
  const [now, setNow] = useState(serverNow)
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setNow(serverNow())
    }, ms)
    return () => clearInterval(timer)
  }, [ms])
  return now
}

/** Where the reader is, by the part of the URL after the `#`. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => readRoute(location.hash))
  useEffect(() => {
    const onHash = () => setRoute(readRoute(location.hash))
    addEventListener('hashchange', onHash)
    return () => removeEventListener('hashchange', onHash)
  }, [])
  return route
}

/** Changes how a view is looked at, in place: the way back leads to where the reader came from, not through every letter. */
export function setQuery(route: Route, changes: Readonly<Record<string, string>>): void {
  const query = new URLSearchParams(route.query)
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') query.delete(name)
    else query.set(name, value)
  }
  const path = location.hash.replace(/^#/, '').split('?')[0] || '/'
  history.replaceState(null, '', `#${path}${query.size === 0 ? '' : `?${query}`}`)
  dispatchEvent(new HashChangeEvent('hashchange'))
}
