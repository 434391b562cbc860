import type { Command } from '../core/facts.ts'
import type { ServiceKey } from '../core/service.ts'
import { isRunning } from '../core/start.ts'
import { Fault } from '../errors.ts'
import type { Loaded } from '../ports.ts'
import type { CommandAnswer } from './answer.ts'
import { retry } from './retry.ts'
import { turn } from './turn.ts'
import { undo } from './undo.ts'
import { ATTEMPTS, type Wheel } from './wheel.ts'

/**
 * Does what a person asked, within this call: the decision is stored, and its deeds are at Azure, before it returns;
 * where Azure does not take them now, `outstanding` says why, and the next turns go on trying. The same id asked again gives the same answer and does nothing. `rollout`, when given, must be the one that is running.
 */
export async function obeyCommand(
  wheel: Wheel,
  key: ServiceKey,
  command: Command,
  rollout: string | null = null,
): Promise<CommandAnswer> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const known = await wheel.store.answered(key, command.id)
    if (known !== null) return repeated(command, known)
    const [item] = await wheel.store.load(key.environment, [key.name])
    if (item === undefined) return { kind: 'unknown-service' }
    if (rollout !== null && item.rollout?.id !== rollout) {
      return { kind: 'refused', because: `the newest rollout is ${item.rollout?.id ?? 'none'}, not ${rollout}` }
    }
    const answer = await once(wheel, item, command)
    if (answer !== null) return answer
  }
  throw new Fault(
    'conflict',
    `${key.name} changed ${ATTEMPTS} times while the command was being obeyed; send it again with the same id`,
  )
}

function repeated(
  command: Command,
  known: { readonly verb: string; readonly answer: string; readonly rollout: string | null },
): CommandAnswer {
  if (known.verb === command.verb)
    return { kind: 'repeated', because: known.answer, rollout: known.rollout, outstanding: null }
  return {
    kind: 'refused',
    because: `the command id ${command.id} was used before for ${known.verb}; take a fresh one`,
  }
}

/** One attempt; null = somebody else wrote first. */
async function once(wheel: Wheel, item: Loaded, command: Command): Promise<CommandAnswer | null> {
  const { key } = item.service
  if (item.rollout === null) return { kind: 'refused', because: `${key.name} has no rollout yet` }
  if (command.verb === 'undo') return undo(wheel, item, command)
  if (command.verb === 'retry' && !isRunning(item.rollout)) return retry(wheel, item, command)
  const [turned] = await turn(wheel, key.environment, [key.name], command)
  if (turned === undefined) return { kind: 'unknown-service' }
  if (turned.result === 'broken') throw turned.error
  const { decision } = turned
  if (decision?.answer === null || decision?.answer === undefined) return null
  const { because } = decision.answer
  return decision.answer.kind === 'refused'
    ? { kind: 'refused', because }
    : { kind: 'done', because, rollout: decision.next.id, outstanding: turned.outstanding ?? null }
}
