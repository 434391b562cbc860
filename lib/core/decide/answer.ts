import type { Command } from '../facts.ts'
import type { Phase } from '../rollout.ts'
import type { Move } from './move.ts'

/** What a command brought: the move, or why it cannot be done now. `because` is for the person who asked. */
export type Obeyed =
  | { readonly kind: 'done'; readonly move: Move; readonly because: string }
  | { readonly kind: 'refused'; readonly because: string }

/** It is done. */
export function done(move: Move, because: string): Obeyed {
  return { kind: 'done', move, because }
}

/** It cannot be done now, and nothing was. */
export function refused(because: string): Obeyed {
  return { kind: 'refused', because }
}

/** What was done, with the reason that was given for it. */
export function said(command: Pick<Command, 'reason'>, text: string): string {
  return command.reason === '' ? text : `${text}: ${command.reason}`
}

/** A phase as a person says it in the middle of a sentence. */
export function spoken(phase: Phase): string {
  switch (phase.kind) {
    case 'preparing':
      return 'being prepared'
    case 'provisioning':
      return 'waiting for its revision'
    case 'progressing':
      return `in step ${phase.stage + 1}`
    case 'paused':
      return 'paused'
    case 'rolling-back':
      return 'being rolled back'
    case 'finished':
      return `finished (${phase.outcome})`
  }
}
