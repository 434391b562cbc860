import type { TraceEvent } from '../trial/trace.ts'

/** Knows who fell asleep inside a deed: Container Apps has no If-Match, so that nothing can stop what such a worker does when it wakes. */
export interface Sleepers {
  /** Whether this write is that of a worker who slept right before it; asked at a write, before the next event is seen. */
  isWaking(worker: number): boolean
}

/** Follows who sleeps; the first write of a sleeper is the one that it slept before. */
export function followSleepers(): Sleepers & { see(event: TraceEvent): void } {
  const asleep = new Set<number>()
  let waking = -1
  return {
    see: (event) => {
      waking = -1
      if (event.kind === 'asleep' && event.call === 'apps.perform') asleep.add(event.worker)
      if (event.kind === 'arm-write' && asleep.delete(event.worker)) waking = event.worker
    },
    isWaking: (worker) => worker === waking,
  }
}
