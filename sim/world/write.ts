import { isDeepStrictEqual } from 'node:util'
import { underLie } from './lies.ts'
import { ArmRefusal, badRequest, notFound } from './refusal.ts'
import { start, stop, touched } from './settle.ts'
import {
  type AppState,
  findRevision,
  newRevision,
  type OperationState,
  type RevisionState,
  type Shape,
} from './state.ts'
import type { ImageBehaviour } from './types.ts'
import { checkEnvelope, checkSecrets, checkTemplate, checkTraffic } from './validate.ts'
import { isObject, type Json, mergePatch, type WireConfiguration, type WireTemplate } from './wire.ts'

/** How long an operation takes, milliseconds: configuration only, a new revision, and one that gets nowhere. */
export const OPERATION_MS = { configuration: 1_500, template: 3_000, expiry: 600_000 } as const

/** What a write needs to know of the world. */
export interface Surroundings {
  readonly now: number
  readonly operationId: string
  behaviourOf(image: string): ImageBehaviour
}

/**
 * Takes a JSON merge patch and starts its operation. It builds on what was asked for last, also when that failed: a
 * failed template stays wanted and is tried again by every later write (runbook of louislawson/parcelquote-platform).
 * Throws ArmRefusal where Azure answers at once; a used suffix or an image that cannot be pulled fails later.
 */
export function acceptPatch(
  app: AppState,
  body: unknown,
  { now, operationId, behaviourOf }: Surroundings,
): OperationState {
  refuseWhileBusy(app)
  const next = mergedShape(app, checkEnvelope(body))
  const renewed = app.templateFailed || !isDeepStrictEqual(next.template, app.applied.template)
  const outcome = renewed ? planRevision(app, next.template, now, behaviourOf) : PLAIN
  const asked: OperationState = {
    id: operationId,
    target: app.key,
    startedAt: now,
    next,
    ...outcome,
    endsAt: now + outcome.lastsMs,
    vain: null,
  }
  const operation = underLie(app, asked, body, now)
  if (operation.vain === null) app.desired = next
  app.operation = operation
  if (operation.revision !== null) app.revisions = [...app.revisions, operation.revision]
  touched(app)
  return operation
}

/** Switches a revision on; one that is on stays as it is. Throws ArmRefusal. */
export function activate(app: AppState, name: string, now: number): void {
  refuseWhileBusy(app)
  const revision = revisionOf(app, name)
  if (revision.active) return
  revision.active = true
  start(revision, now)
  touched(app)
}

/** Switches a revision off, also one that serves all traffic (microsoft/azure-container-apps#1345). Throws ArmRefusal. */
export function deactivate(app: AppState, name: string, now: number): void {
  refuseWhileBusy(app)
  const revision = revisionOf(app, name)
  if (!revision.active) return
  stop(revision, now, false)
  touched(app)
}

/** Starts an active revision's replicas anew. Throws ArmRefusal. */
export function restart(app: AppState, name: string, now: number): void {
  refuseWhileBusy(app)
  const revision = revisionOf(app, name)
  if (!revision.active) throw badRequest('RevisionInactive', `Revision '${name}' is inactive and cannot be restarted.`)
  start(revision, now)
  touched(app)
}

/** The revision of that name. Throws the 404 of ARM. */
export function revisionOf(app: AppState, name: string): RevisionState {
  const revision = findRevision(app, name)
  if (revision === undefined) throw notFound('Microsoft.App/containerApps/revisions', name, app.key.resourceGroup)
  return revision
}

/** What the app would be after a merge patch, checked. Throws ArmRefusal. */
export function mergedShape(app: AppState, body: Json): Shape {
  const properties = isObject(body.properties) ? body.properties : {}
  const sent = isObject(properties.configuration) ? properties.configuration : {}
  const merged = mergePatch(app.desired.configuration, sent) as WireConfiguration
  if (sent.secrets !== undefined && sent.secrets !== null) checkSecrets(sent.secrets)
  if (isObject(sent.ingress) && sent.ingress.traffic !== undefined) checkTraffic(app, sent.ingress.traffic)
  const template = mergePatch(app.desired.template, properties.template ?? {}) as WireTemplate
  checkTemplate(app, template, merged.secrets ?? [])
  const configuration = merged.activeRevisionsMode === 'Single' ? allToLatest(merged) : merged
  const tags = body.tags === undefined ? app.desired.tags : (mergePatch(app.desired.tags, body.tags) as Json | null)
  return { configuration, template, tags }
}

/** Single mode knows one traffic: everything to the latest revision. */
function allToLatest(configuration: WireConfiguration): WireConfiguration {
  const ingress = { ...configuration.ingress, traffic: [{ latestRevision: true, weight: 100 }] }
  return { ...configuration, ingress }
}

function refuseWhileBusy(app: AppState): void {
  if (app.operation === null) return
  const message = `Cannot modify a container app '${app.key.app}' because there is an active provisioning operation in progress. OperationId: '${app.operation.id}'`
  throw new ArmRefusal({ status: 409, code: 'ContainerAppOperationInProgress', message })
}

type Plan = Pick<OperationState, 'revision' | 'error'> & { readonly lastsMs: number }

const PLAIN: Plan = { revision: null, error: null, lastsMs: OPERATION_MS.configuration }

/** Decides at the start what will become of a template: nothing that comes later changes it. */
function planRevision(
  app: AppState,
  template: WireTemplate,
  now: number,
  behaviourOf: Surroundings['behaviourOf'],
): Plan {
  const suffix = template.revisionSuffix ? template.revisionSuffix : autoSuffix(app)
  const name = `${app.key.app}--${suffix}`
  if (findRevision(app, name) !== undefined) return failing(name, usedSuffix(suffix))
  for (const container of template.containers) {
    if (behaviourOf(container.image).never === 'pull-fails') return failing(name, noManifest(container))
  }
  const behaviours = template.containers.map((container) => behaviourOf(container.image))
  if (behaviours.some(({ never }) => never === 'stuck')) {
    const revision = newRevision(name, suffix, template, now, Number.POSITIVE_INFINITY, { never: 'stuck' })
    return { ...failing(name, 'Operation expired.'), revision, lastsMs: OPERATION_MS.expiry }
  }
  const worst = behaviours.find(({ never }) => never !== undefined) ?? behaviours[0] ?? {}
  const revision = newRevision(name, suffix, template, now, now + OPERATION_MS.template, worst)
  return { revision, error: null, lastsMs: OPERATION_MS.template }
}

/** Names like `app--0000001`, as Azure makes them up when no suffix is given. */
function autoSuffix(app: AppState): string {
  for (;;) {
    app.autoSuffixes += 1
    const suffix = String(app.autoSuffixes).padStart(7, '0')
    if (findRevision(app, `${app.key.app}--${suffix}`) === undefined) return suffix
  }
}

function usedSuffix(suffix: string): string {
  return `The following field(s) are either invalid or missing. Field 'template.revisionsuffix' is invalid with details: 'Invalid value: "${suffix}": revision with suffix ${suffix} already exists.'`
}

function noManifest({ name, image }: { name: string; image: string }): string {
  const tag = image.split(/[@:]/).at(-1)
  return `The following field(s) are either invalid or missing. Field 'template.containers.${name}.image' is invalid with details: 'Invalid value: "${image}": GET https:: MANIFEST_UNKNOWN: manifest tagged by "${tag}" is not found; map[Tag:${tag}]'`
}

function failing(revision: string, why: string): Plan {
  const message = `Failed to provision revision for container app '${revision}'. Error details: ${why}`
  return { revision: null, error: { code: 'ContainerAppOperationError', message }, lastsMs: OPERATION_MS.template }
}
