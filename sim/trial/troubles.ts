import type { Injection } from '../world/types.ts'
import { PLANTED } from './planted-secrets.ts'
import type { FaultKind } from './trace.ts'

/** All troubles that a trial can meet, by kind of fault. */
export const TROUBLES = {
  F1: ['crash-before', 'crash-after'],
  F2: ['storage-ambiguous', 'arm-reset-applied', 'arm-500-applied'],
  F3: ['race', 'stalled'],
  F4: ['storage-503', 'storage-down'],
  F5: ['bell-lost', 'bell-doubled', 'bell-late'],
  F6: ['push-duplicate', 'push-late', 'push-reordered'],
  F7: ['timer-missed', 'timer-doubled', 'timer-late'],
  F8: [
    'arm-429',
    'arm-429-bare',
    'arm-429-storm',
    'arm-409',
    'arm-500',
    'arm-reset',
    'arm-403',
    'arm-404',
    'operation-failed',
    'operation-stuck',
    'operation-unapplied',
    'operation-refused',
    'operation-canceled',
    'operation-endless',
    'operation-slow',
    'operation-late',
    'reads-stale',
  ],
  F9: ['weights', 'all-to-one', 'follows-latest', 'label', 'switched-off', 'sticky', 'single-mode', 'deployed'],
  F10: ['clock-ahead', 'clock-behind', 'clock-jump'],
  F11: ['metrics-outage', 'metrics-holes', 'metrics-silence', 'metrics-lag'],
  F12: ['registry-down', 'digest-missing'],
  F13: ['restart', 'plane-gone'],
  F14: ['sink-down', 'sink-throttled', 'sink-slow', 'sink-refusing'],
  F15: ['row-unreadable', 'message-poison'],
  F16: ['double-click', 'approve-abort'],
} as const satisfies Partial<Record<FaultKind, readonly string[]>>

/** Troubles that only a trial on the real plugs can meet, for they strike beneath these. */
export const WIRE_TROUBLES = {
  F1: ['wire-crash-before', 'wire-crash-after'],
  F2: ['arm-timeout-applied'],
  F3: ['row-touched', 'request-doubled'],
  F4: ['short-pages'],
  F8: ['arm-timeout'],
  F15: ['row-spoiled'],
} as const satisfies Partial<Record<FaultKind, readonly string[]>>

/** One trouble by its name. */
export type Variant = (typeof TROUBLES)[keyof typeof TROUBLES][number] | WireVariant

/** One trouble of the real plugs by its name. */
export type WireVariant = (typeof WIRE_TROUBLES)[keyof typeof WIRE_TROUBLES][number]

const FAULT_OF = new Map<Variant, FaultKind>(
  [...Object.entries(TROUBLES), ...Object.entries(WIRE_TROUBLES)].flatMap(([fault, variants]) =>
    variants.map((variant): [Variant, FaultKind] => [variant, fault as FaultKind]),
  ),
)

/** The kind of fault that a trouble belongs to. */
export function faultOfVariant(variant: Variant): FaultKind {
  const fault = FAULT_OF.get(variant)
  if (fault === undefined) throw new Error(`no such trouble: ${variant}`)
  return fault
}

const SLOW_DOWN = { status: 429, code: 'TooManyRequests', message: `slow down, Bearer ${PLANTED.armToken}` }
const RESET = { status: 0, code: 'ECONNRESET', message: 'cut' }
const SILENCE = { status: 0, code: 'ETIMEDOUT', message: 'no answer' }
const BROKEN = { status: 500, code: 'InternalServerError', message: `try https://x.example/?sig=${PLANTED.sasKey}` }

const REFUSALS: Partial<Record<Variant, Omit<Injection, 'until'>>> = {
  'arm-429': { on: 'any', refusal: { ...SLOW_DOWN, retryAfterS: 60 } },
  'arm-429-bare': { on: 'any', refusal: SLOW_DOWN },
  'arm-429-storm': { on: 'any', share: 0.9, refusal: { ...SLOW_DOWN, retryAfterS: 30 } },
  'arm-409': {
    on: 'write',
    refusal: { status: 409, code: 'ContainerAppOperationInProgress', message: 'busy' },
  },
  'arm-500': { on: 'any', share: 0.5, refusal: BROKEN },
  'arm-reset': { on: 'any', share: 0.5, refusal: RESET },
  'arm-403': { on: 'any', refusal: { status: 403, code: 'AuthorizationFailed', message: 'no role' } },
  'arm-404': { on: 'any', refusal: { status: 404, code: 'ResourceNotFound', message: 'gone' } },
  'arm-timeout': { on: 'any', share: 0.3, refusal: SILENCE },
  'arm-timeout-applied': { on: 'write', share: 0.5, refusal: SILENCE, applied: true },
  'arm-reset-applied': { on: 'write', share: 0.5, refusal: RESET, applied: true },
  'arm-500-applied': { on: 'write', share: 0.5, refusal: BROKEN, applied: true },
}

/** The injection that stands for a trouble of ARM; null where the trouble is another's. */
export function injectionOf(variant: Variant, until: number): Injection | null {
  const refusal = REFUSALS[variant]
  return refusal === undefined ? null : { ...refusal, until }
}
