import type { Delivery, EventRecord } from '../ports.ts'
import { receive } from './receive.ts'
import type { Wheel } from './wheel.ts'

/**
 * Writes down a message that could not be acted on however often it was delivered: it is seen among the events, and the
 * others go on. The same message again is the same record.
 */
export async function quarantine(wheel: Wheel, source: string, message: unknown): Promise<EventRecord> {
  const text = typeof message === 'string' ? message : JSON.stringify(message)
  const record: EventRecord = {
    id: `quarantined-${wheel.digest(text).slice(0, 32)}`,
    receivedAt: wheel.clock.now(),
    source,
    outcome: 'quarantined',
    reason: `it could not be acted on; it began with ${JSON.stringify(text.slice(0, 200))}`,
    image: null,
    digest: null,
    entityId: null,
    rollout: null,
  }
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
): Promise<readonly EventRecord[]> {
  const lost: EventRecord[] = []
  for (const delivery of deliveries) {
    try {
      await receive(wheel, delivery as Delivery)
    } catch {
      lost.push(await quarantine(wheel, source, delivery))
    }
  }
  return lost
}
