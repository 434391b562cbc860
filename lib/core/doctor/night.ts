import type { Finding } from './finding.ts'
import { fine, wrong } from './finding.ts'

/** What the newest check of an environment's audit came to; null = none has ended yet. Epoch milliseconds. */
export interface NightCheck {
  readonly at: number
  readonly rows: number
  readonly found: number
}

const LATE_MS = 2 * 86_400_000

/** Whether the audit was checked in the last two nights, and found as it was written. */
export function nightFinding(environment: string, last: NightCheck | null, now: number): Finding {
  const of = { check: 'audit-night', subject: environment }
  if (last === null) return fine(of, 'no night has checked the audit yet')
  const when = `${new Date(last.at).toISOString().slice(0, 16).replace('T', ' ')}Z`
  const see = 'the newest row `audit-broken` of the environment says what; `slipway audit verify` walks all of it'
  if (last.found > 0) return wrong(of, 'error', `the audit is not as it was written, found at ${when}: ${see}`)
  if (now - last.at > LATE_MS)
    return wrong(of, 'warning', `the audit was last checked at ${when}: see whether the timer audit-night runs`)
  return fine(of, `${last.rows} audit rows were found as they were written at ${when}`)
}
