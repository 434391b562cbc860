import type { AuditDraft } from '../core/audit.ts'
import { supersede } from '../core/decide/move.ts'
import type { Asked } from '../core/facts.ts'
import { olderPush } from '../core/older.ts'
import type { Rollout } from '../core/rollout.ts'
import { entityId, type HandledPush, type Push, type ServiceKey, type ServiceState } from '../core/service.ts'
import { isRunning, newRollout, type Reception, receptionOf, remember } from '../core/start.ts'
import { Fault } from '../errors.ts'
import type { Change, Delivery, EventRecord, Loaded } from '../ports.ts'
import { ATTEMPTS } from './attempts.ts'
import { withoutAuthor } from './people.ts'
import { checkReadable, ringFor, sealed, type Wheel } from './wheel.ts'

/**
 * Turns an accepted delivery into what it means: a rollout for each service that takes the image, or a record of why not.
 * Idempotent: the same delivery again finds what the first one did. Throws Fault when it cannot be decided now; the queue
 * then delivers it again.
 */
export async function receive(wheel: Wheel, delivery: Delivery): Promise<readonly EventRecord[]> {
  const records = await endsOf(wheel, delivery, createFolder(wheel))
  await wheel.events.record(records)
  return records
}

/**
 * Receives deliveries that came in one message. Each is acted on whatever becomes of the others; when all were tried, the
 * trouble of those that failed is thrown, so that the message comes back. Doing the rest again does no harm. What the
 * message needs to know of a service before anything is decided is read once, and what became of all is recorded at once.
 */
export async function receiveAll(wheel: Wheel, deliveries: readonly Delivery[]): Promise<readonly EventRecord[]> {
  const records: EventRecord[] = []
  const troubles: unknown[] = []
  const folder = createFolder(wheel)
  for (const delivery of deliveries) {
    try {
      records.push(...(await endsOf(wheel, delivery, folder)))
    } catch (error) {
      troubles.push(error)
    }
  }
  if (records.length > 0) await wheel.events.record(records)
  if (troubles.length === 0) return records
  if (troubles.length === deliveries.length && troubles.length === 1) throw troubles[0]
  throw new AggregateError(troubles, `${troubles.length} of ${deliveries.length} deliveries could not be acted on`)
}

/** What one message reads once: which services take a source, and what they take. Nothing is decided on it but a "no". */
interface Folder {
  servicesFor(push: Push): Promise<readonly ServiceKey[]>
  service(key: ServiceKey): Promise<Loaded | undefined>
}

function createFolder(wheel: Wheel): Folder {
  const sources = new Map<string, Promise<readonly ServiceKey[]>>()
  const services = new Map<string, Promise<Loaded | undefined>>()
  return {
    servicesFor: ({ registry, repository }) =>
      kept(sources, `${registry}/${repository}`, () => wheel.catalogue.servicesFor(registry, repository)),
    service: (key) =>
      kept(services, entityId(key), async () => (await wheel.store.load(key.environment, [key.name]))[0]),
  }
}

/** A read that failed is not kept: the next delivery of the message may have more luck. */
function kept<T>(all: Map<string, Promise<T>>, name: string, read: () => Promise<T>): Promise<T> {
  const known = all.get(name)
  if (known !== undefined) return known
  const reading = read()
  all.set(name, reading)
  reading.catch(() => all.delete(name))
  return reading
}

async function endsOf(wheel: Wheel, delivery: Delivery, folder: Folder): Promise<readonly EventRecord[]> {
  if (delivery.kind === 'ignored') return [delivery.record]
  const push = olderPush(delivery.push)
  const records: EventRecord[] = []
  for (const key of await folder.servicesFor(push)) {
    const item = await folder.service(key)
    // One that is there and cannot be read now takes no push for a no: the message comes back, or waits in quarantine.
    if (item === undefined) checkReadable(wheel, key, 'what is pushed waits until it can be')
    const refused = refusal(wheel, item, push, delivery.receivedAt)
    records.push(...(refused ?? (await offer(wheel, key, await nameless(wheel, push), delivery.receivedAt))))
  }
  if (records.length > 0) return records
  const reason = `no service takes images from ${push.registry}/${push.repository}; store a manifest that names it`
  return [record(push, delivery.receivedAt, null, 'ignored', reason, null)]
}

/** The push as it may be stored: its author is a pseudonym. */
function nameless(wheel: Wheel, push: Push): Promise<Push> | Push {
  const { people, clock } = wheel
  return people === undefined ? push : withoutAuthor({ people, clock }, push)
}

/** What is said of a push that a service does not take, by its manifest; null = it takes it. */
function refusal(
  wheel: Wheel,
  item: Loaded | undefined,
  push: Push,
  receivedAt: number,
): readonly EventRecord[] | null {
  const { image } = item?.service.manifest ?? {}
  if (item === undefined || image?.registry !== push.registry || image.repository !== push.repository) return []
  if (wheel.matchesTag(image.tags, push.tag)) return null
  const wanted = image.tags.kind === 'glob' ? image.tags.pattern : image.tags.range
  return [record(push, receivedAt, item.service.key, 'ignored', `tag ${push.tag} does not match ${wanted}`, null)]
}

/** Who asked for a push by hand, and why; '' = they did not say. */
export interface PushedBy {
  readonly actor: string
  readonly reason: string
  readonly asked?: Asked
}

/**
 * Offers a push to one service until it is decided; every lost race is followed by another look. None where the service is
 * not there or takes images from elsewhere. Throws Fault.
 */
export async function offer(
  wheel: Wheel,
  key: ServiceKey,
  push: Push,
  receivedAt: number,
  by: PushedBy | null = null,
): Promise<readonly EventRecord[]> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [item] = await wheel.store.load(key.environment, [key.name])
    const refused = refusal(wheel, item, push, receivedAt)
    if (item === undefined || refused !== null) return refused ?? []
    const taken = await take(wheel, item, push, receivedAt, by)
    if (taken !== null) return [taken]
  }
  throw new Fault(
    'conflict',
    `${entityId(key)} changed ${ATTEMPTS} times while ${push.tag} was being taken in; it is delivered again`,
  )
}

/** Acts on what the push means for this service; null = somebody else wrote first. */
async function take(
  wheel: Wheel,
  item: Loaded,
  push: Push,
  receivedAt: number,
  by: PushedBy | null,
): Promise<EventRecord | null> {
  const { key } = item.service
  const reception = receptionOf(item.service, item.rollout, push)
  switch (reception.kind) {
    case 'duplicate':
      // The worker may have died between the decision and the records of the pushes that this one replaced.
      await recordReplaced(wheel, item.service, push)
      return (
        (by === null ? becameOf(item.service, push, receivedAt) : null) ??
        record(push, receivedAt, key, 'duplicate', reception.because, reception.rollout)
      )
    case 'ignore':
      return record(push, receivedAt, key, 'ignored', reception.because, null)
    case 'start':
      return begin(wheel, item, push, receivedAt, by)
    case 'reject':
    case 'queue':
    case 'supersede':
      return hold(wheel, item, push, receivedAt, reception, by)
  }
}

/**
 * What the very same delivery became when it was acted on before: its worker may have died before the record of it was
 * stored, and then this one is the first. Null where it is another delivery of the event.
 */
function becameOf({ key, handled, pending }: ServiceState, push: Push, receivedAt: number): EventRecord | null {
  const isThis = (one: Pick<Push, 'eventId' | 'digest'>) => one.eventId === push.eventId && one.digest === push.digest
  const before = handled.find(isThis)
  if (before === undefined || before.receivedAt !== receivedAt || before.replacedBy !== undefined) return null
  const { rollout } = before
  if (rollout !== null) return record(push, receivedAt, key, 'rollout', `rollout ${rollout} began with it`, rollout)
  return pending.some(isThis)
    ? record(push, receivedAt, key, 'queued', `${push.tag} waits for its turn`, null)
    : record(push, receivedAt, key, 'rejected', `${push.tag} was turned down`, null)
}

async function begin(
  wheel: Wheel,
  item: Loaded,
  push: Push,
  receivedAt: number,
  by: PushedBy | null,
): Promise<EventRecord | null> {
  const now = wheel.clock.now()
  const begun = newRollout(item.service, item.rollout, push, now, { row: tellOf(push, by) })
  const { service, audit } = sealed(
    wheel,
    remember(begun.service, push, begun.rollout.id, receivedAt),
    [begun.row],
    now,
  )
  const { key } = item.service
  if ((await wheel.store.commit({ key, token: item.token, service, rollout: begun.rollout, audit })) === 'conflict')
    return null
  await ringFor(wheel, [{ environment: key.environment, at: now }])
  return record(push, receivedAt, key, 'rollout', `rollout ${begun.rollout.id} begins`, begun.rollout.id)
}

/** Lets a push wait, alone or behind others, or turns it down; the running rollout gives way where it is superseded. */
async function hold(
  wheel: Wheel,
  item: Loaded,
  push: Push,
  receivedAt: number,
  reception: Reception & { readonly kind: 'reject' | 'queue' | 'supersede' },
  by: PushedBy | null,
): Promise<EventRecord | null> {
  const now = wheel.clock.now()
  const { key } = item.service
  const because = reception.kind === 'reject' ? reception.because : waitText(item, push, reception.kind)
  const kind = reception.kind === 'reject' ? ('push-rejected' as const) : ('push-queued' as const)
  const gone = reception.kind === 'supersede' ? item.service.pending : []
  const row = replacing({ ...rowFor(item.rollout, push, kind, because), ...tellOf(push, by) }, gone)
  const pending = { reject: item.service.pending, queue: [...item.service.pending, push], supersede: [push] }[
    reception.kind
  ]
  const away = reception.kind === 'supersede' && item.rollout !== null ? givingWay(item.rollout, now, because) : null
  const remembered = remember(replaced({ ...item.service, pending }, gone, push), push, null, receivedAt)
  const { service, audit } = sealed(wheel, remembered, [row, ...(away?.rows ?? [])], now)
  const change: Change = { key, token: item.token, service, audit, ...(away === null ? {} : { rollout: away.rollout }) }
  if ((await wheel.store.commit(change)) === 'conflict') return null
  if (away !== null) await ringFor(wheel, [{ environment: key.environment, at: now }])
  await recordReplaced(wheel, service, push)
  return record(
    push,
    receivedAt,
    key,
    reception.kind === 'reject' ? 'rejected' : 'queued',
    because,
    item.rollout?.id ?? null,
  )
}

/** The row of a push that takes the place of others that waited: it tells which are never rolled out. */
function replacing(row: AuditDraft, gone: readonly Push[]): AuditDraft {
  if (gone.length === 0) return row
  const tags = gone.map(({ tag, digest }) => `${tag} (${digest.slice(0, 15)})`).join(', ')
  const replaces = gone.map(({ eventId, tag, digest }) => ({ eventId, tag, digest }))
  const notes = `${row.notes}; ${tags} waited and ${gone.length === 1 ? 'is' : 'are'} not rolled out`
  return { ...row, notes, detail: { ...row.detail, replaces } }
}

/** Marks pushes that waited as replaced by a newer one. */
function replaced(service: ServiceState, gone: readonly Push[], by: Push): ServiceState {
  const isGone = (one: HandledPush) =>
    gone.some(({ eventId, digest }) => one.eventId === eventId && one.digest === digest)
  return {
    ...service,
    handled: service.handled.map((one) => (isGone(one) ? { ...one, replacedBy: by.eventId } : one)),
  }
}

/** Tells what became of the pushes that a newer one replaced while they waited: what was said of them holds no more. */
async function recordReplaced(wheel: Wheel, { key, handled, manifest }: ServiceState, by: Push): Promise<void> {
  const { registry, repository } = manifest.image
  const records = handled.flatMap((one) => {
    if (one.replacedBy !== by.eventId || one.receivedAt === undefined) return []
    const push = { ...one, registry, repository, source: one.source ?? by.source, author: null }
    return [record(push, one.receivedAt, key, 'superseded', `${by.tag} came while ${one.tag} waited`, null)]
  })
  if (records.length > 0) await wheel.events.record(records)
}

function givingWay(rollout: Rollout, now: number, because: string): ReturnType<typeof supersede> | null {
  return rollout.phase.kind === 'rolling-back' ? null : supersede(rollout, now, because)
}

function waitText(item: Loaded, push: Push, kind: 'queue' | 'supersede'): string {
  const { rollout, service } = item
  if (!isRunning(rollout)) {
    const undo = service.undo === null ? [] : [`the undo to ${service.undo.push.tag}`]
    return `${push.tag} waits behind ${[...undo, ...service.pending.map(({ tag }) => tag)].join(', ')}`
  }
  const running = `${rollout.id} (${rollout.push.tag})`
  if (kind === 'queue') return `${push.tag} waits until ${running} has ended`
  return `${push.tag} supersedes ${running}, which is rolled back first`
}

/** What an audit row tells of a push by hand: who and why. */
function tellOf(push: Push, by: PushedBy | null): Partial<AuditDraft> {
  if (by === null) return {}
  const { actor, reason, asked } = by
  return { actor, detail: { push, reason, ...(asked === undefined ? {} : { asked }) } }
}

function rowFor(rollout: Rollout | null, push: Push, kind: 'push-queued' | 'push-rejected', notes: string): AuditDraft {
  return {
    kind,
    metric: 'push',
    value: null,
    notes,
    actor: push.source,
    rollout: rollout?.id ?? null,
    step: null,
    weightsBefore: rollout?.footprint?.weights ?? null,
    weightsAfter: null,
    evidence: [],
    detail: { push },
  }
}

function record(
  push: Push,
  receivedAt: number,
  key: ServiceKey | null,
  outcome: EventRecord['outcome'],
  reason: string,
  rollout: string | null,
): EventRecord {
  const entity = key === null ? null : entityId(key)
  const { source, digest } = push
  const id = entity === null ? push.eventId : `${push.eventId}@${entity}`
  return {
    id,
    receivedAt,
    source,
    outcome,
    reason,
    image: `${push.registry}/${push.repository}:${push.tag}`,
    digest,
    entityId: entity,
    rollout,
  }
}
