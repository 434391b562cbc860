import { type AppSeen, isReady, looked } from '../app.ts'
import type { Facts } from '../facts.ts'
import { duration, weightsText } from '../format.ts'
import { pinnedImage, type Target } from '../service.ts'
import { followsLatest, footprintOf, weightsSeen } from '../traffic.ts'
import { clockFrom, heldBy, hold } from './hold.ts'
import { change, enter, finish, type Move, note, rollBack, startStage } from './move.ts'

/** Checks image and app and finds the stable revision, before anything is written to Azure. */
export function prepare(move: Move, facts: Facts): Move {
  const { rollout } = move
  const { push, manifest, phase } = rollout
  const late = facts.now >= clockFrom(rollout, phaseSince(phase)) + manifest.deadlines.readyMs
  if (facts.image?.kind === 'absent') {
    return finish(
      move,
      facts,
      'failed',
      `the registry has no manifest ${push.digest} in ${push.registry}/${push.repository}`,
    )
  }
  if (facts.image === null || facts.image.kind === 'unknown') {
    const why = facts.image?.trouble.message ?? 'the registry was not asked'
    return late ? finish(move, facts, 'failed', `the image could not be checked: ${why}`) : move
  }
  const seen = looked(facts.app)
  if (seen.kind === 'unseen') {
    return late ? finish(move, facts, 'failed', `the app could not be seen: ${seen.fault.message}`) : move
  }
  const { app } = seen
  const refusal = unfitness(app.target, { mode: app.mode, sticky: app.stickySessions })
  if (refusal !== null) return finish(move, facts, 'refused', refusal)
  return withStable(move, facts, app, late)
}

function withStable(move: Move, facts: Facts, app: AppSeen, late: boolean): Move {
  const { push } = move.rollout
  const weights = weightsSeen(app)
  const [stable] = Object.keys(weights).filter((name) => weights[name] === 100)
  if (stable === undefined) {
    const fix = `give one revision all traffic: az containerapp ingress traffic set -n ${app.target.app} -g ${app.target.resourceGroup} --revision-weight <revision>=100`
    return finish(move, facts, 'refused', `no revision has all traffic (${weightsText(weights)}); ${fix}`)
  }
  const revision = app.revisions.find((candidate) => candidate.name === stable)
  if (revision === undefined) return finish(move, facts, 'refused', `traffic points at ${stable}, which does not exist`)
  if (revision.image === pinnedImage(push)) {
    return finish(move, facts, 'unchanged', `${stable} already serves all traffic with ${push.digest}`)
  }
  const freeze = heldBy(move.rollout, facts)
  if (freeze !== null) return hold(move, facts, freeze, `${move.rollout.id} (${push.tag})`)
  // What an earlier rollout left to be switched off may have been given all traffic by hand since.
  const leftovers = move.rollout.leftovers.filter((name) => name !== stable)
  const footprint = { ...footprintOf(app, { ...move.rollout, stable, leftovers }), revisionsAt: facts.now }
  const known = change(move, { stable, stableImage: revision.image, leftovers, footprint })
  const busy = app.provisioning === 'InProgress' || app.provisioning === 'Failed'
  if (busy || !revision.active || followsLatest(app)) {
    return late
      ? finish(known, facts, 'failed', `the app stayed ${app.provisioning}, its traffic could not be pinned`)
      : known
  }
  const found = note(known, facts, {
    kind: 'stable-found',
    metric: 'canary-weight',
    value: 0,
    notes: `${stable} serves all traffic and is the revision to fall back to`,
  })
  return note(enter(found, { kind: 'provisioning', since: facts.now }), facts, {
    kind: 'revision-requested',
    metric: 'revision',
    notes: `${move.rollout.canary} is made from ${stable} with image ${pinnedImage(push)} (tag ${push.tag})`,
  })
}

/** Waits until the canary revision can serve; then the first step begins. */
export function provision(move: Move, facts: Facts): Move {
  const { rollout } = move
  const { canary, manifest, phase } = rollout
  const late = facts.now >= clockFrom(rollout, phaseSince(phase)) + manifest.deadlines.readyMs
  const tooLate = `${canary} was not ready within ${duration(manifest.deadlines.readyMs)}`
  if (facts.app.kind !== 'seen') return late ? rollBack(move, facts, 'failed', tooLate) : move
  const { app } = facts.app
  const revision = app.revisions.find((candidate) => candidate.name === canary)
  const asked = phaseSince(phase) < facts.now
  if (revision === undefined && app.provisioning === 'Failed' && asked) {
    return rollBack(move, facts, 'failed', `Azure could not make ${canary}: its last operation failed`)
  }
  if (revision !== undefined && revision.image !== pinnedImage(rollout.push)) {
    return rollBack(move, facts, 'failed', `${canary} exists already with another image (${revision.image})`)
  }
  if (revision !== undefined && (revision.provisioning === 'Failed' || revision.running === 'Failed')) {
    const why = revision.error ?? `${revision.provisioning}, ${revision.running}`
    return rollBack(move, facts, 'failed', `${canary} could not start: ${why}`)
  }
  if (revision !== undefined && isReady(revision) && app.provisioning !== 'InProgress') {
    const freeze = heldBy(rollout, facts)
    if (freeze !== null) return hold(move, facts, freeze, `step 1, for which ${canary} is ready,`)
    const ready = note(move, facts, {
      kind: 'revision-ready',
      metric: 'replicas',
      value: revision.replicas,
      notes: `${canary} is ${revision.health} and ${revision.running} with ${revision.replicas} replica${revision.replicas === 1 ? '' : 's'}`,
    })
    return startStage(ready, facts, 0)
  }
  return late
    ? rollBack(
        move,
        facts,
        'failed',
        `${tooLate} (${revision === undefined ? 'it does not exist' : `${revision.health}, ${revision.running}`})`,
      )
    : move
}

/** Why an app that is set up like this cannot have a canary, with the command that mends it; null = it can. */
export function unfitness(target: Target, setUp: { readonly mode: string; readonly sticky: boolean }): string | null {
  const at = `-n ${target.app} -g ${target.resourceGroup} --subscription ${target.subscriptionId}`
  if (setUp.mode !== 'Multiple') {
    return `${target.app} is in ${setUp.mode} revision mode, which cannot split traffic; mend it with: az containerapp revision set-mode ${at} --mode multiple`
  }
  if (setUp.sticky) {
    return `${target.app} has sticky sessions, which Container Apps does not support with several revisions; mend it with: az containerapp ingress sticky-sessions set ${at} --affinity none`
  }
  return null
}

function phaseSince(phase: { readonly kind: string }): number {
  return 'since' in phase && typeof phase.since === 'number' ? phase.since : 0
}
