import * as z from 'zod'
import type { Delivery } from '../../ports.ts'
import { type Issue, quotable } from '../issue.ts'
import { measure } from './measure.ts'
import type { PushContext, PushRead, PushReader } from './reading.ts'
import { type Envelope, readRegistryEvent, toIgnored } from './registry-event.ts'
import { sentId } from './stable-id.ts'

const SOURCE = 'event-grid'
const IMAGE_PUSHED = 'Microsoft.ContainerRegistry.ImagePushed'
const VALIDATION = 'Microsoft.EventGrid.SubscriptionValidationEvent'
const MOST_EVENTS = 1000
const MOST_CHARACTERS = 256 * 1024

/** Both schemas at once: CloudEvents 1.0 says `type` and `time`, Event Grid's own says `eventType` and `eventTime`. */
const eventSchema = z
  .object(
    {
      id: z
        .string({ error: 'is missing or no text' })
        .refine((id) => sentId(id) !== null, { error: 'must be 1–200 visible ASCII characters' }),
      type: z.string({ error: 'must be text' }).max(200, { error: 'is longer than 200 characters' }).optional(),
      eventType: z.string({ error: 'must be text' }).max(200, { error: 'is longer than 200 characters' }).optional(),
      time: z.string().max(64).nullish().catch(null),
      eventTime: z.string().max(64).nullish().catch(null),
      data: z.unknown(),
    },
    { error: 'must be an event: an object with `id`, `data`, and `type` or `eventType`' },
  )
  .refine((event) => event.type !== undefined || event.eventType !== undefined, {
    error: 'names no `type` (CloudEvents) and no `eventType` (Event Grid schema)',
  })

type GridEvent = z.output<typeof eventSchema>

const validationSchema = z.object({
  topic: z.string({ error: 'is missing or no text' }).regex(/^[\x21-\x7e]{1,500}$/, { error: 'is no resource id' }),
  data: z.object(
    {
      validationCode: z
        .string({ error: 'is missing or no text' })
        .regex(/^[\x21-\x7e]{1,200}$/, { error: 'is no validation code' }),
    },
    { error: 'is missing; a validation brings its code here' },
  ),
})

/**
 * Reads what Event Grid sends: its own schema (a list, or one event as it lies in a queue), CloudEvents 1.0 (one or a
 * batch), and the text of a queue message, plain or base64. The handshake's `validationUrl` is never looked at. In a batch
 * an event that cannot be read is written down as ignored, since a refused batch is not sent again; alone it is an issue.
 */
export const readEventGrid: PushReader = (body, context) => {
  const content = typeof body === 'string' ? fromMessage(body) : body
  const trouble = measure(content)
  if (trouble !== null) return refuse([trouble])
  const events: readonly unknown[] = Array.isArray(content) ? content : [content]
  if (events.length === 0) return { kind: 'deliveries', deliveries: [] }
  if (events.length > MOST_EVENTS) return refuse([{ path: '', message: `holds more than ${MOST_EVENTS} events` }])
  if (events.length === 1 && typeOf(events[0]) === VALIDATION) return readHandshake(events[0])
  const readings = events.map((event) => readEvent(event, context))
  const isLost = readings.every((reading) => 'issues' in reading)
  if (isLost)
    return refuse(
      readings.flatMap((reading, index) => ('issues' in reading ? within(reading.issues, index, content) : [])),
    )
  return { kind: 'deliveries', deliveries: readings.map((reading, index) => settle(reading, events[index], context)) }
}

type Reading = Delivery | { readonly issues: readonly Issue[] }

function readEvent(event: unknown, { receivedAt }: PushContext): Reading {
  const read = eventSchema.safeParse(event)
  if (!read.success) return { issues: issuesOf(read.error) }
  const envelope = envelopeOf(read.data, receivedAt)
  const type = read.data.type ?? read.data.eventType ?? ''
  if (type !== IMAGE_PUSHED) return toIgnored(envelope, event, { reason: reasonFor(type) })
  const reading = readRegistryEvent(read.data.data, envelope)
  if (reading.kind === 'push') return { kind: 'push', push: reading.push, receivedAt }
  if (reading.kind === 'ignored') return toIgnored(envelope, event, reading)
  return {
    issues: reading.issues.map(({ path, message }) => ({ path: path === '' ? 'data' : `data.${path}`, message })),
  }
}

function envelopeOf({ id, time, eventTime }: GridEvent, receivedAt: number): Envelope {
  return { source: SOURCE, receivedAt, eventId: id, sentAt: time ?? eventTime ?? null }
}

function reasonFor(type: string): string {
  const reasons: Readonly<Record<string, string>> = {
    'Microsoft.ContainerRegistry.ImageDeleted': 'a deletion: what runs keeps running',
    'Microsoft.ContainerRegistry.ChartPushed': 'a chart, not an image',
    'Microsoft.ContainerRegistry.ChartDeleted': 'a deletion of a chart',
    'Microsoft.EventGrid.SubscriptionDeletedEvent':
      'the event subscription was deleted: nothing more will come from it',
    [VALIDATION]: 'a handshake among other events, which Event Grid never sends',
  }
  return Object.hasOwn(reasons, type)
    ? (reasons[type] ?? '')
    : `event type ${quotable(type, 100)} is not a pushed image`
}

function readHandshake(event: unknown): PushRead {
  const read = validationSchema.safeParse(event)
  if (!read.success) return refuse(issuesOf(read.error))
  return { kind: 'handshake', validationCode: read.data.data.validationCode, topic: read.data.topic }
}

function settle(reading: Reading, event: unknown, { receivedAt }: PushContext): Delivery {
  if (!('issues' in reading)) return reading
  const [first] = reading.issues
  const envelope = {
    source: SOURCE,
    receivedAt,
    eventId: sentId((event as { readonly id?: unknown } | null)?.id),
    sentAt: null,
  }
  return toIgnored(envelope, event, { reason: `cannot be read: ${first?.path ?? ''} ${first?.message ?? ''}` })
}

/** The content of a queue message, which holds JSON as it is or in base64; undefined where it holds neither. */
function fromMessage(text: string): unknown {
  if (text.length > MOST_CHARACTERS) return undefined
  return parsed(text) ?? parsed(Buffer.from(text, 'base64').toString('utf8'))
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function typeOf(event: unknown): unknown {
  const { type, eventType } = (event ?? {}) as { readonly type?: unknown; readonly eventType?: unknown }
  return type ?? eventType
}

function issuesOf(error: z.core.$ZodError): readonly Issue[] {
  return error.issues.slice(0, 20).map(({ path, message }) => ({ path: path.join('.'), message }))
}

function within(issues: readonly Issue[], index: number, content: unknown): readonly Issue[] {
  if (!Array.isArray(content)) return issues
  return issues.map(({ path, message }) => ({ path: path === '' ? `[${index}]` : `[${index}].${path}`, message }))
}

function refuse(issues: readonly Issue[]): PushRead {
  return { kind: 'issues', issues: issues.slice(0, 100) }
}
