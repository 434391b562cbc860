import type { Plan, Row } from './line.ts'

/** What the audit has told of a rollout so far. */
export interface Rollout {
  readonly id: string
  readonly plan: Plan
  stable: string | null
  canary: string | null
  isReady: boolean
  /** The row that began the step it is in; null before the first. */
  step: Row | null
  /** When the weight of that step was written down as seen; null while it is not. */
  confirmedAt: number | null
  /** What people said since that step began. */
  words: Row[]
  /** The row that took Slipway's hands off; null while nothing has. */
  handsOff: Row | null
  /** The row that says that a freeze holds it; null while none does. */
  frozen: Row | null
  end: 'none' | 'leaving' | 'finished'
}

/** A rollout as its first row tells it. An undo has one step, with all traffic at once. */
export function beginning(row: Row, plan: Plan): Rollout {
  const detail = row.whole.detail as { readonly cause?: unknown } | null
  const stages = detail?.cause === 'undo' ? [{ weight: 100, bakeMs: 0, gate: false }] : plan.stages
  return {
    id: row.rollout ?? '',
    plan: { ...plan, stages },
    stable: null,
    canary: null,
    isReady: false,
    step: null,
    confirmedAt: null,
    words: [],
    handsOff: null,
    frozen: null,
    end: 'none',
  }
}
