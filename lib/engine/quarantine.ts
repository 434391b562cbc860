import type { EventRecord } from '../ports.ts'
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
