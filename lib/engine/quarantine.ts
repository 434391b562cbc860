import type { Suspect } from '../core/quarantine.ts'
import { Fault, withoutSecrets } from '../errors.ts'
import type { Delivery, EventRecord } from '../ports.ts'
import { receive } from './receive.ts'
import type { Ward } from './ward.ts'
import type { Wheel } from './wheel.ts'

/** Where messages that cannot be acted on are kept, and from which queue they came. */
export interface Shelf {
  readonly ward: Pick<Ward, 'admit'>
  readonly queue: string
}

/**
 * Writes down a message that could not be acted on however often it was delivered: it is seen among the events, kept
 * where it can be sent again, and the others go on. The same message again is the same record. `why` is said to people.
 */
export async function quarantine(
  wheel: Wheel,
  source: string,
  message: unknown,
  shelf: Shelf | null = null,
  why = 'it could not be acted on',
): Promise<EventRecord> {
  const text = textOf(message)
  const record: EventRecord = {
    id: `quarantined-${wheel.digest(text).slice(0, 32)}`,
    receivedAt: wheel.clock.now(),
    source,
    outcome: 'quarantined',
    reason: `${why}; it began with ${JSON.stringify(text.slice(0, 200))}`,
    image: null,
    digest: null,
    entityId: null,
    rollout: null,
  }
  // First where it can be sent again from: the record alone would tell of a message that nobody has.
  if (shelf !== null) await shelf.ward.admit(suspectOf(source, text, shelf.queue, why))
  await wheel.events.record([record])
  return record
}

/**
 * Tries deliveries, whose message failed however often it was delivered, one last time and each alone: what fails again is
 * written down. Returns what was written down.
 */
export async function sift(
  wheel: Wheel,
  source: string,
  deliveries: readonly unknown[],
  shelf: Shelf | null = null,
): Promise<readonly EventRecord[]> {
  const lost: EventRecord[] = []
  for (const delivery of deliveries) {
    try {
      await receive(wheel, delivery as Delivery)
    } catch (error) {
      lost.push(await quarantine(wheel, source, delivery, shelf, whyNot(error)))
    }
  }
  return lost
}

/** A message that is no text as JSON; what nests too deep to be written (ours never does) is named, so that it is told of at all. */
function textOf(message: unknown): string {
  if (typeof message === 'string') return message
  try {
    return JSON.stringify(message) ?? ''
  } catch {
    return 'something that nests too deep to be written'
  }
}

/** What failed, in words that hold no secret: those of a Fault, or of our own error. */
function whyNot(error: unknown): string {
  if (error instanceof Fault) return error.message
  return error instanceof Error
    ? withoutSecrets(`it could not be acted on (${error.name}: ${error.message})`)
    : 'it could not be acted on'
}

function suspectOf(source: string, content: string, queue: string, why: string): Suspect {
  const what = source === 'intake' ? 'delivery' : 'registry-event'
  const nowhere = { environment: null, service: null, field: null, holds: false } as const
  return { kind: 'message', what, place: queue, why, content, ...nowhere }
}
