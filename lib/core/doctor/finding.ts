import type { Trouble } from '../app.ts'

/** How one check came out. `unknown`: nobody could tell, which is neither good nor bad. */
export type Result = 'ok' | 'warning' | 'error' | 'unknown'

/** One thing that was checked. */
export interface Finding {
  /** Stable name of what was checked, e.g. `app-mode`. */
  readonly check: string
  /** A service (`production/pricing`), an environment, or `installation`. */
  readonly subject: string
  readonly result: Result
  /** One sentence, without a secret. */
  readonly message: string
  /** The command that repairs it, ready to be pasted; null where there is nothing to repair or no command does it. */
  readonly fix: string | null
}

/** What was checked, and of what: the beginning of every finding. */
export interface Check {
  readonly check: string
  readonly subject: string
}

/** How findings about the installation as a whole are filed. */
export const INSTALLATION = 'installation'

/** Says that all is well. */
export function fine(of: Check, message: string): Finding {
  return { ...of, result: 'ok', message, fix: null }
}

/** Says what is wrong and how it is mended. */
export function wrong(of: Check, result: Exclude<Result, 'ok'>, message: string, fix: string | null = null): Finding {
  return { ...of, result, message, fix }
}

/** Says that the outside refused: what only a person can mend is an error, all else will be known another time. */
export function refused(of: Check, trouble: Trouble, fix: string | null = null): Finding {
  const isLasting = trouble.kind === 'denied' || trouble.kind === 'not-found' || trouble.kind === 'malformed'
  return wrong(of, isLasting ? 'error' : 'unknown', trouble.message, isLasting ? fix : null)
}
