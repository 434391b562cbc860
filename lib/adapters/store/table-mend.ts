import { isTooFarOff } from '../../core/claims.ts'
import { errorLine } from '../../errors.ts'
import { readRollout, readService, writeDue } from './table-codec.ts'
import { type DueRow, readDueRow } from './table-due.ts'
import { refusal, throwFault } from './table-faults.ts'
import { dueRange, MEND_ROW, nameOfDue, nameOfService, rolloutRowKey, servicesAfter } from './table-keys.ts'
import { inLanes, type Reader, readRowOf } from './table-load.ts'
import { inPartition, readAll, readPage } from './table-pages.ts'
import { isOfLaterSchema, otherSchema, type Row, SCHEMA, type Written } from './table-rows.ts'

/** Due rows that were put back, and due rows that were thrown away, by row key. */
export interface Mended {
  readonly restored: readonly string[]
  readonly removed: readonly string[]
}

/** Services that are looked at in one go: 10,000 of them take 40 goes, which is 40 minutes. */
const PAGE = 250
/** Time between two goes of one round. */
const GO_EVERY_MS = 60_000

/**
 * Makes the due rows agree with the rollouts again. Commits keep them so; a row that was deleted or added by hand is found
 * here, because without its due row no sweep would ever see a service again. Rows of services that cannot be read are left
 * alone; a due row of a later build is left as well, and told to the quarantine. Safe beside running commits: a row too many
 * costs one look in vain and goes with the next mending. Throws Fault.
 */
export async function mendDueRows(reader: Reader, environment: string): Promise<Mended> {
  const all: Mended[] = []
  for (let after: string | null = ''; after !== null; ) {
    const gone: Gone = await mendPage(reader, environment, after, null)
    all.push(gone)
    after = gone.next
  }
  return { restored: all.flatMap(({ restored }) => restored), removed: all.flatMap(({ removed }) => removed) }
}

/** What the mending of one process needs. */
export interface Mending {
  readonly reader: Reader
  /** A round begins no more often than this. */
  readonly everyMs: number
  /** Told of what cannot be mended now, in one line. */
  readonly log: (line: string) => void
  /** How far this process has come where a later build keeps the note of it, by environment. */
  readonly own: Map<string, Progress>
}

/**
 * The mending beside the sweeps of one process, which asks at most once a minute whether it is its turn: what cannot be mended
 * now is logged and mended later, for a rollback must not wait for it. Gives due rows that are to be looked at at once, because no
 * look is ever set for as late as they are. Never throws.
 */
export function createMender(
  reader: Reader,
  everyMs: number,
  log: (line: string) => void,
): (environment: string, now: number) => Promise<readonly DueRow[]> {
  const mending: Mending = { reader, everyMs, log, own: new Map() }
  const askedAt = new Map<string, number>()
  return async (environment, now) => {
    const last = askedAt.get(environment)
    if (last !== undefined && isWithin(last, now, Math.min(everyMs, GO_EVERY_MS))) return []
    askedAt.set(environment, now)
    try {
      return await mendSome(mending, environment, now)
    } catch (error) {
      log(errorLine(`lost due rows of ${environment} cannot be sought now`, error))
      return []
    }
  }
}

/** How far the mending has come. */
interface Progress {
  readonly after: string
  readonly beganAt: number
  readonly wentAt: number
}

/**
 * Goes on with the mending where whoever did it last has stopped: at most 250 services, at most once a minute, and a new
 * round at most every `everyMs`. Two at once do the same twice, which does no harm. How far it came is written down, but for
 * where a later build does so: its note stays, and this process goes by `own`. Throws Fault.
 */
async function mendSome(
  { reader, everyMs, own }: Mending,
  environment: string,
  now: number,
): Promise<readonly DueRow[]> {
  const row = await readRowOf(reader, environment, MEND_ROW)
  const isLater = row !== null && isOfLaterSchema(row)
  const { after, beganAt, wentAt } = isLater ? (own.get(environment) ?? NEVER) : progressOf(row)
  const isRoundNew = after === ''
  if (isWithin(wentAt, now, Math.min(GO_EVERY_MS, everyMs)) || (isRoundNew && isWithin(beganAt, now, everyMs)))
    return []
  const { next, late } = await mendPage(reader, environment, after, now)
  const progress = { after: next ?? '', beganAt: isRoundNew ? now : beganAt, wentAt: now }
  if (isLater) own.set(environment, progress)
  else await writeProgress(reader, environment, row, progress)
  return late
}

async function writeProgress(reader: Reader, environment: string, before: Row | null, gone: Progress): Promise<void> {
  const { after, beganAt, wentAt } = gone
  const written = { after, beganAt: new Date(beganAt), wentAt: new Date(wentAt) }
  const entity = { partitionKey: environment, rowKey: MEND_ROW, schema: SCHEMA, ...written }
  await putOver(reader, before, entity, `writing down how far ${environment} is mended`)
}

const NOTHING: Readonly<Record<string, unknown>> = {}
const NEVER: Progress = { after: '', beganAt: Number.NEGATIVE_INFINITY, wentAt: Number.NEGATIVE_INFINITY }

/** What cannot be read is as if nothing had been done yet: a round more does no harm. */
function progressOf(row: Row | null): Progress {
  const { schema, after, beganAt, wentAt } = row ?? NOTHING
  if (schema !== SCHEMA || typeof after !== 'string' || !(beganAt instanceof Date) || !(wentAt instanceof Date))
    return NEVER
  return { after, beganAt: beganAt.getTime(), wentAt: wentAt.getTime() }
}

/** False also where `then` is still to come: a clock that was ahead must not stop the mending. */
function isWithin(then: number, now: number, ms: number): boolean {
  return then <= now && now - then < ms
}

/** What one go has mended. */
interface Gone extends Mended {
  /** The name to go on after; null = that was all. */
  readonly next: string | null
  /** Rows of a time that is further off than any look is ever set. */
  readonly late: readonly DueRow[]
}

/** Mends the due rows of the services that come after a name. `now` null = nobody asks what is too far off. */
async function mendPage(reader: Reader, environment: string, after: string, now: number | null): Promise<Gone> {
  // Due rows first: one that moves meanwhile can then only look missing, and putting it back does no harm.
  const there = await readAll(inPartition(reader, environment, dueRange(Number.MAX_SAFE_INTEGER), 'due rows'))
  const listing = inPartition(reader, environment, servicesAfter(after), `services of ${environment}`)
  const page = await readPage(listing, PAGE, null, (row) => row)
  const last = nameOfService(page.items.at(-1)?.rowKey ?? '')
  const next = page.next === null || last === '' ? null : last
  const { due, unsure, far } = await wantedDueRows(reader, environment, page.items, now)
  for (const row of there.filter(isOfLaterSchema)) reader.quarantine(reader.table.tableName, row, otherSchema(row))
  // One that cannot be read, at a key that a rollout names as its own, makes nothing due: it is written anew.
  const lying = new Map(there.map((row) => [row.rowKey ?? '', row]))
  const isGood = (row: Row | undefined) => row !== undefined && (row.schema === SCHEMA || isOfLaterSchema(row))
  const restored = [...due].filter((rowKey) => !isGood(lying.get(rowKey)))
  const removed = there.filter(({ rowKey = '', schema }) => {
    const name = nameOfDue(rowKey)
    const isHere = name > after && (next === null || name <= next)
    return schema === SCHEMA && isHere && !due.has(rowKey) && !unsure.has(name)
  })
  await inLanes(restored, (rowKey) => restore(reader, environment, rowKey, lying.get(rowKey) ?? null))
  await inLanes(removed, (row) => remove(reader, environment, row))
  const late = [...far].flatMap((rowKey) => dueIn(lying.get(rowKey)))
  return { restored, removed: removed.map((row) => row.rowKey ?? ''), next, late }
}

function dueIn(row: Row | undefined): readonly DueRow[] {
  const read = row === undefined ? null : readDueRow(row)
  return read?.kind === 'read' ? [read.value] : []
}

/** Keys of the due rows that these services must have (`far`: those that nobody's clock can have meant), and names of those that nothing can be said about. */
async function wantedDueRows(
  reader: Reader,
  environment: string,
  services: readonly Row[],
  now: number | null,
): Promise<Readonly<Record<'due' | 'unsure' | 'far', ReadonlySet<string>>>> {
  const due = new Set<string>()
  const unsure = new Set<string>()
  const far = new Set<string>()
  await inLanes(services, async (row) => {
    const name = nameOfService(row.rowKey ?? '')
    const service = readService(row)
    if (service.kind === 'unreadable') unsure.add(name)
    else if (service.value.rolloutNumber > 0) {
      const rolloutRow = await readRowOf(reader, environment, rolloutRowKey(name, service.value.rolloutNumber))
      const rollout = rolloutRow === null ? null : readRollout(rolloutRow)
      if (rollout?.kind !== 'read' || !rollout.value.current) unsure.add(name)
      else if (rollout.value.due !== null) {
        due.add(rollout.value.due)
        if (now !== null && isTooFarOff(rollout.value.rollout, now)) far.add(rollout.value.due)
      }
    }
  })
  return { due, unsure, far }
}

async function restore(reader: Reader, environment: string, rowKey: string, before: Row | null): Promise<void> {
  await putOver(reader, before, writeDue(environment, rowKey), `restoring the due row ${rowKey}`)
}

/** Puts a row where `before` lies (null = where none does). What somebody has written there since stays. Throws Fault. */
async function putOver({ table, timeoutMs }: Reader, before: Row | null, row: Written, doing: string): Promise<void> {
  const abortSignal = AbortSignal.timeout(timeoutMs)
  try {
    if (before === null) await table.createEntity(row, { abortSignal })
    else await table.updateEntity(row, 'Replace', { etag: before.etag, abortSignal })
  } catch (error) {
    const said = refusal(error)
    const isGone = said?.status === 404 && said.code !== 'TableNotFound'
    if (said?.code !== 'EntityAlreadyExists' && said?.status !== 412 && !isGone) throwFault(error, doing)
  }
}

/** With its ETag: a row that a commit wrote again meanwhile is no longer superfluous. */
async function remove({ table, timeoutMs }: Reader, environment: string, row: Row): Promise<void> {
  try {
    const options = { etag: row.etag, abortSignal: AbortSignal.timeout(timeoutMs) }
    await table.deleteEntity(environment, row.rowKey ?? '', options)
  } catch (error) {
    const status = refusal(error)?.status
    if (status !== 404 && status !== 412) throwFault(error, `removing the due row ${row.rowKey}`)
  }
}
