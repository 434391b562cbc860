/**
 * One worker of the bench of scale: the real engine and the real table store, in a process of its own. It does what its
 * parent says over the channel, and tells what it cost. Apps and measurements are asked of the parent over loopback.
 */
import { createHash } from 'node:crypto'
import { TableClient } from '@azure/data-tables'
import { readAgainAfterReset } from '../lib/adapters/store/reset-again.ts'
import { createTableStore } from '../lib/adapters/store/table.ts'
import { sweep } from '../lib/engine/sweep.ts'
import { createTurnstile } from '../lib/engine/turnstile.ts'
import type { Wheel } from '../lib/engine/wheel.ts'
import { matchesTag } from '../lib/schema/tag.ts'
import { nextWindow, openWindow } from '../lib/schema/window.ts'
import { handClock } from '../sim/clock.ts'
import { createSimRegistry } from '../sim/registry.ts'
import { createSimRestarts } from '../sim/restarts.ts'
import { ENVIRONMENT } from './services.ts'

/** What the parent says. */
export type Order =
  | {
      readonly kind: 'sweep'
      readonly id: number
      readonly at: number
      readonly isHelp: boolean
    }
  | { readonly kind: 'tell'; readonly id: number }

/** What the worker answers: `help` comes unasked. */
export type Report =
  | { readonly kind: 'help' }
  | {
      readonly kind: 'swept'
      readonly id: number
      readonly saved: number
      readonly lost: number
      readonly broken: number
    }
  | ({ readonly kind: 'told'; readonly id: number } & Cost)

/** What a worker has cost since it was asked last; memory as it is, after the garbage was collected. */
export interface Cost {
  readonly reads: number
  readonly writes: number
  readonly cpuMs: number
  readonly rssBytes: number
  readonly heapBytes: number
}

const [tableUrl = '', ca = '', remote = ''] = process.argv.slice(2)
const clock = handClock(0)
let [reads, writes] = [0, 0]
let cpu = process.cpuUsage()

function tables(name: string): TableClient {
  const token = { token: process.env.BENCH_TOKEN ?? '', expiresOnTimestamp: Date.now() + 86_400_000 }
  const options = { retryOptions: { maxRetries: 0 }, tlsOptions: { ca } }
  const table = new TableClient(tableUrl, name, { getToken: async () => token }, options)
  table.pipeline.addPolicy(readAgainAfterReset)
  table.pipeline.addPolicy({
    name: 'tally',
    sendRequest: async (request, next) => {
      if (request.method === 'GET') reads += 1
      else writes += 1
      return next(request)
    },
  })
  return table
}

async function ask<T>(what: string, given: unknown): Promise<T> {
  const answer = await fetch(`${remote}/${what}`, { method: 'POST', body: JSON.stringify({ now: clock.now(), given }) })
  if (!answer.ok) throw new Error(`${what}: ${await answer.text()}`)
  return (await answer.json()) as T
}

/** Longer than the product's 20 s: a machine that is busy with other things must not end the measurement. */
const PATIENCE_MS = 120_000
const inTurn = createTurnstile(2)
const kept = createTableStore({
  timeoutMs: PATIENCE_MS,
  tables: { state: tables('SlipwayState'), index: tables('SlipwayIndex'), events: tables('SlipwayEvents') },
})
const wheel: Wheel = {
  clock,
  store: kept,
  catalogue: kept,
  events: kept,
  buckets: kept,
  freezes: kept,
  apps: {
    observe: (targets) => ask('observe', targets),
    perform: () => Promise.reject(new Error('a look at rest writes nothing')),
  },
  metrics: { read: (queries) => ask('read', queries) },
  registry: createSimRegistry(),
  restarts: createSimRestarts(),
  bell: {
    ring: async (calls) => {
      for (const call of calls) if (call.isHelp === true) report({ kind: 'help' })
    },
  },
  digest: (text) => createHash('sha256').update(text).digest('hex'),
  matchesTag,
  openWindow,
  nextWindow,
  longestLifeMs: 0,
}

function report(said: Report): void {
  process.send?.(said)
}

async function obey(order: Order): Promise<void> {
  if (order.kind === 'tell') {
    globalThis.gc?.()
    const { user, system } = process.cpuUsage(cpu)
    const { rss, heapUsed } = process.memoryUsage()
    report({
      kind: 'told',
      id: order.id,
      reads,
      writes,
      cpuMs: (user + system) / 1000,
      rssBytes: rss,
      heapBytes: heapUsed,
    })
    ;[reads, writes] = [0, 0]
    cpu = process.cpuUsage()
    return
  }
  clock.set(order.at)
  const work = () => sweep(wheel, ENVIRONMENT, { isHelp: order.isHelp })
  // As functions/turns.ts does it.
  const turned = await (order.isHelp ? inTurn(work) : work())
  const count = (result: string) => turned.filter((one) => one.result === result).length
  const broken = turned.find((one) => one.result === 'broken')
  if (broken !== undefined) console.error(`${broken.name}: ${String(broken.error).slice(0, 120)}`)
  report({ kind: 'swept', id: order.id, saved: count('saved'), lost: count('lost'), broken: count('broken') })
}

process.on('message', (order: Order) => void obey(order))
process.once('disconnect', () => process.exit())
