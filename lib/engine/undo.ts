import type { AuditDraft } from '../core/audit.ts'
import { said } from '../core/decide/answer.ts'
import { supersede } from '../core/decide/move.ts'
import type { Command } from '../core/facts.ts'
import type { Rollout } from '../core/rollout.ts'
import type { Push, ServiceKey, ServiceState } from '../core/service.ts'
import { isRunning, newRollout } from '../core/start.ts'
import { pushOfRevision, type UndoTarget, undoTarget } from '../core/undo.ts'
import type { Change, Loaded } from '../ports.ts'
import { type CommandAnswer, recordFor } from './answer.ts'
import { ringFor, sealed, type Wheel } from './wheel.ts'

/** How many rollouts back a release is sought. */
const MOST_ROLLOUTS = 500
const PAGE = 100

/**
 * Brings an earlier release back to all traffic at once, whatever is frozen. What runs is rolled back first; then the undo
 * begins, before any push that waits. Nothing is done where the same is on its way, or serves. Null = somebody else wrote first.
 */
export async function undo(wheel: Wheel, item: Loaded, command: Command): Promise<CommandAnswer | null> {
  const target = await targetOf(wheel, item, command)
  if (target.kind === 'refused') return target
  if (target.kind === 'first') throw new Error('the first revision was not looked up')
  if (target.kind === 'serves') return nothingToDo(item, target.because)
  const known = underWay(item, target.push)
  if (known !== null) return nothingToDo(item, known)
  const now = wheel.clock.now()
  const push: Push = { ...target.push, pushedAt: now, eventId: `undo ${command.id}` }
  const release = target.from === push.tag ? push.tag : `${push.tag} of ${target.from}`
  const because = said(command, `${command.actor} goes back to ${release}, to all traffic at once`)
  const { change, answer } = isRunning(item.rollout)
    ? waiting(wheel, item, item.rollout, { push, command, because, now })
    : beginning(wheel, item, { push, command, because, now })
  const record = recordFor(command, now, change.rollout?.id ?? null, answer)
  if ((await wheel.store.commit({ ...change, command: record })) === 'conflict') return null
  await ringFor(wheel, [{ environment: item.service.key.environment, at: now }])
  return { kind: 'done', because: answer, rollout: record.rollout, outstanding: null }
}

function nothingToDo({ rollout }: Loaded, because: string): CommandAnswer {
  return { kind: 'done', because, rollout: rollout?.id ?? null, outstanding: null }
}

/** That an undo to the same image runs or waits, as a sentence; null = none does. */
function underWay({ rollout, service }: Loaded, { digest }: Push): string | null {
  const { undo: waits } = service
  if (waits?.push.digest === digest)
    return `${waits.push.tag} is to be brought back already; there is nothing more to do`
  if (!isRunning(rollout) || rollout.phase.kind === 'rolling-back' || waits !== null) return null
  if (rollout.cause !== 'undo' || rollout.push.digest !== digest) return null
  return `${rollout.id} brings ${rollout.push.tag} back already; there is nothing more to do`
}

async function targetOf(wheel: Wheel, { service }: Loaded, { to }: Command): Promise<UndoTarget> {
  const target = undoTarget(await rolloutsOf(wheel, service.key), to)
  if (target.kind !== 'first') return target
  const [seen] = await wheel.apps.observe([service.manifest.target])
  return pushOfRevision(seen?.kind === 'seen' ? seen.app : null, target.revision, wheel.clock.now())
}

async function rolloutsOf(wheel: Wheel, key: ServiceKey): Promise<readonly Rollout[]> {
  const all: Rollout[] = []
  let from: string | null = null
  do {
    const page: Awaited<ReturnType<Wheel['catalogue']['rollouts']>> = await wheel.catalogue.rollouts(key, PAGE, from)
    all.push(...page.items)
    from = page.next
  } while (from !== null && all.length < MOST_ROLLOUTS)
  return all
}

interface Wish {
  readonly push: Push
  readonly command: Command
  readonly because: string
  readonly now: number
}

interface Planned {
  readonly change: Change
  readonly answer: string
}

/** Nothing runs: the undo begins. */
function beginning(wheel: Wheel, item: Loaded, wish: Wish): Planned {
  const { command, because, push, now } = wish
  const row = { actor: command.actor, notes: because }
  const service: ServiceState = { ...item.service, undo: null }
  const begun = newRollout(service, item.rollout, push, now, { cause: 'undo', row })
  const asked = rowFor(begun.rollout, wish)
  const sealing = sealed(wheel, begun.service, [asked, begun.row], now, command)
  const { id } = begun.rollout
  const { key } = item.service
  const change = { key, token: item.token, service: sealing.service, rollout: begun.rollout, audit: sealing.audit }
  return { change, answer: `rollout ${id} brings ${push.tag} back${waitText(item.service, id)}` }
}

/** Something runs: it gives way first. */
function waiting(wheel: Wheel, item: Loaded, rollout: Rollout, wish: Wish): Planned {
  const { command, because, push, now } = wish
  const away = rollout.phase.kind === 'rolling-back' ? null : supersede(rollout, now, because)
  const undone: ServiceState = { ...item.service, undo: { push, actor: command.actor, because } }
  const { service, audit } = sealed(wheel, undone, [rowFor(rollout, wish), ...(away?.rows ?? [])], now, command)
  const next = away?.rollout ?? rollout
  const { key } = item.service
  const first = next.phase.kind === 'finished' ? 'has ended' : 'is rolled back first'
  const answer = `${rollout.id} ${first}; then ${push.tag} is brought back${waitText(item.service, push.tag)}`
  return { change: { key, token: item.token, service, rollout: next, audit }, answer }
}

function waitText({ pending }: ServiceState, after: string): string {
  const tags = pending.map(({ tag }) => tag).join(', ')
  return tags === '' ? '' : `; ${tags} ${pending.length === 1 ? 'waits and begins' : 'wait and begin'} after ${after}`
}

function rowFor({ id, footprint }: Rollout, { push, command, because }: Wish): AuditDraft {
  return {
    kind: 'undo-requested',
    metric: 'undo',
    value: null,
    notes: because,
    actor: command.actor,
    rollout: id,
    step: null,
    weightsBefore: footprint?.weights ?? null,
    weightsAfter: null,
    evidence: [],
    detail: { push, to: command.to },
  }
}
