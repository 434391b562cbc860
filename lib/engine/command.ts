import { canonical } from '../core/chain.ts'
import type { Command } from '../core/facts.ts'
import { movedOn, rolloutTag } from '../core/rollout-tag.ts'
import type { ServiceKey } from '../core/service.ts'
import { isRunning } from '../core/start.ts'
import { Fault } from '../errors.ts'
import type { CommandRecord, Loaded } from '../ports.ts'
import type { CommandAnswer } from './answer.ts'
import { ATTEMPTS } from './attempts.ts'
import { retry } from './retry.ts'
import { turn } from './turn.ts'
import { undo } from './undo.ts'
import type { Wheel } from './wheel.ts'

/**
 * Does what a person asked, within this call: the decision is stored, and its deeds are at Azure, before it returns;
 * where Azure does not take them now, `outstanding` says why, and the next turns go on trying. The same id asked again gives the same answer and does nothing. `rollout`, when given, must be the one that is running.
 */
export async function obeyCommand(
  wheel: Wheel,
  key: ServiceKey,
  asked: Command,
  rollout: string | null = null,
): Promise<CommandAnswer> {
  const command = { ...asked, wish: wishOf(wheel, asked, rollout) }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const known = await wheel.store.answered(key, command.id)
    if (known !== null) return repeated(wheel, command, known, rollout)
    const [item] = await wheel.store.load(key.environment, [key.name])
    if (item === undefined) return { kind: 'unknown-service' }
    if (rollout !== null && item.rollout?.id !== rollout) {
      return { kind: 'refused', because: `the newest rollout is ${item.rollout?.id ?? 'none'}, not ${rollout}` }
    }
    const answer = stale(item, command) ?? (await once(wheel, item, command))
    if (answer?.kind === 'refused') return (await staleNow(wheel, key, command)) ?? answer
    if (answer !== null) return answer
  }
  throw new Fault(
    'conflict',
    `${key.name} changed ${ATTEMPTS} times while the command was being obeyed; send it again with the same id`,
  )
}

/** All that a command asks for, and who asks, in one line: two commands with the same id must have the same. */
function wishOf({ digest }: Pick<Wheel, 'digest'>, command: Command, rollout: string | null): string {
  const { verb, actorId, reason, step, digest: image, to, override } = command
  return digest(canonical({ verb, actorId, reason, rollout, step, image, to, override }))
}

function repeated(wheel: Wheel, command: Command, known: CommandRecord, rollout: string | null): CommandAnswer {
  const isSame =
    known.wish === undefined ? known.verb === command.verb : wishes(wheel, command, rollout).has(known.wish)
  if (isSame) return { kind: 'repeated', because: known.answer, rollout: known.rollout, outstanding: null }
  if (known.actor !== command.actor)
    return {
      kind: 'reused',
      because: `the command id ${command.id} was used before by somebody else; take a fresh one`,
    }
  const what = known.verb === command.verb ? `another ${known.verb}` : known.verb
  return { kind: 'reused', because: `the command id ${command.id} was used before for ${what}; take a fresh one` }
}

/** The wish under every id that the same person may have been known by when it was first sent. */
function wishes(wheel: Wheel, command: Command, rollout: string | null): ReadonlySet<string> {
  const ids = [command.actorId, ...(command.aliases ?? [])]
  return new Set(ids.map((actorId) => wishOf(wheel, { ...command, actorId }, rollout)))
}

function stale({ rollout }: Loaded, command: Command): CommandAnswer | null {
  const because = movedOn(rollout, command)
  return because === null ? null : { kind: 'stale', because, etag: rolloutTag(rollout) }
}

/** Whether it was refused because the rollout moved on between two looks. */
async function staleNow(wheel: Wheel, key: ServiceKey, command: Command): Promise<CommandAnswer | null> {
  const [item] = await wheel.store.load(key.environment, [key.name])
  return item === undefined ? null : stale(item, command)
}

/** One attempt; null = somebody else wrote first. */
async function once(wheel: Wheel, item: Loaded, command: Command): Promise<CommandAnswer | null> {
  const { key } = item.service
  if (item.rollout === null) return { kind: 'refused', because: `${key.name} has no rollout yet` }
  await wheel.infirmary?.wake(key.environment, key.name)
  if (command.verb === 'undo') return undo(wheel, item, command)
  if (command.verb === 'retry' && !isRunning(item.rollout)) return retry(wheel, item, command)
  const [turned] = await turn(wheel, key.environment, [key.name], command)
  if (turned === undefined) return { kind: 'unknown-service' }
  await wheel.infirmary?.note(key.environment, [turned])
  if (turned.result === 'broken') throw turned.error
  const { decision } = turned
  if (decision === null || decision.answer === null) return null
  const { kind, because } = decision.answer
  return kind === 'refused'
    ? { kind: 'refused', because }
    : { kind: 'done', because, rollout: decision.next.id, outstanding: turned.outstanding ?? null }
}
