import type { AuditDraft } from '../core/audit.ts'
import { type Caller, mayDo } from '../core/caller.ts'
import { canonical, sealAs } from '../core/chain.ts'
import type { Asked, By } from '../core/facts.ts'
import {
  type Freeze,
  type FreezeTime,
  freezeDuration,
  freezeTimeText,
  type Lifted,
  reasonIn,
  timeTrouble,
} from '../core/freeze.ts'
import { Fault } from '../errors.ts'
import type { FreezesLoaded } from '../ports.ts'
import type { Wheel } from './wheel.ts'

/** Freezes that one environment may have; those that are over do not count. */
const MOST_FREEZES = 100

/** How often the loser of a race tries again: in an alarm a dozen people stop the line at once. */
const ATTEMPTS = 40
/** How long the id of a freeze that was lifted is remembered: a request may come that late a second time. */
const REMEMBERED_MS = 7 * 86_400_000
const MOST_REMEMBERED = 200

/** A freeze that is asked for. `id` makes asking twice harmless. */
export type FreezeWish = Pick<Freeze, 'id' | 'environment' | 'services' | 'time' | 'reason'>

/** What became of a wish for a freeze. `known`: the same was added before with this id. */
export type FreezeAdded =
  | { readonly kind: 'added' | 'known'; readonly freeze: Freeze }
  | { readonly kind: 'reused' | 'full'; readonly because: string }
  | { readonly kind: 'unknown-services'; readonly names: readonly string[] }

/** Adds a freeze to its environment, with its audit row. Asking again with the same id changes nothing. Throws Fault. */
export async function addFreeze(wheel: Wheel, wish: FreezeWish, by: By): Promise<FreezeAdded> {
  const { actor, ...asked } = typeof by === 'string' ? { actor: by } : by
  const names = await unknownOf(wheel, wish)
  if (names.length > 0) return { kind: 'unknown-services', names }
  return attempts(wheel, wish.environment, async (loaded) => {
    const now = wheel.clock.now()
    const known = loaded.freezes.find(({ id }) => id === wish.id)
    if (known !== undefined) return again(known, wish)
    const lifted = remembered(loaded, now)
    if (lifted.some(({ id }) => id === wish.id)) {
      const because = `the freeze ${wish.id} was lifted; take a fresh id for another`
      return { kind: 'reused', because }
    }
    const kept = loaded.freezes.filter((freeze) => wheel.nextWindow(freeze, now) !== null)
    if (kept.length >= MOST_FREEZES) {
      const because = `${wish.environment} has ${MOST_FREEZES} freezes already; lift those that are not needed`
      return { kind: 'full', because }
    }
    const freeze: Freeze = { schema: 1, ...wish, by: actor, createdAt: now }
    const notes = `freeze ${freeze.id} of ${scopeText(freeze)} ${freezeTimeText(freeze.time)}: ${freeze.reason}`
    const saved = await store(
      wheel,
      loaded,
      freeze.environment,
      { freezes: [...kept, freeze], lifted },
      row('freeze-added', actor, notes, { freeze, ...asked }),
    )
    return saved ? { kind: 'added', freeze } : null
  })
}

/** Lifts a freeze, with its audit row; false = there is none with this id. What it held goes on with its next look. Throws Fault. */
export async function liftFreeze(
  wheel: Wheel,
  environment: string,
  id: string,
  { by, reason }: { readonly by: By; readonly reason: string },
): Promise<boolean> {
  const { actor, ...asked } = typeof by === 'string' ? { actor: by } : by
  return attempts(wheel, environment, async (loaded) => {
    const freeze = loaded.freezes.find((one) => one.id === id)
    if (freeze === undefined) return false
    const why = reason === '' ? '' : `: ${reason}`
    const notes = `freeze ${id} of ${scopeText(freeze)} (${freeze.reason}) is lifted${why}`
    const now = wheel.clock.now()
    const freezes = loaded.freezes.filter((one) => one !== freeze)
    const lifted = [{ id, at: now }, ...remembered(loaded, now)].slice(0, MOST_REMEMBERED)
    const draft = row('freeze-lifted', actor, notes, { freeze, ...asked })
    return (await store(wheel, loaded, environment, { freezes, lifted }, draft)) ? true : null
  })
}

function remembered({ lifted = [] }: FreezesLoaded, now: number): readonly Lifted[] {
  return lifted.filter(({ at }) => now < at + REMEMBERED_MS)
}

/** A freeze of an environment, or null where none has this id. */
export async function findFreeze(wheel: Wheel, environment: string, id: string): Promise<Freeze | null> {
  const { freezes } = await wheel.freezes.freezesOf(environment)
  return freezes.find((freeze) => freeze.id === id) ?? null
}

/** Freezes of the environments that hold or come, as `caller` may see them, oldest first. Throws Fault. */
export async function freezeViews(wheel: Wheel, environments: readonly string[], caller: Caller) {
  const now = wheel.clock.now()
  const loaded = await Promise.all(environments.map((environment) => wheel.freezes.freezesOf(environment)))
  return loaded
    .flatMap(({ freezes }) => freezes)
    .filter((freeze) => wheel.nextWindow(freeze, now) !== null && mayBeSeen(freeze, caller))
    .map((freeze) => freezeView(wheel, freeze, caller))
}

/**
 * A freeze as it leaves the house for one caller: the services of it that they may see, and the time of it that is open or
 * comes next. One whose times cannot be told stops the line, and its reason says why.
 */
export function freezeView(wheel: Wheel, freeze: Freeze, caller: Caller) {
  const now = wheel.clock.now()
  const window = wheel.nextWindow(freeze, now)
  const time: FreezeTime = timeTrouble(freeze.time) === null ? freeze.time : { kind: 'stop' }
  const { environment } = freeze
  return {
    id: freeze.id,
    environment,
    services: freeze.services?.filter((name) => mayDo(caller, 'see', { environment, name })) ?? null,
    kind: time.kind,
    from: time.kind === 'once' ? iso(time.from) : null,
    until: time.kind === 'once' ? iso(time.until) : null,
    cron: time.kind === 'recurring' ? time.cron : null,
    timeZone: time.kind === 'recurring' ? time.timeZone : null,
    duration: time.kind === 'recurring' ? freezeDuration(time.durationMs) : null,
    reason: reasonIn(freeze.reason, window?.unreadable),
    by: freeze.by,
    createdAt: iso(freeze.createdAt),
    active: window !== null && window.from <= now,
    window:
      window === null ? null : { from: iso(window.from), until: window.until === null ? null : iso(window.until) },
  }
}

/** One that concerns a service that they may see, or all of an environment of which they may see anything. */
function mayBeSeen({ environment, services }: Freeze, caller: Caller): boolean {
  if (services !== null) return services.some((name) => mayDo(caller, 'see', { environment, name }))
  return caller.grants.some(({ environments }) => environments === null || environments.includes(environment))
}

async function unknownOf(wheel: Wheel, { environment, services }: FreezeWish): Promise<readonly string[]> {
  if (services === null) return []
  const loaded = await wheel.store.load(environment, services)
  return services.filter((name) => !loaded.some(({ service }) => service.key.name === name))
}

function again(known: Freeze, { services, time, reason }: FreezeWish): FreezeAdded {
  if (timeTrouble(known.time) !== null)
    return {
      kind: 'reused',
      because: `the freeze ${known.id} is there, and cannot be read; lift it, and take a fresh id`,
    }
  const wished = { services, time, reason }
  const stood = { services: known.services, time: known.time, reason: known.reason }
  if (canonical(stood) === canonical(wished) || isSameFrom(known.time, time, stood, wished))
    return { kind: 'known', freeze: known }
  return { kind: 'reused', because: `the id ${known.id} was used before for another freeze; take a fresh one` }
}

/** A freeze without `from` begins when it is asked for: asked again later, it is the same all the same. */
function isSameFrom(known: FreezeTime, time: FreezeTime, stood: object, wished: object): boolean {
  if (known.kind !== 'once' || time.kind !== 'once' || known.until !== time.until) return false
  return canonical({ ...stood, time: null }) === canonical({ ...wished, time: null })
}

/** Tries until nobody else was faster; null from `work` = somebody was. */
async function attempts<T>(
  wheel: Wheel,
  environment: string,
  work: (loaded: FreezesLoaded) => Promise<T | null>,
): Promise<T> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const done = await work(await wheel.freezes.freezesOf(environment))
    if (done !== null) return done
  }
  throw new Fault('conflict', `the freezes of ${environment} changed ${ATTEMPTS} times meanwhile; send it again`)
}

async function store(
  wheel: Wheel,
  { chain, token, told = [] }: FreezesLoaded,
  environment: string,
  kept: Pick<FreezesLoaded, 'freezes' | 'lifted'>,
  draft: AuditDraft,
): Promise<boolean> {
  const sealed = sealAs(environment, chain, [draft], wheel.clock.now(), wheel.digest)
  const change = { environment, token, told, ...kept, chain: sealed.chain, audit: sealed.rows }
  return (await wheel.freezes.commitFreezes(change)) === 'saved'
}

function row(
  kind: 'freeze-added' | 'freeze-lifted',
  actor: string,
  notes: string,
  detail: { readonly freeze: Freeze; readonly asked?: Asked },
): AuditDraft {
  return {
    kind,
    metric: 'freeze',
    value: null,
    notes,
    actor,
    rollout: null,
    step: null,
    weightsBefore: null,
    weightsAfter: null,
    evidence: [],
    detail,
  }
}

function scopeText({ services, environment }: Freeze): string {
  return services === null ? `all of ${environment}` : services.join(', ')
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
