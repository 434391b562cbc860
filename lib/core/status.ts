import { type GateState, gateOf, gateText, isEnough } from './approval.ts'
import { bakeEnds } from './ask.ts'
import { assertNever } from './assert-never.ts'
import type { Weights } from './audit.ts'
import { allowedVerbs } from './decide/allowed.ts'
import { spoken } from './decide/answer.ts'
import { clockFrom, heldBy } from './decide/hold.ts'
import { stepOf } from './decide/move.ts'
import { UNREAD_MS } from './decide/wake.ts'
import type { Verb } from './facts.ts'
import { duration } from './format.ts'
import { type Frozen, freezeText } from './freeze.ts'
import { withIntervals } from './judge/interval.ts'
import { extensionOf } from './judge/kpi-test.ts'
import type { Evidence } from './judge/verdict.ts'
import type { Phase, Rollout } from './rollout.ts'
import type { ServiceState } from './service.ts'
import { split, wantedWeight } from './traffic.ts'

/** What is going on with a service: what, why, what comes next and when. Times are ISO 8601, UTC. */
export interface Status {
  readonly service: string
  readonly environment: string
  /** `idle` before the first rollout, else the phase. */
  readonly phase: string
  readonly outcome: string | null
  readonly rollout: string | null
  readonly tag: string | null
  readonly digest: string | null
  readonly step: { readonly number: number; readonly of: number } | null
  readonly stable: string | null
  readonly canary: string | null
  /** Weights wished for and weights last seen; null where not known. */
  readonly weights: { readonly wanted: Weights | null; readonly actual: Weights | null }
  readonly what: string
  readonly why: string
  readonly next: string
  /** When `next` can come at the earliest; null where it waits for a person or for nothing. */
  readonly nextAt: string | null
  /** Milliseconds until then, never negative. */
  readonly nextInMs: number | null
  readonly kpis: readonly Evidence[]
  readonly trouble: string | null
  readonly pending: readonly string[]
  readonly manifestVersion: number
  /** The manual gate that the rollout waits at; null where it waits at none. */
  readonly gate: Gate | null
  /** The freeze that holds the service now; null where none does. Times are ISO 8601; `until` null = until it is lifted. */
  readonly freeze: {
    readonly id: string
    readonly reason: string
    readonly by: string
    readonly until: string | null
    /** Nobody can read which freezes hold, for `reason`: that passes by itself, and nobody can lift it. */
    readonly unreadable?: true
  } | null
  /** What the rollout's state lets anybody ask for now. */
  readonly commands: readonly Verb[]
}

/** A manual gate: what it takes to open it, and what it has. Times are ISO 8601, UTC. */
export interface Gate {
  /** From 1. */
  readonly step: number
  /** What an approval is bound to, beside rollout and step. */
  readonly digest: string
  /** How many different approvers it takes. */
  readonly required: number
  readonly given: readonly { readonly by: string; readonly at: string; readonly expiresAt: string | null }[]
  /** The only ones who may approve, by name or id; null = every Approver. */
  readonly from: readonly string[] | null
  /** Whether the author of the push may not approve it, and who that is where it is known. */
  readonly notAuthor: boolean
  readonly author: string | null
  /** When the rollout is rolled back because nobody opened it; null = never. */
  readonly expiresAt: string | null
}

/** Puts the state of a service into words, from stored state and the freeze that holds for it now (null = none). */
export function statusOf(service: ServiceState, rollout: Rollout | null, now: number, freeze: Frozen | null): Status {
  const base = {
    service: service.key.name,
    environment: service.key.environment,
    pending: [...(service.undo === null ? [] : [service.undo.push.tag]), ...service.pending.map(({ tag }) => tag)],
    manifestVersion: service.manifestVersion,
    freeze: freeze === null ? null : frozenView(freeze),
  }
  if (rollout === null) return { ...base, ...NOTHING_YET }
  const step = stepOf(rollout.phase)
  const next = heldBack(rollout, freeze, now) ?? nextOf(rollout, now)
  const wanted = wantedWeight(rollout)
  return {
    ...base,
    phase: rollout.phase.kind,
    outcome: rollout.phase.kind === 'finished' ? rollout.phase.outcome : null,
    rollout: rollout.id,
    tag: rollout.push.tag,
    digest: rollout.push.digest,
    step: step === null ? null : { number: step, of: rollout.manifest.stages.length },
    stable: rollout.stable,
    canary: rollout.canary,
    weights: {
      wanted: rollout.stable === null || wanted === null ? null : split(rollout.stable, rollout.canary, wanted),
      actual: rollout.footprint?.weights ?? null,
    },
    what: `${rollout.id} (${rollout.push.tag}) is ${spoken(rollout.phase)}`,
    why: whyOf(rollout),
    next: next.text,
    nextAt: next.at === null ? null : new Date(next.at).toISOString(),
    nextInMs: next.at === null ? null : Math.max(0, next.at - now),
    kpis: withIntervals(rollout.verdict?.evidence ?? []),
    trouble: rollout.trouble?.message ?? null,
    gate: gateView(rollout, now),
    commands: allowedVerbs(rollout, freeze, now, service.undo),
  }
}

const NOTHING_YET = {
  phase: 'idle',
  outcome: null,
  rollout: null,
  tag: null,
  digest: null,
  step: null,
  stable: null,
  canary: null,
  weights: { wanted: null, actual: null },
  what: 'no rollout yet',
  why: 'no image that matches the manifest has been pushed',
  next: 'the next matching push starts a rollout',
  nextAt: null,
  nextInMs: null,
  kpis: [],
  trouble: null,
  gate: null,
  commands: [],
} as const

function frozenView({ id, reason, by, until, unreadable }: Frozen): NonNullable<Status['freeze']> {
  const end = until === null ? null : new Date(until).toISOString()
  return { id, reason, by, until: end, ...(unreadable === true ? { unreadable } : {}) }
}

/** The gate that a rollout waits at, as people are told of it; null where it waits at none. */
export function gateView(rollout: Rollout, now: number): Gate | null {
  const gate = gateOf(rollout, now)
  const { phase, manifest, push } = rollout
  if (gate === null || phase.kind !== 'paused') return null
  const { gateMs } = manifest.deadlines
  const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString())
  return {
    step: gate.step,
    digest: gate.digest,
    required: gate.needed,
    given: gate.given.map(({ name, at, expiresAt }) => {
      return { by: name, at: new Date(at).toISOString(), expiresAt: iso(expiresAt) }
    }),
    from: gate.rules.from,
    notAuthor: gate.rules.notAuthor,
    author: push.author,
    expiresAt: iso(gateMs === null ? null : clockFrom(rollout, phase.since) + gateMs),
  }
}

/** What comes next where a freeze is all that the rollout waits for, or soon will be; null where it holds nothing back. */
function heldBack(
  rollout: Rollout,
  freeze: Frozen | null,
  now: number,
): { readonly text: string; readonly at: number | null } | null {
  const { phase, manifest } = rollout
  const held = heldBy(rollout, { freeze })
  const gate = gateOf(rollout, now)
  const isReady = gate === null ? phase.kind !== 'paused' : isEnough(gate)
  if (held === null || !isReady || phase.kind === 'rolling-back' || phase.kind === 'finished') return null
  if (phase.kind === 'progressing' && phase.stage >= manifest.stages.length - 1) return null
  const at = held.unreadable === true ? now + UNREAD_MS : held.until
  return { text: `held by ${freezeText(held)}; then ${nextOf(rollout, now).text}`, at }
}

function whyOf(rollout: Rollout): string {
  const { phase, verdict } = rollout
  if (rollout.trouble !== null) return rollout.trouble.message
  switch (phase.kind) {
    case 'paused':
    case 'rolling-back':
    case 'finished':
      return phase.because
    case 'preparing':
      return 'the image and the app are being checked'
    case 'provisioning':
      return `${rollout.canary} must be healthy before it takes traffic`
    case 'progressing':
      if (phase.steadyAt === null) return 'the wished weight is not real yet'
      return verdict === null ? 'no measurements yet' : `${verdict.kind}: ${verdict.because}`
    default:
      return assertNever(phase)
  }
}

function nextOf(rollout: Rollout, now: number): { readonly text: string; readonly at: number | null } {
  const { phase, manifest } = rollout
  switch (phase.kind) {
    case 'preparing':
      return { text: 'the revision is made', at: rollout.wakeAt }
    case 'provisioning':
      return {
        text: `step 1 begins once ${rollout.canary} is ready; otherwise rollback`,
        at: phase.since + manifest.deadlines.readyMs,
      }
    case 'progressing':
      return afterBake(rollout, phase.stage, now)
    case 'paused':
      return afterPause(rollout, phase, now)
    case 'rolling-back':
      return { text: 'the canary loses its traffic', at: rollout.wakeAt }
    case 'finished':
      return rollout.wakeAt === null
        ? { text: 'nothing; the next matching push starts a rollout', at: null }
        : { text: 'the watch for late writes ends', at: phase.watchUntil }
    default:
      return assertNever(phase)
  }
}

function afterPause(
  rollout: Rollout,
  phase: Phase & { kind: 'paused' },
  now: number,
): { readonly text: string; readonly at: number | null } {
  const { analysis, deadlines, approvals } = rollout.manifest
  if (phase.why === 'inconclusive') {
    const isNever = analysis.onInconclusive.then === 'promote-never'
    return { text: `${isNever ? '' : 'promote goes on, '}resume waits longer, abort rolls back`, at: null }
  }
  if (phase.why !== 'gate') return { text: 'resume goes on, abort rolls back', at: null }
  const gate = approvals === null ? null : gateOf(rollout, now)
  const text =
    gate === null ? 'promote opens the gate, abort rolls back' : `${openingText(gate, rollout)}, abort rolls back`
  const { gateMs } = deadlines
  return gateMs === null
    ? { text, at: null }
    : { text: `${text}; without either it is rolled back`, at: clockFrom(rollout, phase.since) + gateMs }
}

function openingText(gate: GateState, rollout: Rollout): string {
  if (isEnough(gate))
    return `the gate opens by itself with the next look at which the KPIs pass, ${gateText(gate, rollout)}`
  return `approve opens the gate, ${gateText(gate, rollout)}`
}

function afterBake(
  rollout: Rollout,
  stage: number,
  now: number,
): { readonly text: string; readonly at: number | null } {
  const { stages } = rollout.manifest
  const following = stages[stage + 1]
  const gate = stages[stage]?.gate === true ? ', then a person opens the gate' : ''
  const goal =
    following === undefined
      ? 'the rollout is promoted'
      : `step ${stage + 2} of ${stages.length} with ${following.weight} %`
  const ends = bakeEnds(rollout)
  if (!Number.isFinite(ends) && following === undefined && stages[stage]?.bakeMs === 0)
    return { text: `the rollout is promoted once ${rollout.canary} has all traffic`, at: rollout.wakeAt }
  if (!Number.isFinite(ends))
    return { text: `the bake of step ${stage + 1} begins when its weight is real`, at: rollout.wakeAt }
  const earliest = earliestPass(rollout)
  const patience = ends + extensionOf(rollout.manifest, stage)
  const late = earliest > patience ? `; at the present traffic they need longer than the step may be extended` : ''
  if (now < ends) {
    return { text: `${goal} when the KPIs hold over the whole step${gate}${late}`, at: Math.max(ends, earliest) }
  }
  const text = `${goal} as soon as the KPIs pass (${duration(now - ends)} past the bake)${gate}${late}`
  return { text, at: earliest > now ? earliest : rollout.wakeAt }
}

/** When the last of the KPIs that must pass may do so at the earliest, as far as the judge can tell; 0 where it cannot. */
function earliestPass({ verdict }: Rollout): number {
  const waiting = (verdict?.evidence ?? []).filter(({ role, verdict: kind }) => role === 'required' && kind !== 'pass')
  return Math.max(0, ...waiting.map(({ passAt }) => passAt ?? 0))
}
