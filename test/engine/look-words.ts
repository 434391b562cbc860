import type { AppSeen, Observed } from '../../lib/core/app.ts'
import type { Command } from '../../lib/core/facts.ts'
import type { JudgeState } from '../../lib/core/judge/state.ts'
import type { Rollout } from '../../lib/core/rollout.ts'
import type { Kpi } from '../../lib/core/service.ts'
import { lookAgain, type Sight, type Subject, see, weigh } from '../../lib/engine/look.ts'
import { Fault } from '../../lib/errors.ts'
import {
  aCommand,
  aManifest,
  anAnalysis,
  anApp,
  appAt,
  aRollout,
  errors,
  finished,
  HOUR,
  latency,
  MINUTE,
  PREPARING,
  PROVISIONING,
  paused,
  progressing,
  rollingBack,
  SECOND,
} from '../support/builders.ts'
import { type Answers, aStop, measured, NOW, silent, toldWheel } from './told-wheel.ts'
import { plain } from './words.ts'

/** Which rollouts are looked at, and what the outside answers. */
interface Scene extends Answers {
  readonly rollouts: readonly Rollout[]
  readonly command?: Command
  /** The judge has looked at the first rollout so long before. */
  readonly judgedBeforeMs?: number
}

/** A rollout of the service `name`, with an app of the same name. */
function rolloutOf(name: string, phase: Rollout['phase'], changes: Partial<Rollout> = {}): Rollout {
  const key = { environment: 'production', name }
  const manifest = { ...aManifest(), ...changes.manifest, ...key }
  const target = { ...manifest.target, app: name }
  const more = { id: `${name}-2`, key: changes.key ?? key, manifest: { ...manifest, target } }
  return aRollout(phase, { ...changes, ...more })
}

/** One that bakes, and whose revisions were read two minutes ago. */
function quiet(name: string, changes: Partial<Rollout> = {}): Rollout {
  const rollout = rolloutOf(name, BAKES, changes)
  const { footprint } = rollout
  return footprint === null ? rollout : { ...rollout, footprint: { ...footprint, revisionsAt: NOW - 2 * MINUTE } }
}

/** A rollout that nobody could have stored. */
function withoutStages(rollout: Rollout): Rollout {
  return { ...rollout, manifest: { ...rollout.manifest, stages: null } as never }
}

const BAKES = progressing(0, NOW - 20 * MINUTE)
const measuredBy = (...kpis: readonly Kpi[]) => ({ manifest: aManifest({ analysis: anAnalysis({ kpis }) }) })
const AZURE = { source: { kind: 'azure-metrics' } } as const
const AZURES = measuredBy(latency(AZURE))
const MIXED = measuredBy(errors(), latency(AZURE))
const trouble = { kind: 'denied', message: 'the registry refuses', retryAfterMs: 7 } as const
const glance = ({ revisions: _, ...app }: AppSeen): Observed => ({ kind: 'glanced', app })
const unseen: Observed = {
  kind: 'unseen',
  fault: { kind: 'unavailable', message: 'ARM does not answer', retryAfterMs: null },
}
const elsewhere = { environment: 'staging', name: 'safety' }
const two = [quiet('pricing'), quiet('safety')]
const three = [
  latency({ name: 'shown', role: 'advisory' }),
  latency({ name: 'first' }),
  latency({ name: 'second', minRequests: null }),
]

export const SCENES: Readonly<Record<string, Scene>> = {
  'there is nothing to look at': { rollouts: [] },
  'one bakes': { rollouts: [rolloutOf('pricing', BAKES)] },
  'one bakes, and its figures are bad': {
    rollouts: [quiet('pricing')],
    read: (query) => measured(query, true),
  },
  'one bakes, and was judged before': { rollouts: [quiet('pricing')], judgedBeforeMs: 3 * MINUTE },
  'one waits for the weight of its second step': {
    rollouts: [rolloutOf('pricing', progressing(1, null, NOW - MINUTE))],
    judgedBeforeMs: 3 * MINUTE,
  },
  'one waits for the weight of its first step': { rollouts: [rolloutOf('pricing', progressing(0, null))] },
  'one is at a step that its manifest has not': { rollouts: [rolloutOf('pricing', progressing(3, NOW - MINUTE))] },
  'one has all traffic': { rollouts: [rolloutOf('pricing', progressing(2, NOW - 10 * MINUTE))] },
  'one is parked at its second step': {
    rollouts: [rolloutOf('pricing', paused('fault', { stage: 1, steadyAt: NOW - 10 * MINUTE }))],
  },
  'one is paused before it began': {
    rollouts: [rolloutOf('pricing', paused('operator', { stage: -1, steadyAt: null, from: 'provisioning' }))],
  },
  'one is paused since somebody changed its weights': { rollouts: [rolloutOf('pricing', paused('foreign-edit'))] },
  'one is over': { rollouts: [rolloutOf('pricing', finished('promoted'))] },
  'one is being provisioned': { rollouts: [rolloutOf('pricing', PROVISIONING, AZURES)] },
  'one is prepared': { rollouts: [rolloutOf('pricing', PREPARING)] },
  'one is prepared, and its image is not there': {
    rollouts: [rolloutOf('pricing', PREPARING)],
    images: [{ kind: 'absent' }],
  },
  'one is prepared, and nobody can say whether its image is there': {
    rollouts: [rolloutOf('pricing', PREPARING)],
    images: [{ kind: 'unknown', trouble }],
  },
  'one is prepared, and the registry says nothing': { rollouts: [rolloutOf('pricing', PREPARING)], images: [] },
  'of three one is prepared, and its image is not there': {
    rollouts: [quiet('pricing'), rolloutOf('safety', PREPARING), quiet('billing')],
    images: [{ kind: 'absent' }],
    observe: (targets) => targets.map(({ app }) => ({ kind: 'seen', app: appAt(app === 'pricing' ? 10 : 50) })),
  },
  'one is rolled back': { rollouts: [rolloutOf('pricing', rollingBack())] },
  'one is rolled back beside another': { rollouts: [rolloutOf('pricing', rollingBack()), quiet('safety')] },
  'one is to be aborted': { rollouts: [quiet('pricing', MIXED)], command: aCommand('abort') },
  'one is to be paused while it is prepared': {
    rollouts: [rolloutOf('pricing', PREPARING)],
    command: aCommand('pause'),
  },
  'one is to be promoted': { rollouts: [quiet('pricing')], command: aCommand('promote') },
  'Azure Monitor measures two of three': {
    rollouts: [
      quiet('pricing', MIXED),
      quiet('safety'),
      rolloutOf('billing', progressing(0, NOW - 90 * SECOND), {
        ...AZURES,
        place: { region: 'westeurope', hosts: {} },
      }),
    ],
    restarts: [3, null],
  },
  'Azure Monitor measures two, whose weights were seen ten and eight minutes ago': {
    rollouts: [
      quiet('pricing', { ...AZURES, phase: progressing(0, NOW - 10 * MINUTE) }),
      quiet('safety', { ...AZURES, phase: progressing(0, NOW - 8 * MINUTE) }),
    ],
    restarts: [],
  },
  'a glance shows what was known': { rollouts: two, observe: (targets) => targets.map(() => glance(appAt(10))) },
  'a glance shows another split of one of two': {
    rollouts: two,
    observe: (targets, call) =>
      call === 1 ? [glance(appAt(10)), glance(appAt(50))] : targets.map(() => ({ kind: 'seen', app: appAt(60) })),
  },
  'a glance shows another split, and a closer look shows nothing': {
    rollouts: two,
    observe: (_, call) => (call === 1 ? [glance(appAt(50)), glance(appAt(50))] : [unseen]),
  },
  'the app cannot be seen': { rollouts: two, observe: () => [unseen, { kind: 'seen', app: appAt(10) }] },
  'no answer comes about the second app': { rollouts: two, observe: () => [{ kind: 'seen', app: appAt(10) }] },
  'a source is silent': { rollouts: [quiet('pricing')], read: silent },
  'a source does not answer at all': { rollouts: [quiet('pricing')], read: () => null },
  'only what is shown is silent': {
    rollouts: [rolloutOf('pricing', BAKES, measuredBy(...three))],
    read: (query) => (query.kpi.name === 'shown' ? silent(query) : measured(query)),
  },
  'two are silent, the second for longer': {
    rollouts: [rolloutOf('pricing', BAKES, measuredBy(...three))],
    judgedBeforeMs: 5 * MINUTE,
    read: (query) => (query.kpi.name === 'first' && query.to < NOW ? measured(query) : silent(query)),
  },
  'an environment is frozen, another is not': {
    rollouts: [quiet('pricing'), quiet('safety', { key: elsewhere }), quiet('billing')],
    freezes: (environment) => (environment === 'production' ? [aStop('line', ['billing'])] : []),
  },
  'freezes cannot be read': {
    rollouts: [quiet('pricing')],
    freezes: () => {
      throw new Fault('unavailable', 'storage is away')
    },
  },
  'our own code breaks on what one asks': { rollouts: [withoutStages(quiet('pricing')), quiet('safety')] },
  'our own code breaks on what one is answered': {
    rollouts: [quiet('pricing', { phase: BAKES }), quiet('safety')],
    read: (query) =>
      query.id.includes('pricing') ? ({ ...measured(query), buckets: null } as never) : measured(query),
  },
}

/** The calls that a look makes, in turn, and what it brings for each rollout. */
export async function toldOfLook({ rollouts, command, judgedBeforeMs, ...answers }: Scene): Promise<readonly string[]> {
  const { wheel, lines } = toldWheel(answers)
  const subjects = await Promise.all(
    rollouts.map(async (rollout) => ({ rollout, judge: await judgedBefore(rollout, answers, judgedBeforeMs) })),
  )
  const weighed = await weigh(wheel, subjects, command)
  const seen = await see(wheel, weighed, command)
  return [...lines.flatMap((line) => line.split('\n')), ...seen.flatMap(sightText)]
}

async function judgedBefore(rollout: Rollout, answers: Answers, ms: number | undefined): Promise<JudgeState | null> {
  if (ms === undefined) return null
  const { wheel } = toldWheel(answers)
  const then = { ...wheel, clock: { now: () => NOW - ms } }
  const steady = { ...rollout, phase: BAKES }
  const [weighed] = await weigh(then, [{ rollout: steady, judge: null }])
  return weighed?.judged?.state ?? null
}

function sightText({ rollout, facts, judged, buckets, broken }: Subject & Sight): readonly string[] {
  const { app, verdict, now, blindSince, ...more } = facts
  return [
    `${rollout.id} as of +${(now - NOW) / SECOND}s: ${plain(more)}`,
    `  app ${appText(app)}`,
    ...(blindSince === null ? [] : [`  blind since ${plain(blindSince)}`]),
    ...(verdict === null ? [] : [`  ${verdict.kind}: ${verdict.because}`]),
    ...(judged === null ? [] : [`  judged ${plain([judged.rollout, judged.since, judged.from])}${blindText(judged)}`]),
    ...(buckets === null
      ? []
      : [`  buckets of ${buckets.rollout} from ${plain(buckets.at)}: ${lengths(buckets.kpis)}`]),
    ...(broken === null ? [] : [`  broken ${broken}`]),
  ]
}

function appText(app: Observed): string {
  if (app.kind === 'unseen') return plain(app)
  return `${app.kind} with ${plain(app.app.traffic.map(({ weight }) => weight))}`
}

function blindText({ kpis }: JudgeState): string {
  return Object.entries(kpis)
    .flatMap(([name, { blind }]) => (blind === null ? [] : `, ${name} is silent since ${plain(blind.since)}`))
    .join('')
}

function lengths(kpis: Readonly<Record<string, readonly unknown[]>>): string {
  return Object.entries(kpis)
    .map(([name, buckets]) => `${buckets.length} of ${name}`)
    .join(', ')
}

/** What a closer look at the app brings where the answers are these. */
export async function toldOfCloserLook(observed: readonly Observed[]): Promise<readonly string[]> {
  const { wheel, lines } = toldWheel({ observe: () => observed })
  const rollout = rolloutOf('pricing', BAKES)
  const before = { now: NOW - HOUR, app: glance(anApp()), image: null, verdict: null, restarts: 2 }
  const facts = await lookAgain(wheel, rollout, { ...before, blindSince: null, freeze: 'unread' })
  return [...lines, ...sightText({ rollout, judge: null, facts, judged: null, buckets: null, broken: null })]
}
