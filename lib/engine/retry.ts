import { said } from '../core/decide/answer.ts'
import { breakGlass, unfitOverride } from '../core/decide/glass.ts'
import { holding } from '../core/decide/hold.ts'
import { nothingSeen } from '../core/decide/move.ts'
import { unfitRetry } from '../core/decide/retry.ts'
import type { Command } from '../core/facts.ts'
import { freezeText } from '../core/freeze.ts'
import { newRollout } from '../core/start.ts'
import type { Loaded } from '../ports.ts'
import { type CommandAnswer, recordFor } from './answer.ts'
import { freezesNow } from './frozen.ts'
import { ringFor, sealed, type Wheel } from './wheel.ts'

/**
 * Begins a new attempt with the digest of the last one, which must not have been promoted; an undo is tried again as an
 * undo. While a freeze holds, the attempt waits, unless the glass is broken. Null = somebody else wrote first.
 */
export async function retry(wheel: Wheel, item: Loaded, command: Command): Promise<CommandAnswer | null> {
  const { rollout, service } = item
  if (rollout === null) return null
  const unfit = unfitOverride(command) ?? unfitRetry(rollout, service.undo)
  if (unfit !== null) return { kind: 'refused', because: unfit }
  const { environment, name } = service.key
  const frozenAt = await freezesNow(wheel, environment)
  const now = wheel.clock.now()
  const isUndo = rollout.cause === 'undo'
  const freeze = isUndo ? null : frozenAt(name, now)
  const isBroken = command.override && freeze !== null
  const { tag } = rollout.push
  const row = { actor: command.actor, notes: said(command, `${command.actor} tries ${tag} again`) }
  const cause = isUndo ? 'undo' : 'retry'
  const begun = newRollout(service, rollout, rollout.push, now, {
    cause,
    unfrozen: isBroken ? holding({ freeze }) : [],
    row,
  })
  const past = isBroken ? [freezeText(freeze)] : []
  const { rows } = breakGlass({ rollout: begun.rollout, rows: [] }, nothingSeen(now), command, past)
  const waits = freeze === null || isBroken ? '' : `; it waits, held by ${freezeText(freeze)}`
  const because = `rollout ${begun.rollout.id} tries ${tag} again${waits}`
  const next = sealed(wheel, begun.service, [...rows, begun.row], now, command)
  const saved = await wheel.store.commit({
    key: service.key,
    token: item.token,
    service: next.service,
    rollout: begun.rollout,
    audit: next.audit,
    command: recordFor(command, now, begun.rollout.id, because),
  })
  if (saved === 'conflict') return null
  await ringFor(wheel, [{ environment, at: now }])
  return { kind: 'done', because, rollout: begun.rollout.id, outstanding: null }
}
