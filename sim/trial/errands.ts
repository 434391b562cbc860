import type { Command } from '../../lib/core/facts.ts'
import { entityId, type Push } from '../../lib/core/service.ts'
import { obeyCommand } from '../../lib/engine/command.ts'
import { receive } from '../../lib/engine/receive.ts'
import { type Ground, keyOf } from './ground.ts'
import { conductOf, pushOf } from './parts.ts'
import type { ImageKind, TrialVerb } from './scenario.ts'
import type { Work } from './workers.ts'

/** Work that came from outside and is done again until its worker lived through it. */
export interface Errand {
  /** Not before this, epoch milliseconds. */
  at: number
  readonly path: 'intake' | 'command'
  /** Those of one group are done at the same moment; null = alone. */
  readonly group: number | null
  readonly work: Work<unknown>
}

/** A registry tells of a version: from here on it must not be lost. */
export function delivered(ground: Ground, service: number, push: Push): Errand {
  const { tell, manifests, stage } = ground
  const { eventId, tag, digest } = push
  const manifest = manifests[service]
  const entity = manifest === undefined ? null : entityId(keyOf(manifest))
  const receivedAt = stage.clock.now()
  tell({ kind: 'push-accepted', id: eventId, entity, tag, digest })
  return {
    at: receivedAt,
    path: 'intake',
    group: null,
    work: (wheel) => receive(wheel, { kind: 'push', push, receivedAt }),
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
): Errand {
  const { tell, manifests, stage } = ground
  const manifest = manifests[service]
  if (manifest === undefined) throw new RangeError(`a trial without a service ${service}`)
  const key = keyOf(manifest)
  const entity = entityId(key)
  const plain = { reason: 'drill', step: null, digest: null, to: null, override: false }
  const command: Command = { id, verb, actor: 'olga', actorId: 'id-olga', ...plain }
  let isTold = false
  return {
    at: stage.clock.now(),
    path: 'command',
    group,
    work: async (wheel, worker) => {
      if (!isTold) tell({ kind: 'command', id, verb, actor: command.actor, entity, worker })
      isTold = true
      const answer = await obeyCommand(wheel, key, command)
      const because = 'because' in answer ? answer.because : ''
      tell({ kind: 'command-answered', id, entity, answer: answer.kind, because })
      return answer
    },
  }
}
