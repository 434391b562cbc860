import type { ReplayOutcome } from '../lib/core/replay/timeline.ts'

/** What the process ends with. From 64 on they are those of sysexits.h. */
export const EXIT = {
  fine: 0,
  rolledBack: 2,
  paused: 3,
  usage: 64,
  badInput: 65,
  noInput: 66,
  unavailable: 69,
  bug: 70,
  denied: 77,
} as const

/** Something that the person who called has to mend; `lines` say what is wrong, where, and what to do. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly exit: number

  constructor(exit: number, lines: string | readonly string[], options?: { cause?: unknown }) {
    super(typeof lines === 'string' ? lines : lines.join('\n'), options)
    this.exit = exit
  }
}

/** The exit code of an outcome: a promotion and a rollout that still runs are fine. */
export function exitOf(outcome: ReplayOutcome): number {
  switch (outcome) {
    case 'promoted':
    case 'running':
    case 'unchanged':
      return EXIT.fine
    case 'paused':
      return EXIT.paused
    default:
      return EXIT.rolledBack
  }
}
