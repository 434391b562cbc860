import type { Notice } from '../../lib/core/notice.ts'
import { notify, type Sink } from '../../lib/engine/notify.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { Notifier, Outbox } from '../../lib/ports.ts'
import { chance } from '../chance.ts'
import { Crash } from '../crash.ts'
import type { Ground } from './ground.ts'
import { ENVIRONMENT } from './parts.ts'
import { PLANTED } from './planted-secrets.ts'
import { beatAt, nextBeat, type Post, type SinkMood } from './post.ts'
import type { TraceBody } from './trace.ts'

/** How often a sink that is ill in part takes a notice well. */
const SHARE = 0.5

/** What a worker of a trial has besides the wheel: what telling outside takes. */
export interface Postal {
  readonly outbox: Outbox
  readonly chat: Pick<Notifier, 'tell'>
  readonly pager: Pick<Notifier, 'tell'>
}

/** The sinks as one worker calls them; every call is told. */
export function toldSinks(ground: Ground, worker: number): Omit<Postal, 'outbox'> {
  return {
    chat: toldSink(ground, worker, 'chat', () => moodNow(ground.post)),
    pager: toldSink(ground, worker, 'pager', () => 'well'),
  }
}

function moodNow(post: Post): SinkMood {
  const { mood } = post
  if (mood !== 'slow' && mood !== 'refusing') return mood
  post.calls += 1
  return chance(post.luck, post.calls) < SHARE ? mood : 'well'
}

type Outcome = Extract<TraceBody, { readonly kind: 'notice' }>['outcome']

const OUTCOMES: Readonly<Record<SinkMood, Outcome>> = {
  well: 'taken',
  down: 'down',
  throttled: 'down',
  slow: 'unanswered',
  refusing: 'refused',
}

function toldSink({ tell }: Ground, worker: number, sink: string, mood: () => SinkMood): Pick<Notifier, 'tell'> {
  return {
    tell: async ({ id, sentence, rollout }, thread) => {
      const now = mood()
      tell({ kind: 'notice', id, sink, about: sentence, worker, outcome: OUTCOMES[now] })
      const said = `https://${sink}.example/in?key=${PLANTED.sinkKey}`
      if (now === 'throttled') throw new Fault('throttled', `${said} asks for a minute`, { retryAfterMs: 60_000 })
      if (now === 'refusing') throw new Fault('malformed', `${said} does not want this`)
      if (now !== 'well') throw new Fault('unavailable', `${said} did not answer`)
      return thread ?? `thread of ${rollout}`
    },
  }
}

/** One round of telling outside. An error that is neither the outside's nor a death is the product's own, and ends the trial. */
export async function tellOutside(wheel: Wheel & Postal): Promise<void> {
  const { troubles } = await notify({ ...partsOf(wheel), chance: () => SHARE }, ENVIRONMENT)
  for (const error of troubles) {
    if (error instanceof Crash || error instanceof Fault) continue
    throw new Error(`a round of telling broke: ${String(error)}`, { cause: error })
  }
}

function partsOf({ clock, outbox, chat, pager }: Wheel & Postal) {
  const sinkOf = (name: string, { tell }: Pick<Notifier, 'tell'>, wants: (notice: Notice) => boolean): Sink => ({
    name,
    wants,
    notifier: { hasThreads: true, tell },
  })
  const isGrave = ({ severity }: Notice) => severity === 'critical' || severity === 'resolved'
  return { clock, outbox, sinks: [sinkOf('chat', chat, () => true), sinkOf('pager', pager, isGrave)] }
}

/** When the next round has something to do; infinite = when something is stored. */
export async function nextRound({ stage, footing }: Ground): Promise<number> {
  const { outbox } = footing
  const beat = nextBeat(stage.clock.now())
  if ((await outbox.unsent(ENVIRONMENT, 1)).length > 0) return beat
  const times = await Promise.all(
    ['chat', 'pager'].map(async (sink) => {
      if ((await outbox.line(ENVIRONMENT, sink, 1)).length === 0) return Number.POSITIVE_INFINITY
      const { pausedUntil } = (await outbox.sink(ENVIRONMENT, sink)).state
      return Math.max(beat, beatAt(pausedUntil))
    }),
  )
  return Math.min(...times)
}
