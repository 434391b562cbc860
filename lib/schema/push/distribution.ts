import * as z from 'zod'
import type { Delivery } from '../../ports.ts'
import { formatIssue } from '../issue.ts'
import type { PushReader } from './reading.ts'
import { type EventReading, readRegistryEvent, toIgnored } from './registry-event.ts'
import { sentId } from './stable-id.ts'

const SOURCE = 'distribution'

const envelopeSchema = z.object(
  {
    events: z
      .array(z.unknown(), { error: 'is missing or no list; a notification holds `events`' })
      .max(1000, { error: 'holds more than 1000 events' }),
  },
  { error: 'must be an object with `events`' },
)

/**
 * Reads a notification of a CNCF Distribution registry: many events, of which most are pulls, mounts and layers. Each push
 * of a tagged image becomes a delivery; all others become one ignored record that counts them. An event that cannot be
 * read is counted too, and does not refuse the notification: the registry would send it again for ever, and nothing after it.
 */
export const readDistribution: PushReader = (body, { receivedAt }) => {
  const read = envelopeSchema.safeParse(body)
  if (!read.success) {
    return { kind: 'issues', issues: read.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })) }
  }
  const { events } = read.data
  const envelope = { source: SOURCE, receivedAt, eventId: null, sentAt: null }
  const readings = events.map((event) => readRegistryEvent(event, envelope))
  const pushes = readings.flatMap((one): Delivery[] =>
    one.kind === 'push' ? [{ kind: 'push', push: one.push, receivedAt }] : [],
  )
  const rest = events.filter((_, index) => readings[index]?.kind !== 'push')
  if (rest.length === 0 && pushes.length > 0) return { kind: 'deliveries', deliveries: pushes }
  const summary = toIgnored(envelope, rest.map(identity), { reason: summarise(readings) })
  return { kind: 'deliveries', deliveries: [...pushes, summary] }
}

/** What tells an event from others: its own id, else all of it. */
function identity(event: unknown): unknown {
  return sentId((event as { readonly id?: unknown } | null)?.id) ?? event
}

const MOST_REASONS = 5

/** `3 of 4 events were not pushes of a tagged image: 2 × a pull; 1 × …`, commonest first. */
function summarise(readings: readonly EventReading[]): string {
  const counts = new Map<string, number>()
  for (const [index, reading] of readings.entries()) {
    if (reading.kind === 'push') continue
    const reason = reading.kind === 'ignored' ? reading.reason : whyUnreadable(reading, index)
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  if (total === 0) return 'the notification held no events'
  const parts = [...counts].sort(([, a], [, b]) => b - a).map(([reason, count]) => `${count} × ${reason}`)
  const more = parts.length > MOST_REASONS ? '; and others' : ''
  return `${total} of ${readings.length} events were not pushes of a tagged image: ${parts.slice(0, MOST_REASONS).join('; ')}${more}`
}

function whyUnreadable({ issues }: Extract<EventReading, { kind: 'unreadable' }>, index: number): string {
  const [first] = issues
  return `cannot be read (events[${index}]${first === undefined ? '' : `, ${formatIssue(first)}`})`
}
