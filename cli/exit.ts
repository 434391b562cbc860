import type { ReplayVerdict, Timeline } from '../lib/core/replay/timeline.ts'

/** What the process ends with, for every command. 130 is Ctrl-C, as shells have it. */
export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  rolledBack: 3,
  timedOut: 4,
  waiting: 5,
  interrupted: 130,
} as const

/** What each code means, in words: help, documents and tests tell it from here. */
export const EXIT_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.ok, 'done; promoted; or under way and nothing holds it'],
  [EXIT.error, 'it did not work: bad input, a refusal, or no answer'],
  [EXIT.usage, 'the command was not written as it must be'],
  [EXIT.rolledBack, 'the rollout was rolled back, aborted, or otherwise not promoted'],
  [EXIT.timedOut, 'the time of --timeout was over first'],
  [EXIT.waiting, 'it waits for a person: approval, pause, freeze, or measurements that hold it'],
  [EXIT.interrupted, 'stopped with Ctrl-C'],
]

/** Something that the person who called has to mend; `lines` say what is wrong, where, and what to do. */
export class Refusal extends Error {
  override readonly name: string = 'Refusal'
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
      return EXIT.ok
    case 'running':
      return isHeld(verdicts.at(-1)) ? EXIT.waiting : EXIT.ok
    case 'paused':
      return EXIT.waiting
    default:
      return EXIT.rolledBack
  }
}

/** Whether the rollout would wait until something changes: suspect, nodata, error. */
function isHeld(newest: ReplayVerdict | undefined): boolean {
  return newest !== undefined && newest.kind !== 'pass' && newest.kind !== 'inconclusive'
}
