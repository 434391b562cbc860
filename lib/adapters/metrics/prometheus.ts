import type { Query, Reading } from '../../core/judge/reading.ts'
import type { Metrics } from '../../ports.ts'
import { missing } from './missing.ts'
import { figuresOf, type Outcome } from './prometheus-answer.ts'
import { queryPrometheus, type Series } from './prometheus-call.ts'
import { type Batch, type Placed, place, planBatches, type Servers, textAlone } from './prometheus-plan.ts'
import { createTokens, type Tokens } from './prometheus-token.ts'
import { createPatience, createTurns, type Patience, type Turns } from './prometheus-turns.ts'
import { bucketText } from './promql.ts'
import type { Trouble } from './trouble.ts'

export interface PrometheusOptions extends Servers {
  /** The bearer token for an audience, as Slipway's identity has it; asked for once per read and audience. */
  readonly tokenOf?: (audience: string) => Promise<string>
  readonly fetch?: typeof fetch
  /** The longest wait for one answer, default 20,000 ms: a first look back over a day takes a while. */
  readonly timeoutMs?: number
}

/**
 * Metrics from Prometheus' HTTP API: one instant query per server, set of series (requests, durations, a pair of counters,
 * a gauge) and length of bucket, for all revisions and arms at once; one more where a long look back is due, and one more
 * for histograms without a bound on the limit. Counts are what was counted: differences of samples, never extrapolated.
 * An event stands in the bucket in which it was first scraped, so targets must be scraped at least once per bucket: a
 * bucket without a scrape is missing data. A gauge is its last sample in the bucket, of several series the worst. What a
 * target held when it was first scraped is not counted, because nobody knows when it happened. A server is asked at most
 * eight queries at a time, over all reads, and none more in a read in which it left eight in a row unanswered. Never throws.
 */
export function createPrometheus(options: PrometheusOptions): Metrics {
  const turns = createTurns()
  return {
    async read(queries) {
      const readings = new Map<Query, Reading>()
      const placed: Placed[] = []
      for (const query of queries) {
        const one = place(query, options)
        if ('why' in one) readings.set(query, missing(query.id, one.silence, one.why, ''))
        else placed.push(one)
      }
      const { fetch: send = fetch, timeoutMs = 20_000, tokenOf = nobody } = options
      const tokens = createTokens(tokenOf, timeoutMs)
      const read = { send, timeoutMs, turns, tokens, patience: createPatience() }
      for (const [query, reading] of await readAll(placed, read)) readings.set(query, reading)
      return queries.map(
        (query) => readings.get(query) ?? missing(query.id, 'malformed', 'Prometheus was not asked', ''),
      )
    },
  }
}

function nobody(): Promise<string> {
  return Promise.reject(new Error('there is no identity to ask a token with'))
}

type Answer = readonly [Query, Reading]

interface Read {
  readonly send: typeof fetch
  readonly timeoutMs: number
  readonly turns: Turns
  readonly tokens: Tokens
  readonly patience: Patience
}

async function readAll(placed: readonly Placed[], read: Read): Promise<readonly Answer[]> {
  const outcomes = await Promise.all(planBatches(placed).map((batch) => readBatch(batch, read)))
  const coarse: Placed[] = []
  const answers: Answer[] = []
  for (const [one, outcome] of outcomes.flat()) {
    if (outcome === 'coarse') coarse.push(withEveryBound(one))
    else answers.push([one.query, toReading(one, outcome)])
  }
  return coarse.length === 0 ? answers : [...answers, ...(await readAll(coarse, read))]
}

async function readBatch(batch: Batch, read: Read): Promise<readonly (readonly [Placed, Outcome])[]> {
  const { ask, row, placed } = batch
  const text = bucketText(ask, [...new Set(placed.map(({ query }) => query.revision))], row)
  const series = await sendInTurn(batch, text, read)
  return placed.map((one) => [one, 'why' in series ? series : figuresOf(one, series)] as const)
}

async function sendInTurn(
  { baseUrl, audience }: Batch,
  text: string,
  read: Read,
): Promise<readonly Series[] | Trouble> {
  const { send, timeoutMs, turns, tokens, patience } = read
  const server = URL.parse(baseUrl)?.origin ?? baseUrl
  return turns(server, async () => {
    const lost = patience.lost(server)
    if (lost !== null) return lost
    const pass = audience === null ? { token: null } : await tokens(audience)
    if ('why' in pass) return pass
    const series = await queryPrometheus({ baseUrl, text, token: pass.token, timeoutMs, fetch: send })
    patience.note(server, 'why' in series ? series : null)
    return series
  })
}

function withEveryBound(placed: Placed): Placed {
  return placed.ask.form === 'durations' ? { ...placed, ask: { ...placed.ask, limits: null } } : placed
}

function toReading(placed: Placed, outcome: Exclude<Outcome, 'coarse'>): Reading {
  const { id } = placed.query
  const query = textAlone(placed)
  if ('why' in outcome) return missing(id, outcome.silence, outcome.why, query)
  return { id, kind: 'measured', ...outcome, query }
}
