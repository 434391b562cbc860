import type { TraceEvent } from '../trial/trace.ts'
import { type Check, checkOf, type Violation } from './check.ts'
import { createPairs } from './pairs.ts'
import { followSleepers, SLEEPERS } from './sleepers.ts'

/** So long after the look that it rests on may a write come. */
const FRESH_MS = 30_000
/** So long after the last write may a trial end before somebody has looked. */
const LOOKS_MS = 60_000

/** What a rollout wants its canary to have, and the how manieth wish for the app that is. */
interface Wish {
  readonly rollout: string
  readonly canaryWeight: number | null
  readonly number: number
}

interface Epoch {
  readonly number: number
  readonly n: number
  readonly at: number
  readonly isLeaving: boolean
  readonly isFirst: boolean
}

type Write = TraceEvent & { readonly kind: 'arm-write' }

/**
 * S2: every write to ARM rests on a look of its worker that is half a minute old at most, and on a decision that was stored
 * after that look; a write of an older wish comes after one of a newer wish within that half minute only (Container Apps has
 * no If-Match; a rollback, which is never taken back, asks nobody). Who fell asleep inside the very call cannot be held to
 * it, nor anybody to a look after it. And a rollout is over, or a step seen, only by a look that came after the last write, or
 * heard that the app is gone. Of what was written before its registry fell silent, while a rollout was only being prepared,
 * nobody is held to look: Azure is not asked for images that may not be there.
 */
export function checkFencing(): Check {
  const apps = new Map<string, string>()
  const wishes = new Map<string, Wish>()
  const own = createPairs<string, number, Epoch>()
  const looks = createPairs<string, number, { readonly n: number; readonly at: number }>()
  const issued = new Map<string, number>()
  const unread = createUnread()
  const registries = new Map<string, number>()
  const sleepers = followSleepers()
  let lastAt = 0
  return checkOf({
    invariant: 'S2',
    kinds: [...SLEEPERS, 'service', 'fault', 'arm-read', 'decision', 'audit', 'arm-write', 'end'],
    see: (event) => {
      lastAt = event.at
      sleepers.see(event)
      const broken = (says: string): readonly Violation[] => [
        { invariant: 'S2', says: `${says}, at ${new Date(event.at).toISOString()}`, n: event.n },
      ]
      if (event.kind === 'service') apps.set(event.entity, event.app)
      if (event.kind === 'fault' && event.fault === 'F12') registries.set(apps.get(event.entity ?? '') ?? '', event.at)
      if (event.kind === 'arm-read') {
        unread.look(event.app, event.code)
        if (event.code === null && event.call !== 'wake') looks.set(event.app, event.worker, event)
      }
      if (event.kind === 'decision') {
        const app = apps.get(event.entity) ?? ''
        const wish = wishAfter(wishes.get(app), event)
        wishes.set(app, wish)
        const { n, at, phase } = event
        const stands = { isLeaving: phase === 'rolling-back', isFirst: phase === 'preparing' }
        own.set(app, event.worker, { number: wish.number, n, at, ...stands })
      }
      if (event.kind === 'audit' && CONFIRMS.includes(event.row.kind)) {
        const last = unread.lastOf(apps.get(event.row.entityId) ?? '')
        if (last !== undefined && event.at - last.at > FRESH_MS)
          return broken(
            `${event.row.kind} of ${event.row.rollout} rests on no look after the write of worker ${last.worker}`,
          )
      }
      if (event.kind !== 'arm-write') return []
      const isWaking = sleepers.isWaking(event.worker)
      const mine = own.get(event.app, event.worker)
      const wrong = wrongOf(event, mine, looks.get(event.app, event.worker), issued.get(event.app) ?? 0, isWaking)
      if (event.asked.weights !== null) {
        issued.set(event.app, Math.max(issued.get(event.app) ?? 0, mine?.number ?? 0))
        const isSilent = () => mine?.isFirst === true && (registries.get(event.app) ?? 0) >= event.at
        if (event.applied && !isWaking) unread.write(event, isSilent)
      }
      return wrong === null ? [] : broken(`worker ${event.worker} wrote to ${event.app} (${event.deed}) and ${wrong}`)
    },
    // A write of the last minute has its look still before it.
    end: () =>
      unread
        .left()
        .filter(({ at }) => lastAt - at > LOOKS_MS)
        .map(({ app, n }) => ({ invariant: 'S2', says: `nobody looked at ${app} after the last write`, n })),
  })
}

/** The wish that a decision stores: the same as before, or the next. */
function wishAfter(
  before: Wish | undefined,
  { rollout, canaryWeight }: TraceEvent & { readonly kind: 'decision' },
): Wish {
  if (before?.rollout === rollout && before.canaryWeight === canaryWeight) return before
  return { rollout, canaryWeight, number: (before?.number ?? 0) + 1 }
}

/** The last write to each app that nobody has looked at since. */
function createUnread() {
  const writes = new Map<string, Write & { readonly isExcused: () => boolean }>()
  const gone = new Set<string>()
  return {
    write: (event: Write, isExcused: () => boolean) => {
      writes.set(event.app, { ...event, isExcused })
      gone.delete(event.app)
    },
    look: (app: string, code: string | null) => {
      if (code === null) writes.delete(app)
      else if (code === 'not-found') gone.add(app)
    },
    lastOf: (app: string) => writes.get(app),
    /** An app that is not there cannot be looked at: its writes are not left. */
    left: () => [...writes.values()].filter(({ app, isExcused }) => !gone.has(app) && !isExcused()),
  }
}

const CONFIRMS: readonly string[] = ['weights-confirmed', 'rollback-confirmed', 'promotion-confirmed']

/** What is wrong with a write, by what its worker decided and saw; null = nothing. */
function wrongOf(
  event: Write,
  mine: Epoch | undefined,
  look: { readonly n: number; readonly at: number } | undefined,
  newest: number,
  isWaking: boolean,
): string | null {
  if (mine === undefined) return 'had stored no decision'
  if (isWaking) return null
  if (look === undefined) return 'had not looked'
  if (event.at - look.at > FRESH_MS) return `had looked ${(event.at - look.at) / 1000} s before`
  if (mine.n < look.n) return 'had stored no decision since it looked'
  if (event.asked.weights === null) return null
  if (mine.number >= newest || mine.isLeaving || event.at - mine.at <= FRESH_MS) return null
  return `did it by wish ${mine.number} after wish ${newest} was written`
}
