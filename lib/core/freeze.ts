/** When a freeze holds. Times are epoch milliseconds. */
export type FreezeTime =
  /** The line is stopped until somebody lifts it. */
  | { readonly kind: 'stop' }
  | { readonly kind: 'once'; readonly from: number; readonly until: number }
  /** Begins at each time that the five-field `cron` names in the IANA time zone, and lasts `durationMs`. */
  | { readonly kind: 'recurring'; readonly cron: string; readonly timeZone: string; readonly durationMs: number }

/**
 * While it holds, nothing new takes traffic: no rollout begins or goes a step further. It never holds back an abort, a
 * rollback, or an undo.
 */
export interface Freeze {
  readonly schema: 1
  /** Unique within its environment, from its maker's id of the request. */
  readonly id: string
  readonly environment: string
  /** The services that it holds for; null = all of the environment. */
  readonly services: readonly string[] | null
  readonly time: FreezeTime
  readonly reason: string
  readonly by: string
  readonly createdAt: number
}

/** A freeze that holds now. `until` is null where nobody knows when it ends. */
export interface Frozen {
  readonly id: string
  readonly reason: string
  readonly by: string
  readonly since: number
  readonly until: number | null
}
