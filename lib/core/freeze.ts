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

/** A freeze that was lifted, and when: its id is not free at once. */
export interface Lifted {
  readonly id: string
  readonly at: number
}

/** A freeze that holds now. `until` is null where nobody knows when it ends. */
export interface Frozen {
  /** What could not be read is the record of all freezes: then it is not known what holds, and so everything does. */
  readonly unreadable?: true | undefined
  /** The others that hold at the same time; absent = none does. */
  readonly besides?: readonly Frozen[]
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
  /** Why nobody can tell when it holds, as a sentence: then it holds until it is lifted. Absent = one can. */
  readonly unreadable?: string
}

/** Tells a window of a freeze: the one that is open at a moment, or the first that ends after it. Null = there is none. */
export type WindowOf = (freeze: Pick<Freeze, 'time' | 'createdAt'>, at: number) => FreezeWindow | null

/** The window of a freeze that does not recur, open or to come; null where it is over. No freeze holds before it was made. */
export function plainWindow(freeze: Pick<Freeze, 'time' | 'createdAt'>, at: number): FreezeWindow | null {
  const { time, createdAt } = freeze
  const trouble = timeTrouble(time)
  if (trouble !== null) return unreadableWindow(freeze, trouble)
  if (time.kind === 'stop') return { from: createdAt, until: null }
  if (time.kind === 'recurring') return null
  const from = Math.max(time.from, createdAt)
  return at < time.until && from < time.until ? { from, until: time.until } : null
}

/** What is wrong with a time that was read from a store, as a sentence; null = it is one. */
export function timeTrouble(time: FreezeTime | undefined): string | null {
  switch (time?.kind) {
    case 'stop':
      return null
    case 'once':
      return Number.isFinite(time.from) && Number.isFinite(time.until) ? null : 'its beginning or end is missing'
    case 'recurring': {
      const isWhole = typeof time.cron === 'string' && typeof time.timeZone === 'string'
      return isWhole && Number.isFinite(time.durationMs) ? null : 'its pattern, zone or duration is missing'
    }
    default:
      return 'it has no time of a known kind'
  }
}

/** The window of a freeze whose times cannot be told: what is frozen must not go on because nobody can read until when. */
export function unreadableWindow({ createdAt }: Pick<Freeze, 'createdAt'>, why: string): FreezeWindow {
  return { from: createdAt, until: null, unreadable: why }
}

/** Whether a freeze holds for a service when it holds at all. */
export function reaches({ services }: Pick<Freeze, 'services'>, name: string): boolean {
  return services === null || services.includes(name)
}

/** The freeze that holds for a service now; where several do, the one that ends last, with the others. Null = it is free. */
export function frozenBy<F extends Freeze>(
  freezes: readonly F[],
  name: string,
  at: number,
  openWindow: (freeze: F, at: number) => FreezeWindow | null,
): Frozen | null {
  const open = freezes.flatMap((freeze) => {
    const window = reaches(freeze, name) ? openWindow(freeze, at) : null
    return window === null ? [] : [frozenIn(freeze, window)]
  })
  const [first = null, ...others] = open
  const last = others.reduce((last, one) => (endsLater(one, last) ? one : last), first)
  const besides = open.filter((one) => one !== last)
  return last === null || besides.length === 0 ? last : { ...last, besides }
}

function frozenIn({ id, reason, by }: Freeze, { from, until, unreadable }: FreezeWindow): Frozen {
  return { id, reason: reasonIn(reason, unreadable), by, since: from, until }
}

/** The reason of a freeze, and that its times cannot be told where that is so. */
export function reasonIn(reason: string, unreadable: string | undefined): string {
  return unreadable === undefined ? reason : `${reason}; when it holds cannot be read (${unreadable})`
}

function endsLater(one: Frozen, last: Frozen | null): boolean {
  if (last === null) return true
  return last.until !== null && (one.until === null || one.until > last.until)
}

/** A freeze as a person says it: `freeze weekend (no changes on weekends, by ada) until 2026-11-23 06:00Z`. */
export function freezeText({ id, reason, by, until, unreadable }: Frozen): string {
  if (unreadable === true) return `freezes that cannot be read (${reason}) until they can`
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
