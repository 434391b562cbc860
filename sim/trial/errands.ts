import type { Command } from '../../lib/core/facts.ts'
import { entityId, type Push } from '../../lib/core/service.ts'
import { obeyCommand } from '../../lib/engine/command.ts'
import { sift } from '../../lib/engine/quarantine.ts'
import { receiveAll } from '../../lib/engine/receive.ts'
import { Fault } from '../../lib/errors.ts'
import type { Delivery, EventRecord } from '../../lib/ports.ts'
import { Crash } from '../crash.ts'
import { type Ground, keyOf } from './ground.ts'
import { conductOf, pushOf } from './parts.ts'
import { type Asker, forbidden } from './people.ts'
import type { ImageKind, TrialVerb } from './scenario.ts'
import type { Work } from './workers.ts'

/** Work that came from outside and is done again until its worker lived through it. */
export interface Errand {
  /** Not before this, epoch milliseconds. */
  at: number
  readonly path: 'intake' | 'command'
  /** Those of one group are done at the same moment; null = alone. */
  readonly group: number | null
  /** Times that it was tried in vain; a message that was tried too often is put aside. */
  tries: number
  readonly work: Work<unknown>
}

/** As the product's queue: so often is a message tried before it is put aside. */
const MOST_TRIES = 5

/** How long until an errand that was in vain is tried again: what was put aside waits until its message is seen again. */
export function patienceOf({ path, tries }: Errand): number {
  return path === 'intake' && tries > MOST_TRIES ? 10 * 60_000 : 30_000
}

/** A registry tells of a version: from here on it must not be lost. */
export function delivered(ground: Ground, service: number, push: Push): Errand {
  const { tell, manifests, stage } = ground
  const { eventId, tag, digest } = push
  const manifest = manifests[service]
  const entity = manifest === undefined ? null : entityId(keyOf(manifest))
  const receivedAt = stage.clock.now()
  tell({ kind: 'push-accepted', id: eventId, entity, tag, digest })
  return messageErrand(ground, push, receivedAt)
}

/** The message that holds a delivery. What ends in quarantine is lost until somebody drives it again. */
export function messageErrand(ground: Ground, push: Push, receivedAt: number): Errand {
  const { eventId } = push
  const tried = messageOf(ground, eventId, [eventId], [{ kind: 'push', push, receivedAt }])
  const work: Work<unknown> = async (wheel, worker) => {
    const records = await tried(wheel, worker)
    if (records.some(({ outcome }) => outcome === 'quarantined')) ground.lost.push({ push, receivedAt })
    return records
  }
  return { at: ground.stage.clock.now(), path: 'intake', group: null, tries: 0, work }
}

/** A message that nobody can read; `beside` stands in it as well, and must not suffer. */
export function poisoned(ground: Ground, luck: number, beside: Push | null): Errand {
  const at = ground.stage.clock.now()
  const good: readonly Delivery[] = beside === null ? [] : [{ kind: 'push', push: beside, receivedAt: at }]
  const bad = [null, 'push', { kind: 'push', push: null }, { kind: 'push' }][luck % 4]
  const ids = beside === null ? [] : [beside.eventId]
  const work = messageOf(ground, `poison-${luck}`, ids, [...good, bad as unknown as Delivery])
  return { at, path: 'intake', group: null, tries: 0, work: forgiving(work) }
}

/** Whatever goes wrong with what cannot be read, the queue brings it again. */
function forgiving<T>(work: Work<T>): Work<T> {
  return async (wheel, worker) => {
    try {
      return await work(wheel, worker)
    } catch (error) {
      if (error instanceof Crash) throw error
      throw new Fault('malformed', 'the message could not be acted on', { cause: error })
    }
  }
}

/** A message of the intake queue: tried as a whole, and after five tries in vain each delivery alone. */
function messageOf(
  { tell }: Ground,
  message: string,
  deliveries: readonly string[],
  content: readonly Delivery[],
): Work<readonly EventRecord[]> {
  let tries = 0
  return (wheel, worker) => {
    tries += 1
    const last = tries > MOST_TRIES
    tell({ kind: 'message-tried', message, deliveries, worker, tries, last })
    return last ? sift(wheel, 'intake', content) : receiveAll(wheel, content)
  }
}

/** A version comes into being: how it does, and what the registry says of it. */
export function released(ground: Ground, service: number, version: number, image: ImageKind, age = 0): Push {
  const { stage, manifests } = ground
  const push = pushOf(manifests[service]?.name ?? '', service, version, stage.clock.now() - age)
  const { profile, behaviour } = conductOf(image)
  stage.metrics.profile(push.digest, profile)
  if (behaviour !== null) stage.world.behave(push.digest, behaviour)
  return push
}

/** An operator asks for something; `group` = at the same moment as others. */
export function asked(
  ground: Ground,
  service: number,
  verb: TrialVerb,
  id: string,
  group: number | null = null,
  by: Asker = 'olga',
): Errand {
  const { tell, manifests, stage } = ground
  const manifest = manifests[service]
  if (manifest === undefined) throw new RangeError(`a trial without a service ${service}`)
  const key = keyOf(manifest)
  const entity = entityId(key)
  const plain = { reason: 'drill', step: null, digest: null, to: null, override: false }
  const command: Command = { id, verb, actor: by, actorId: `id-${by}`, ...plain }
  let isTold = false
  return {
    at: stage.clock.now(),
    path: 'command',
    group,
    tries: 0,
    work: async (wheel, worker) => {
      if (!isTold) tell({ kind: 'command', id, verb, actor: command.actor, entity, worker })
      isTold = true
      const refusal = forbidden(by, verb, key)
      if (refusal !== null) {
        tell({ kind: 'command-answered', id, entity, answer: 'forbidden', because: refusal })
        return null
      }
      const answer = await obeyCommand(wheel, key, command)
      const because = 'because' in answer ? answer.because : ''
      tell({ kind: 'command-answered', id, entity, answer: answer.kind, because })
      return answer
    },
  }
}
