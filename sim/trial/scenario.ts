import { chance } from '../chance.ts'
import type { Injection } from '../world/types.ts'
import type { FaultKind } from './trace.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** One thing that happens in a trial, `at` milliseconds after its beginning; shrinking drops items by their id. */
export type Item = { readonly id: number; readonly at: number } & (
  | { readonly kind: 'push'; readonly version: number; readonly errorRate: number; readonly never: 'crash' | null }
  | { readonly kind: 'command'; readonly verb: 'pause' | 'resume' | 'abort' | 'promote'; readonly command: string }
  | {
      readonly kind: 'trouble'
      readonly fault: FaultKind
      readonly variant: 'arm-429' | 'arm-409' | 'arm-reset-applied' | 'metrics-outage' | 'metrics-holes' | 'storage-503'
      readonly lastsMs: number
    }
  | { readonly kind: 'edit'; readonly share: number }
)

/** A trial as plain data: all of it follows from the seed. */
export interface Scenario {
  readonly seed: number
  /** Weight and bake of the steps before all traffic. */
  readonly stages: readonly { readonly weight: number; readonly bakeMs: number }[]
  readonly intervalMs: number
  readonly items: readonly Item[]
}

const TROUBLES = [
  ['F8', 'arm-429'],
  ['F8', 'arm-409'],
  ['F2', 'arm-reset-applied'],
  ['F11', 'metrics-outage'],
  ['F11', 'metrics-holes'],
  ['F4', 'storage-503'],
] as const

/** Draws a scenario: a canary of 48 hours, and what befalls it. The same seed always gives the same one. */
export function drawScenario(seed: number): Scenario {
  let drawn = 0
  const draw = (low: number, high: number) => {
    drawn += 1
    return low + Math.floor(chance(seed, drawn) * (high - low + 1))
  }
  const pick = <T>(of: readonly T[]): T => of[draw(0, of.length - 1)] as T
  const first = draw(1, 40)
  const bakeMs = draw(1, 47) * HOUR_MS
  const stages = [
    { weight: first, bakeMs },
    { weight: draw(first + 1, 99), bakeMs: 48 * HOUR_MS - bakeMs },
  ]
  const intervalMs = pick([5, 15, 30, 60]) * MINUTE_MS
  const when = () => draw(0, 47 * 60) * MINUTE_MS + draw(0, 59_999)
  const somePush = (version: number, at: number) => {
    const errorRate = draw(0, 3) === 0 ? 0.1 : 0.0001
    return { kind: 'push' as const, at, version, errorRate, never: draw(0, 9) === 0 ? ('crash' as const) : null }
  }
  const items = [
    somePush(2, draw(0, 10) * MINUTE_MS),
    ...Array.from({ length: draw(0, 1) }, () => somePush(3, when())),
    ...Array.from({ length: draw(0, 3) }, (_, index) => ({
      kind: 'command' as const,
      at: when(),
      verb: pick(['pause', 'resume', 'abort', 'promote'] as const),
      command: `command-${index}`,
    })),
    ...Array.from({ length: draw(0, 5) }, () => {
      const [fault, variant] = pick(TROUBLES)
      return { kind: 'trouble' as const, at: when(), fault, variant, lastsMs: draw(1, 120) * MINUTE_MS }
    }),
    ...Array.from({ length: draw(0, 1) }, () => ({ kind: 'edit' as const, at: when(), share: draw(0, 100) })),
  ]
  return { seed, stages, intervalMs, items: items.sort((a, b) => a.at - b.at).map((item, id) => ({ id, ...item })) }
}

/** The injection that stands for a trouble of ARM; null where the trouble is another's. */
export function injectionOf(item: Extract<Item, { kind: 'trouble' }>, until: number): Injection | null {
  switch (item.variant) {
    case 'arm-429':
      return {
        on: 'any',
        until,
        refusal: { status: 429, code: 'TooManyRequests', message: 'slow down', retryAfterS: 60 },
      }
    case 'arm-409':
      return { on: 'write', until, refusal: { status: 409, code: 'ContainerAppOperationInProgress', message: 'busy' } }
    case 'arm-reset-applied':
      return { on: 'write', until, refusal: { status: 0, code: 'ECONNRESET', message: 'cut' }, applied: true }
    default:
      return null
  }
}
