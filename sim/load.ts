import { Agent, get, type IncomingMessage } from 'node:http'
import type { Clock } from '../lib/ports.ts'

/** One stream of requests. */
export interface LoadStream {
  readonly name: string
  /** `http://…`, asked with GET. */
  readonly url: string
  /** Requests per second, above 0; sent evenly, whether answers come or not. */
  readonly rps: number
}

export interface LoadOptions {
  readonly streams: readonly LoadStream[]
  readonly clock: Clock
  /** A request without a complete answer by then has failed. Default 10 seconds. */
  readonly timeoutMs?: number
}

/** What became of a stream's requests so far. */
export interface LoadCount {
  readonly sent: number
  readonly ok: number
  readonly failed: number
  /** Good answers by the version that gave them. */
  readonly byVersion: Readonly<Record<string, number>>
}

/** A request that failed: an answer of 400 or more, no answer, or none in time. */
export interface LoadFailure {
  readonly at: number
  readonly stream: string
  readonly kind: 'status' | 'network' | 'timeout'
  /** The status, or the error's code. */
  readonly detail: string
  /** Who gave the answer, where one came from a revision. */
  readonly revision: string | null
}

/** Clients that never stop asking, and count. */
export interface Load {
  /** By stream name. */
  counts(): Readonly<Record<string, LoadCount>>
  /** The newest 1000 failures, oldest first. */
  failures(): readonly LoadFailure[]
  /** Sends no more, and waits until every request that is open has ended. */
  close(): Promise<void>
}

interface Counting {
  sent: number
  ok: number
  failed: number
  byVersion: Record<string, number>
}

interface Generator {
  readonly options: LoadOptions
  readonly agent: Agent
  readonly counts: Map<string, Counting>
  readonly failures: LoadFailure[]
  readonly open: Set<Promise<void>>
}

/** Starts sending at once, open-loop, over connections that are kept. Names of streams must differ. */
export function createLoad(options: LoadOptions): Load {
  const generator: Generator = {
    options,
    agent: new Agent({ keepAlive: true }),
    counts: new Map(options.streams.map(({ name }) => [name, { sent: 0, ok: 0, failed: 0, byVersion: {} }])),
    failures: [],
    open: new Set(),
  }
  const started = performance.now()
  const beat = setInterval(() => {
    const elapsedS = (performance.now() - started) / 1000
    for (const stream of options.streams) sendDue(generator, stream, elapsedS)
  }, BEAT_MS)
  return {
    counts: () => Object.fromEntries([...generator.counts].map(([name, count]) => [name, structuredClone(count)])),
    failures: () => [...generator.failures],
    close: async () => {
      clearInterval(beat)
      await Promise.all(generator.open)
      generator.agent.destroy()
    },
  }
}

const BEAT_MS = 5
const MOST_FAILURES = 1000

function sendDue(generator: Generator, stream: LoadStream, elapsedS: number): void {
  const count = generator.counts.get(stream.name)
  if (count === undefined) return
  while (count.sent < Math.floor(elapsedS * stream.rps)) {
    count.sent++
    const ended = ask(stream.url, generator.agent, generator.options.timeoutMs ?? 10_000).then((outcome) => {
      generator.open.delete(ended)
      settle(generator, stream.name, count, outcome)
    })
    generator.open.add(ended)
  }
}

type Outcome = { readonly kind: 'ok'; readonly version: string } | Pick<LoadFailure, 'kind' | 'detail' | 'revision'>

/** Never rejects. The first thing that ends a request is what became of it. */
function ask(url: string, agent: Agent, timeoutMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const lose = (error: NodeJS.ErrnoException) =>
      resolve({ kind: 'network', detail: error.code ?? error.message, revision: null })
    const asked = get(url, { agent }, (answer) => {
      answer.resume()
      answer.once('error', lose)
      answer.once('end', () => resolve(outcomeOf(answer)))
    })
    const timer = setTimeout(() => {
      resolve({ kind: 'timeout', detail: `no answer within ${timeoutMs} ms`, revision: null })
      asked.destroy()
    }, timeoutMs)
    asked.once('error', lose)
    asked.once('close', () => clearTimeout(timer))
  })
}

function outcomeOf({ statusCode = 0, headers }: IncomingMessage): Outcome {
  if (statusCode < 400) return { kind: 'ok', version: String(headers['x-version'] ?? 'unknown') }
  const revision = headers['x-revision']
  return { kind: 'status', detail: String(statusCode), revision: revision === undefined ? null : String(revision) }
}

function settle(generator: Generator, stream: string, count: Counting, outcome: Outcome): void {
  if (outcome.kind === 'ok') {
    count.ok++
    count.byVersion[outcome.version] = (count.byVersion[outcome.version] ?? 0) + 1
    return
  }
  count.failed++
  generator.failures.push({ at: generator.options.clock.now(), stream, ...outcome })
  if (generator.failures.length > MOST_FAILURES) generator.failures.shift()
}
