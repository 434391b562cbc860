import type { Command } from '../core/facts.ts'
import type { CommandRecord } from '../ports.ts'

/** What a command brought. `repeated`: the same id was obeyed before, and this is the answer of then. */
export type CommandAnswer =
  | {
      readonly kind: 'done' | 'repeated'
      readonly because: string
      readonly rollout: string | null
      /** Why its deeds are not at Azure yet; it is stored and goes on by itself. Null = they are. */
      readonly outstanding: string | null
    }
  | { readonly kind: 'refused'; readonly because: string }
  /** The rollout is not any more what the command was for; `etag` is the tag that it has. */
  | { readonly kind: 'stale'; readonly because: string; readonly etag: string }
  /** The id was used before for something else. */
  | { readonly kind: 'reused'; readonly because: string }
  | { readonly kind: 'unknown-service' }

/** What is kept of a command that was obeyed, for whoever sends it again. */
export function recordFor(command: Command, at: number, rollout: string | null, answer: string): CommandRecord {
  const { id, verb, actor, wish } = command
  return { id, verb, actor, at, rollout, answer, ...(wish === undefined ? {} : { wish }) }
}
