import type { Action, Trouble } from '../core/app.ts'
import { refusedDeed } from '../core/decide/trouble.ts'
import { nextWake } from '../core/decide/wake.ts'
import type { Facts } from '../core/facts.ts'
import type { Rollout } from '../core/rollout.ts'
import { Fault } from '../errors.ts'
import { sealed, type Wheel } from './wheel.ts'

/**
 * How long ago a look may have ended when its deeds begin. A writer that slept longer leaves the deed to a later turn:
 * Container Apps has no If-Match, so an old wish could overwrite a newer one.
 */
const FRESH_MS = 30_000

const OVERTAKEN: Trouble = { kind: 'conflict', message: 'a newer decision was stored meanwhile', retryAfterMs: null }
const TOO_LATE: Trouble = { kind: 'unavailable', message: 'the look took too long', retryAfterMs: null }

/**
 * Does the deeds of a stored decision, in order. A refusal is stored with the rollout, stops the rest, and is the answer;
 * null = Azure took them all. Deeds that a look has grown too old for are left to the next turn.
 */
export async function perform(
  wheel: Wheel,
  rollout: Rollout,
  actions: readonly Action[],
  lookedAt: number,
): Promise<Trouble | null> {
  if (actions.length > 0 && !(await isStillWished(wheel, rollout))) return OVERTAKEN
  for (const action of actions) {
    if (wheel.clock.now() - lookedAt > FRESH_MS) return TOO_LATE
    try {
      await wheel.apps.perform(rollout.manifest.target, action)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      const { kind, message, retryAfterMs } = error
      const trouble = { kind, message, retryAfterMs }
      await recordRefusal(wheel, rollout, trouble)
      return trouble
    }
  }
  return null
}

/**
 * Whether the stored wish is still the one that this turn stored: a worker that slept in between must not raise a canary
 * that somebody has aborted meanwhile. A rollback is never taken back, so it asks nobody.
 */
async function isStillWished(wheel: Wheel, rollout: Rollout): Promise<boolean> {
  if (rollout.phase.kind === 'rolling-back') return true
  const [item] = await wheel.store.load(rollout.key.environment, [rollout.key.name])
  const now = item?.rollout
  return now?.id === rollout.id && now.wishedAt === rollout.wishedAt && now.phase.kind === rollout.phase.kind
}

/** Stores what the outside refused. Losing the race for it is no loss: the winner has seen the app after us. */
async function recordRefusal(wheel: Wheel, rollout: Rollout, trouble: Trouble): Promise<void> {
  const [item] = await wheel.store.load(rollout.key.environment, [rollout.key.name])
  if (item?.rollout?.id !== rollout.id || item.rollout.phase.kind !== rollout.phase.kind) return
  const now = wheel.clock.now()
  const facts: Facts = {
    now,
    app: { kind: 'unseen', fault: trouble },
    image: null,
    verdict: null,
    restarts: null,
    blindSince: null,
    freeze: null,
  }
  const move = refusedDeed({ rollout: item.rollout, rows: [] }, facts, trouble)
  const next = { ...move.rollout, wakeAt: nextWake(move.rollout, now, true) }
  const { service, audit } = sealed(wheel, item.service, move.rows, now)
  const { key } = item.service
  await wheel.store.commit({ key, token: item.token, ...(audit.length > 0 ? { service } : {}), rollout: next, audit })
}
