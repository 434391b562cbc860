import type { FreezeView } from '../lib/api.ts'
import { clean, utc } from './words.ts'

/** When a freeze holds, as half a sentence. */
export function freezeWhen({ kind, from, until, cron, timeZone, duration, window }: FreezeView): string {
  if (kind === 'stop') return `until it is lifted`
  if (kind === 'once') return `${utc(from)} to ${utc(until)}`
  const next = window === null ? '' : `; ${utc(window.from)} to ${utc(window.until)}`
  return `${clean(cron, 60)} (${clean(timeZone, 60)}) for ${clean(duration, 20)}${next}`
}
