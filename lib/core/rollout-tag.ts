import type { Command } from './facts.ts'
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

/** What stops is for the rollout, wherever it has come to meanwhile. */
const STOPPING: readonly Command['verb'][] = ['abort', 'pause', 'undo']

function namesRollout(ifMatch: string, id: string): boolean {
  return ifMatch.split(',').some((each) => each.trim().startsWith(`"${id}.`))
}

/**
 * Why a command is not for the rollout as it stands: it carries the tag of an earlier moment, or would promote another step
 * than the present one. Null = it is for this moment. What stops only needs the same rollout.
 */
export function movedOn(
  rollout: Pick<Rollout, 'id' | 'phase'> | null,
  { verb, step, ifMatch }: Pick<Command, 'verb' | 'step' | 'ifMatch'>,
): string | null {
  const tag = rolloutTag(rollout)
  const isSame =
    STOPPING.includes(verb) && rollout !== null && ifMatch !== undefined && namesRollout(ifMatch, rollout.id)
  if (isSame) return null
  const promotes = verb === 'promote' || verb === 'promote-full'
  const isOther = promotes && step !== null && rollout !== null && stepIn(rollout.phase) !== step
  if (!isOther && (ifMatch === undefined || tagMatches(ifMatch, tag))) return null
  const where = rollout === null ? 'there is no rollout' : `${rollout.id} is ${whereOf(rollout.phase)} now`
  return `it changed since you looked: ${where}. Look at it again, and send the command with If-Match: ${tag}`
}

function whereOf(phase: Phase): string {
  const step = stepIn(phase)
  return step === 0 ? phase.kind : `${phase.kind} in step ${step}`
}

function stepIn(phase: Phase): number {
  return 'stage' in phase ? phase.stage + 1 : 0
}

function beginOf(phase: Phase): number {
  return phase.kind === 'finished' ? phase.at : phase.since
}
