import { type Caller, mayDo } from '../core/caller.ts'
import type { Notice } from '../core/notice.ts'
import { Fault } from '../errors.ts'
import type { Outbox, Page, Parcel, SinkState } from '../ports.ts'

/** A notice that one sink does not have yet, as it leaves the house: times are ISO 8601, UTC. */
export interface UntoldNotice {
  /** The id of the audit row that it tells. */
  readonly id: string
  readonly environment: string
  readonly service: string | null
  readonly rollout: string | null
  readonly sink: string
  /** `dead`: given up; it goes out again only when somebody asks for it. */
  readonly state: 'waiting' | 'dead'
  readonly severity: Notice['severity']
  readonly title: string
  readonly happenedAt: string
  readonly tries: number
  readonly lastError: string | null
  /** When it is tried next at the earliest; null where it is dead, or the sink is well and it goes with the next round. */
  readonly nextTryAt: string | null
  readonly deadAt: string | null
}

/**
 * One page of what was given up, and after that of what waits, environment by environment. What is about services that
 * `caller` may not see is left out. Throws Fault `malformed` for a mark that no page gave out.
 */
export async function noticePage(
  outbox: Outbox,
  environments: readonly string[],
  limit: number,
  from: string | null,
  caller: Caller,
): Promise<Page<UntoldNotice>> {
  const lists = [true, false].flatMap((dead) => environments.map((environment) => ({ dead, environment })))
  const seen: Parcel[] = []
  let next: Mark | null = from === null ? { list: 0, inner: null } : readMark(from)
  for (let reads = 0; next !== null && seen.length < limit && reads < MOST_READS; reads += 1) {
    const list = lists[next.list]
    if (list === undefined) {
      if (from === null) return { items: [], next: null }
      throw new Fault('malformed', UNKNOWN_MARK)
    }
    const page: Page<Parcel> = await outbox.parcels(list.environment, list.dead, limit - seen.length, next.inner)
    const mine = page.items.filter(({ environment, notice }) =>
      mayDo(caller, 'see', { environment, name: notice.service }),
    )
    seen.push(...mine)
    next = following(next, page.next, lists.length)
  }
  return { items: await withSinks(outbox, seen), next: next === null ? null : `${next.list}~${next.inner ?? ''}` }
}

/** A list that seldom shows this caller anything makes a short page with a mark, not a long wait. */
const MOST_READS = 20

/** Which of the lists goes on, and where in it. */
interface Mark {
  readonly list: number
  readonly inner: string | null
}

function readMark(text: string): Mark {
  const [, list, inner] = /^(\d{1,3})~(.*)$/.exec(text) ?? []
  if (list === undefined) throw new Fault('malformed', UNKNOWN_MARK)
  return { list: Number(list), inner: inner === undefined || inner === '' ? null : inner }
}

function following({ list }: Mark, inner: string | null, lists: number): Mark | null {
  if (inner !== null) return { list, inner }
  return list + 1 < lists ? { list: list + 1, inner: null } : null
}

const UNKNOWN_MARK = 'The page token is not one of this listing: ask for the first page again, without a token.'

async function withSinks(outbox: Outbox, parcels: readonly Parcel[]): Promise<readonly UntoldNotice[]> {
  const states = new Map<string, Promise<SinkState>>()
  const stateOf = ({ environment, sink }: Parcel): Promise<SinkState> => {
    const key = `${environment}/${sink}`
    const state = states.get(key) ?? outbox.sink(environment, sink).then((loaded) => loaded.state)
    states.set(key, state)
    return state
  }
  return Promise.all(parcels.map(async (parcel) => viewOf(parcel, await stateOf(parcel))))
}

function viewOf(parcel: Parcel, sink: SinkState): UntoldNotice {
  const { notice, deadAt, tries } = parcel
  const { id, environment, service, rollout, severity, title, at } = notice
  const waitsForSink = deadAt === null && sink.failures > 0
  return {
    id,
    environment,
    service,
    rollout,
    sink: parcel.sink,
    state: deadAt === null ? 'waiting' : 'dead',
    severity,
    title,
    happenedAt: new Date(at).toISOString(),
    tries,
    lastError: parcel.lastError ?? (waitsForSink ? sink.lastError : null),
    nextTryAt: waitsForSink ? new Date(sink.pausedUntil).toISOString() : null,
    deadAt: deadAt === null ? null : new Date(deadAt).toISOString(),
  }
}

/** How many notices one request puts back at most. */
const MOST_REVIVED = 200

/** Puts what was given up for a sink back into its line, oldest first, and returns how many there were. */
export async function reviveAll(outbox: Outbox, environment: string, sink: string, now: number): Promise<number> {
  let revived = 0
  let from: string | null = null
  do {
    const page: Page<Parcel> = await outbox.parcels(environment, true, 100, from)
    for (const parcel of page.items) {
      if (parcel.sink !== sink || revived >= MOST_REVIVED) continue
      await outbox.revive(parcel, now)
      revived += 1
    }
    from = page.next
  } while (from !== null && revived < MOST_REVIVED)
  return revived
}
