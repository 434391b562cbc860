import type { Lie } from '../world/types.ts'
import type { Variant } from './troubles.ts'

const MINUTE_MS = 60_000

/** How ARM misbehaves in a trouble that refuses nothing; null where the trouble is another. `luck` says how slow or late. */
export function lieOf(variant: Variant, luck: number): Lie | null {
  const ms = MINUTE_MS + (luck % (9 * MINUTE_MS))
  switch (variant) {
    case 'operation-unapplied':
      return { kind: 'unapplied' }
    case 'operation-refused':
      return { kind: 'failed' }
    case 'operation-canceled':
      return { kind: 'canceled' }
    case 'operation-endless':
      return { kind: 'endless' }
    case 'operation-slow':
      return { kind: 'slow', ms }
    case 'operation-late':
      return { kind: 'late', ms }
    case 'reads-stale':
      return { kind: 'stale', ms: Math.min(ms, 2 * MINUTE_MS) }
    default:
      return null
  }
}
