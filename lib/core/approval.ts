import { type Approval, gateStage, type Rollout } from './rollout.ts'
import type { Approvals, Push } from './service.ts'

/** What a gate takes where the manifest says nothing about it: one Approver, whoever it is. */
const ONE_APPROVER: Approvals = { required: 1, from: null, notAuthor: false, validForMs: null }

/** Somebody, as approvals are counted: by the id that never changes, and by the name that people call them. */
export interface Person {
  readonly id: string
  readonly name: string
  /** What else they are called: what stood for them in earlier states, and what manifests may call them. Never stored. */
  readonly aliases?: readonly string[]
}

/** How things stand at a gate. `step` counts from 1. */
export interface GateState {
  readonly step: number
  readonly digest: string
  readonly rules: Approvals
  /** How many different people it takes: one more than required where the author must not count and nobody knows for sure who that is. */
  readonly needed: number
  /** Those that count now, oldest first. */
  readonly given: readonly Approval[]
}

/** The gate that a rollout waits at, and what it has by now; null where it waits at none. */
export function gateOf(rollout: Rollout, now: number): GateState | null {
  const stage = gateStage(rollout.phase)
  if (stage === null) return null
  const { push, manifest, approvals } = rollout
  const rules = manifest.approvals ?? ONE_APPROVER
  const step = stage + 1
  const given = approvals.filter((one) => one.step === step && one.digest === push.digest && counts(one, now))
  return { step, digest: push.digest, rules, needed: neededFor(rules, push), given }
}

/** Whether an approval has not lapsed. */
export function counts({ expiresAt }: Approval, now: number): boolean {
  return expiresAt === null || now < expiresAt
}

/** Whether enough people agree. */
export function isEnough({ given, needed }: GateState): boolean {
  return given.length >= needed
}

/** Why somebody may not approve at this gate, as a sentence; null = they may. Approvals of before are no reason. */
export function notAnApprover({ rules }: GateState, { push }: Pick<Rollout, 'push'>, person: Person): string | null {
  if (rules.notAuthor && push.author !== null && isCalled(person, push.author)) {
    return `${person.name} pushed ${push.tag} and may not approve it: its manifest asks for others than the author`
  }
  const { from } = rules
  if (from === null || from.some((name) => isCalled(person, name))) return null
  return `${person.name} is not among those who may approve it: ${from.join(', ')}`
}

/** The approvals of a rollout with one more; the same person counts once, and what they said last counts. */
export function withApproval(rollout: Rollout, gate: GateState, person: Person, now: number): readonly Approval[] {
  const { step, digest, rules } = gate
  const expiresAt = rules.validForMs === null ? null : now + rules.validForMs
  const others = rollout.approvals.filter((one) => one.step !== step || !isSame(one, person))
  const { id, name } = person
  const as = rules.from?.find((word) => isCalled(person, word))
  const called = as === undefined || isCalled({ id, name }, as) ? {} : { as }
  return [...others, { id, name, ...called, step, digest, at: now, expiresAt }]
}

/** Whether somebody's approval counts at the gate already. */
export function hasApproved({ given }: GateState, person: Person): boolean {
  return given.some((one) => isSame(one, person))
}

/** How far a gate is, for people: `1 of 2 approvals (by ada); 1 more is needed, from bo or cy`. */
export function gateText(gate: GateState, { push }: Pick<Rollout, 'push'>): string {
  const { needed, given, rules } = gate
  const by = given.length === 0 ? '' : ` (by ${given.map(({ name }) => name).join(', ')})`
  const have = `${given.length} of ${needed} approvals${by}`
  if (isEnough(gate)) return have
  const missing = needed - given.length
  const left = rules.from?.filter((name) => !given.some((one) => one.as === name || isCalled(one, name))) ?? []
  const who = rules.from === null ? '' : `, from ${left.join(' or ')}`
  const author = rules.notAuthor && push.author !== null ? `, not from the author ${push.author}` : ''
  const unknown =
    needed > rules.required ? '; the author is not known for sure, so one more than required is asked for' : ''
  return `${have}; ${missing} more ${missing === 1 ? 'is' : 'are'} needed${who}${author}${unknown}`
}

/**
 * Who pushed is known for sure only where a caller of the API did. A registry names people in its own way: whom it means may
 * be anybody here.
 */
function neededFor({ required, notAuthor }: Approvals, { source, author }: Push): number {
  return notAuthor && (author === null || source !== 'api') ? required + 1 : required
}

/** Whether somebody's id, name or alias is this word, whatever the case. */
export function isCalled({ id, name, aliases = [] }: Person, text: string): boolean {
  const wanted = text.trim().toLowerCase()
  return [id, name, ...aliases].some((word) => word.trim().toLowerCase() === wanted)
}

/** Names may be given to somebody else one day, ids are not. Earlier states hold another id of the same person: an alias. */
function isSame(one: Pick<Person, 'id'>, { id, aliases = [] }: Person): boolean {
  return [id, ...aliases].some((known) => known.toLowerCase() === one.id.toLowerCase())
}
