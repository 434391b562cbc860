import { chance } from '../chance.ts'
import { ArmRefusal } from './refusal.ts'
import type { AppKey, Injection } from './types.ts'

const READS: ReadonlySet<string> = new Set(['get', 'list', 'listRevisions', 'getRevision', 'listReplicas', 'operation'])
const WRITES: ReadonlySet<string> = new Set(['patch', 'activate', 'deactivate', 'restart'])

/** The ordered troubles, and which of them a call meets. */
export interface Injections {
  add(injection: Injection): void
  clear(): void
  /** Runs a deed under the oldest injection that fits it: refused before, refused after (`applied`), or not at all. */
  around<T>(kind: string, target: AppKey | null, now: number, deed: () => T): T
}

/**
 * Keeps injections in the order in which they came; each is used up after its `times`, or gone after `until`. Which calls a
 * storm spares is drawn from `seed`, call by call.
 */
export function createInjections(seed: number): Injections {
  let drawn = 0
  let waiting: { readonly injection: Injection; left: number }[] = []
  const meet = (kind: string, target: AppKey | null, now: number): Injection | null => {
    if (waiting.length === 0) return null
    waiting = waiting.filter(({ injection, left }) => left > 0 && now < (injection.until ?? Number.POSITIVE_INFINITY))
    const met = waiting.find(({ injection }) => fits(injection, kind, target) && strikes(injection))
    if (met === undefined) return null
    met.left -= 1
    return met.injection
  }
  const strikes = ({ share }: Injection) => {
    if (share === undefined) return true
    drawn += 1
    return chance(seed, drawn) < share
  }
  return {
    add: (injection) => {
      const endless = injection.until === undefined ? 1 : Number.POSITIVE_INFINITY
      waiting.push({ injection, left: injection.times ?? endless })
    },
    clear: () => {
      waiting = []
    },
    around: (kind, target, now, deed) => {
      const met = meet(kind, target, now)
      if (met === null) return deed()
      if (met.applied) deed()
      throw new ArmRefusal(met.refusal)
    },
  }
}

function fits({ on, target: meant }: Injection, kind: string, target: AppKey | null): boolean {
  const wide = on === 'any' || (on === 'read' && READS.has(kind)) || (on === 'write' && WRITES.has(kind))
  if (!wide && on !== kind) return false
  return meant === undefined || (target !== null && keyOf(meant) === keyOf(target))
}

/** How an app is filed: ARM ids are compared without regard to case. */
export function keyOf(of: AppKey): string {
  const known = KEYS.get(of)
  if (known !== undefined) return known
  const key = `${of.subscriptionId}/${of.resourceGroup}/${of.app}`.toLowerCase()
  KEYS.set(of, key)
  return key
}

/** The same few objects are asked for all the time, and none of them ever changes. */
const KEYS = new WeakMap<AppKey, string>()
