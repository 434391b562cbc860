import type { Notice } from './notice.ts'

/** What a sink wants to hear of; null = all. `services` are names, or beginnings of names that end with `*`. */
export interface NoticeFilter {
  readonly environments: readonly string[] | null
  readonly services: readonly string[] | null
  /** The least severity. What says that something is over counts as much as what it ends. */
  readonly atLeast: 'info' | 'warning' | 'critical'
  /** Whether it also wants whatever closes an alert, however grave it is. */
  readonly closing: boolean
}

const RANKS = { info: 0, warning: 1, critical: 2 } as const

/** Whether a notice passes a filter. What concerns a whole environment passes whatever services are named. */
export function passes({ environments, services, atLeast, closing }: NoticeFilter, notice: Notice): boolean {
  const { environment, service, severity, ends, closes } = notice
  if (environments !== null && !environments.includes(environment)) return false
  if (services !== null && service !== null && !services.some((pattern) => matches(pattern, service))) return false
  const rank = severity === 'resolved' ? RANKS[ends ?? 'info'] : RANKS[severity]
  return rank >= RANKS[atLeast] || (closing && closes)
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
