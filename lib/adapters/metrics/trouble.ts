import type { Silence } from '../../core/judge/reading.ts'

/** Why there is no answer: the named silence, and a sentence for a person. */
export interface Trouble {
  readonly silence: Silence
  readonly why: string
}
