import type { FreezeRequest, FreezeView } from '../../lib/api.ts'

/** Those that hold now first, then by when they come, those without a time last. */
export function ordered(freezes: readonly FreezeView[]): readonly FreezeView[] {
  const at = ({ window }: FreezeView) => (window === null ? Number.MAX_SAFE_INTEGER : Date.parse(window.from))
  return [...freezes].sort((a, b) => Number(b.active) - Number(a.active) || at(a) - at(b))
}

/** When a freeze holds, as a sentence without moments. */
export function spokenTime({ kind, cron, timeZone, duration }: FreezeView): string {
  if (kind === 'stop') return 'The line is stopped until somebody lifts it'
  if (kind === 'once') return 'Once'
  return `Each time of “${cron ?? ''}” in ${timeZone ?? 'UTC'}, for ${duration ?? 'an unknown time'}`
}

/** Where the present or next time of a freeze lies in the days from `now` on, in percent of their width. */
export interface Span {
  readonly freeze: FreezeView
  readonly left: number
  readonly width: number
}

/** The spans that touch the coming days; what is over, or later, is left out. The first day begins at its midnight. */
export function calendar(freezes: readonly FreezeView[], now: number, days: number): readonly Span[] {
  const first = new Date(now).setHours(0, 0, 0, 0)
  const whole = days * 86_400_000
  return freezes.flatMap((freeze) => {
    if (freeze.window === null) return []
    const from = Math.max(first, Date.parse(freeze.window.from))
    const until = Math.min(
      first + whole,
      freeze.window.until === null ? Number.POSITIVE_INFINITY : Date.parse(freeze.window.until),
    )
    if (until <= from) return []
    return [{ freeze, left: ((from - first) / whole) * 100, width: Math.max(0.7, ((until - from) / whole) * 100) }]
  })
}

/** What a person wrote into the form. */
export interface FreezeDraft {
  readonly kind: 'stop' | 'once' | 'recurring'
  readonly environment: string
  readonly services: string
  readonly from: string
  readonly until: string
  readonly cron: string
  readonly timeZone: string
  readonly duration: string
  readonly reason: string
}

/** What is sent for a draft: only what its kind has. Local times are sent as moments. */
export function requestOf(draft: FreezeDraft, id: string): FreezeRequest {
  const services = draft.services.split(/[\s,]+/).filter((name) => name !== '')
  const shared = {
    id,
    environment: draft.environment,
    reason: draft.reason.trim(),
    ...(services.length === 0 ? {} : { services }),
  }
  if (draft.kind === 'once')
    return { ...shared, from: new Date(draft.from).toISOString(), until: new Date(draft.until).toISOString() }
  if (draft.kind === 'recurring')
    return { ...shared, cron: draft.cron.trim(), timeZone: draft.timeZone.trim(), duration: draft.duration.trim() }
  return shared
}
