import type { TraceEvent } from '../trial/trace.ts'

/** Knows who fell asleep inside a deed: Container Apps has no If-Match, so that nothing can stop what such a worker does when it wakes. */
export interface Sleepers {
  /** Whether this write is that of a worker who slept right before it; asked at a write, before the next event is seen. */
  isWaking(worker: number): boolean
  /** Whether this worker fell asleep while it stored something. */
  wasStoring(worker: number): boolean
  /** Since when it slept; null where it did not. */
  asleepSince(worker: number): number | null
}

/** What it follows. */
export const SLEEPERS = ['asleep', 'arm-write'] as const

/** Follows who sleeps; the first writes of a sleeper, as many as it was about to make at once, are those that it slept before. */
export function followSleepers(): Sleepers & { see(event: TraceEvent): void } {
  const asleep = new Map<number, number>()
  const since = new Map<number, number>()
  const storing = new Set<number>()
  let waking = -1
  return {
    see: (event) => {
      waking = -1
      if (event.kind === 'asleep' && event.call === 'apps.perform') {
        asleep.set(event.worker, (asleep.get(event.worker) ?? 0) + 1)
        since.set(event.worker, event.at)
      }
      if (event.kind === 'asleep' && event.call === 'store.commit') storing.add(event.worker)
      if (event.kind !== 'arm-write') return
      const left = asleep.get(event.worker) ?? 0
      if (left === 0) return
      waking = event.worker
      asleep.set(event.worker, left - 1)
    },
    isWaking: (worker) => worker === waking,
    wasStoring: (worker) => storing.has(worker),
    asleepSince: (worker) => (worker === waking ? (since.get(worker) ?? null) : null),
  }
}
