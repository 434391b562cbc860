import type { Rollout } from '../lib/core/rollout.ts'
import { quotable } from '../lib/schema/issue.ts'

/** How a rollout really ended, or where it stands. */
export interface Ending {
  readonly outcome: string
  /** Number of the bucket in which it ended; null where it has not. */
  readonly endedAtMinute: number | null
  readonly because: string
}

/** How a stored rollout ended, made fit for a terminal, since people write reasons; `from` is the start of its first bucket. */
export function endingOf({ phase, manifest }: Rollout, from: number): Ending {
  const bucket = (at: number) => Math.floor((at - from) / manifest.analysis.bucketMs)
  switch (phase.kind) {
    case 'finished':
      return { outcome: phase.outcome, endedAtMinute: bucket(phase.at), because: quotable(phase.because, 500) }
    case 'rolling-back':
      return { outcome: phase.outcome, endedAtMinute: bucket(phase.since), because: quotable(phase.because, 500) }
    case 'paused':
      return { outcome: 'paused', endedAtMinute: null, because: quotable(phase.because, 500) }
    default:
      return { outcome: 'running', endedAtMinute: null, because: `it is ${phase.kind}` }
  }
}
