import type { AuditRow } from '../../lib/core/audit.ts'
import type { Status } from '../../lib/core/status.ts'
import { type LocalAuth, localToken } from './token.ts'

/** What `.slipway/local.json` holds: everything that a script needs to talk to the running local stack. */
export interface Local {
  /** Where this stands. */
  readonly file: string
  readonly pid: number
  readonly startedAt: string
  /** Base of the API, e.g. `http://127.0.0.1:40001/api`. */
  readonly api: string
  readonly auth: LocalAuth
  /** Value for the header x-slipway-key of the hooks. */
  readonly hookKey: string
  /** Takes `{service, tag, slow?, failing?}`: publishes an image and lets the registry tell Slipway. */
  readonly control: string
  readonly urls: Readonly<Record<string, string>>
  /** Address of each service behind the ingress. */
  readonly services: Readonly<Record<string, string>>
  /** Ports of all of these, by name. */
  readonly ports: Readonly<Record<string, number>>
  /** PEM files: the authority that clients must trust, and what the servers show. */
  readonly certificates: { readonly ca: string; readonly cert: string; readonly key: string }
  readonly settings: Readonly<Record<string, string>>
  readonly pids: Readonly<Record<string, number>>
}

/** The API of the local stack, asked as anybody else would ask it. Answers that are not 2xx are thrown. */
export interface Client {
  status(service: string): Promise<Status>
  /** Audit rows of a rollout, oldest first, with their sentences. */
  audit(service: string, rollout: string): Promise<readonly (AuditRow & { readonly sentence: string })[]>
  command(service: string, verb: string, reason: string): Promise<{ readonly because: string }>
}

export function createClient({ api, auth }: Pick<Local, 'api' | 'auth'>): Client {
  const ask = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    const headers = { authorization: `Bearer ${await localToken({ auth })}`, 'content-type': 'application/json' }
    const response = await fetch(`${api}${path}`, { ...init, headers: { ...headers, ...init.headers } })
    const body: unknown = await response.json()
    if (!response.ok) throw new Error((body as { detail?: string }).detail ?? `${path} answered ${response.status}`)
    return body
  }
  return {
    status: async (service) => (await ask(`/v1/services/${service}/status`)) as Status,
    audit: async (service, rollout) => {
      const path = `/v1/audit?environment=production&service=${service}&rollout=${rollout}&limit=100`
      const { items } = (await ask(path)) as { items: (AuditRow & { sentence: string })[] }
      return items.reverse()
    },
    command: async (service, verb, reason) => {
      const why = reason === '' ? {} : { reason }
      const body = JSON.stringify({ id: crypto.randomUUID(), ...why })
      // What was seen a moment ago is what is decided on: going on is refused where the rollout has moved on since.
      const { etag } = (await ask(`/v1/services/${service}/status`)) as { etag: string }
      return (await ask(`/v1/services/${service}/commands/${verb}`, {
        method: 'POST',
        headers: { 'if-match': etag },
        body,
      })) as { because: string }
    },
  }
}
