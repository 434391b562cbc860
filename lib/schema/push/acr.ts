import type { PushReader } from './reading.ts'
import { type Envelope, readRegistryEvent, toIgnored } from './registry-event.ts'
import { sentId } from './stable-id.ts'

/**
 * Reads the body of an Azure Container Registry webhook: one event. Source of the form: Azure Container Registry webhook
 * reference (push, delete, chart_push, chart_delete, quarantine, and ping, of which only the action is certain).
 */
export const readAcr: PushReader = (body, { receivedAt }) => {
  const id = sentId((body as { readonly id?: unknown } | null | undefined)?.id)
  const envelope: Envelope = { source: 'acr', receivedAt, eventId: id, sentAt: null }
  const reading = readRegistryEvent(body, envelope)
  if (reading.kind === 'unreadable') return { kind: 'issues', issues: reading.issues }
  const delivery =
    reading.kind === 'push'
      ? ({ kind: 'push', push: reading.push, receivedAt } as const)
      : toIgnored(envelope, body, reading)
  return { kind: 'deliveries', deliveries: [delivery] }
}
