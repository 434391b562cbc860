import * as z from 'zod'
import type { Push } from '../../core/service.ts'
import type { Delivery } from '../../ports.ts'
import { DIGEST, REGISTRY_HOST, REPOSITORY, readInstant, TAG } from '../grammar.ts'
import { type Issue, pathText, quotable } from '../issue.ts'
import { contentId, sentId } from './stable-id.ts'

/** One event of a registry, understood. `unreadable` holds issues whose paths begin at the event. */
export type EventReading =
  | { readonly kind: 'push'; readonly push: Push }
  | { readonly kind: 'ignored'; readonly reason: string; readonly image: string | null; readonly digest: string | null }
  | { readonly kind: 'unreadable'; readonly issues: readonly Issue[] }

/** What the envelope says for all events in it. `eventId` and `sentAt` are the envelope's own, or null. */
export interface Envelope {
  readonly source: string
  readonly receivedAt: number
  readonly eventId: string | null
  readonly sentAt: string | null
}

/** Media types of manifests and indexes of images (Docker schema 2, OCI). Anything else is a layer, a chart or a config. */
const IMAGE_TYPES: readonly string[] = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
]

const AHEAD_MS = 5 * 60_000

const looseSchema = z.object({
  action: z
    .string({ error: 'is missing; every event names its action, e.g. `push`' })
    .min(1, { error: 'is empty' })
    .max(64, { error: 'is longer than 64 characters' }),
  target: z.looseObject({}).nullish().catch(null),
  request: z.looseObject({}).nullish().catch(null),
})

const pushSchema = z.object({
  id: z
    .string({ error: 'must be text' })
    .refine((id) => sentId(id) !== null, { error: 'must be 1–200 visible ASCII characters' })
    .nullish(),
  timestamp: z
    .string({ error: 'must be text' })
    .max(64, { error: 'is longer than 64 characters', abort: true })
    .refine((text) => readInstant(text) !== null, { error: 'is no RFC 3339 moment' })
    .nullish(),
  target: z.object({
    mediaType: z.string({ error: 'is missing or no text' }),
    repository: z
      .string({ error: 'is missing or no text' })
      .max(255, { error: 'is longer than 255 characters', abort: true })
      .regex(REPOSITORY, { error: 'is no repository name of the OCI distribution spec' }),
    tag: z.string({ error: 'must be text' }).regex(TAG, { error: 'is no tag of the OCI distribution spec' }),
    digest: z
      .string({ error: 'is missing or no text' })
      .regex(DIGEST, { error: 'must be sha256: and 64 lower-case hex digits' }),
  }),
  /** Who pushed; a name that cannot be one is as none, for the push counts all the same. */
  actor: z
    .looseObject({ name: z.string().optional().catch(undefined) })
    .nullish()
    .catch(null),
  request: z.object(
    {
      host: z
        .string({ error: 'is missing or no text' })
        .max(255, { error: 'is longer than 255 characters', abort: true })
        .transform((host) => host.toLowerCase())
        .pipe(z.string().regex(REGISTRY_HOST, { error: 'is no host name' })),
    },
    { error: 'is missing; its `host` says which registry was pushed to' },
  ),
})

/**
 * Reads an event in the form that ACR, Event Grid's `data` and CNCF Distribution share. A push without a moment, or with
 * one more than five minutes ahead, counts as pushed when it was received: a wrong clock must not outrank later pushes.
 */
export function readRegistryEvent(event: unknown, envelope: Envelope): EventReading {
  const loose = looseSchema.safeParse(event)
  if (!loose.success) return unreadable(loose.error)
  const { action, target, request } = loose.data
  const ignored = (reason: string): EventReading => ({ kind: 'ignored', reason, ...named(target, request) })
  if (action !== 'push') return ignored(reasonFor(action))
  const { mediaType, tag } = target ?? {}
  if (typeof mediaType === 'string' && !IMAGE_TYPES.includes(mediaType)) {
    return ignored(`${quotable(mediaType, 100)} is not the manifest of an image`)
  }
  if (target && (tag === undefined || tag === null || tag === ''))
    return ignored('the manifest was pushed without a tag')
  const read = pushSchema.safeParse(event)
  return read.success ? { kind: 'push', push: toPush(read.data, envelope) } : unreadable(read.error)
}

/** What an ignored event is written down as. `id` is stable: the sender's where there is one, else made of the content. */
export function toIgnored(
  { source, receivedAt, eventId }: Envelope,
  content: unknown,
  { reason, image = null, digest = null }: { reason: string; image?: string | null; digest?: string | null },
): Delivery {
  const id = eventId ?? contentId(source, content)
  const record = {
    id,
    receivedAt,
    source,
    outcome: 'ignored',
    reason,
    image,
    digest,
    entityId: null,
    rollout: null,
  } as const
  return { kind: 'ignored', record }
}

function toPush({ id, timestamp, target, actor, request }: z.output<typeof pushSchema>, envelope: Envelope): Push {
  const { repository, tag, digest } = target
  const facts = { registry: request.host, repository, tag, digest }
  const eventId = envelope.eventId ?? id ?? contentId(envelope.source, { ...facts, timestamp })
  return {
    ...facts,
    pushedAt: pushedAt(timestamp ?? envelope.sentAt, envelope.receivedAt),
    eventId,
    source: envelope.source,
    author: authorOf(actor?.name),
  }
}

function authorOf(name: string | undefined): string | null {
  return quotable((name ?? '').trim(), 200) || null
}

/** Go's zero time (year 1) and other moments before 1970 stand for "not known". */
function pushedAt(timestamp: string | null, receivedAt: number): number {
  const at = timestamp === null ? null : readInstant(timestamp)
  return at === null || at < 0 || at > receivedAt + AHEAD_MS ? receivedAt : at
}

function reasonFor(action: string): string {
  const reasons: Readonly<Record<string, string>> = {
    ping: 'a ping: the registry tries the hook out',
    delete: 'a deletion: what runs keeps running',
    chart_push: 'a chart, not an image',
    chart_delete: 'a deletion of a chart',
    quarantine: 'in quarantine: the registry sends a push once the image was found good',
    pull: 'a pull',
    mount: 'a mount of a layer',
  }
  return Object.hasOwn(reasons, action) ? (reasons[action] ?? '') : `action ${quotable(action)} is not a push`
}

/** Image and digest of an ignored event, each only where it keeps to its grammar. */
function named(target: unknown, request: unknown): { image: string | null; digest: string | null } {
  const { repository, tag, digest } = (target ?? {}) as Readonly<Record<string, unknown>>
  const { host } = (request ?? {}) as Readonly<Record<string, unknown>>
  const registry = fits(typeof host === 'string' ? host.toLowerCase() : host, REGISTRY_HOST)
  const name = fits(repository, REPOSITORY)
  const label = fits(tag, TAG)
  const image =
    name === null ? null : `${registry === null ? '' : `${registry}/`}${name}${label === null ? '' : `:${label}`}`
  return { image, digest: fits(digest, DIGEST) }
}

function fits(value: unknown, grammar: RegExp): string | null {
  return typeof value === 'string' && value.length <= 255 && grammar.test(value) ? value : null
}

function unreadable(error: z.core.$ZodError): EventReading {
  const issues = error.issues.slice(0, 20).map(({ path, message }) => ({
    path: pathText(path),
    message: message.startsWith('Invalid input') ? 'is missing or of the wrong kind' : message,
  }))
  return { kind: 'unreadable', issues }
}
