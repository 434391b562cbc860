import type { Action, Trouble } from '../core/app.ts'
import { keptLowBy } from '../core/decide/hold.ts'
import { refusedDeed } from '../core/decide/trouble.ts'
import { nextWake } from '../core/decide/wake.ts'
import type { Facts } from '../core/facts.ts'
import { freezeText } from '../core/freeze.ts'
import type { Rollout } from '../core/rollout.ts'
import { Fault } from '../errors.ts'
import { freezesNow } from './frozen.ts'
import { URGENT_MS } from './look.ts'
import { ringFor, sealed, type Wheel } from './wheel.ts'

/**
 * How long ago a look may have ended when its deeds begin. A writer that slept longer leaves the deed to a later turn:
 * Container Apps has no If-Match, so an old wish could overwrite a newer one.
 */
const FRESH_MS = 30_000

const OVERTAKEN: Trouble = { kind: 'conflict', message: 'a newer decision was stored meanwhile', retryAfterMs: null }
const TOO_LATE: Trouble = { kind: 'unavailable', message: 'the look took too long', retryAfterMs: null }

/**
 * Does the deeds of a stored decision, in order. A refusal is stored with the rollout, stops the rest, and is the answer;
 * null = Azure took them all. Deeds that a look has grown too old for are left to the next turn, and so is a rise of the
 * canary's weight that a freeze has come before.
 */
export async function perform(
  wheel: Wheel,
  rollout: Rollout,
  actions: readonly Action[],
  lookedAt: number,
): Promise<Trouble | null> {
  // A rollback is never taken back: its first try asks nobody.
  const isUrgent = rollout.phase.kind === 'rolling-back'
  const goOn = () => isStillWished(wheel, rollout)
  const urgent = isUrgent ? { until: lookedAt + URGENT_MS, goOn } : undefined
  if (actions.length > 0 && !isUrgent && !(await goOn())) return OVERTAKEN
  const frozen = await frozenMeanwhile(wheel, rollout, actions)
  if (frozen !== null) return frozen
  for (const action of actions) {
    if (wheel.clock.now() - lookedAt > FRESH_MS) return TOO_LATE
    try {
      await wheel.apps.perform(rollout.manifest.target, action, urgent)
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
 * that somebody has aborted meanwhile.
 */
async function isStillWished(wheel: Wheel, rollout: Rollout): Promise<boolean> {
  const [item] = await wheel.store.load(rollout.key.environment, [rollout.key.name])
  const now = item?.rollout
  return now?.id === rollout.id && now.wishedAt === rollout.wishedAt && now.phase.kind === rollout.phase.kind
}

/** Freezes are asked for once more before the canary's weight rises: one that was added before the write holds it. */
async function frozenMeanwhile(wheel: Wheel, rollout: Rollout, actions: readonly Action[]): Promise<Trouble | null> {
  if (rollout.phase.kind === 'finished' || !actions.some((action) => isRise(action, rollout))) return null
  const { environment, name } = rollout.key
  const frozenAt = await freezesNow(wheel, environment)
  const freeze = keptLowBy(rollout, { freeze: frozenAt(name, wheel.clock.now()) })
  return freeze === null ? null : { kind: 'conflict', message: `held by ${freezeText(freeze)}`, retryAfterMs: null }
}

function isRise(action: Action, { canary, footprint }: Rollout): boolean {
  if (action.kind !== 'set-traffic' && action.kind !== 'repair') return false
  const asked = action.traffic.reduce((sum, entry) => (entry.revision === canary ? sum + entry.weight : sum), 0)
  return asked > (footprint?.weights[canary] ?? 0)
}

/** Stores what the outside refused, and rings for the next try. Losing the race for it is no loss: the winner has seen the app after us. */
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
    freeze: 'unread',
  }
  const move = refusedDeed({ rollout: item.rollout, rows: [] }, facts, trouble)
  const next = { ...move.rollout, wakeAt: nextWake(move.rollout, now, true) }
  const { service, audit } = sealed(wheel, item.service, move.rows, now)
  const { key } = item.service
  const change = { key, token: item.token, ...(audit.length > 0 ? { service } : {}), rollout: next, audit }
  if ((await wheel.store.commit(change)) === 'conflict' || next.wakeAt === null) return
  await ringFor(wheel, [{ environment: key.environment, at: next.wakeAt }])
}
