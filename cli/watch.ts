import type { ServiceView } from '../lib/api.ts'
import type { Api } from './http.ts'
import { type Io, sleep } from './io.ts'
import { servicePath } from './target.ts'

/** What a watch brings: the service as it stands now, or that nobody answers at present. */
export type Seen =
  | { readonly kind: 'view'; readonly view: ServiceView; readonly receivedAt: number }
  | { readonly kind: 'silence'; readonly because: string; readonly since: number }

const WAIT_S = 20
const POLL_MS = 2_500
const SLOWEST_MS = 15_000

/**
 * Looks at a service until the caller has seen enough: asks to be answered when something changed (`Prefer: wait`), and
 * every few seconds where the service answers at once. An outage does not end it; a refusal does.
 */
export async function* watch(io: Io, api: Api, service: string, environment: string): AsyncGenerator<Seen> {
  let etag: string | null = null
  let [lostSince, pause] = [0, POLL_MS]
  while (!io.interrupted.aborted) {
    const asked = Date.now()
    try {
      const headers: Record<string, string> = {
        prefer: `wait=${WAIT_S}`,
        ...(etag === null ? {} : { 'if-none-match': etag }),
      }
      const path = servicePath(service, '/status')
      const timeoutMs = (WAIT_S + 25) * 1000
      const answer = await api.ask({
        path,
        query: { environment },
        headers,
        timeoutMs,
        isPatient: false,
        signal: io.interrupted,
      })
      ;[lostSince, pause] = [0, POLL_MS]
      const isNews = answer.status !== 304
      if (isNews) {
        etag = answer.headers.get('etag')
        yield { kind: 'view', view: answer.body as ServiceView, receivedAt: Date.now() }
      }
      // What says that it waits, and does not, must not be asked without end.
      const isHeld = Date.now() - asked > POLL_MS || (isNews && answer.headers.has('preference-applied'))
      if (etag === null || !isHeld) await sleep(io, POLL_MS)
    } catch (error) {
      if (io.interrupted.aborted) return
      if (isRefused(error)) throw error
      lostSince ||= asked
      yield { kind: 'silence', because: (error as Error).message.split('\n')[0] ?? '', since: lostSince }
      await sleep(io, pause)
      pause = Math.min(SLOWEST_MS, pause * 2)
    }
  }
}

/** Whether the service answered and its answer will stay the same: only an outage is worth waiting for. */
function isRefused(error: unknown): boolean {
  const status = (error as { status?: number }).status
  const exit = (error as { exit?: number }).exit
  return exit === undefined || (status !== undefined && status < 500 && status !== 429)
}
