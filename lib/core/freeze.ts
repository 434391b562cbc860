import { durationText } from './format.ts'

const HOUR_MS = 3_600_000

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

/** A time during which a freeze holds: `from` inclusive, `until` exclusive, null = until it is lifted. */
export interface FreezeWindow {
  readonly from: number
  readonly until: number | null
}

/** Tells a window of a freeze: the one that is open at a moment, or the first that ends after it. Null = there is none. */
export type WindowOf = (freeze: Pick<Freeze, 'time' | 'createdAt'>, at: number) => FreezeWindow | null

/** The window of a freeze that does not recur, open or to come; null where it is over. No freeze holds before it was made. */
export function plainWindow(freeze: Pick<Freeze, 'time' | 'createdAt'>, at: number): FreezeWindow | null {
  const { time, createdAt } = freeze
  if (time.kind === 'stop') return { from: createdAt, until: null }
  if (time.kind === 'recurring') return null
  const from = Math.max(time.from, createdAt)
  return at < time.until && from < time.until ? { from, until: time.until } : null
}

/** Whether a freeze holds for a service when it holds at all. */
export function reaches({ services }: Pick<Freeze, 'services'>, name: string): boolean {
  return services === null || services.includes(name)
}

/** The freeze that holds for a service now; where several do, the one that ends last. Null = it is free. */
export function frozenBy(freezes: readonly Freeze[], name: string, at: number, openWindow: WindowOf): Frozen | null {
  const open = freezes.flatMap((freeze) => {
    const window = reaches(freeze, name) ? openWindow(freeze, at) : null
    const { id, reason, by } = freeze
    return window === null ? [] : [{ id, reason, by, since: window.from, until: window.until }]
  })
  const [first = null, ...others] = open
  return others.reduce((last, one) => (endsLater(one, last) ? one : last), first)
}

function endsLater(one: Frozen, last: Frozen | null): boolean {
  if (last === null) return true
  return last.until !== null && (one.until === null || one.until > last.until)
}

/** A freeze as a person says it: `freeze weekend (no changes on weekends, by ada) until 2026-11-23 06:00Z`. */
export function freezeText({ id, reason, by, until }: Frozen): string {
  const end = until === null ? 'until it is lifted' : `until ${minuteText(until)}`
  return `freeze ${id} (${reason}, by ${by}) ${end}`
}

function minuteText(at: number): string {
  return new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/(:\d\d)?\.\d+Z$/, (_, seconds) => `${seconds === ':00' ? '' : seconds}Z`)
}

/** When a freeze holds, as a person says it: `stops the line until it is lifted`, `holds from … until …`. */
export function freezeTimeText(time: FreezeTime): string {
  switch (time.kind) {
    case 'stop':
      return 'stops the line until it is lifted'
    case 'once':
      return `holds from ${minuteText(time.from)} until ${minuteText(time.until)}`
    case 'recurring':
      return `holds for ${freezeDuration(time.durationMs)} from each “${time.cron}” in ${time.timeZone}`
  }
}

/** How long a freeze lasts, as people write it: whole hours stay hours (`62h`). Milliseconds in. */
export function freezeDuration(ms: number): string {
  const hours = ms / HOUR_MS
  return Number.isInteger(hours) && hours % 24 !== 0 ? `${hours}h` : durationText(ms)
}
