import { type Caller, mayDo } from '../core/caller.ts'
import { canonical } from '../core/chain.ts'
import { rolloutTag } from '../core/rollout-tag.ts'
import type { Status } from '../core/status.ts'
import { Fault } from '../errors.ts'
import type { Loaded, Page } from '../ports.ts'
import { type FrozenAt, freezesNow } from './frozen.ts'
import { statusFor } from './query.ts'
import type { Wheel } from './wheel.ts'

/** A service as it stands, with the tag that commands are bound to. */
export interface Standing {
  readonly status: Status
  readonly etag: string
}

/** How a service stands now. */
export async function standingOf(wheel: Wheel, item: Loaded, frozenAt?: FrozenAt): Promise<Standing> {
  return { status: await statusFor(wheel, item, frozenAt), etag: rolloutTag(item.rollout) }
}

/**
 * One page of the services that `caller` may see, by environment in the order given, then as the catalogue lists them.
 * `from` is where a page before ended; one that no page gave out is a Fault malformed. A page may be shorter than `limit`, even
 * empty, and still have a next one.
 */
export async function standings(
  wheel: Wheel,
  environments: readonly string[],
  caller: Caller,
  { limit, from }: { readonly limit: number; readonly from: string | null },
): Promise<Page<Standing>> {
  let at = from === null ? firstOf(environments) : readMark(from, environments)
  const items: Standing[] = []
  for (let reads = 0; at !== null && items.length < limit && reads < MOST_READS; reads += 1) {
    const { environment, mark }: Mark = at
    const page = await wheel.catalogue.list(environment, limit - items.length, mark)
    const names = page.items.filter(({ key }) => mayDo(caller, 'see', key)).map(({ key }) => key.name)
    if (names.length > 0) items.push(...(await standingsOf(wheel, environment, names)))
    at = page.next === null ? after(environment, environments) : { environment, mark: page.next }
  }
  return { items, next: at === null ? null : writeMark(at) }
}

/** A catalogue that seldom shows this caller anything makes a short page with a mark, not a long wait. */
const MOST_READS = 20

async function standingsOf(wheel: Wheel, environment: string, names: readonly string[]): Promise<readonly Standing[]> {
  const [loaded, frozenAt] = await Promise.all([wheel.store.load(environment, names), freezesNow(wheel, environment)])
  return Promise.all(loaded.map((item) => standingOf(wheel, item, frozenAt)))
}

/** A weak tag of all that a view shows, but for its countdowns: it changes whenever a person would see something else. */
export function viewTag(wheel: Pick<Wheel, 'digest'>, view: unknown): string {
  return `W/"${wheel.digest(canonical(still(view))).slice(0, 32)}"`
}

/** The same value without what only counts down. */
function still(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(still)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([name]) => name !== 'nextInMs')
  return Object.fromEntries(kept.map(([name, member]) => [name, still(member)]))
}

interface Mark {
  readonly environment: string
  readonly mark: string | null
}

function firstOf(environments: readonly string[]): Mark | null {
  const [environment] = environments
  return environment === undefined ? null : { environment, mark: null }
}

function after(environment: string, environments: readonly string[]): Mark | null {
  return firstOf(environments.slice(environments.indexOf(environment) + 1))
}

function writeMark({ environment, mark }: Mark): string {
  return mark === null ? environment : `${environment}.${mark}`
}

/** A mark is an environment, and behind a dot the catalogue's own mark. */
function readMark(from: string, environments: readonly string[]): Mark {
  const dot = from.indexOf('.')
  const environment = dot < 0 ? from : from.slice(0, dot)
  if (environments.includes(environment)) return { environment, mark: dot < 0 ? null : from.slice(dot + 1) }
  throw new Fault('malformed', 'this page mark is of another list; ask for the first page again')
}
