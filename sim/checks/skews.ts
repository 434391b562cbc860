import type { TraceEvent } from '../trial/trace.ts'

/** What is forgiven between a wake-up and what was seen before it. */
const BEFORE_MS = 60_000

/** How far the workers' clocks were off. */
export interface Skews {
  see(event: TraceEvent): void
  /** How far ahead of the world's a clock was at most, of those that somebody looked at since then; 0 = none was ahead. */
  ahead(since: number): number
  /** How far any two clocks were apart at most, the world's own among them. */
  apart(since: number): number
}

/** What it follows. */
export const SKEWS = ['wake'] as const

/** Follows what each worker believes when it begins a piece of work. */
export function followSkews(): Skews {
  const off: { readonly at: number; readonly by: number }[] = []
  const since = (from: number) => off.flatMap(({ at, by }) => (at >= from - BEFORE_MS ? [by] : []))
  return {
    see: (event) => {
      if (event.kind === 'wake' && event.clock !== event.at) off.push({ at: event.at, by: event.clock - event.at })
    },
    ahead: (from) => Math.max(0, ...since(from)),
    apart: (from) => {
      const skews = since(from)
      return Math.max(0, ...skews) - Math.min(0, ...skews)
    },
  }
}
