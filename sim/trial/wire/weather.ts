import type { Reply } from '../../azure/serve.ts'
import { chance } from '../../chance.ts'
import { refusedReply } from '../../tables/batch.ts'
import { type REFUSALS, refusalOf } from '../../tables/refusal.ts'
import { refusalReply } from '../../tables/service.ts'
import { connectionLost, gaveUp, type WireRequest } from '../../wire.ts'
import type { TroubleItem } from '../scenario.ts'
import type { Mishap } from './line.ts'

/** How storage does now. */
export interface Weather {
  /** What becomes of a request on its way; null = it fares well. */
  meet(request: WireRequest): Mishap<Reply> | null
  /** Entities that a query may pass by before it ends a page. */
  mostScanned(): number
  /** Lets a trouble begin; returns what ends it, or null where it is none of storage's. */
  befall(item: TroubleItem): (() => void) | null
}

type Draw = (below: number) => number
type Trouble = (request: WireRequest, draw: Draw) => Mishap<Reply> | null

/** How long the table store waits for an answer. */
const TIMEOUT_MS = 20_000

/** Fair weather, until something befalls it. Several troubles at once strike in the order in which they came. */
export function createWeather(): Weather {
  const troubles = new Set<(request: WireRequest) => Mishap<Reply> | null>()
  const short = new Set<Draw>()
  return {
    meet: (request) => {
      for (const trouble of troubles) {
        const mishap = trouble(request)
        if (mishap !== null) return mishap
      }
      return null
    },
    mostScanned: () => {
      for (const draw of short) return draw(3)
      return Number.POSITIVE_INFINITY
    },
    befall: ({ variant, luck }) => {
      let drawn = 0
      const draw: Draw = (below) => {
        drawn += 1
        return Math.floor(chance(luck, drawn) * below)
      }
      if (variant === 'short-pages') return within(short, draw)
      const trouble = TROUBLES[variant]
      return trouble === undefined ? null : within(troubles, (request: WireRequest) => trouble(request, draw))
    },
  }
}

function within<T>(set: Set<T>, member: T): () => void {
  set.add(member)
  return () => void set.delete(member)
}

const TROUBLES: Partial<Record<TroubleItem['variant'], Trouble>> = {
  'storage-down': (_, draw) => broken('before', (['refused', 'reset', 'time-out'] as const)[draw(3)] ?? 'reset'),
  'storage-503': (_, draw) => {
    if (draw(10) >= 3) return null
    return said('before', (['ServerBusy', 'OperationTimedOut', 'InternalError'] as const)[draw(3)] ?? 'ServerBusy')
  },
  'storage-ambiguous': (_, draw) => {
    if (draw(10) >= 3) return null
    const way = draw(3)
    return way === 0 ? said('after', 'OperationTimedOut') : broken('after', way === 1 ? 'reset' : 'time-out')
  },
  // Somebody has written the row anew, and written what stood there before.
  'row-touched': ({ body }, draw) => {
    if (!body.includes('If-Match: W/') || draw(10) >= 4) return null
    return { moment: 'before', hears: refusedReply(0, refusalOf('UpdateConditionNotSatisfied')), lastsMs: 0 }
  },
  'request-doubled': ({ method }, draw) => (method === 'GET' || draw(10) >= 4 ? null : { moment: 'twice', lastsMs: 0 }),
}

function said(moment: 'before' | 'after', code: keyof typeof REFUSALS): Mishap<Reply> {
  return { moment, hears: refusalReply(refusalOf(code)), lastsMs: 0 }
}

function broken(moment: 'before' | 'after', how: 'refused' | 'reset' | 'time-out'): Mishap<Reply> {
  if (how === 'time-out') return { moment, hears: gaveUp(), lastsMs: TIMEOUT_MS }
  return { moment, hears: connectionLost(how === 'reset' ? 'ECONNRESET' : 'ECONNREFUSED'), lastsMs: 0 }
}
