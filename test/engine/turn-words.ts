import type { AppSeen, Observed } from '../../lib/core/app.ts'
import type { Command } from '../../lib/core/facts.ts'
import type { Rollout } from '../../lib/core/rollout.ts'
import type { HandledPush, ServiceState } from '../../lib/core/service.ts'
import { type Turned, turn } from '../../lib/engine/turn.ts'
import { Fault } from '../../lib/errors.ts'
import type { Loaded } from '../../lib/ports.ts'
import {
  aCommand,
  aManifest,
  anAnalysis,
  anApp,
  aPush,
  appAt,
  aRollout,
  digestOf,
  finished,
  latency,
  MINUTE,
  PREPARING,
  PROVISIONING,
  progressing,
  rollingBack,
  SECOND,
} from '../support/builders.ts'
import { type Answers, loaded, measured, NOW, silent, toldWheel } from './told-wheel.ts'
import { plain } from './words.ts'

/** Which services are turned, and what the outside answers. */
interface Scene extends Answers {
  readonly stored: readonly Loaded[]
  readonly command?: Command
}

const BAKES = progressing(0, NOW - 20 * MINUTE)
const OVER = finished('promoted', { at: NOW - MINUTE, watchUntil: NOW + 14 * MINUTE })
const LONG_OVER = finished('promoted', { at: NOW - 20 * MINUTE, watchUntil: NOW - 5 * MINUTE })

/** A rollout of the service `name`, with an app of the same name, whose revisions were read two minutes ago. */
function rolloutOf(name: string, phase: Rollout['phase'], changes: Partial<Rollout> = {}): Rollout {
  const key = { environment: 'production', name }
  const manifest = { ...(changes.manifest ?? aManifest()), ...key }
  const target = { ...manifest.target, app: name }
  const rollout = aRollout(phase, { ...changes, id: `${name}-2`, key, manifest: { ...manifest, target } })
  const { footprint } = rollout
  return footprint === null ? rollout : { ...rollout, footprint: { ...footprint, revisionsAt: NOW - 2 * MINUTE } }
}

const of = (phase: Rollout['phase'], changes: Partial<Rollout> = {}, service: Partial<ServiceState> = {}) =>
  loaded(rolloutOf('pricing', phase, changes), service)
const pushOf = (n: number) => aPush({ tag: `v${n}`, digest: digestOf(`${n}${n}`), eventId: `event-${n}` })
const handledOf = (eventId: string, digest: string): HandledPush => {
  return { digest, tag: 'v3', pushedAt: NOW - MINUTE, eventId, rollout: null, receivedAt: NOW - MINUTE, source: 'acr' }
}
const waiting = {
  pending: [pushOf(3), pushOf(4)],
  handled: [
    handledOf('event-4', digestOf('44')),
    handledOf('event-3', digestOf('33')),
    handledOf('event-3', digestOf('44')),
    handledOf('event-9', digestOf('33')),
  ],
}
const undoing = { undo: { push: pushOf(1), actor: 'kim', because: 'kim goes back to v1' } }
const breaks = () => {
  throw new TypeError('our own bug')
}
const glance = ({ revisions: _, ...app }: AppSeen): Observed => ({ kind: 'glanced', app })
const sees =
  (app: AppSeen): Scene['observe'] & {} =>
  (targets) =>
    targets.map(() => ({ kind: 'seen', app }))
const WHOLE = sees(appAt(100))
const NONE = sees(anApp())
const glances: Scene['observe'] & {} = (targets, call) =>
  targets.map(() => (call === 1 ? glance(appAt(10)) : { kind: 'seen', app: appAt(10) }))
const AZURE = aManifest({ analysis: anAnalysis({ kpis: [latency({ source: { kind: 'azure-metrics' } })] }) })

export const SCENES: Readonly<Record<string, Scene>> = {
  'nobody is known': { stored: [] },
  'nothing was ever rolled out, and nothing waits': { stored: [loaded(null)] },
  'a watch is over': { stored: [of(LONG_OVER)], observe: WHOLE },
  'a push waits, and nothing was ever rolled out': { stored: [loaded(null, waiting)] },
  'a push waits behind what is over': { stored: [of(OVER, {}, waiting)] },
  'a push waits, and somebody else writes first': { stored: [of(OVER, {}, waiting)], commit: () => 'conflict' },
  'an undo waits, and a push': { stored: [of(OVER, {}, { ...waiting, ...undoing })] },
  'a push waits behind what runs': { stored: [of(BAKES, {}, { pending: [pushOf(3)] })] },
  'a push waits behind what is over, and somebody promotes': {
    stored: [of(OVER, {}, { pending: [pushOf(3)] })],
    command: aCommand('promote'),
  },
  'a push waits behind what ends with this look': {
    stored: [of(rollingBack(), {}, { pending: [pushOf(3)] })],
    observe: sees(anApp({ revisions: appAt(0).revisions })),
  },
  'a rollback ends, and a function may live for half an hour': {
    stored: [of(rollingBack())],
    observe: sees(anApp({ revisions: appAt(0).revisions })),
    longestLifeMs: 30 * MINUTE,
  },
  'a rollback ends, and a function lives shorter than the watch': {
    stored: [of(rollingBack())],
    observe: sees(anApp({ revisions: appAt(0).revisions })),
    longestLifeMs: 10 * MINUTE,
  },
  'all is well': { stored: [of(BAKES)] },
  'all is well at a glance': { stored: [of(BAKES)], observe: glances },
  'a glance is not enough to say that figures are lost': { stored: [of(BAKES)], observe: glances, read: silent },
  'the figures are bad': { stored: [of(BAKES)], read: (query) => measured(query, true) },
  'somebody else writes first': {
    stored: [of(BAKES)],
    read: (query) => measured(query, true),
    commit: () => 'conflict',
  },
  'an order is obeyed': { stored: [of(BAKES)], command: aCommand('promote', { id: 'go', reason: 'it is good' }) },
  'an order of which it is known how it was asked for is obeyed': {
    stored: [of(BAKES)],
    command: aCommand('pause', { id: 'stop', asked: { request: 'r-1', signIn: 'token', app: 'cli' }, wish: 'w' }),
  },
  'an order is refused': { stored: [of(BAKES)], command: aCommand('resume', { id: 'on' }) },
  'an order is obeyed, and Azure is busy': {
    stored: [of(BAKES)],
    command: aCommand('promote', { id: 'go' }),
    perform: () => {
      throw new Fault('throttled', 'too many calls')
    },
  },
  'an order is obeyed, and the app cannot be seen': {
    stored: [of(BAKES)],
    command: aCommand('abort', { id: 'back' }),
    observe: () => [
      { kind: 'unseen', fault: { kind: 'unavailable', message: 'ARM does not answer', retryAfterMs: null } },
    ],
  },
  'one is to be rolled back, one fails, one was restarted, and two are well': {
    stored: [
      loaded(rolloutOf('calm', BAKES)),
      loaded(rolloutOf('restarted', BAKES, { manifest: AZURE })),
      loaded(rolloutOf('fails', BAKES)),
      loaded(rolloutOf('not-restarted', BAKES, { manifest: AZURE })),
      loaded(rolloutOf('back', rollingBack())),
      loaded(null, { key: { environment: 'production', name: 'fresh' }, pending: [pushOf(3)] }),
    ],
    restarts: [1, 0],
    read: (query) => measured(query, query.id.includes('/fails-2/')),
  },
  'the figures of the last are suspect': {
    stored: [loaded(rolloutOf('calm', BAKES)), loaded(rolloutOf('odd', BAKES))],
    read: (query) => {
      const reading = measured(query)
      if (reading.kind !== 'measured' || !query.id.includes('/odd-2/p95/canary')) return reading
      return { ...reading, buckets: reading.buckets.map((bucket) => ({ ...bucket, total: 5_000 })) }
    },
  },
  'our own code breaks for one that bakes': { stored: [of(BAKES)], commit: breaks },
  'our own code breaks for one that is being prepared': { stored: [of(PREPARING)], commit: breaks, observe: NONE },
  'our own code breaks for one that is being provisioned': {
    stored: [of(PROVISIONING)],
    commit: breaks,
    observe: NONE,
  },
  'our own code breaks for one that goes back by undo': {
    stored: [of(PROVISIONING, { cause: 'undo' })],
    observe: NONE,
    commit: breaks,
  },
  'our own code breaks for an undo that is over for long': {
    stored: [of(LONG_OVER, { cause: 'undo' })],
    observe: WHOLE,
    commit: breaks,
  },
  'our own code breaks for one that is to be undone': { stored: [of(LONG_OVER, {}, undoing)], commit: breaks },
  'our own code breaks for the first one': { stored: [loaded(null, waiting)], commit: breaks },
  'our own code breaks for one that is on watch': { stored: [of(OVER)], commit: breaks, observe: WHOLE },
  'our own code breaks for one whose watch ends in that moment': {
    stored: [of(finished('promoted', { at: NOW - 20 * MINUTE, watchUntil: NOW + 4 * SECOND }))],
    observe: WHOLE,
    commit: breaks,
  },
  'our own code breaks where it looks': {
    stored: [of(BAKES)],
    read: (query) => ({ ...measured(query), buckets: null }) as never,
  },
}

/** The calls that a turn makes, in turn, what it stores, and what comes of it. */
export async function toldOfTurn({ command, ...answers }: Scene): Promise<readonly string[]> {
  const { wheel, lines } = toldWheel({ isBrief: true, ...answers })
  const names = answers.stored.map(({ service }) => service.key.name)
  const turned = await turn(wheel, 'production', [...names, 'nobody'], command ?? null)
  return [...lines.flatMap((line) => line.split('\n')), ...turned.map(turnedText)]
}

function turnedText({ name, result, decision, outstanding, error, mayGoBack, ...more }: Turned): string {
  const { rows = [], actions = [], next } = decision ?? {}
  const decided =
    next === undefined ? '' : `, decided on ${next.phase.kind} with ${rows.length} rows, ${actions.length} deeds`
  const answer = decision?.answer == null ? '' : `, answers ${plain(decision.answer)}`
  const rest = [outstanding, mayGoBack].map((value) => (value === undefined ? '-' : plain(value)))
  return `= ${name} ${result}${decided}${answer}; outstanding ${rest[0]}; may go back ${rest[1]}; ${error}${plain(more)}`
}
