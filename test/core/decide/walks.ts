import fc from 'fast-check'
import type { AppSeen } from '../../../lib/core/app.ts'
import { type Decision, decide, isHurried } from '../../../lib/core/decide/decide.ts'
import type { Command, Facts, Verb } from '../../../lib/core/facts.ts'
import type { Frozen } from '../../../lib/core/freeze.ts'
import type { Verdict, VerdictKind } from '../../../lib/core/judge/verdict.ts'
import type { Rollout } from '../../../lib/core/rollout.ts'
import type { Analysis, Manifest } from '../../../lib/core/service.ts'
import { split, wantedWeight } from '../../../lib/core/traffic.ts'
import {
  ASLEEP,
  aCommand,
  aFreshRollout,
  aManifest,
  anAnalysis,
  anApp,
  aPush,
  aRevision,
  aVerdict,
  CANARY,
  facts,
  HOUR,
  labelled,
  latency,
  MINUTE,
  SECOND,
  SICK,
  STABLE,
  STARTING,
  someEvidence,
  T0,
} from '../../support/builders.ts'

/** What happens around one look: what Azure did, what foreign hands did, what was measured, what a person asked. */
export interface Happening {
  /** How far the clock moves; it may go back. */
  readonly later: number
  readonly seen: boolean
  readonly weights: 'as wished' | 'as before' | 'foreign'
  readonly share: number
  readonly third: number
  readonly label: boolean
  readonly latest: boolean
  readonly provisioning: string
  readonly canary: 'ready' | 'absent' | 'off' | 'starting' | 'asleep' | 'sick'
  readonly stable: 'ready' | 'off' | 'asleep' | 'starting'
  readonly mode: string
  readonly verdict: VerdictKind | null
  /** Whether the verdict is of the step before. */
  readonly stale: boolean
  readonly blind: boolean
  readonly restarts: number | null
  readonly verb: Verb | null
}

const mostly = <T>(usual: T, ...others: readonly T[]) =>
  fc.oneof({ weight: 20, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(usual, ...others) })

const happening: fc.Arbitrary<Happening> = fc.record({
  later: fc.constantFrom(0, SECOND, MINUTE, MINUTE, 10 * MINUTE, 2 * HOUR, -HOUR),
  seen: mostly(true, false),
  weights: mostly('as wished', 'as before', 'foreign'),
  share: fc.nat(100),
  third: fc.nat(50),
  label: mostly(false, true),
  latest: mostly(false, true),
  provisioning: mostly('Succeeded', 'InProgress', 'Failed'),
  canary: mostly('ready', 'absent', 'off', 'starting', 'asleep', 'sick'),
  stable: mostly('ready', 'off', 'asleep', 'starting'),
  mode: mostly('Multiple', 'Single'),
  verdict: fc.oneof(
    { weight: 24, arbitrary: fc.constant('pass' as const) },
    { weight: 8, arbitrary: fc.constantFrom(null, 'inconclusive', 'nodata', 'error', 'suspect') },
    { weight: 1, arbitrary: fc.constant('fail' as const) },
  ),
  stale: mostly(false, true),
  blind: mostly(false, true),
  restarts: mostly<number | null>(null, 0, 3),
  verb: fc.oneof(
    { weight: 10, arbitrary: fc.constant(null) },
    { weight: 2, arbitrary: fc.constant<Verb>('promote') },
    { weight: 1, arbitrary: fc.constantFrom<Verb>('promote', 'promote-full', 'pause', 'resume', 'abort', 'retry') },
  ),
})

/** A life of a rollout: what happens, look by look. */
export const life = fc.array(happening, { minLength: 1, maxLength: 30, size: 'max' })

/** A plan with a gate, two steps of one weight, and a bake at 100 %. */
const STEPS = {
  stages: [
    { weight: 10, bakeMs: 10 * MINUTE, gate: true },
    { weight: 10, bakeMs: 0, gate: false },
    { weight: 50, bakeMs: HOUR, gate: false },
    { weight: 100, bakeMs: MINUTE, gate: false },
  ],
}

/** How a life is judged: what becomes of a step that stays unclear, and of one whose source stays silent. */
export type Temper = Pick<Analysis, 'onInconclusive' | 'onBlind'>

export const temper: fc.Arbitrary<Temper> = fc.record({
  onInconclusive: fc.record({
    afterMs: fc.constantFrom(null, HOUR),
    then: fc.constantFrom('wait', 'abort', 'promote-never'),
  }),
  onBlind: fc.record({ afterMs: fc.constant(30 * MINUTE), then: fc.constantFrom('wait', 'abort') }),
})

export function planOf(tempered: Partial<Temper> = {}): Manifest {
  return aManifest({ ...STEPS, analysis: anAnalysis({ kpis: [latency({ lagMs: 0 })], ...tempered }) })
}

export const PLAN = planOf()

export interface Step {
  readonly before: Rollout
  readonly facts: Facts
  readonly command: Command | null
  readonly decision: Decision
}

/** What happens around one look by rules and freezes, laid over what happens anyway; `verb` null = as it is. */
export interface Governed {
  readonly verb: Verb | null
  readonly who: 'ada' | 'bo' | 'cy' | 'author'
  readonly freeze: 'none' | 'short' | 'stop' | 'unreadable'
  readonly override: boolean
  readonly named: 'right' | 'wrong'
}

export const governed: fc.Arbitrary<Governed> = fc.record({
  verb: fc.oneof(
    { weight: 4, arbitrary: fc.constant(null) },
    { weight: 6, arbitrary: fc.constant<Verb>('approve') },
    { weight: 1, arbitrary: fc.constantFrom<Verb>('promote', 'promote-full', 'pause', 'resume', 'abort') },
  ),
  who: fc.constantFrom('ada', 'bo', 'cy', 'author'),
  freeze: fc.oneof(
    { weight: 8, arbitrary: fc.constant('none' as const) },
    { weight: 1, arbitrary: fc.constantFrom('short' as const, 'stop' as const, 'unreadable' as const) },
  ),
  override: mostly(false, true),
  named: mostly('right', 'wrong'),
})

/** Approvals of two who are not the author, each good for an hour. */
export const TWO_OTHERS = { required: 2, from: null, notAuthor: true, validForMs: HOUR } as const

function freezeOf(kind: Governed['freeze'], now: number): Frozen | null {
  if (kind === 'none') return null
  if (kind === 'unreadable')
    return { id: kind, reason: 'no answer', by: 'slipway', since: now, until: null, unreadable: true }
  return { id: kind, reason: 'no changes', by: 'kim', since: now, until: kind === 'stop' ? null : now + HOUR }
}

function commandOf(rollout: Rollout, happens: Happening, rules: Governed | undefined): Command | null {
  const verb = rules?.verb ?? happens.verb
  if (verb === null) return null
  if (rules === undefined) return aCommand(verb)
  const { who, override, named } = rules
  const step = 'stage' in rollout.phase ? rollout.phase.stage + (named === 'right' ? 1 : 2) : 1
  const reason = override ? 'it cannot wait any longer' : ''
  return aCommand(verb, { actor: who, actorId: `id-${who}`, step, digest: rollout.push.digest, override, reason })
}

/** Lives a life from the first look on, and tells every step of it; with `rules`, under approvals and freezes. */
export function live(
  happenings: readonly Happening[],
  tempered: Partial<Temper> = {},
  rules: readonly Governed[] = [],
): readonly Step[] {
  const approvals = rules.length === 0 ? null : TWO_OTHERS
  const push = aPush({ author: 'id-author', source: 'api' })
  let rollout = aFreshRollout({ manifest: { ...planOf(tempered), approvals }, push })
  let now = T0
  return happenings.map((happens, index) => {
    const rule = rules.length === 0 ? undefined : rules[index % rules.length]
    now += happens.later
    const before = rollout
    const command = commandOf(before, happens, rule)
    const known = freezeOf(rule?.freeze ?? 'none', now)
    // What stops is obeyed without a look at freezes or measurements, as the engine does.
    const isRushed = rules.length > 0 && isHurried(command)
    const sight = factsOf(before, happens, now)
    const shown: Facts = isRushed
      ? { ...sight, verdict: null, restarts: null, blindSince: null, freeze: 'unread' }
      : { ...sight, freeze: known }
    const decision = decide(before, shown, command)
    if (decision.answer?.kind !== 'refused') rollout = decision.next
    return { before, facts: shown, command, decision }
  })
}

function factsOf(rollout: Rollout, happens: Happening, now: number): Facts {
  const steadyAt = 'steadyAt' in rollout.phase ? rollout.phase.steadyAt : null
  const measured = steadyAt !== null && now > steadyAt
  return facts(happens.seen ? appOf(rollout, happens) : null, {
    now,
    image: { kind: 'present' },
    verdict: measured ? verdict(happens.verdict, happens.stale ? steadyAt - MINUTE : steadyAt) : null,
    restarts: happens.restarts,
    blindSince: measured && happens.blind ? now - HOUR : null,
  })
}

function verdict(kind: VerdictKind | null, from: number): Verdict | null {
  return kind === null ? null : aVerdict(kind, [someEvidence(kind, { from })])
}

function appOf(rollout: Rollout, happens: Happening): AppSeen {
  const early = rollout.phase.kind === 'preparing'
  const canaries = early || happens.canary === 'absent' ? [] : [aRevision(CANARY, CANARY_STATE[happens.canary])]
  const weights = Object.entries(weightsOf(rollout, happens)).filter(([, weight]) => weight > 0)
  const traffic = weights.map(([revision, weight]) => ({ revision, weight, label: null }))
  const [first, ...rest] = traffic
  const followed = happens.latest && first !== undefined ? [{ ...first, revision: null }, ...rest] : traffic
  return anApp({
    mode: happens.mode,
    provisioning: happens.provisioning,
    latestRevision: weights[0]?.[0] ?? STABLE,
    traffic: [...followed, ...(happens.label ? [labelled(CANARY, 0, 'green')] : [])],
    revisions: [aRevision(STABLE, STABLE_STATE[happens.stable]), ...canaries],
  })
}

const CANARY_STATE = { ready: {}, off: { active: false }, starting: STARTING, asleep: ASLEEP, sick: SICK }
const STABLE_STATE = { ready: {}, off: { active: false }, starting: STARTING, asleep: ASLEEP }

function weightsOf(rollout: Rollout, { weights, share, third }: Happening): Readonly<Record<string, number>> {
  const before = rollout.footprint?.weights ?? { [STABLE]: 100 }
  if (weights === 'as before') return before
  const wanted = wantedWeight(rollout)
  if (weights === 'as wished') return wanted === null ? before : split(STABLE, CANARY, wanted)
  const canary = share
  const stranger = Math.min(100 - canary, third)
  return { [STABLE]: 100 - canary - stranger, [CANARY]: canary, 'pricing--x': stranger }
}
