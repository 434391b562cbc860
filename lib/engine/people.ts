import type { Person } from '../core/approval.ts'
import type { Caller } from '../core/caller.ts'
import type { By, Command } from '../core/facts.ts'
import { isPseudonym, type Names, type PersonRecord } from '../core/people.ts'
import type { Manifest, Push } from '../core/service.ts'
import { Fault } from '../errors.ts'
import type { Clock, Page, People } from '../ports.ts'

/** What looking people up needs. */
export interface Registrar {
  readonly people: People
  readonly clock: Clock
}

/** Who asks, as it is stored: a pseudonym for a person, names for machines. `aliases` are for rules, and never stored. */
export type Byline = Required<Pick<Command, 'actor' | 'actorId' | 'aliases' | 'asked'>>

/**
 * How a caller who changes something stands in what is stored from now on; a person who was never seen is given a pseudonym,
 * and a new name of theirs is remembered. `request` is the id that the answer carries. Throws Fault: nothing may be stored
 * with the name instead.
 */
export async function bylineOf({ people, clock }: Registrar, caller: Caller, request: string): Promise<Byline> {
  const words = await wordsFor(people, caller)
  const asked = { request, signIn: caller.method, app: caller.app ?? null }
  if (caller.kind === 'machine') return { actor: caller.name, actorId: caller.id, aliases: words, asked }
  const known = await people.find('account', caller.id)
  const person = known ?? (await people.add('account', caller.id, caller.name, clock.now()))
  if (person.name !== caller.name) await people.rename(person.pseudonym, caller.name)
  return { actor: person.pseudonym, actorId: person.pseudonym, aliases: [caller.id, caller.name, ...words], asked }
}

/** The caller as approvals know them, to be shown what they may do. Only reads. Throws Fault. */
export async function knownAs({ people }: Pick<Registrar, 'people'>, caller: Caller): Promise<Caller & Person> {
  const words = await wordsFor(people, caller)
  if (caller.kind === 'machine') return { ...caller, aliases: words }
  const pseudonym = (await people.find('account', caller.id))?.pseudonym ?? caller.id
  return { ...caller, id: pseudonym, name: pseudonym, aliases: [caller.id, caller.name, ...words] }
}

/** Pseudonyms under which manifests and registries may mean this caller. */
async function wordsFor(people: People, { id, name }: Caller): Promise<readonly string[]> {
  const found = await Promise.all([people.find('word', id), people.find('word', name)])
  return found.flatMap((person) => (person === null ? [] : [person.pseudonym]))
}

/** A manifest that a caller stores, as it may be stored, and by whom it is. Throws Fault. */
export async function signed(
  registrar: Registrar,
  caller: Caller,
  request: string,
  manifest: Manifest,
): Promise<{ readonly by: By; readonly manifest: Manifest }> {
  const { actor, asked } = await bylineOf(registrar, caller, request)
  return { by: { actor, asked }, manifest: await withoutWords(registrar, manifest) }
}

/** The manifest with pseudonyms in the place of the words that name its approvers. Throws Fault. */
export async function withoutWords(registrar: Registrar, manifest: Manifest): Promise<Manifest> {
  const { approvals } = manifest
  if (approvals === null || approvals.from === null) return manifest
  const from: string[] = []
  for (const word of approvals.from) from.push(await pseudonymFor(registrar, word))
  return { ...manifest, approvals: { ...approvals, from } }
}

/** As `withoutWords`, for a manifest that is not stored: words that nobody was called by yet stay. Throws Fault. */
export async function withoutKnownWords({ people }: Pick<Registrar, 'people'>, manifest: Manifest): Promise<Manifest> {
  const { approvals } = manifest
  if (approvals === null || approvals.from === null) return manifest
  const known = await Promise.all(approvals.from.map((word) => people.find('word', word)))
  const from = approvals.from.map((word, index) => known[index]?.pseudonym ?? word)
  return { ...manifest, approvals: { ...approvals, from } }
}

/** The manifest as it was written: with the words in the place of their pseudonyms, but those of people who were erased. Throws Fault. */
export async function withWords({ people }: Pick<Registrar, 'people'>, manifest: Manifest): Promise<Manifest> {
  const { approvals } = manifest
  if (approvals === null || approvals.from === null) return manifest
  const found = await people.named(approvals.from)
  const wordOf = (pseudonym: string) => {
    const person = found.get(pseudonym)
    return person?.kind === 'word' ? person.key : pseudonym
  }
  return { ...manifest, approvals: { ...approvals, from: approvals.from.map(wordOf) } }
}

/** Somebody as Admins see them; the time as ISO 8601. */
export type PersonView = Omit<PersonRecord, 'since'> & { readonly since: string }

/** People in the order of their pseudonyms, or those who are called so: by pseudonym, object id, word or name. Throws Fault. */
export async function peoplePage(
  people: People,
  called: string | null,
  limit: number,
  from: string | null,
): Promise<Page<PersonView>> {
  const page = await people.list(limit, from)
  const wanted = called?.trim().toLowerCase()
  const isMeant = ({ pseudonym, key, name }: PersonRecord) =>
    wanted === undefined || [pseudonym, key, name].some((word) => word.toLowerCase() === wanted)
  const items = page.items.filter(isMeant).map((one) => ({ ...one, since: new Date(one.since).toISOString() }))
  return { items, next: page.next }
}

/** The push with a pseudonym in the place of the author that a registry names. Throws Fault. */
export async function withoutAuthor(registrar: Registrar, push: Push): Promise<Push> {
  return push.author === null ? push : { ...push, author: await pseudonymFor(registrar, push.author) }
}

async function pseudonymFor({ people, clock }: Registrar, word: string): Promise<string> {
  if (isPseudonym(word)) return word
  const known = await people.find('word', word)
  return (known ?? (await people.add('word', word, word, clock.now()))).pseudonym
}

/** How long a name is shown from memory: so long may one that was erased be seen yet. */
const KEPT_MS = 30_000
const MOST_KEPT = 10_000

/**
 * Tells what people are called, from memory for half a minute. While they cannot be looked up nobody is in the answer, so
 * that pseudonyms are shown. Never throws a Fault.
 */
export function createNaming({ people, clock }: Registrar): (pseudonyms: ReadonlySet<string>) => Promise<Names> {
  const kept = new Map<string, { readonly name: string | null; readonly until: number }>()
  return async (pseudonyms) => {
    const now = clock.now()
    if (kept.size + pseudonyms.size > MOST_KEPT) kept.clear()
    const isKept = (one: string) => (kept.get(one)?.until ?? 0) > now
    const missing = [...pseudonyms].filter((one) => !isKept(one))
    const found = missing.length === 0 ? NOBODY : await people.named(missing).catch(nobodyNow)
    for (const [pseudonym, person] of found) kept.set(pseudonym, { name: person?.name ?? null, until: now + KEPT_MS })
    return new Map([...pseudonyms].filter(isKept).map((one) => [one, kept.get(one)?.name ?? null]))
  }
}

const NOBODY: ReadonlyMap<string, PersonRecord | null> = new Map()

function nobodyNow(error: unknown): typeof NOBODY {
  if (error instanceof Fault) return NOBODY
  throw error
}
