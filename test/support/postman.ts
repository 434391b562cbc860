import type { Notice } from '../../lib/core/notice.ts'
import { notify, type Postman, type Round } from '../../lib/engine/notify.ts'
import type { Parcel } from '../../lib/ports.ts'
import { handClock, type SimClock } from '../../sim/clock.ts'
import { createSimOutbox, type SimOutbox } from '../../sim/store-outbox.ts'
import { aNotice } from './notices.ts'
import type { SimPlace } from './places.ts'
import { T0 } from './state.ts'

/** Where all of it happens. */
export const ENV = 'production'
export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** An outbox, sinks and a clock to make rounds by. */
export interface Scene extends Postman {
  readonly clock: SimClock
  readonly outbox: SimOutbox
  /** One round now. */
  round(): Promise<Round>
  /** A round every 15 s for so long. */
  rounds(ms: number): Promise<readonly Round[]>
  dead(): Promise<readonly Parcel[]>
}

/** An empty outbox, and these sinks. */
export function scene(...sinks: readonly SimPlace[]): Scene {
  const clock = handClock(T0 + HOUR)
  const outbox = createSimOutbox()
  const postman: Postman = { clock, outbox, sinks, chance: () => 0.5 }
  const round = () => notify(postman, ENV)
  return {
    ...postman,
    clock,
    outbox,
    round,
    rounds: async (ms) => {
      const until = clock.now() + ms
      const all: Round[] = []
      while (clock.now() < until) {
        all.push(await round())
        clock.set(clock.now() + 15 * SECOND)
      }
      return all
    },
    dead: async () => (await outbox.parcels(ENV, true, 1_000, null)).items,
  }
}

/** Ids of pricing's notices. */
export const ids = (...seqs: readonly number[]) => seqs.map((seq) => `production/pricing#${seq}`)
/** Notices by number, from and to inclusive. */
export const notices = (from: number, to: number, changes: Partial<Notice> = {}) =>
  Array.from({ length: to - from + 1 }, (_, index) => aNotice(from + index, changes))
/** Ids by number, from and to inclusive. */
export const range = (from: number, to: number) =>
  ids(...Array.from({ length: to - from + 1 }, (_, index) => from + index))
