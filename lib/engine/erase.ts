import type { By } from '../core/facts.ts'
import { pseudonymsIn } from '../core/people.ts'
import type { Rollout } from '../core/rollout.ts'
import { entityId, type ServiceState } from '../core/service.ts'
import { isRunning } from '../core/start.ts'
import type { People } from '../ports.ts'
import { noteOn } from './environment-row.ts'
import { servicesOf } from './services.ts'
import type { Wheel } from './wheel.ts'

/** What became of an erasure. `needed`: rules that stand yet are about this person. */
export type Erasure = { readonly kind: 'erased' | 'unknown' } | { readonly kind: 'needed'; readonly because: string }

/** Who erases somebody, and why. */
export interface Erasing {
  readonly by: Exclude<By, string>
  readonly reason: string
  /** Services of an environment that cannot be read now; absent = all can. */
  readonly heldIn?: (environment: string) => Promise<ReadonlySet<string>>
}

const nothingHeld = async (): Promise<ReadonlySet<string>> => new Set()
const UNREAD = 'cannot be read, and may count on who they are: put right first what is in quarantine'

/** Services that may have a look due; more are not looked through. */
const MOST_DUE = 20_000

/**
 * Takes a person out of the lookup for good, with a row in the chain of every environment, written before: a crash in
 * between leaves a row too many, and asking again erases. What is stored keeps the pseudonym, so that no hash changes.
 * Refused while a rollout that runs counts on who they are, or a manifest or a push that waits names them, or a service is
 * left alone (`heldIn`), since nobody can tell what it counts on. Throws Fault.
 */
export async function erasePerson(
  wheel: Wheel,
  people: People,
  environments: readonly string[],
  pseudonym: string,
  { by, reason, heldIn = nothingHeld }: Erasing,
): Promise<Erasure> {
  if (((await people.named([pseudonym])).get(pseudonym) ?? null) === null) return { kind: 'unknown' }
  const needs = await Promise.all(
    environments.map(async (environment) => {
      const [unread] = await heldIn(environment)
      return unread === undefined ? needOf(wheel, environment, pseudonym) : `${environment}/${unread} ${UNREAD}`
    }),
  )
  const because = needs.find((need) => need !== null)
  if (because !== undefined && because !== null) return { kind: 'needed', because }
  const { actor, ...asked } = by
  const why = reason === '' ? '' : `: ${reason}`
  const notes = `${actor} had ${pseudonym} erased: nothing says any more who that was${why}`
  const detail = { person: pseudonym, ...asked }
  for (const environment of environments)
    await noteOn(wheel, environment, { kind: 'person-erased', metric: 'people', value: null, notes, actor, detail })
  return { kind: (await people.erase(pseudonym)) ? 'erased' : 'unknown' }
}

/** Why the person cannot be spared in an environment, as a sentence; null = they can. */
async function needOf(wheel: Wheel, environment: string, pseudonym: string): Promise<string | null> {
  const services = await servicesOf(wheel, environment)
  const naming = services.find(({ manifest }) => manifest.approvals?.from?.includes(pseudonym) === true)
  if (naming !== undefined)
    return `the manifest of ${entityId(naming.key)} names them as an approver: store it without them first`
  const waiting = services.find(({ pending }) => pending.some(({ author }) => author === pseudonym))
  if (waiting !== undefined) return `a push of theirs waits at ${entityId(waiting.key)}: let it run first`
  const running = await runningOf(wheel, environment, services)
  const rollout = running.find((one) =>
    pseudonymsIn([one.push.author, one.approvals, one.manifest.approvals]).has(pseudonym),
  )
  if (rollout === undefined) return null
  return `${rollout.id} in ${environment} runs and counts on who they are, as its author or for its approvals: let it end first`
}

/** Rollouts that run; each of them wants another look some day. */
async function runningOf(
  wheel: Wheel,
  environment: string,
  services: readonly ServiceState[],
): Promise<readonly Rollout[]> {
  if (services.length === 0) return []
  const names = await wheel.store.due(environment, Number.MAX_SAFE_INTEGER, MOST_DUE)
  const loaded = await wheel.store.load(environment, names)
  return loaded.flatMap(({ rollout }) => (rollout !== null && isRunning(rollout) ? [rollout] : []))
}
