import type { AuditDraft } from '../core/audit.ts'
import type { Command } from '../core/facts.ts'
import type { ServiceKey } from '../core/service.ts'
import { isRunning, newRollout } from '../core/start.ts'
import { Fault } from '../errors.ts'
import type { Loaded } from '../ports.ts'
import { turn } from './turn.ts'
import { ATTEMPTS, ringFor, sealed, type Wheel } from './wheel.ts'

/** What a command brought. `repeated`: the same id was obeyed before, and this is the answer of then. */
export type CommandAnswer =
  | {
      readonly kind: 'done' | 'repeated'
      readonly because: string
      readonly rollout: string | null
      /** Why its deeds are not at Azure yet; it is stored and goes on by itself. Null = they are. */
      readonly outstanding: string | null
    }
  | { readonly kind: 'refused'; readonly because: string }
  | { readonly kind: 'unknown-service' }

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

/** Begins a new attempt with the digest of the last one, which must not have been promoted. */
async function retry(wheel: Wheel, item: Loaded, command: Command): Promise<CommandAnswer | null> {
  const { rollout, service } = item
  if (rollout === null || rollout.phase.kind !== 'finished') return null
  const { outcome } = rollout.phase
  if (outcome === 'promoted' || outcome === 'unchanged') {
    return { kind: 'refused', because: `${rollout.id} is finished (${outcome}); there is nothing to retry` }
  }
  const now = wheel.clock.now()
  const reason = command.reason === '' ? '' : `: ${command.reason}`
  const row: Partial<AuditDraft> = {
    actor: command.actor,
    notes: `${command.actor} tries ${rollout.push.tag} again${reason}`,
  }
  const begun = newRollout(service, rollout, rollout.push, now, row)
  const because = `rollout ${begun.rollout.id} tries ${rollout.push.tag} again`
  const next = sealed(wheel, begun.service, [begun.row], now)
  const { id, verb, actor } = command
  const saved = await wheel.store.commit({
    key: service.key,
    token: item.token,
    service: next.service,
    rollout: begun.rollout,
    audit: next.audit,
    command: { id, verb, actor, at: now, rollout: begun.rollout.id, answer: because },
  })
  if (saved === 'conflict') return null
  await ringFor(wheel, [{ environment: service.key.environment, at: now }])
  return { kind: 'done', because, rollout: begun.rollout.id, outstanding: null }
}
