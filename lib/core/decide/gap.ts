import { type Action, type AppSeen, isReady, isSick, type RevisionSeen } from '../app.ts'
import type { Weights } from '../audit.ts'
import { mayBeLate, repairSuffix, wereOurs } from '../drift.ts'
import type { Facts } from '../facts.ts'
import type { Rollout } from '../rollout.ts'
import { pinnedImage } from '../service.ts'
import {
  followed,
  followsLatest,
  sameWeights,
  split,
  trafficList,
  wantedWeight,
  weightsSeen,
  withoutCanary,
} from '../traffic.ts'
import { hold, keptLowBy } from './hold.ts'
import { change, keepFor, type Move, note } from './move.ts'
import { mustWait, untroubled } from './trouble.ts'
import { neededUntil } from './wake.ts'

/** A template that stays failed after so many repairs needs a person; every repair leaves a revision behind. */
const MOST_REPAIRS = 50
/** So many repairs may follow each other closely; where Azure fails them all for a while, one more is tried every five minutes, or each minute where users are to go back. */
const REPAIRS_AT_ONCE = 5
const REPAIR_PACE_MS = 300_000
const BACK_PACE_MS = 60_000

/** How long a traffic write of our own may well run; Azure needs seconds for it. */
const OWN_WRITE_MS = 15_000

/** A move together with the deeds that close the gap between what is wanted and what was seen. */
export interface Closing {
  readonly move: Move
  readonly actions: readonly Action[]
}

/**
 * The deeds that are missing now: at most one that changes the app, since Container Apps refuses a second write while
 * the first runs. Nothing while the app cannot be seen with its revisions, while foreign hands hold it, or while the outside
 * asked to wait.
 */
export function closeGap(move: Move, facts: Facts): Closing {
  const none = { move, actions: [] }
  if (facts.app.kind !== 'seen' || wantedWeight(move.rollout) === null) return none
  const { app } = facts.app
  if (app.provisioning === 'InProgress' && !isUrgent(move.rollout, facts.now)) {
    return { move, actions: wakesMeanwhile(move.rollout, app) }
  }
  const closing = missing(move, facts, app)
  if (closing.actions.length === 0) return { move: untroubled(closing.move, facts, 'deed'), actions: [] }
  return mustWait(move.rollout, facts.now) && !isFreeAgain(move.rollout, app) ? none : closing
}

/**
 * A rollback is tried at once, even while an operation runs; after that its own write is given time to be the one that
 * runs, and only an operation that lasts longer is tried against again.
 */
function isUrgent({ phase }: Rollout, now: number): boolean {
  if (phase.kind !== 'rolling-back') return false
  return now === phase.since || now >= phase.since + OWN_WRITE_MS || now < phase.since
}

/** A rollback that was refused because another operation ran goes on as soon as that has ended. */
function isFreeAgain({ phase, trouble }: Rollout, app: AppSeen): boolean {
  return phase.kind === 'rolling-back' && trouble?.kind === 'conflict' && app.provisioning !== 'InProgress'
}

function missing(move: Move, facts: Facts, app: AppSeen): Closing {
  const { rollout } = move
  switch (rollout.phase.kind) {
    case 'preparing':
      return pin(move, facts, app)
    case 'provisioning':
      return make(move, facts, app)
    case 'paused':
      return rollout.phase.from === 'progressing' ? shift(move, facts, app) : { move, actions: [] }
    case 'progressing':
      return shift(move, facts, app)
    case 'rolling-back':
      return restore(move, facts, app)
    case 'finished':
      return tidy(move, facts, app)
  }
}

/** Before any revision is made: a failed template is repaired, stable is on, and traffic is pinned, so that nothing new takes weight. */
function pin(move: Move, facts: Facts, app: AppSeen): Closing {
  const { stable } = move.rollout
  if (stable === null) return { move, actions: [] }
  if (find(app, stable)?.active === false) return switchOn(move, facts, stable)
  if (isOnlyNamed(move.rollout, app, stable)) return { move, actions: [] }
  if (needsRepair(move.rollout, facts, app)) return repair(move, facts, app, stable, { [stable]: 100 })
  if (!followsLatest(app)) return { move, actions: [] }
  const traffic = trafficList(app, { [stable]: 100 })
  const pinned = note(move, facts, {
    kind: 'traffic-pinned',
    metric: 'canary-weight',
    value: 0,
    weightsAfter: { [stable]: 100 },
    notes: `traffic followed the latest revision; it is pinned to ${stable} so that a new revision takes none unasked`,
  })
  return { move: pinned, actions: [{ kind: 'set-traffic', traffic }] }
}

/**
 * Whether traffic follows the latest revision, and that one cannot serve: Azure leaves users on the one that was ready before,
 * and naming the latest would take them off it.
 */
function isOnlyNamed({ phase }: Rollout, app: AppSeen, stable: string): boolean {
  const revision = find(app, stable)
  if (phase.kind !== 'preparing' || !followsLatest(app) || revision === undefined) return false
  return !isReady(revision) && revision.running !== 'ScaledToZero'
}

function make(move: Move, facts: Facts, app: AppSeen): Closing {
  const { rollout } = move
  if (followsLatest(app)) return pin(move, facts, app)
  const revision = find(app, rollout.canary)
  if (revision === undefined) {
    if (rollout.stable === null) return { move, actions: [] }
    const suffix = rollout.canary.slice(rollout.manifest.target.app.length + 2)
    return {
      move,
      actions: [{ kind: 'create-revision', from: rollout.stable, suffix, image: pinnedImage(rollout.push) }],
    }
  }
  if (!revision.active) return { move, actions: [{ kind: 'activate', revision: revision.name }] }
  return { move, actions: wakes(rollout, app) }
}

/**
 * Towards the weight of the step: onto revisions that are switched on, and up only onto those that can serve, and while no
 * freeze holds. Stable rises where a hand had taken its users and Slipway takes over again.
 */
function shift(move: Move, facts: Facts, app: AppSeen): Closing {
  const { rollout } = move
  const wanted = wantedWeight(rollout)
  const canary = find(app, rollout.canary)
  if (wanted === null || rollout.stable === null || canary === undefined) return { move, actions: [] }
  const weights = split(rollout.stable, rollout.canary, wanted)
  const seen = weightsSeen(app)
  const rises = wanted > (seen[rollout.canary] ?? 0)
  const freeze = rises ? keptLowBy(rollout, facts) : null
  if (freeze !== null) return { move: hold(move, facts, freeze, `the weight of ${wanted} %`), actions: [] }
  const off = Object.keys(weights).find((name) => find(app, name)?.active === false)
  if (off !== undefined) return switchOn(move, facts, off)
  if (sameWeights(seen, weights) && !followsLatest(app)) return { move, actions: [] }
  if (rises && !isReady(canary)) return { move, actions: wakes(rollout, app) }
  const stable = find(app, rollout.stable)
  const isBack = (weights[rollout.stable] ?? 0) > (seen[rollout.stable] ?? 0)
  if (isBack && stable !== undefined && !canServe(stable)) return { move, actions: [] }
  return write(move, facts, app, rollout.stable, weights)
}

/** Out of the canary: stable is switched on first should somebody have switched it off, and given time to start. */
function restore(move: Move, facts: Facts, app: AppSeen): Closing {
  const { rollout } = move
  const { stable, canary, phase, manifest } = rollout
  if (stable === null || phase.kind !== 'rolling-back') return { move, actions: [] }
  const seen = weightsSeen(app)
  const weights = wereOurs(rollout, seen) ? split(stable, canary, 0) : withoutCanary(seen, stable, canary)
  if ((seen[canary] ?? 0) > 0) {
    const target = find(app, stable)
    if (app.mode !== 'Multiple' && !needsRepair(rollout, facts, app)) return setMode(move, facts, app)
    if (target?.active === false) return switchOn(move, facts, stable)
    const patient = facts.now < phase.since + manifest.deadlines.trafficMs
    if (target !== undefined && isStarting(target) && patient) return { move, actions: [] }
    return write(move, facts, app, stable, weights)
  }
  if (!needsRepair(rollout, facts, app)) return { move, actions: [] }
  const left = withoutCanary(seen, stable, canary)
  // A repair writes the traffic again: it may give none to a revision that somebody has switched off meanwhile.
  const off = Object.keys(left).find((name) => find(app, name)?.active === false)
  return off === undefined ? repair(move, facts, app, stable, left) : switchOn(move, facts, off)
}

/** After the end: late writes are put right, and revisions without use are switched off once they have drained. */
function tidy(move: Move, facts: Facts, app: AppSeen): Closing {
  const { rollout } = move
  const { stable, canary, phase } = rollout
  if (stable === null || phase.kind !== 'finished') return { move, actions: [] }
  const promoted = phase.outcome === 'promoted'
  const seen = weightsSeen(app)
  const wanted = split(stable, canary, promoted ? 100 : 0)
  const keeper = find(app, promoted ? canary : stable)
  if (keeper === undefined) return { move, actions: [] }
  // In another mode Azure deals out the traffic itself: no writer of ours brought that about, nor can it be put right.
  if (!sameWeights(seen, wanted) && mayBeLate(rollout, seen) && app.mode === 'Multiple') {
    return keeper.active ? write(move, facts, app, keeper.name, wanted) : switchOn(move, facts, keeper.name)
  }
  // A last step that bakes has had all traffic for long when it is promoted: what it replaced is kept from then on.
  const since = promoted ? Math.max(rollout.trafficSeenAt, phase.at) : rollout.trafficSeenAt
  const drained = (name: string) =>
    facts.now >= Math.max(since + keepFor(rollout, phase.outcome, name), neededUntil(rollout, name))
  const serving = [keeper.name, ...Object.keys(seen)].map((name) => find(app, name))
  const served = serving.every((revision) => revision !== undefined && canServe(revision))
  if (!served) return { move, actions: [] }
  const idle = rollout.leftovers.find(
    (name) => drained(name) && find(app, name)?.active === true && (seen[name] ?? 0) === 0 && !labelled(app, name),
  )
  if (idle === undefined) return { move, actions: [] }
  const noted = note(move, facts, {
    kind: 'revision-deactivated',
    metric: 'revision',
    notes: `${idle} has had no traffic for long enough and is switched off`,
  })
  return { move: noted, actions: [{ kind: 'deactivate', revision: idle }] }
}

/**
 * Out of a mode that gives all users to the newest revision and switches off every other: until the app is in Multiple mode
 * stable would be switched off again by the next write.
 */
function setMode(move: Move, facts: Facts, { target, mode }: AppSeen): Closing {
  const noted = note(move, facts, {
    kind: 'mode-set',
    metric: 'mode',
    notes: `${target.app} is in ${mode} revision mode, in which stable cannot serve; it is set to Multiple so that stable can take its traffic back`,
  })
  return { move: noted, actions: [{ kind: 'set-mode', mode: 'Multiple' }] }
}

function switchOn(move: Move, facts: Facts, revision: string): Closing {
  const noted = note(move, facts, {
    kind: 'revision-activated',
    metric: 'revision',
    notes: `${revision} was switched off and must take traffic: it is switched on first`,
  })
  return { move: noted, actions: [{ kind: 'activate', revision }] }
}

/**
 * Writes weights; where a failed template waits to be tried again with every write, one that works goes along. Until that may
 * be, nothing is written: a failed template that hangs would keep everybody out for ten minutes.
 */
function write(move: Move, facts: Facts, app: AppSeen, from: string, weights: Weights): Closing {
  if (needsRepair(move.rollout, facts, app)) return repair(move, facts, app, from, weights)
  if (app.provisioning === 'Failed' && repairsOf(move.rollout) < MOST_REPAIRS) return { move, actions: [] }
  return { move, actions: [{ kind: 'set-traffic', traffic: trafficList(app, weights) }] }
}

/** Whether every other write would fail, since a failed template is tried again with it. */
function needsRepair(rollout: Rollout, { now }: Facts, { provisioning }: AppSeen): boolean {
  return provisioning === 'Failed' && mayRepair(rollout, now)
}

/** Each phase has a pace of its own: repairs that Azure failed while the canary rose must not keep users on it when it is to leave. */
function mayRepair(rollout: Rollout, now: number): boolean {
  const { since, before } = burstOf(rollout)
  const pace = goesBack(rollout) ? BACK_PACE_MS : REPAIR_PACE_MS
  const paced = REPAIRS_AT_ONCE + Math.max(0, Math.floor((now - since) / pace))
  return rollout.repairs - before < paced && repairsOf(rollout) < MOST_REPAIRS
}

/** How many of the repairs count as spent: the way back has as many again. */
function repairsOf(rollout: Rollout): number {
  return goesBack(rollout) ? rollout.repairs - burstOf(rollout).before : rollout.repairs
}

function goesBack({ phase }: Rollout): boolean {
  return phase.kind === 'rolling-back' || phase.kind === 'finished'
}

/** Since when repairs are counted now, and how many there had been before. */
function burstOf(rollout: Rollout): NonNullable<Rollout['repairBurst']> {
  const { repairs, repairBurst, phase } = rollout
  const since = phase.kind === 'finished' ? phase.at : phase.since
  if (repairBurst?.since === since) return repairBurst
  // An older build did not write down which of them were of this phase: on the way up all count, on the way back none.
  const before = repairBurst === undefined && !goesBack(rollout) ? 0 : repairs
  return { since, before }
}

function repair(move: Move, facts: Facts, app: AppSeen, from: string, weights: Weights): Closing {
  const n = move.rollout.repairs + 1
  const repairBurst = burstOf(move.rollout)
  const suffix = repairSuffix(move.rollout, n)
  const mode = app.mode === 'Multiple' ? {} : ({ mode: 'Multiple' } as const)
  const { app: name } = app.target
  const noted = note(
    change(move, { repairs: n, repairBurst, leftovers: [...move.rollout.leftovers, `${name}--${suffix}`] }),
    facts,
    {
      kind: 'repair-requested',
      metric: 'revision',
      weightsAfter: weights,
      notes: `Azure keeps a failed template and would try it again at every write; the template of ${from} is written as ${name}--${suffix}`,
    },
  )
  return {
    move: noted,
    actions: [{ kind: 'repair', from, suffix, traffic: trafficList(app, weights), ...mode }],
  }
}

/** What may be done while an operation runs: a canary that is to take weight is woken. */
function wakesMeanwhile(rollout: Rollout, app: AppSeen): readonly Action[] {
  const { kind } = rollout.phase
  return kind === 'provisioning' || kind === 'progressing' ? wakes(rollout, app) : []
}

/** A canary that has scaled to zero never becomes ready by itself: one request wakes it. */
function wakes(rollout: Rollout, app: AppSeen): readonly Action[] {
  const revision = find(app, rollout.canary)
  if (revision === undefined || revision.fqdn === null || revision.running !== 'ScaledToZero') return []
  return [{ kind: 'wake', revision: revision.name, fqdn: revision.fqdn }]
}

function labelled(app: AppSeen, name: string): boolean {
  return app.traffic.some((entry) => entry.label !== null && (entry.revision ?? followed(app)) === name)
}

/** Whether a revision is on its way up: traffic that came now would find nobody. */
function isStarting(revision: RevisionSeen): boolean {
  return revision.replicas === 0 && revision.running !== 'ScaledToZero' && !isSick(revision)
}

/** Whether a revision can do without the one that is to be switched off; one that sleeps wakes with the first request. */
function canServe(revision: RevisionSeen): boolean {
  return isReady(revision) || (revision.active && revision.running === 'ScaledToZero')
}

function find(app: AppSeen, name: string): RevisionSeen | undefined {
  return app.revisions.find((revision) => revision.name === name)
}
