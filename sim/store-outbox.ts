import { type Notice, threadOf } from '../lib/core/notice.ts'
import type { Outbox, Parcel, SinkState } from '../lib/ports.ts'
import { compare, pageOf } from './store-pages.ts'

/** Notices in memory, and what a test wants to see of them. */
export interface SimOutbox extends Outbox {
  /** Stores notices beside their audit rows; commits call it. */
  put(notices: readonly Notice[]): void
}

interface Kept {
  readonly unsent: Map<string, Notice>
  readonly waiting: Map<string, Parcel>
  readonly dead: Map<string, Parcel>
  readonly sinks: Map<string, { readonly state: SinkState; readonly version: number }>
  readonly threads: Map<string, string>
}

const WELL: SinkState = { leasedUntil: 0, failures: 0, failingSince: null, pausedUntil: 0, lastError: null }

/** Keeps notices under the same contract as the table store. */
export function createSimOutbox(): SimOutbox {
  const environments = new Map<string, Kept>()
  const of = (environment: string): Kept => {
    const kept = environments.get(environment) ?? empty()
    environments.set(environment, kept)
    return kept
  }
  return { ...comingIn(of), ...goingOut(of) }
}

type Of = (environment: string) => Kept

function comingIn(of: Of): Pick<SimOutbox, 'put' | 'unsent' | 'handOut' | 'line' | 'sink' | 'keepSink'> {
  return {
    put: (notices) => {
      for (const notice of notices) of(notice.environment).unsent.set(placeOf(notice), notice)
    },
    unsent: async (environment, limit) => {
      const rows = [...of(environment).unsent].sort(byKey).slice(0, limit)
      return rows.map(([token, notice]) => ({ notice, token }))
    },
    handOut: async ({ notice, token }, sinks, now) => {
      const kept = of(notice.environment)
      if (!kept.unsent.delete(token as string)) return 'conflict'
      for (const sink of sinks) keep(kept, fresh(notice, sink, now))
      return 'saved'
    },
    line: async (environment, sink, limit) => {
      const rows = [...of(environment).waiting].filter(([, parcel]) => parcel.sink === sink)
      return rows
        .sort(byKey)
        .slice(0, limit)
        .map(([, parcel]) => parcel)
    },
    sink: async (environment, sink) => {
      const { state, version } = of(environment).sinks.get(sink) ?? { state: WELL, version: 0 }
      return { state, token: version }
    },
    keepSink: async (environment, sink, state, token) => {
      const { sinks } = of(environment)
      const version = sinks.get(sink)?.version ?? 0
      if (token !== version) return null
      sinks.set(sink, { state, version: version + 1 })
      return { token: version + 1 }
    },
  }
}

function goingOut(of: Of): Pick<SimOutbox, 'delivered' | 'failed' | 'thread' | 'parcels' | 'revive'> {
  return {
    delivered: async (parcel, thread) => {
      const kept = of(parcel.environment)
      const isMine = kept.waiting.delete(keyOf(parcel))
      if (isMine && thread !== null) kept.threads.set(`${parcel.sink}!${threadOf(parcel.notice)}`, thread)
    },
    failed: async (parcel) => {
      const kept = of(parcel.environment)
      if (parcel.deadAt === null) {
        if (kept.waiting.has(keyOf(parcel))) keep(kept, parcel)
      } else if (kept.waiting.delete(keyOf(parcel))) kept.dead.set(keyOf(parcel), parcel)
    },
    thread: async (environment, sink, thread) => of(environment).threads.get(`${sink}!${thread}`) ?? null,
    parcels: async (environment, dead, limit, from) => {
      const kept = of(environment)
      const rows = [...(dead ? kept.dead : kept.waiting)].map(([at, item]) => ({ at, item }))
      return pageOf(rows, limit, from, `parcels ${environment} ${dead}`)
    },
    revive: async (parcel, now) => {
      const kept = of(parcel.environment)
      if (kept.dead.delete(keyOf(parcel))) keep(kept, fresh(parcel.notice, parcel.sink, now))
    },
  }
}

function empty(): Kept {
  return { unsent: new Map(), waiting: new Map(), dead: new Map(), sinks: new Map(), threads: new Map() }
}

function fresh(notice: Notice, sink: string, queuedAt: number): Parcel {
  const { environment } = notice
  return { environment, sink, notice, queuedAt, tries: 0, lastError: null, deadAt: null }
}

function keep({ waiting }: Kept, parcel: Parcel): void {
  waiting.set(keyOf(parcel), parcel)
}

function keyOf({ sink, notice }: Parcel): string {
  return `${sink}!${placeOf(notice)}`
}

function placeOf({ at, service, seq }: Notice): string {
  return `${String(at).padStart(13, '0')}!${service ?? ''}!${String(seq).padStart(13, '0')}`
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return compare(a, b)
}
