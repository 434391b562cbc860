import type { FaultKind } from '../trial/trace.ts'

/** Faults of the world around, which keep nobody from looking and saying what is wrong. */
export const OUTSIDE: readonly FaultKind[] = ['F6', 'F8', 'F9', 'F11', 'F12', 'F14', 'F16']

/** Faults that touch neither Azure nor the control plane. */
export const ELSEWHERE: readonly FaultKind[] = ['F6', 'F11', 'F12', 'F14', 'F16']

export const MINUTE_MS = 60_000
