import type { Trouble } from './trouble.ts'

/** So many queries a server answers at a time: a few rollouts never wait, and a thousand do not drown it. */
const AT_ONCE = 8
/** After so many queries in a row that a server could not answer, it is left alone until the next look. */
const PATIENCE = 8

/** Runs the work on a server when its turn comes: at most so many at a time per server, first come, first served. */
export type Turns = <T>(server: string, work: () => Promise<T>) => Promise<T>

/** Turns for all reads of one source; eight at a time unless told otherwise. */
export function createTurns(atOnce: number = AT_ONCE): Turns {
  const servers = new Map<string, { running: number; readonly waiting: (() => void)[] }>()
  return async (server, work) => {
    const one = servers.get(server) ?? { running: 0, waiting: [] }
    servers.set(server, one)
    if (one.running < atOnce) one.running += 1
    else await new Promise<void>((resolve) => one.waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = one.waiting.shift()
      if (next === undefined) one.running -= 1
      else next()
    }
  }
}

/** What one read knows of its servers' health. */
export interface Patience {
  /** Why this server is not to be asked again in this read, or null where it is. */
  readonly lost: (server: string) => Trouble | null
  /** Takes note of what came of a query. Only what the server as a whole suffers from counts against it. */
  readonly note: (server: string, trouble: Trouble | null) => void
}

/** Keeps one read from waiting for a dead server query after query: without it, two hundred time-outs would take minutes. */
export function createPatience(): Patience {
  const inRow = new Map<string, number>()
  const last = new Map<string, Trouble>()
  return {
    lost: (server) => {
      const trouble = last.get(server)
      if (trouble === undefined || (inRow.get(server) ?? 0) < PATIENCE) return null
      const why = `not asked, because ${PATIENCE} queries in a row got no answer. The last of them: ${trouble.why}`
      return { silence: trouble.silence, why }
    },
    note: (server, trouble) => {
      const isSick = trouble !== null && ['late', 'down', 'throttled'].includes(trouble.silence)
      inRow.set(server, isSick ? (inRow.get(server) ?? 0) + 1 : 0)
      if (isSick) last.set(server, trouble)
    },
  }
}
