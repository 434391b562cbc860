import { setTimeout as sleepFor } from 'node:timers/promises'
import { createLookout, type Lookout } from './engine/lookout.ts'
import { createReadiness, type Readiness } from './engine/readiness.ts'
import type { Clock } from './ports.ts'

/** Callers that may wait for news at once, of each instance: what a waiter costs is a look at storage a second, at the most. */
const SEATS = 50
/** As many as one of them may hold: a dozen screens and a pipeline, and never all. */
export const SEATS_EACH = 16

/** Does not keep the process from ending. */
const sleep = async (ms: number): Promise<void> => {
  await sleepFor(ms, undefined, { ref: false })
}

/** Waiting for news, with looks at storage once a second and shared. */
export function createLookoutHere(clock: Clock): Lookout {
  return createLookout({ now: clock.now, sleep, seats: SEATS, intervalMs: 1000 })
}

/** The check of readiness: a second for each part, asked at most every five seconds. */
export function createReadinessHere(
  clock: Clock,
  parts: Readonly<Record<string, () => Promise<unknown>>>,
): () => Promise<Readiness> {
  return createReadiness({ parts, now: clock.now, sleep, limitMs: 1000, keepMs: 5000 })
}
