import type { Action, Observed } from '../../lib/core/app.ts'
import type { Freeze } from '../../lib/core/freeze.ts'
import type { Query, Reading } from '../../lib/core/judge/reading.ts'
import type { Rollout } from '../../lib/core/rollout.ts'
import type { Target } from '../../lib/core/service.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import type { Change, Loaded, Presence, Urgent } from '../../lib/ports.ts'
import { createStage } from '../../sim/runner.ts'
import { appAt, aService, HOUR, MINUTE, SECOND, T0 } from '../support/builders.ts'
import { commitText, plain } from './words.ts'

/** What the sockets answer; where nothing is said all is well. Each may throw, and `call` counts from 1. */
export interface Answers {
  readonly stored?: readonly Loaded[]
  readonly load?: (names: readonly string[], call: number) => readonly Loaded[]
  readonly commit?: (change: Change, call: number) => 'saved' | 'conflict'
  readonly observe?: (targets: readonly Target[], call: number) => readonly Observed[]
  readonly perform?: (action: Action, call: number) => void
  readonly images?: readonly Presence[]
  readonly restarts?: readonly (number | null)[]
  readonly read?: (query: Query) => Reading | null
  readonly freezes?: (environment: string, call: number) => readonly Freeze[]
  readonly ring?: () => void
  /** How long each call of a socket takes, by its name; a second where nothing is said. */
  readonly takesMs?: Readonly<Record<string, number>>
  readonly longestLifeMs?: number
  /** What is stored is told in few words. */
  readonly isBrief?: boolean
}

export const NOW = T0 + HOUR

/** A wheel that tells each call of a socket in a line of its own, with the time at which it was made. */
export function toldWheel(answers: Answers): { readonly wheel: Wheel; readonly lines: string[] } {
  const { wheel } = createStage({ start: NOW, crash: 'never' })
  const lines: string[] = []
  const calls = new Map<string, number>()
  let now = NOW
  const told: Told = (socket, words) => {
    lines.push(`+${(now - NOW) / SECOND}s ${socket} ${words}`.replace(' \n', '\n').trimEnd())
    now += answers.takesMs?.[socket] ?? SECOND
    const call = (calls.get(socket) ?? 0) + 1
    calls.set(socket, call)
    return call
  }
  const own: Partial<Wheel> = {
    longestLifeMs: answers.longestLifeMs ?? 0,
    clock: { now: () => now },
    store: { ...wheel.store, ...storeOf(answers, told, lines) },
    apps: appsOf(answers, told, lines),
    ...sourcesOf(answers, told),
    freezes: {
      ...wheel.freezes,
      freezesOf: async (environment) => {
        const call = told('freezes', environment)
        const freezes = answers.freezes?.(environment, call) ?? []
        return { freezes, chain: { seq: 0, hash: '' }, token: null }
      },
    },
    bell: {
      ring: async (rung) => {
        told('ring', plain(rung))
        answers.ring?.()
      },
    },
  }
  return { wheel: { ...wheel, ...own }, lines }
}

/** Writes down a call, lets its time pass, and says the how manieth of its kind it is. */
type Told = (socket: string, words: string) => number

function storeOf(answers: Answers, told: Told, lines: string[]): Pick<Wheel['store'], 'load' | 'commit'> {
  const items = new Map((answers.stored ?? []).map((item) => [item.service.key.name, item]))
  const stored = (names: readonly string[]) => names.flatMap((name) => items.get(name) ?? [])
  return {
    load: async (environment, names) => {
      const call = told('load', `${environment} ${names.join(' ')}`)
      return (answers.load ?? stored)(names, call)
    },
    commit: async (change) => {
      const [before] = stored([change.key.name])
      const call = told('commit', change.key.name)
      lines.push(...(answers.isBrief === true ? briefText : commitText)(beforeOf(before), change))
      const saved = answers.commit?.(change, call) ?? 'saved'
      if (saved === 'saved' && before !== undefined) items.set(change.key.name, after(before, change))
      return saved
    },
  }
}

function appsOf(answers: Answers, told: Told, lines: string[]): Wheel['apps'] {
  return {
    observe: async (targets, urgent, quiet) => {
      const quietText = quiet === undefined ? '' : plain(quiet)
      const words = [targets.map(({ app }) => app).join(' '), urgentText(urgent), quietText]
      const call = told('observe', words.filter((word) => word !== '').join('; '))
      return answers.observe?.(targets, call) ?? targets.map(() => ({ kind: 'seen', app: appAt(10) }) as const)
    },
    perform: async (target, action, urgent) => {
      const call = told('perform', [target.app, plain(action), urgentText(urgent)].join(' ').trimEnd())
      if (urgent?.goOn !== undefined) lines.push(`  goes on: ${await urgent.goOn()}`)
      answers.perform?.(action, call)
    },
  }
}

function sourcesOf(answers: Answers, told: Told): Pick<Wheel, 'registry' | 'restarts' | 'metrics'> {
  return {
    registry: {
      has: async (images) => {
        told('has', images.map(({ repository }) => repository).join(' '))
        return answers.images ?? images.map(() => ({ kind: 'present' }))
      },
    },
    restarts: {
      count: async (asks) => {
        told('count', plain(asks.map(({ target, ...ask }) => ({ app: target.app, ...ask }))))
        return answers.restarts ?? asks.map(() => 0)
      },
    },
    metrics: {
      read: async (queries) => {
        told('read', queries.map(({ id, from, to }) => `\n    ${id} ${plain([from, to])}`).join(''))
        return queries.flatMap((query) => (answers.read ?? measured)(query) ?? [])
      },
    },
  }
}

function after(item: Loaded, { service, rollout }: Change): Loaded {
  return { ...item, ...(service === undefined ? {} : { service }), ...(rollout === undefined ? {} : { rollout }) }
}

function briefText(_: unknown, change: Change): readonly string[] {
  const { key, token, service, rollout, judge, buckets, audit, command, ...more } = change
  const eventOf = ({ eventId }: { readonly eventId: string }) => eventId
  const handled = service?.handled.map(({ eventId, digest, rollout }) => `${eventId} ${digest.slice(7, 11)} ${rollout}`)
  const begins = plain([service?.rolloutNumber, service?.pending.map(eventOf), service?.undo, handled])
  return [
    `  of ${plain(key)} over ${plain(token)}${plain(more) === '{}' ? '' : ` ${plain(more)}`}`,
    ...audit.map(
      ({ kind, seq, actor, happenedAt, notes }) =>
        `  ${seq} ${kind} by ${actor} at ${plain(happenedAt)}: ${plain(notes)}`,
    ),
    ...(service === undefined ? [] : [`  service ${plain(service.chain.seq)} ${begins}`]),
    ...(rollout === undefined
      ? []
      : [
          `  ${rollout.id} by ${rollout.cause} ${plain(rollout.phase)} ${plain({ wakeAt: rollout.wakeAt, watchMs: rollout.manifest.watchMs })}`,
        ]),
    ...(judge === undefined ? [] : [`  judge since ${plain(judge.since)}`]),
    ...(buckets === undefined ? [] : [`  buckets from ${plain(buckets.at)}`]),
    ...(command === undefined ? [] : [`  command ${plain(command)}`]),
  ]
}

function beforeOf(item: Loaded | undefined): Pick<Change, 'service' | 'rollout'> {
  if (item === undefined) return {}
  const { service, rollout } = item
  return { service, ...(rollout === null ? {} : { rollout }) }
}

function urgentText(urgent: Urgent | undefined): string {
  return urgent === undefined ? '' : `urgent ${plain(urgent)}`
}

/** A tenth of the requests go to the canary, and four in ten of them are bad where `isBad`. */
export function measured(query: Query, isBad = false): Reading {
  const { id, from, to, bucketMs } = query
  const buckets = Array.from({ length: Math.max(0, (to - from) / bucketMs) }, (_, n) => {
    return {
      at: from + n * bucketMs,
      bad: isBad && query.arm === 'canary' ? 20 : 0,
      total: query.arm === 'canary' ? 50 : 450,
      value: null,
    }
  })
  return { id, kind: 'measured', buckets, quality: 'exact', query: 'q', note: null }
}

/** A source that gives no answer. */
export function silent({ id }: Query): Reading {
  return { id, kind: 'missing', silence: 'down', why: 'the source is down', query: 'q' }
}

/** A rollout as the store has it. */
export function loaded(rollout: Rollout | null, service: Partial<Loaded['service']> = {}): Loaded {
  const key = rollout?.key ?? { environment: 'production', name: 'pricing' }
  return {
    service: aService({ key, rolloutNumber: rollout?.number ?? 0, ...service }),
    rollout,
    judge: null,
    token: `token of ${key.name}`,
  }
}

/** A stop of the line that began a minute ago, for these services or for all. */
export function aStop(id: string, services: readonly string[] | null = null): Freeze {
  const common = { schema: 1, environment: 'production', by: 'kim', createdAt: NOW - MINUTE } as const
  return { ...common, id, services, time: { kind: 'stop' }, reason: `because of ${id}` }
}
