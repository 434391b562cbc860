import type { AuditDraft } from '../core/audit.ts'
import { sealAs } from '../core/chain.ts'
import {
  byNeed,
  holdsService,
  isDueAgain,
  isResting,
  nameOfSuspect,
  type Quarantined,
  quarantinedAs,
  quarantineRow,
  type Suspect,
} from '../core/quarantine.ts'
import { entityId, type ServiceKey } from '../core/service.ts'
import { Fault } from '../errors.ts'
import type { Clock, Freezes, Page, Quarantine, QuarantinedLoaded, RolloutStore } from '../ports.ts'
import { ATTEMPTS } from './wheel.ts'

/** What looking after the quarantine needs. */
export interface WardOptions {
  readonly quarantine: Quarantine
  /** The store as it is, whose `load` tells `found` of what it leaves out. */
  readonly store: Pick<RolloutStore, 'load'>
  /** Where the environments' own audit chains lie. */
  readonly freezes: Freezes
  readonly clock: Clock
  /** SHA-256 of a text, hex. */
  readonly digest: (text: string) => string
  /** What is of no environment is told in all of these. */
  readonly environments: readonly string[]
  /** Told of what could not be written down now; it is met again. */
  readonly onTrouble: (words: string, error: unknown) => void
}

/** Looks after what cannot be read or acted on: writes it down once, tells of it once, and reads it again from time to time. */
export interface Ward {
  readonly quarantine: Quarantine
  /** Takes note of a row that was just met; it is written down with the next `settled`. Does nothing else, and never throws. */
  found(suspect: Suspect): void
  /** Writes down what was found. Never throws. */
  settled(): Promise<void>
  /** Writes a message down now. Throws Fault. */
  admit(suspect: Suspect): Promise<Quarantined>
  /** Services of an environment that are left alone; what is due to be read again is read, up to a bound. Never throws. */
  heldIn(environment: string): Promise<ReadonlySet<string>>
  /** Why a service is left alone, as far as this process has heard; null = it is not. */
  heldBy(key: ServiceKey): string | null
  /** What is wrong with a row now; null = it can be read again, or is gone. Throws Fault. */
  examined(item: Quarantined): Promise<Suspect | null>
  /** Writes rows into the chains of those whom an item concerns. Throws Fault where none of them takes it. */
  tell(item: Quarantined, draft: AuditDraft): Promise<void>
  /** Forgets that an item holds its service: somebody took it out. */
  forget(item: Quarantined): void
}

/** An environment's quarantine is read no more often than this: once a tick. */
const KNOWN_MS = 30_000
/** Rows that one tick reads again at most, and items that it looks through. */
const MOST_AGAIN = 20
const MOST_ITEMS = 5_000
/** Suspects that wait to be written down; more are met again. */
const MOST_WAITING = 500
const KEPT_MS = 7 * 86_400_000

type Seeker = (id: string, suspect: Suspect) => void

/** What one process remembers. */
interface Memory {
  /** Suspects that wait to be written down, by id. */
  readonly waiting: Map<string, Suspect>
  /** Those who read something again now, and want to hear of what is met. */
  readonly seekers: Set<Seeker>
  /** By environment: when its quarantine was read, and which services are left alone because of what. */
  readonly known: Map<string, { readonly at: number; readonly held: Map<string, Quarantined> }>
}

/** Makes the ward of one process. What it remembers is a shadow of what is stored: others may know more. */
export function createWard(options: WardOptions): Ward {
  const memory: Memory = { waiting: new Map(), seekers: new Set(), known: new Map() }
  const { waiting, known } = memory
  let settling: Promise<void> | null = null
  return {
    quarantine: options.quarantine,
    found: (suspect) => found(options, memory, suspect),
    settled: async () => {
      if (waiting.size === 0 && settling === null) return
      settling ??= flush(options, memory).finally(() => {
        settling = null
      })
      await settling
    },
    admit: (suspect) => admit(options, memory, suspect),
    heldIn: async (environment) => {
      const age = options.clock.now() - (known.get(environment)?.at ?? Number.NEGATIVE_INFINITY)
      if (age >= KNOWN_MS || age < 0) await attempted(options, () => refresh(options, memory, environment))
      return new Set(known.get(environment)?.held.keys())
    },
    heldBy: (key) => {
      const item = known.get(key.environment)?.held.get(key.name)
      if (item === undefined) return null
      return `${entityId(key)} cannot be read (${item.what}: ${item.why}); see quarantine ${item.id}`
    },
    examined: (item) => examined(options, memory, item),
    tell: (item, draft) => tell(options, item, draft),
    forget: (item) => forget(memory, item),
  }
}

function found(options: WardOptions, memory: Memory, suspect: Suspect): void {
  const { waiting, seekers } = memory
  const id = idOf(options, suspect)
  for (const tell of seekers) tell(id, suspect)
  // Known here before it is stored: a push for its service must not be taken for nobody's meanwhile.
  remember(memory, quarantinedAs(id, suspect, null, options.clock.now()))
  if (waiting.size < MOST_WAITING) waiting.set(id, suspect)
}

function idOf({ digest }: WardOptions, suspect: Suspect): string {
  return digest(nameOfSuspect(suspect)).slice(0, 32)
}

function remember({ known }: Memory, item: Quarantined): void {
  const { environment, service } = item
  if (environment === null || service === null || !holdsService(item)) return
  const { at, held } = known.get(environment) ?? { at: Number.NEGATIVE_INFINITY, held: new Map() }
  known.set(environment, { at, held: held.set(service, item) })
}

function forget({ known }: Memory, { id, environment, service }: Quarantined): void {
  const held = known.get(environment ?? '')?.held
  if (service !== null && held?.get(service)?.id === id) held.delete(service)
}

async function admit(options: WardOptions, memory: Memory, suspect: Suspect): Promise<Quarantined> {
  const { quarantine, clock } = options
  const id = idOf(options, suspect)
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const before = await quarantine.find(suspect.environment, id)
    if (before !== null && isNoNews(before.item, suspect, clock.now())) {
      remember(memory, before.item)
      return before.item
    }
    const item = quarantinedAs(id, suspect, before?.item ?? null, clock.now())
    if ((await quarantine.keep(item, before?.token ?? null)) === 'conflict') continue
    remember(memory, item)
    const isNew = before === null || before.item.state === 'redriven'
    if (isNew) await attempted(options, () => tell(options, item, quarantineRow('quarantine-added', item, 'slipway')))
    return item
  }
  throw new Fault('conflict', `what is known of ${suspect.place} changed ${ATTEMPTS} times meanwhile`)
}

async function flush(options: WardOptions, memory: Memory): Promise<void> {
  for (const [id, suspect] of [...memory.waiting]) {
    memory.waiting.delete(id)
    await attempted(options, () => admit(options, memory, suspect))
  }
}

async function examined(
  { quarantine, store }: WardOptions,
  { waiting, seekers }: Memory,
  item: Quarantined,
): Promise<Suspect | null> {
  const here = await quarantine.examine(item)
  const { environment, service, holds } = item
  if (here !== null || !holds || environment === null || service === null) return here
  // What is wrong may lie between rows: only who reads them together can tell.
  const met: Suspect[] = []
  const hear: Seeker = (id, suspect) => void (id === item.id && met.push(suspect))
  seekers.add(hear)
  try {
    await store.load(environment, [service])
  } finally {
    seekers.delete(hear)
  }
  waiting.delete(item.id)
  return met.at(-1) ?? null
}

/** What is known of an environment from now on; what is due to be read again is read, up to a bound. */
async function refresh(options: WardOptions, memory: Memory, environment: string): Promise<void> {
  const { quarantine, clock, environments } = options
  const now = clock.now()
  const scopes = environment === environments[0] ? [environment, null] : [environment]
  const all = (await Promise.all(scopes.map((scope) => allOf(quarantine, scope)))).flat()
  memory.known.set(environment, { at: now, held: new Map() })
  for (const { item } of all) remember(memory, item)
  const due = all.filter(({ item }) => isDueAgain(item, now)).toSorted((a, b) => byNeed(a.item, b.item))
  for (const one of due.slice(0, MOST_AGAIN)) await attempted(options, () => readAgain(options, memory, one))
  const sentAt = ({ redriven, triedAt }: Quarantined) => redriven?.at ?? triedAt
  const isOver = (item: Quarantined) => item.state === 'redriven' && sentAt(item) < now - KEPT_MS
  const old = all.filter(({ item }) => isOver(item)).slice(0, MOST_AGAIN)
  for (const { item, token } of old) await attempted(options, () => quarantine.remove(item, token))
}

async function readAgain(options: WardOptions, memory: Memory, { item, token }: QuarantinedLoaded): Promise<void> {
  const still = await examined(options, memory, item)
  if (still !== null) {
    const next = quarantinedAs(item.id, still, item, options.clock.now())
    if ((await options.quarantine.keep(next, token)) === 'saved') remember(memory, next)
  } else if ((await options.quarantine.remove(item, token)) === 'saved') {
    forget(memory, item)
    await tell(options, item, quarantineRow('quarantine-over', item, 'slipway'))
  }
}

/** Of a row that waits for its next try, and is met between times, nothing new is written down. */
function isNoNews(known: Quarantined, suspect: Suspect, now: number): boolean {
  if (suspect.kind === 'message' || known.holds !== (suspect.holds || known.holds)) return false
  return known.state === 'dismissed' || isResting(known, now)
}

async function allOf(quarantine: Quarantine, environment: string | null): Promise<readonly QuarantinedLoaded[]> {
  const all: QuarantinedLoaded[] = []
  let from: string | null = null
  do {
    const page: Page<QuarantinedLoaded> = await quarantine.items(environment, 1000, from)
    all.push(...page.items)
    from = page.next
  } while (from !== null && all.length < MOST_ITEMS)
  return all
}

/** One environment whose chain cannot be written stops none of the others. */
async function tell(options: WardOptions, item: Quarantined, draft: AuditDraft): Promise<void> {
  const concerned = item.environment === null ? options.environments : [item.environment]
  const told = await Promise.allSettled(concerned.map((environment) => tellIn(options, environment, draft)))
  const failed = told.find((outcome) => outcome.status === 'rejected')
  if (failed !== undefined && told.every(({ status }) => status === 'rejected')) throw failed.reason
}

async function tellIn({ freezes, clock, digest }: WardOptions, environment: string, draft: AuditDraft): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { chain, token, freezes: kept, lifted = [] } = await freezes.freezesOf(environment)
    const sealed = sealAs(environment, chain, [draft], clock.now(), digest)
    const change = { environment, token, freezes: kept, lifted, chain: sealed.chain, audit: sealed.rows }
    if ((await freezes.commitFreezes(change)) === 'saved') return
  }
  throw new Fault('conflict', `the audit of ${environment} changed ${ATTEMPTS} times meanwhile; send it again`)
}

async function attempted({ onTrouble }: WardOptions, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    onTrouble('what is in quarantine could not be looked after; it is met again', error)
  }
}

/**
 * A store that leaves alone what the ward holds, and writes down what it meets: what cannot be read costs its neighbours
 * one read of the quarantine a tick, and is itself read again with growing pauses.
 */
export function warded(store: RolloutStore, ward: Ward): RolloutStore {
  return {
    ...store,
    due: async (environment, until, limit) => {
      const held = await ward.heldIn(environment)
      const names = await store.due(environment, until, limit + held.size)
      return names.filter((name) => !held.has(name)).slice(0, limit)
    },
    claim: async (environment, now, limit, except) => {
      await ward.settled()
      const held = await ward.heldIn(environment)
      return store.claim(environment, now, limit, held.size === 0 ? except : new Set([...except, ...held]))
    },
    load: async (environment, names) => {
      const loaded = await store.load(environment, names)
      if (loaded.length < names.length) await ward.settled()
      return loaded
    },
  }
}
