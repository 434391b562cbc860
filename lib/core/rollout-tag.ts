import type { Phase, Rollout } from './rollout.ts'

/**
 * The tag of what an operator decides on: `"<rollout>.<phase>.<step>.<since>"`, quotes and all, as `ETag` and `If-Match`
 * write it; step as people count (0 outside the steps), since in epoch milliseconds. It changes when the rollout, its phase
 * or its step does, and not with every look. A service without a rollout has `"none"`.
 */
export function rolloutTag(rollout: Pick<Rollout, 'id' | 'phase'> | null): string {
  if (rollout === null) return '"none"'
  const { id, phase } = rollout
  return `"${id}.${phase.kind}.${stepIn(phase)}.${beginOf(phase)}"`
}

/** Whether an `If-Match` header lets `tag` pass: it names it, or says `*`. Weak tags never match (RFC 9110, 13.1.1). */
export function tagMatches(ifMatch: string, tag: string): boolean {
  const named = ifMatch.split(',').map((each) => each.trim())
  return named.includes('*') || named.includes(tag)
}

function stepIn(phase: Phase): number {
  return 'stage' in phase ? phase.stage + 1 : 0
}

function beginOf(phase: Phase): number {
  return phase.kind === 'finished' ? phase.at : phase.since
}
