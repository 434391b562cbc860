import type { Query, Reading } from '../../core/judge/reading.ts'
import { Fault } from '../../errors.ts'
import type { Metrics } from '../../ports.ts'
import { type HttpAnswer, readAnswer } from './http-answer.ts'
import { batchesOf, sendBatches } from './http-batch.ts'
import { asCommand, post, requestBody } from './http-call.ts'
import { sayWithout } from './http-say.ts'
import { missing } from './missing.ts'
import type { Trouble } from './trouble.ts'
import { cannotAskWindow } from './window.ts'

export interface HttpMetricsOptions {
  /**
   * The origins (`https://host[:port]`, as URL.origin writes them) that an environment's KPIs may be asked at, each with
   * the names of the secrets that it may be sent.
   */
  readonly originsOf: (environment: string) => Readonly<Record<string, readonly string[]>>
  /** The value of a secret by its name. May throw Fault. */
  readonly secretOf: (name: string) => Promise<string>
  /** Epoch milliseconds; the machine's clock unless told otherwise. */
  readonly now?: () => number
  readonly fetch?: typeof fetch
  /** The longest wait for one answer, default 10,000 ms. */
  readonly timeoutMs?: number
}

/** Where queries are asked, and with which secret. */
interface Door {
  readonly url: URL
  readonly secret: string | null
}

/** Queries that go through the same door. */
interface Group extends Door {
  readonly queries: Query[]
}

/** Only secrets with these names are sent: the vault holds others, and whoever writes a manifest may name any. */
const SENDABLE = /^kpi-/

/**
 * Metrics from services of the teams: per URL (and secret) and read one POST for every 15,000 buckets, at most 4 at once, `{"version": 1, "queries": [{id, environment,
 * app, revision, arm, kpi, kind, limitMs, bucketMs, from, to}]}` with times as ISO 8601, answered by `{"readings": […]}`:
 * `{id, bad, total}` or, of a gauge, `{id, value}` for the newest complete bucket; `{id, buckets: [{at, …}]}` for several, `at`
 * as ISO 8601 with a zone or epoch milliseconds; `{id, missing: "why"}` for none. Answers are read up to 5 MiB and taken
 * strictly: a field that is wrong is named. A URL is asked only where its origin is allowed to the environment, over http
 * only where that origin itself says so, and is sent only a secret that is named for this origin; redirects are not
 * followed. No reading holds a token. Never throws.
 */
export function createHttpMetrics(options: HttpMetricsOptions): Metrics {
  return {
    async read(queries) {
      const readings = new Map<Query, Reading>()
      const groups = new Map<string, Group>()
      for (const query of queries) {
        const door = doorOf(query, options.originsOf)
        if ('why' in door) readings.set(query, missing(query.id, door.silence, door.why, ''))
        else join(groups, door, query)
      }
      const perUrl = Map.groupBy(groups.values(), ({ url }) => url.href)
      const answers = await Promise.all([...perUrl.values()].map((those) => readUrl(those, options)))
      for (const [query, reading] of answers.flat()) readings.set(query, reading)
      return queries.map((query) => readings.get(query) ?? missing(query.id, 'malformed', 'nobody was asked', ''))
    },
  }
}

function doorOf(query: Query, originsOf: HttpMetricsOptions['originsOf']): Door | Trouble {
  const { kpi, environment } = query
  if (kpi.source.kind !== 'http')
    return refused(`KPI ${kpi.name} is measured by ${kpi.source.kind}, not by a service over HTTP`)
  const why = cannotAskWindow(query)
  if (why !== null) return refused(`KPI ${kpi.name}: ${why}`)
  const { secret } = kpi.source
  const url = URL.parse(kpi.source.url)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    return refused(`KPI ${kpi.name}: the url of its source is no http(s) URL without credentials: correct the manifest`)
  const origins = originsOf(environment)
  const secrets = Object.hasOwn(origins, url.origin) ? origins[url.origin] : undefined
  if (secrets === undefined) {
    const why = `the origin ${url.origin} is not allowed to environment ${environment}: add it to httpOrigins in SLIPWAY_ENVIRONMENTS`
    return refused(`KPI ${kpi.name}: ${why}`)
  }
  if (secret === null) return { url, secret }
  if (!SENDABLE.test(secret))
    return refused(
      `KPI ${kpi.name}: the secret ${secret} is sent to nobody, since its name does not begin with kpi-: store the token under such a name`,
    )
  if (secrets.includes(secret)) return { url, secret }
  const unnamed = `the secret ${secret} may not be sent to ${url.origin} from environment ${environment}: name it for this origin in httpOrigins in SLIPWAY_ENVIRONMENTS`
  return refused(`KPI ${kpi.name}: ${unnamed}`)
}

function join(groups: Map<string, Group>, door: Door, query: Query): void {
  const key = JSON.stringify([door.url.href, door.secret])
  const group = groups.get(key) ?? { ...door, queries: [] }
  group.queries.push(query)
  groups.set(key, group)
}

type Answered = readonly (readonly [Query, Reading])[]

/** The groups of one URL: each of them has a token of its own, and all of them share its four places. */
async function readUrl(groups: readonly Group[], options: HttpMetricsOptions): Promise<Answered> {
  const known = await Promise.all(
    groups.map(async (group) => ({
      group,
      token: group.secret === null ? null : await readToken(group.secret, options.secretOf),
    })),
  )
  const batches = known.flatMap(({ group, token }) =>
    batchesOf(group.queries).map((queries) => ({ door: group, token, queries })),
  )
  const answers = await sendBatches(batches, ({ door, token, queries }) => askBatch(door, token, queries, options))
  return batches.flatMap(({ door, queries }, place) =>
    queries.map((query) => [query, toReading(door, query, answers[place] ?? NOT_ASKED)] as const),
  )
}

const NOT_ASKED: Trouble = { silence: 'malformed', why: 'nobody was asked' }

async function askBatch(
  { url }: Door,
  token: string | null | Trouble,
  queries: readonly Query[],
  options: HttpMetricsOptions,
): Promise<HttpAnswer | Trouble> {
  const { now = Date.now, fetch: send = fetch, timeoutMs = 10_000 } = options
  if (token !== null && typeof token !== 'string') return token
  const askedAt = now()
  const sent = await post({ url, token, body: requestBody(queries), timeoutMs, fetch: send })
  if ('why' in sent) return sent
  const answer = readAnswer(sent.text, queries, askedAt, sayWithout(token))
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

function toReading({ url, secret }: Door, query: Query, answer: HttpAnswer | Trouble): Reading {
  const command = asCommand(url.href, secret !== null, query)
  if ('why' in answer) return missing(query.id, answer.silence, answer.why, command)
  const own = answer.byId.get(query.id)
  if (own === undefined) {
    const left = `left out ${JSON.stringify(query.id)}: answer every query, with {id, missing} where there are no figures`
    const { silence, why } = from(url, leftOut(left, answer.stray))
    return missing(query.id, silence, why, command)
  }
  if ('why' in own) return missing(query.id, own.silence, from(url, own).why, command)
  const note = [own.note, answer.stray === null ? null : `left out of the answer: ${answer.stray}`]
    .filter((one) => one !== null)
    .join('; ')
  return {
    id: query.id,
    kind: 'measured',
    buckets: own.buckets,
    quality: 'exact',
    query: command,
    note: note === '' ? null : note,
  }
}

/** Where something stands in the answer that nobody asked for, it may have been meant for this query. */
function leftOut(why: string, stray: string | null): Trouble {
  return stray === null ? { silence: 'partial', why } : { silence: 'malformed', why: `${why}; ${stray}` }
}

function from(url: URL, { silence, why }: Trouble): Trouble {
  return { silence, why: `the service at ${url.origin}: ${why}` }
}

function refused(why: string): Trouble {
  return { silence: 'refused', why }
}
