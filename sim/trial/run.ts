import { createChecks, createRounds } from '../checks/all.ts'
import type { Violation } from '../checks/check.ts'
import { cellOf } from './coverage.ts'
import { live, type Plant } from './live.ts'
import type { Scenario } from './scenario.ts'
import type { TraceEvent } from './trace.ts'

/** A promise that a trial broke; `run` = the trial itself ended in an error that nobody expected. */
export type Broken = Omit<Violation, 'invariant'> & { readonly invariant: Violation['invariant'] | 'run' }

/** What came of one seed, small enough to be sent from process to process. */
export interface Tried {
  readonly seed: number
  /** The plugs that it was lived on; absent = the simulator's. */
  readonly adapters?: 'real'
  readonly canaries: number
  readonly simulatedMs: number
  readonly events: number
  /** Rollouts by how they ended; `unfinished` are those that still went on when the trial ended. */
  readonly outcomes: Readonly<Record<string, number>>
  /** How often each kind of fault struck, once or for a while. */
  readonly struck: Readonly<Record<string, number>>
  /** Which fault struck in which phase, as `F8/progressing`. */
  readonly cells: readonly string[]
  readonly violations: readonly Broken[]
  /** CPU time that its process took for it, the process's own start with the first; absent = nobody measured. */
  readonly cpuMs?: number
  /** Which part of its time the checks took, 0–1; absent = nobody measured. */
  readonly checkShare?: number
}

/** How a scenario is tried. */
export interface TryOptions {
  /** Is told every event, violations among them, in the order of `n`. */
  readonly write?: (event: TraceEvent) => void
  readonly plant?: Plant
  /** Tells milliseconds, to measure what the checks take; absent = it is not measured. */
  readonly now?: () => number
}

/** Lives through a scenario while every check looks on: each sees every event right after it happened. Never throws. */
export async function tryOut(scenario: Scenario, options: TryOptions = {}): Promise<Tried> {
  const { write = () => {}, plant, now = () => 0 } = options
  const tally = createTally(scenario.seed)
  const began = now()
  const watch = watchOver(scenario.seed, now, (event) => {
    tally.see(event)
    write(event)
  })
  let simulatedMs = 0
  try {
    simulatedMs = (await live(scenario, watch.see, plant)).simulatedMs
  } catch (error) {
    watch.broke('run', `the trial ended in an error that nobody expected: ${wordsOf(error)}`)
  }
  const { adapters } = scenario
  const violations = watch.finish()
  const checkShare = watch.tookMs() / Math.max(1, now() - began)
  const measured = options.now === undefined ? {} : { checkShare }
  return { ...tally.result(), ...(adapters && { adapters }), simulatedMs, violations, ...measured }
}

/** Of so many events one is timed: a look at the clock takes as long as many a check. */
const TIMED = 8

/** Hands events on, numbered anew so that violations stand right behind what they were seen at; the end comes last. */
function watchOver(seed: number, now: () => number, write: (event: TraceEvent) => void) {
  const checks = createChecks()
  const roundFor = createRounds(checks)
  const violations: Broken[] = []
  let n = 0
  let at = 0
  let tookMs = 0
  let last: Extract<TraceEvent, { kind: 'end' }> | null = null
  const broke = (invariant: Broken['invariant'], says: string, where = n) => {
    violations.push({ invariant, says, n: where })
    n += 1
    write({ seed, n, at, kind: 'violation', invariant, says })
  }
  /** A check that itself breaks must not pass for one that found nothing, nor be swallowed by the engine that it runs in. */
  const ask = (event: TraceEvent | null) => {
    const counts = event === null ? 1 : event.n % TIMED === 0 ? TIMED : 0
    const began = counts > 0 ? now() : 0
    for (const check of event === null ? checks : roundFor(event)) {
      try {
        const found = event === null ? check.end() : check.see(event)
        for (const one of found) broke(one.invariant, one.says, one.n)
      } catch (error) {
        broke('run', `the check of ${check.invariant} broke: ${wordsOf(error)}`)
      }
    }
    if (counts > 0) tookMs += counts * (now() - began)
  }
  const see = (event: TraceEvent) => {
    at = event.at
    const numbered = event.n === n + 1 ? event : { ...event, n: n + 1 }
    // The end is written last, under a number of its own: this one goes to the next that is written.
    if (numbered.kind === 'end') last = numbered
    else {
      n += 1
      write(numbered)
    }
    ask(numbered)
  }
  const finish = () => {
    ask(null)
    if (last !== null) write({ ...last, n: n + 1, violations: violations.length })
    return violations
  }
  return { see, broke, finish, tookMs: () => tookMs }
}

function createTally(seed: number) {
  const outcomes = new Map<string, string>()
  const struck: Record<string, number> = {}
  const cells = new Set<string>()
  let events = 0
  return {
    see: (event: TraceEvent) => {
      events += 1
      if (event.kind === 'decision') outcomes.set(event.rollout, event.outcome ?? 'unfinished')
      if (event.kind !== 'fault' || event.moment === 'ends') return
      struck[event.fault] = (struck[event.fault] ?? 0) + 1
      cells.add(cellOf(event.fault, event.phase))
    },
    result: () => {
      const byOutcome: Record<string, number> = {}
      for (const outcome of outcomes.values()) byOutcome[outcome] = (byOutcome[outcome] ?? 0) + 1
      return { seed, canaries: outcomes.size, events, outcomes: byOutcome, struck, cells: [...cells] }
    },
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
