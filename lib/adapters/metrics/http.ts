import type { Query, Reading } from '../../core/judge/reading.ts'
import { Fault } from '../../errors.ts'
import type { Metrics } from '../../ports.ts'
import { type HttpAnswer, readAnswer } from './http-answer.ts'
import { asCommand, post, requestBody } from './http-call.ts'
import { missing } from './missing.ts'
import type { Trouble } from './trouble.ts'
import { cannotAskWindow } from './window.ts'

export interface HttpMetricsOptions {
  /** The origins (`https://host[:port]`, as URL.origin writes them) that an environment's KPIs may be asked at. */
  readonly originsOf: (environment: string) => readonly string[]
  /** The value of a secret by its name. May throw Fault. */
  readonly secretOf: (name: string) => Promise<string>
  /** Epoch milliseconds; the machine's clock unless told otherwise. */
  readonly now?: () => number
  readonly fetch?: typeof fetch
  /** The longest wait for one answer, default 10,000 ms. */
  readonly timeoutMs?: number
}

/** Queries that one POST asks about. */
interface Group {
  readonly url: URL
  readonly secret: string | null
  readonly queries: readonly Query[]
}

/** Only secrets with these names are sent: the vault holds others, and whoever writes a manifest may name any. */
const SENDABLE = /^kpi-/

/**
 * Metrics from services of the teams: one POST per URL (and secret) and read, `{"version": 1, "queries": [{id, environment,
 * app, revision, arm, kpi, kind, limitMs, bucketMs, from, to}]}` with times as ISO 8601, answered by `{"readings": […]}`:
 * `{id, bad, total}` or, of a gauge, `{id, value}` for the newest complete bucket; `{id, buckets: [{at, …}]}` for several, `at`
 * as ISO 8601 with a zone or epoch milliseconds; `{id, missing: "why"}` for none. Answers are read up to 5 MiB and taken
 * strictly: a field that is wrong is named. A URL is asked only where its origin is allowed to the environment, over http
 * only where that origin itself says so; redirects are not followed. Never throws.
 */
export function createHttpMetrics(options: HttpMetricsOptions): Metrics {
  return {
    async read(queries) {
      const readings = new Map<Query, Reading>()
      const groups = new Map<string, Group>()
      for (const query of queries) {
        const placed = place(query, options.originsOf)
        if ('why' in placed) readings.set(query, missing(query.id, placed.silence, placed.why, ''))
        else join(groups, placed)
      }
      const answers = await Promise.all([...groups.values()].map((group) => readGroup(group, options)))
      for (const [query, reading] of answers.flat()) readings.set(query, reading)
      return queries.map((query) => readings.get(query) ?? missing(query.id, 'malformed', 'nobody was asked', ''))
    },
  }
}

function place(query: Query, originsOf: HttpMetricsOptions['originsOf']): Group | Trouble {
  const { kpi, environment } = query
  if (kpi.source.kind !== 'http')
    return refused(`KPI ${kpi.name} is measured by ${kpi.source.kind}, not by a service over HTTP`)
  const why = cannotAskWindow(query)
  if (why !== null) return refused(`KPI ${kpi.name}: ${why}`)
  const { secret } = kpi.source
  const url = URL.parse(kpi.source.url)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    return refused(`KPI ${kpi.name}: the url of its source is no http(s) URL without credentials: correct the manifest`)
  if (!originsOf(environment).includes(url.origin)) {
    const why = `the origin ${url.origin} is not allowed to environment ${environment}: add it to httpOrigins in SLIPWAY_ENVIRONMENTS`
    return refused(`KPI ${kpi.name}: ${why}`)
  }
  if (secret !== null && !SENDABLE.test(secret))
    return refused(
      `KPI ${kpi.name}: the secret ${secret} is sent to nobody, since its name does not begin with kpi-: store the token under such a name`,
    )
  return { url, secret, queries: [query] }
}

function join(groups: Map<string, Group>, placed: Group): void {
  const key = JSON.stringify([placed.url.href, placed.secret])
  groups.set(key, { ...placed, queries: [...(groups.get(key)?.queries ?? []), ...placed.queries] })
}

async function readGroup(group: Group, options: HttpMetricsOptions): Promise<readonly (readonly [Query, Reading])[]> {
  const answer = await askGroup(group, options)
  return group.queries.map((query) => [query, toReading(group, query, answer)] as const)
}

async function askGroup({ url, secret, queries }: Group, options: HttpMetricsOptions): Promise<HttpAnswer | Trouble> {
  const { now = Date.now, fetch: send = fetch, timeoutMs = 10_000 } = options
  const token = secret === null ? null : await readToken(secret, options.secretOf)
  if (token !== null && typeof token !== 'string') return token
  const askedAt = now()
  const sent = await post({ url, token, body: requestBody(queries), timeoutMs, fetch: send })
  if ('why' in sent) return sent
  const answer = readAnswer(sent.text, queries, askedAt)
  return 'why' in answer ? from(url, answer) : answer
}

/** The token, or why there is none. A line end after it, as files and pipes leave it, does not count. */
async function readToken(secret: string, secretOf: HttpMetricsOptions['secretOf']): Promise<string | Trouble> {
  try {
    const token = (await secretOf(secret)).trim()
    if (/^[\x21-\x7e]+$/.test(token)) return token
    return {
      silence: 'unset',
      why: `the secret ${secret} holds no token (printable ASCII without spaces): store one in Key Vault`,
    }
  } catch (error) {
    return withoutToken(secret, error)
  }
}

function withoutToken(secret: string, error: unknown): Trouble {
  const why = `the secret ${secret} could not be read`
  if (!(error instanceof Fault)) return { silence: 'down', why: `${why}: it is tried again at the next look` }
  switch (error.kind) {
    case 'not-found':
      return { silence: 'unset', why: `${why}: store it in Key Vault (${error.message})` }
    case 'denied':
    case 'throttled':
    case 'malformed':
      return { silence: error.kind, why: `${why}: ${error.message}` }
    default:
      return { silence: 'down', why: `${why}: ${error.message}` }
  }
}

function toReading({ url, secret }: Group, query: Query, answer: HttpAnswer | Trouble): Reading {
  const command = asCommand(url.href, secret !== null, query)
  if ('why' in answer) return missing(query.id, answer.silence, answer.why, command)
  const own = answer.get(query.id)
  if (own === undefined) {
    const why = `the service at ${url.origin} left out ${JSON.stringify(query.id)}: answer every query, with {id, missing} where there are no figures`
    return missing(query.id, 'partial', why, command)
  }
  if ('why' in own) return missing(query.id, own.silence, from(url, own).why, command)
  return { id: query.id, kind: 'measured', buckets: own.buckets, quality: 'exact', query: command, note: own.note }
}

function from(url: URL, { silence, why }: Trouble): Trouble {
  return { silence, why: `the service at ${url.origin}: ${why}` }
}

function refused(why: string): Trouble {
  return { silence: 'refused', why }
}
