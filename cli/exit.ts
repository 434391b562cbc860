import type { ReplayVerdict, Timeline } from '../lib/core/replay/timeline.ts'

/** What the process ends with. From 64 on they are those of sysexits.h. */
export const EXIT = {
  fine: 0,
  rolledBack: 2,
  held: 3,
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

/** The exit code of a timeline: a promotion is fine, and so is a rollout that still runs while nothing holds it. */
export function exitOf({ outcome, verdicts }: Pick<Timeline, 'outcome' | 'verdicts'>): number {
  switch (outcome) {
    case 'promoted':
    case 'unchanged':
      return EXIT.fine
    case 'running':
      return isHeld(verdicts.at(-1)) ? EXIT.held : EXIT.fine
    case 'paused':
      return EXIT.held
    default:
      return EXIT.rolledBack
  }
}

/** Whether the rollout would wait until something changes: suspect, nodata, error. */
function isHeld(newest: ReplayVerdict | undefined): boolean {
  return newest !== undefined && newest.kind !== 'pass' && newest.kind !== 'inconclusive'
}
