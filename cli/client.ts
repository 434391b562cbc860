import type { BucketLine, History, SeenBucket } from '../lib/core/judge/state.ts'
import type { Rollout } from '../lib/core/rollout.ts'
import { quotable } from '../lib/schema/issue.ts'
import { EXIT, Refusal } from './exit.ts'

/** A past or present rollout as the service keeps it: what it was, what was measured, and when which weight was real. */
export interface StoredRollout {
  readonly rollout: Rollout
  /** Start of bucket 0, epoch milliseconds. */
  readonly from: number
  readonly lines: readonly BucketLine[]
  readonly history: Readonly<Record<string, History>>
  readonly unfinished: Readonly<Record<string, readonly SeenBucket[]>>
  /** Canary weights as the ingress was seen to have them, oldest first. */
  readonly weights: readonly { readonly at: number; readonly weight: number }[]
}

/** Where the service is, and which of its rollouts is meant; `environment` is null where one alone has the service. */
export interface Where {
  readonly url: string
  readonly key: string
  readonly service: string
  readonly rollout: number
  readonly environment: string | null
}

const TIMEOUT_MS = 30_000
const PAGE = 100

/** Reads everything that a replay of a stored rollout needs. Throws Refusal that says what to do. */
export async function storedRollout(where: Where): Promise<StoredRollout> {
  const ask = asker(where)
  const service = `/api/v1/services/${encodeURIComponent(where.service)}`
  const query = where.environment === null ? '' : `&environment=${encodeURIComponent(where.environment)}`
  const rollout = await findRollout(ask, `${service}/rollouts?limit=${PAGE}${query}`, where)
  const lines: BucketLine[] = []
  let head: BucketsPage | null = null
  for await (const page of pages<BucketsPage>(
    ask,
    `${service}/rollouts/${where.rollout}/buckets?limit=${PAGE}${query}`,
  )) {
    head ??= page
    lines.push(...page.items)
  }
  if (head === null || head.from === null || lines.length === 0)
    throw new Refusal(EXIT.badInput, `${rollout.id} has no stored buckets: its canary was never judged`)
  return {
    rollout,
    from: head.from,
    lines,
    history: head.history,
    unfinished: head.unfinished,
    weights: await weightsOf(ask, rollout),
  }
}

interface ItemsPage<T> {
  readonly items: readonly T[]
  readonly nextLink: string | null
}

interface BucketsPage extends ItemsPage<BucketLine> {
  readonly from: number | null
  readonly history: Readonly<Record<string, History>>
  readonly unfinished: Readonly<Record<string, readonly SeenBucket[]>>
}

type Ask = (path: string) => Promise<unknown>

async function findRollout(ask: Ask, path: string, { service, rollout }: Where): Promise<Rollout> {
  for await (const { items } of pages<ItemsPage<Rollout>>(ask, path)) {
    const found = items.find(({ number }) => number === rollout)
    if (found !== undefined) return known(found)
    if (items.some(({ number }) => number < rollout)) break
  }
  throw new Refusal(
    EXIT.badInput,
    `${service} has no rollout ${rollout}; GET /api/v1/services/${service}/rollouts lists them`,
  )
}

function known(rollout: Rollout): Rollout {
  if (rollout.schema === 1) return rollout
  throw new Refusal(
    EXIT.badInput,
    `${rollout.id} was stored by another version of Slipway; use the command of that version`,
  )
}

async function weightsOf(ask: Ask, { id, key, canary }: Rollout): Promise<StoredRollout['weights']> {
  const query = new URLSearchParams({
    environment: key.environment,
    service: key.name,
    rollout: id,
    limit: String(PAGE),
  })
  const seen: { at: number; weight: number }[] = []
  type Row = { kind: string; happenedAt: string; weightsAfter: Readonly<Record<string, number>> | null }
  for await (const { items } of pages<ItemsPage<Row>>(ask, `/api/v1/audit?${query}`)) {
    for (const row of items) {
      if (row.kind !== 'weights-confirmed') continue
      seen.push({ at: Date.parse(row.happenedAt), weight: row.weightsAfter?.[canary] ?? 0 })
    }
  }
  return seen.sort((a, b) => a.at - b.at)
}

async function* pages<T extends ItemsPage<unknown>>(ask: Ask, first: string): AsyncGenerator<T> {
  for (let path: string | null = first; path !== null; ) {
    const page = (await ask(path)) as T
    if (!Array.isArray(page.items))
      throw new Refusal(EXIT.unavailable, `${path} answered something that is no list; is this Slipway?`)
    yield page
    path = page.nextLink
  }
}

function asker({ url, key }: Where): Ask {
  const base = baseOf(url)
  return async (path) => {
    const target = new URL(path, base)
    if (target.origin !== base.origin)
      throw new Refusal(EXIT.unavailable, `the next page lies at ${target.origin}, and not at ${base.origin}`)
    const response = await fetchOnce(target, key)
    const text = await response.text()
    const body = jsonOf(text)
    if (response.ok && body !== null) return body
    throw refusalOf(response, body, target)
  }
}

/** The service's origin. Keys go over the open net encrypted only. */
function baseOf(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : null
  if (base === null || !/^https?:$/.test(base.protocol))
    throw new Refusal(EXIT.usage, `--url ${url} is no address; write it like https://slipway.example.com`)
  const isOwn = base.protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(base.hostname)
  if (!isOwn) throw new Refusal(EXIT.usage, `--url ${url} would carry the key unencrypted; use https://`)
  return new URL(base.origin)
}

async function fetchOnce(target: URL, key: string): Promise<Response> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    // A redirect would take the key along to wherever it points.
    return await fetch(target, {
      headers: { 'x-functions-key': key, accept: 'application/json' },
      redirect: 'error',
      signal,
    })
  } catch (cause) {
    const { message, cause: deeper } = cause as Error & { cause?: { message?: string } }
    throw new Refusal(
      EXIT.unavailable,
      `${target.origin} does not answer (${deeper?.message ?? message}); check --url`,
      { cause },
    )
  }
}

function refusalOf({ status }: Response, body: Readonly<Record<string, unknown>> | null, target: URL): Refusal {
  if (status === 401 || status === 403)
    return new Refusal(EXIT.denied, `${target.origin} refuses the key; give the function key with --key or SLIPWAY_KEY`)
  const detail = typeof body?.detail === 'string' ? quotable(body.detail, 500) : `${target.pathname} answered ${status}`
  return new Refusal(status >= 500 ? EXIT.unavailable : EXIT.badInput, detail)
}

function jsonOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null
  } catch {
    return null
  }
}
