import type { AuditDraft } from '../core/audit.ts'
import {
  byNeed,
  endOf,
  holdsService,
  isDueAgain,
  isNews,
  isReleased,
  isResting,
  nameOfSuspect,
  type Quarantined,
  quarantinedAs,
  type Suspect,
} from '../core/quarantine.ts'
import { quarantineRow } from '../core/quarantine-row.ts'
import { entityId, type ServiceKey } from '../core/service.ts'
import { Fault } from '../errors.ts'
import type { Page, Quarantine, QuarantinedLoaded, RolloutStore } from '../ports.ts'
import { ATTEMPTS } from './attempts.ts'
import { createInfirmary, type Infirmary } from './infirmary.ts'
import { createPaced } from './paced.ts'
import { type Chains, createTeller } from './ward-teller.ts'
import { owingHere, pay, type Telling } from './ward-telling.ts'

/** What looking after the quarantine needs. */
export interface WardOptions extends Omit<Telling, 'tell'>, Chains {
  /** The store as it is, whose `load` tells `found` of what it leaves out. */
  readonly store: Pick<RolloutStore, 'load'>
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
  /** Stores an item as it is from now on, with the row that its audit owes for it, and then writes that row. Throws Fault. */
  keep(item: Quarantined, token: unknown, row: AuditDraft): Promise<'saved' | 'conflict'>
  /** As `keep`, for an item that is well again, or gone: it holds nobody from now on. */
  release(item: Quarantined, token: unknown, row: AuditDraft): Promise<'saved' | 'conflict'>
  /** Services that break our own code, turn after turn. */
  readonly infirmary: Infirmary
}

/** An environment's quarantine is read no more often than this, also where it could not be read: once a tick. */
const KNOWN_MS = 30_000
/** What is to be told, or read again, keeps whoever wants to know what is held waiting no longer than this: the rest comes later. */
const CHORES_MS = 10_000
/** Rows that one tick reads again at most, and items that it looks through. */
const MOST_AGAIN = 20
const MOST_ITEMS = 5_000
/** Suspects that wait to be written down; more are met again. */
const MOST_WAITING = 500

type Looking = WardOptions & Telling

type Seeker = (id: string, suspect: Suspect) => void

/** What one process remembers. */
interface Memory {
  /** Suspects that wait to be written down, by id. */
  readonly waiting: Map<string, Suspect>
  /** Those who read something again now, and want to hear of what is met. */
  readonly seekers: Set<Seeker>
  /** What holds services, and what breaks on them, by environment. */
  readonly known: Map<string, Known>
  /** How often it looked at what is owed; it begins by the clock, as a process may live for one look only. */
  rounds: number
}

interface Known {
  readonly held: Map<string, Quarantined>
  readonly ailing: Map<string, Quarantined>
}

/** Makes the ward of one process. What it remembers is a shadow of what is stored: others may know more. */
export function createWard(given: WardOptions): Ward {
  const options: Looking = { ...given, tell: createTeller(given) }
  const rounds = Math.floor(given.clock.now() / KNOWN_MS)
  const memory: Memory = { waiting: new Map(), seekers: new Set(), known: new Map(), rounds }
  const { waiting, known } = memory
  let settling: Promise<void> | null = null
  const freshen = createPaced(options.clock, KNOWN_MS, (environment) =>
    attempted(options, () => refresh(options, memory, environment)),
  )
  const heldIn = async (environment: string) => {
    await freshen(environment)
    return new Set(known.get(environment)?.held.keys())
  }
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
    heldIn,
    heldBy: (key) => {
      const item = known.get(key.environment)?.held.get(key.name)
      if (item === undefined) return null
      return `${entityId(key)} cannot be read (${item.what}: ${item.why}); see quarantine ${item.id}`
    },
    examined: (item) => examined(options, memory, item),
    keep: (item, token, row) => keep(options, memory, item, token, row),
    release: (item, token, row) => release(options, memory, item, token, row),
    infirmary: createInfirmary({
      ...options,
      ailingIn: async (environment) => {
        await heldIn(environment)
        return known.get(environment)?.ailing ?? new Map()
      },
      admit: (suspect) => admit(options, memory, suspect),
      release: (item, token, row) => release(options, memory, item, token, row),
      remember: (item) => {
        forget(memory, item)
        remember(memory, item)
      },
      attempted: async (work) => void (await attempted(options, work)),
    }),
  }
}

function found(options: Looking, memory: Memory, suspect: Suspect): void {
  const { waiting, seekers } = memory
  const id = idOf(options, suspect)
  for (const tell of seekers) tell(id, suspect)
  // Known here before it is stored: a push for its service must not be taken for nobody's meanwhile.
  remember(memory, quarantinedAs(id, suspect, null, options.clock.now()))
  if (waiting.size < MOST_WAITING) waiting.set(id, suspect)
}

function idOf({ digest }: Looking, suspect: Suspect): string {
  return digest(nameOfSuspect(suspect)).slice(0, 32)
}

function remember({ known }: Memory, item: Quarantined): void {
  const { environment, service, kind } = item
  if (environment === null || service === null || isReleased(item)) return
  const here = known.get(environment) ?? { held: new Map(), ailing: new Map() }
  known.set(environment, here)
  if (kind === 'service') here.ailing.set(service, item)
  else if (holdsService(item)) here.held.set(service, item)
}

function forget({ known }: Memory, { id, environment, service }: Quarantined): void {
  const here = known.get(environment ?? '')
  if (here === undefined || service === null) return
  for (const items of [here.held, here.ailing]) if (items.get(service)?.id === id) items.delete(service)
}

async function admit(options: Looking, memory: Memory, suspect: Suspect): Promise<Quarantined> {
  const { quarantine, clock } = options
  const id = idOf(options, suspect)
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const before = await quarantine.find(suspect.environment, id)
    if (before !== null && isNoNews(before.item, suspect, clock.now())) {
      remember(memory, before.item)
      return before.item
    }
    const item = metNow(options, id, suspect, before?.item ?? null)
    if ((await quarantine.keep(item, before?.token ?? null)) === 'conflict') continue
    remember(memory, item)
    await attempted(options, () => payWhatIsOwed(options, item))
    return item
  }
  throw new Fault('conflict', `what is known of ${suspect.place} changed ${ATTEMPTS} times meanwhile`)
}

/** An item as it is kept once it was met; where that is news, its audit owes a row. */
function metNow(options: Looking, id: string, suspect: Suspect, known: Quarantined | null): Quarantined {
  const item = quarantinedAs(id, suspect, known, options.clock.now())
  return isNews(item, known) ? owingHere(options, item, quarantineRow('quarantine-added', item, 'slipway')) : item
}

async function payWhatIsOwed(options: Looking, item: Quarantined): Promise<void> {
  if ((item.owed ?? []).length > 0 || isReleased(item)) await pay(options, item)
}

async function keep(
  options: Looking,
  memory: Memory,
  item: Quarantined,
  token: unknown,
  row: AuditDraft,
): Promise<'saved' | 'conflict'> {
  const kept = owingHere(options, item, row)
  if ((await options.quarantine.keep(kept, token)) === 'conflict') return 'conflict'
  forget(memory, kept)
  remember(memory, kept)
  await attempted(options, () => pay(options, kept))
  return 'saved'
}

/** Its service goes on from now, whatever becomes of the telling. */
async function release(
  options: Looking,
  memory: Memory,
  item: Quarantined,
  token: unknown,
  row: AuditDraft,
): Promise<'saved' | 'conflict'> {
  const well = { ...item, releasedAt: options.clock.now(), nextTryAt: null }
  return keep(options, memory, well, token, row)
}

async function flush(options: Looking, memory: Memory): Promise<void> {
  for (const [id, suspect] of [...memory.waiting]) {
    memory.waiting.delete(id)
    await attempted(options, () => admit(options, memory, suspect))
  }
}

async function examined(
  { quarantine, store }: Looking,
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
async function refresh(options: Looking, memory: Memory, environment: string): Promise<void> {
  const { quarantine, clock, environments } = options
  const now = clock.now()
  const scopes = environment === environments[0] ? [environment, null] : [environment]
  const met: Quarantined[] = []
  const hear: Seeker = (id, suspect) => void met.push(quarantinedAs(id, suspect, null, now))
  memory.seekers.add(hear)
  const listed = Promise.all(scopes.map((scope) => allOf(quarantine, scope)))
  const all = (await listed.finally(() => memory.seekers.delete(hear))).flat()
  memory.known.set(environment, { held: new Map(), ailing: new Map() })
  // What was met while the list was read need not be in it.
  for (const item of [...all.map((one) => one.item), ...met]) remember(memory, item)
  const owing = all.filter(({ item }) => (item.owed ?? []).length > 0 || isReleased(item))
  const due = all.filter(({ item }) => isDueAgain(item, now)).toSorted((a, b) => byNeed(a.item, b.item))
  const ended = all.filter(({ item }) => endOf(item, now) === 'examine')
  const old = all.filter(({ item }) => endOf(item, now) === 'remove')
  const inTime = async <T>(items: readonly T[], chore: (one: T) => Promise<unknown>) => {
    for (const one of items.slice(0, MOST_AGAIN)) {
      if (clock.now() >= now + CHORES_MS) return
      await attempted(options, () => chore(one))
    }
  }
  await inTime([...due, ...ended], (one) => readAgain(options, memory, one))
  // Not the same twenty each time: what cannot be told must not keep the others from being told.
  memory.rounds += 1
  await inTime(rotated(owing, memory.rounds * MOST_AGAIN), ({ item }) => payWhatIsOwed(options, item))
  await inTime(old, ({ item, token }) => quarantine.remove(item, token))
}

/** The same items in the same circle, begun at another place. */
function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const at = items.length === 0 ? 0 : by % items.length
  return [...items.slice(at), ...items.slice(0, at)]
}

async function readAgain(options: Looking, memory: Memory, { item, token }: QuarantinedLoaded): Promise<void> {
  const still = await examined(options, memory, item)
  if (still === null) {
    await release(options, memory, item, token, quarantineRow('quarantine-over', item, 'slipway'))
    return
  }
  const next = metNow(options, item.id, still, item)
  if ((await options.quarantine.keep(next, token)) === 'conflict') return
  remember(memory, next)
  await payWhatIsOwed(options, next)
}

/** Of a row that waits for its next try, and is met between times, nothing new is written down. */
function isNoNews(known: Quarantined, suspect: Suspect, now: number): boolean {
  if (suspect.kind !== 'row' || isReleased(known) || known.holds !== (suspect.holds || known.holds)) return false
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

/** Whether the work was done; what kept it from being done is reported. */
async function attempted({ onTrouble }: Looking, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    onTrouble('what is in quarantine could not be looked after; it is met again', error)
    return false
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
      const left = new Set([...(await ward.heldIn(environment)), ...(await ward.infirmary.restingIn(environment))])
      return store.claim(environment, now, limit, left.size === 0 ? except : new Set([...except, ...left]))
    },
    load: async (environment, names) => {
      const loaded = await store.load(environment, names)
      if (loaded.length < names.length) await ward.settled()
      return loaded
    },
  }
}
