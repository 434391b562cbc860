import { Fault } from '../errors.ts'
import { problem, Refusal } from './problem.ts'

const DEFAULT_LIMIT = 50
const LARGEST_LIMIT = 100

/** How many items a list is to show and where it is to begin. Throws Refusal 400 where `limit` is not 1–100. */
export function pageOf(query: URLSearchParams): { readonly limit: number; readonly from: string | null } {
  const text = query.get('limit') ?? String(DEFAULT_LIMIT)
  const limit = Number(text)
  if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_LIMIT) {
    throw new Refusal(
      problem(400, 'bad-request', `limit is ${JSON.stringify(text)}; give a whole number from 1 to ${LARGEST_LIMIT}.`),
    )
  }
  return { limit, from: query.get('from') }
}

/** Reads the page that begins at the caller's mark `from`. A mark that no list gave out is the caller's mistake: Refusal 400. */
export async function pageAt<T>(from: string | null, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (from === null || !(error instanceof Fault) || error.kind !== 'malformed') throw error
    throw new Refusal(problem(400, 'bad-request', error.message), { cause: error })
  }
}

/** One page of a list that is at hand whole; marks count its items. Throws Refusal 400 for a mark that no page gave out. */
export function sliceOf<T>(
  path: string,
  query: URLSearchParams,
  all: readonly T[],
  { limit, from }: { readonly limit: number; readonly from: string | null },
): { readonly items: readonly T[]; readonly nextLink: string | null } {
  if (from !== null && !/^[1-9]\d{0,5}$/.test(from)) {
    const detail = 'this page mark is of another list; ask for the first page again'
    throw new Refusal(problem(400, 'bad-request', detail))
  }
  const start = Number(from ?? 0)
  const end = start + limit
  return { items: all.slice(start, end), nextLink: nextLink(path, query, end < all.length ? String(end) : null) }
}

/** Where the next page is: the same query from where this page ends; null = this was the last. A path, without the host. */
export function nextLink(path: string, query: URLSearchParams, next: string | null): string | null {
  if (next === null) return null
  const following = new URLSearchParams(query)
  following.set('from', next)
  return `${path}?${following}`
}
