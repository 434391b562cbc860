import { ask, Refused, serverNow } from './api.ts'

/** What is known of something that changes, and how fresh that is. */
export interface Live<T> {
  readonly value: T | null
  /** When an answer last confirmed the value; epoch milliseconds by the server's clock, as all that is told beside it. */
  readonly confirmedAt: number | null
  /** Why the newest look failed, since when; null while looks succeed. */
  readonly trouble: { readonly refused: Refused; readonly since: number } | null
  readonly isPaused: boolean
}

export const NOTHING: Live<never> = { value: null, confirmedAt: null, trouble: null, isPaused: false }

/** How long the server may hold an answer back until something changes. */
const HOLD_S = 20
const POLL_MS = 5000
const SLOWEST_MS = 30_000

/**
 * Watches `path`: asks with the tag of what it has, and lets the server wait with its answer until there is something
 * new; where it does not wait, asks every 5 s. Rests while the page is hidden; slows down, up to 30 s, while it fails.
 * Returns a function that ends it.
 */
export function watch<T>(path: string, tell: (live: Live<T>) => void): () => void {
  let live: Live<T> = NOTHING
  let controller = new AbortController()
  let isOver = false
  const set = (change: Partial<Live<T>>) => {
    live = { ...live, ...change }
    if (!isOver) tell(live)
  }
  const look = createLook<T>(path)
  const run = async (): Promise<void> => {
    const mine = controller
    for (let failures = 0; !mine.signal.aborted; ) {
      const began = Date.now()
      try {
        const { value, isTagged } = await look(mine.signal)
        failures = 0
        set({ ...(value === null ? {} : { value }), confirmedAt: serverNow(), trouble: null })
        const isHeld = Date.now() - began >= 1000
        if (!isHeld) await rest(isTagged && value !== null ? 1000 : POLL_MS, mine.signal)
      } catch (error) {
        if (mine.signal.aborted) return
        failures += 1
        const refused = error instanceof Refused ? error : new Refused(0, 'Slipway does not answer.')
        set({ trouble: { refused, since: live.trouble?.since ?? serverNow() } })
        if (refused.status === 401) return
        await rest(refused.retryAfterMs ?? Math.min(SLOWEST_MS, 1000 * 2 ** failures), mine.signal)
      }
    }
  }
  const onVisibility = () => {
    controller.abort()
    if (document.hidden) return set({ isPaused: true })
    controller = new AbortController()
    set({ isPaused: false })
    void run()
  }
  const onOnline = () => {
    if (!document.hidden) onVisibility()
  }
  document.addEventListener('visibilitychange', onVisibility)
  window.addEventListener('online', onOnline)
  if (!document.hidden) void run()
  return () => {
    isOver = true
    controller.abort()
    document.removeEventListener('visibilitychange', onVisibility)
    window.removeEventListener('online', onOnline)
  }
}

/** What one look found: the new value, null where nothing changed; and whether the server tags what it says. */
interface Look<T> {
  readonly value: T | null
  readonly isTagged: boolean
}

function createLook<T>(path: string): (signal: AbortSignal) => Promise<Look<T>> {
  let etag: string | null = null
  return async (signal) => {
    const headers: Record<string, string> = etag === null ? {} : { 'if-none-match': etag, prefer: `wait=${HOLD_S}` }
    const patience = AbortSignal.any([signal, AbortSignal.timeout((HOLD_S + 25) * 1000)])
    const response = await ask(path, { headers, signal: patience, cache: 'no-store' })
    if (response.status === 304) return { value: null, isTagged: true }
    etag = response.headers.get('etag')
    return { value: (await response.json()) as T, isTagged: etag !== null }
  }
}

/** Waits, but no longer than until the watch is ended. */
function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
