import { chance } from '../chance.ts'
import { ArmRefusal } from './refusal.ts'
import { settle, touched } from './settle.ts'
import type { AppState, Before, LateWrite, OperationState } from './state.ts'
import type { Lie } from './types.ts'

/** Begins or ends a lie. Returns the operation that ends with it, or null. */
export function tellLie(app: AppState, lie: Lie | null, now: number): OperationState | null {
  const { operation } = app
  app.lie = lie
  if (lie?.kind !== 'stale') app.before = null
  if (operation === null || operation.endsAt !== Number.POSITIVE_INFINITY) return null
  if (operation.revision !== null) operation.revision.error = 'Operation canceled.'
  const canceled: OperationState = { ...operation, endsAt: now, vain: 'Canceled' }
  app.operation = canceled
  touched(app)
  settle(app, now)
  return canceled
}

/** What really becomes of a write that was taken. */
export function underLie(app: AppState, operation: OperationState, body: unknown, now: number): OperationState {
  const { lie } = app
  const nothing = { next: app.applied, revision: null, error: null, endsAt: operation.startedAt + 1_500 }
  switch (lie?.kind) {
    case 'unapplied':
      return { ...operation, ...nothing, vain: 'Succeeded' }
    case 'failed':
      return { ...operation, ...nothing, error: INTERNAL, vain: 'Failed' }
    case 'canceled':
      return { ...operation, ...nothing, vain: 'Canceled' }
    case 'late':
      app.late = [...app.late, { at: now + lie.ms, body }]
      return { ...operation, ...nothing, vain: 'Succeeded' }
    case 'slow':
      return lasting(operation, now + lie.ms)
    case 'endless':
      return lasting(operation, Number.POSITIVE_INFINITY)
    default:
      return operation
  }
}

/** Lets late writes come true whose time has come, each as if it were asked for then; `take` takes it, or throws ArmRefusal. */
export function comeTrue(app: AppState, now: number, take: (write: LateWrite) => void): void {
  for (const write of app.late.filter(({ at }) => at <= now)) {
    const { lie } = app
    app.lie = null
    try {
      take(write)
      app.late = app.late.filter((one) => one !== write)
    } catch (error) {
      if (!(error instanceof ArmRefusal)) throw error
      // Behind an operation it waits; one that can be taken no more is lost.
      if (error.status !== 409) app.late = app.late.filter((one) => one !== write)
    } finally {
      app.lie = lie
    }
    settle(app, now)
  }
}

/** What this read shows instead of the truth, or null. Reads are numbered, so that the same calls meet the same luck. */
export function shownInstead(app: AppState, now: number): Before | null {
  const { before } = app
  if (before === null || now >= before.until) return null
  app.readsSince += 1
  return chance(before.until, app.readsSince) < 0.5 ? before : null
}

function lasting(operation: OperationState, endsAt: number): OperationState {
  if (operation.revision !== null) operation.revision.provisionedAt = endsAt
  return { ...operation, endsAt }
}

const INTERNAL = {
  code: 'ContainerAppOperationError',
  message: 'An internal error occurred; the operation was not done.',
}
