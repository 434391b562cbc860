/** How often a door answered a method with a status, since this instance began. */
export interface Answered {
  readonly door: string
  readonly method: string
  readonly status: number
  readonly count: number
}

const counts = new Map<string, Answered>()

/** Counts one answer. Methods that HTTP does not know are counted together, so that nobody can make the list grow. */
export function countAnswer(door: string, method: string, status: number): void {
  const known = METHODS.includes(method) ? method : 'other'
  const key = `${door} ${known} ${status}`
  counts.set(key, { door, method: known, status, count: (counts.get(key)?.count ?? 0) + 1 })
}

/** What was counted so far, by door, method and status. */
export function answersCounted(): readonly Answered[] {
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, answered]) => answered)
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
