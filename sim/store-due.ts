import { type Due, isUrgent, LONGEST_URGENT_WAIT_MS } from '../lib/core/claims.ts'
import type { Rollout } from '../lib/core/rollout.ts'

/** Who is due when, in the order of the table store's due rows: urgent ones first, then by time, then by name. */
export interface DueLine {
  /** Puts `name` where its rollout wants it; null = it has none. */
  move(name: string, before: Rollout | null, after: Rollout): void
  /** Up to `limit` names whose time is at or before `until`. */
  until(until: number, limit: number): readonly string[]
  /** All that is due for a worker now, with the claims that stand: rollbacks also where a clock that ran ahead set their time. */
  due(now: number): readonly Due[]
  /** A claim stands until the name moves. */
  claim(name: string, until: number): void
}

/** A line with nobody in it. */
export function createDueLine(): DueLine {
  const [urgent, usual] = [createDueList(), createDueList()]
  const claims = new Map<string, number>()
  const listOf = (rollout: Rollout) => (isUrgent(rollout) ? urgent : usual)
  const dueOf = (isUrgent: boolean) => (name: string) => ({ name, isUrgent, claimedUntil: claims.get(name) ?? null })
  return {
    move: (name, before, after) => {
      const [from, to] = [before === null ? null : listOf(before), listOf(after)]
      if (from === to && before?.wakeAt === after.wakeAt) return
      claims.delete(name)
      if (from === to) return to.move(name, before?.wakeAt ?? null, after.wakeAt)
      from?.move(name, before?.wakeAt ?? null, null)
      to.move(name, null, after.wakeAt)
    },
    until: (until, limit) => {
      const first = urgent.until(until, limit)
      return first.length < limit ? [...first, ...usual.until(until, limit - first.length)] : first
    },
    due: (now) => {
      const until = (list: DueList, time: number) => list.until(time, Number.POSITIVE_INFINITY)
      const believed = until(urgent, now + LONGEST_URGENT_WAIT_MS).length
      const ahead = until(urgent, Number.POSITIVE_INFINITY).slice(believed)
      return [...[...until(urgent, now), ...ahead].map(dueOf(true)), ...until(usual, now).map(dueOf(false))]
    },
    claim: (name, until) => void claims.set(name, until),
  }
}

/** Who is due when: by time, then by name. */
export interface DueList {
  /** Puts `name` from one time to another; null = not listed. */
  move(name: string, from: number | null, to: number | null): void
  /** Up to `limit` names whose time is at or before `until`, earliest first. */
  until(until: number, limit: number): readonly string[]
}

interface Slot {
  readonly names: Set<string>
  /** Names in order; may still hold names that have left. Null = must be made again. */
  sorted: string[] | null
}

/** Made for many services that move often: a move costs a search among distinct times, a look costs what it returns. */
export function createDueList(): DueList {
  const slots = new Map<number, Slot>()
  const times: number[] = []

  function add(name: string, at: number): void {
    const slot = slots.get(at)
    if (slot === undefined) {
      slots.set(at, { names: new Set([name]), sorted: null })
      times.splice(position(times, at), 0, at)
    } else {
      slot.names.add(name)
      slot.sorted = null
    }
  }
  function remove(name: string, at: number): void {
    const slot = slots.get(at)
    if (slot === undefined || !slot.names.delete(name) || slot.names.size > 0) return
    slots.delete(at)
    times.splice(position(times, at), 1)
  }

  return {
    move: (name, from, to) => {
      if (from === to) return
      if (from !== null) remove(name, from)
      if (to !== null) add(name, to)
    },
    until: (until, limit) => {
      const found: string[] = []
      for (const at of times) {
        if (at > until || found.length >= limit) break
        const slot = slots.get(at)
        if (slot !== undefined) collect(slot, limit, found)
      }
      return found
    },
  }
}

function collect(slot: Slot, limit: number, into: string[]): void {
  if (slot.sorted === null || slot.sorted.length > 2 * slot.names.size) slot.sorted = [...slot.names].sort()
  for (const name of slot.sorted) {
    if (into.length >= limit) return
    if (slot.names.has(name)) into.push(name)
  }
}

/** Index of the first of the ascending `times` that is not below `at`. */
function position(times: readonly number[], at: number): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] as number) < at) low = middle + 1
    else high = middle
  }
  return low
}
