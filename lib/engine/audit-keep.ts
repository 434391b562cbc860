import { type Watched, type Watchman, watch } from './audit-night.ts'
import { type Trimmed, trim } from './audit-trim.ts'
import type { Wheel } from './wheel.ts'

/** What one call did for an environment; `error` null = nothing went wrong. */
export interface KeptWatch {
  readonly environment: string
  readonly watched: Watched | null
  readonly trimmed: Trimmed | null
  readonly error: unknown
}

/**
 * One piece of the night's work for each environment in turn: the check of its audit, and once that is over the removal of
 * what is older than its retention (null = kept for ever). All of it takes about `budgetMs`; what is left is done by the next
 * call. What fails in one environment stops no other. Never throws.
 */
export async function keepWatch(
  wheel: Wheel,
  man: Watchman,
  environments: Readonly<Record<string, { readonly auditRetentionDays: number | null }>>,
  budgetMs: number,
): Promise<readonly KeptWatch[]> {
  const all = Object.entries(environments)
  const each = budgetMs / Math.max(1, all.length)
  const kept: KeptWatch[] = []
  for (const [environment, { auditRetentionDays: days }] of all) {
    const end = wheel.clock.now() + each
    let watched: Watched | null = null
    try {
      watched = await watch(wheel, man, environment, each)
      const isOver = watched !== 'going-on'
      const trimmed = isOver
        ? await trim(wheel, man, environment, days, Math.max(0, end - wheel.clock.now()))
        : 'nothing'
      kept.push({ environment, watched, trimmed, error: null })
    } catch (error) {
      kept.push({ environment, watched, trimmed: null, error })
    }
  }
  return kept
}
