import type { Answered } from './azure-metrics-answer.ts'
import { type MetricsCaller, send } from './azure-metrics-call.ts'
import type { Trouble } from './azure-metrics-plan.ts'
import type { MetricsRequest } from './azure-metrics-request.ts'

/** Asks Azure Monitor and answers per resource id; never throws. */
export type Ask = (request: MetricsRequest) => Promise<Answered>

/** Calls that one refused request may lead to: seven find one app among fifty and ask for all the others. */
const FURTHER_CALLS = 8
/** Apps that are remembered as refused; beyond, the ones that were met first are forgotten. */
const MOST_SUSPECTS = 500

/**
 * A way to ask in which one app that was deleted or moved does not blind all the others: where a call about several apps
 * is refused as a whole, one such app is searched for by halves and left out, then the next, with at most eight calls more
 * and all of them together within `timeoutMs`. Apps that are not answered by then are `partial` until the next look. An
 * app found to be refused is remembered, in memory only and 500 of them at most: it is left out of the others' call, and
 * one such app is asked alone at each look.
 */
export function createAsk(caller: MetricsCaller): Ask {
  const suspects: Suspects = new Map()
  return async (request) => {
    const keys = new Map(request.resourceIds.map((id) => [keyOf(request, id), id]))
    const aside = [...suspects].flatMap(([key, trouble]) => {
      const id = keys.get(key)
      return id === undefined ? [] : [[id, trouble] as const]
    })
    const known = new Map(aside)
    const others = request.resourceIds.filter((id) => !known.has(id))
    const left = 1 + FURTHER_CALLS - Math.min(aside.length, 1)
    const hunt = { caller, endsAt: performance.now() + caller.timeoutMs, left }
    const [again, found] = await Promise.all([
      askAgain(
        suspects,
        caller,
        about(
          request,
          aside.slice(0, 1).map(([id]) => id),
        ),
      ),
      search(suspects, hunt, about(request, others)),
    ])
    return new Map([...aside, ...again, ...found])
  }
}

/** Apps that Azure refused to answer for, by `keyOf`, with its words; the one that waits longest comes first. */
type Suspects = Map<string, Trouble>

/** What one look at a request may still spend; `endsAt` as `performance.now()` tells time. */
interface Hunt {
  readonly caller: MetricsCaller
  readonly endsAt: number
  left: number
}

const UNFOUND: Trouble = {
  silence: 'partial',
  why:
    'Azure Monitor refuses a call about several apps, and which of them are the reason was not found yet: the search goes ' +
    'on at the next look; remove services whose app is gone',
}

async function search(suspects: Suspects, hunt: Hunt, request: MetricsRequest): Promise<Answered> {
  const answered = new Map<string, Of<Answered>>()
  const refused = new Map<string, Trouble>()
  const isOpen = (id: string) => !answered.has(id) && !refused.has(id)
  let first: Trouble | null = null
  let last: Trouble = UNFOUND
  for (let rest = request.resourceIds; rest.length > 0; rest = rest.filter(isOpen)) {
    const answer = await spend(hunt, about(request, rest))
    if (!('silence' in answer)) {
      for (const [id, app] of answer) answered.set(id, app)
      continue
    }
    first ??= answer
    const lost = answer.silence === 'refused' ? await findOne(hunt, about(request, rest), answer, answered) : null
    if (answer.silence !== 'refused') last = answer
    if (lost === null) break
    refused.set(...lost)
  }
  // Where Azure answered for not one app, the fault is hardly an app's.
  if (first !== null && answered.size === 0) return each(request, first)
  for (const [id, trouble] of refused) suspects.set(keyOf(request, id), trouble)
  for (const key of suspects.keys()) if (suspects.size > MOST_SUSPECTS) suspects.delete(key)
  const open = each(about(request, request.resourceIds.filter(isOpen)), last)
  return new Map([...answered, ...refused, ...open])
}

type Of<M> = M extends ReadonlyMap<string, infer V> ? V : never

/** One app of a refused request that is a reason for it, and Azure's words; null where there was no call left to find it. */
async function findOne(
  hunt: Hunt,
  request: MetricsRequest,
  refusal: Trouble,
  answered: Map<string, Of<Answered>>,
): Promise<readonly [string, Trouble] | null> {
  let { resourceIds } = request
  let words = refusal
  while (resourceIds.length > 1) {
    const half = resourceIds.slice(0, Math.ceil(resourceIds.length / 2))
    const answer = await spend(hunt, about(request, half))
    if ('silence' in answer) {
      if (answer.silence !== 'refused') return null
      words = answer
      resourceIds = half
    } else {
      for (const [id, app] of answer) answered.set(id, app)
      // What is wrong with the whole and not with its first half is wrong with the second.
      resourceIds = resourceIds.slice(half.length)
    }
  }
  const [id] = resourceIds
  return id === undefined ? null : [id, words]
}

/** Asks for one suspect by itself: its app may have come back. Where it has not, it goes to the end of the line. */
async function askAgain(suspects: Suspects, caller: MetricsCaller, request: MetricsRequest): Promise<Answered> {
  if (request.resourceIds.length === 0) return new Map()
  const answer = await send(caller, request)
  const keys = request.resourceIds.map((id) => keyOf(request, id))
  for (const key of keys) suspects.delete(key)
  if (!('silence' in answer)) return answer
  for (const key of keys) suspects.set(key, answer)
  return each(request, answer)
}

async function spend(hunt: Hunt, request: MetricsRequest): Promise<Answered | Trouble> {
  const timeoutMs = Math.ceil(hunt.endsAt - performance.now())
  if (hunt.left === 0 || timeoutMs <= 0) return UNFOUND
  hunt.left -= 1
  return send({ ...hunt.caller, timeoutMs }, request)
}

function about(request: MetricsRequest, resourceIds: readonly string[]): MetricsRequest {
  return { ...request, resourceIds }
}

function each({ resourceIds }: MetricsRequest, trouble: Trouble): Answered {
  return new Map(resourceIds.map((id) => [id, trouble]))
}

function keyOf({ endpoint, metric }: MetricsRequest, id: string): string {
  return `${endpoint} ${metric} ${id}`
}
