import { applyTraffic, retire, start, stop, touched, weightsOf } from './settle.ts'
import type { AppState, Shape } from './state.ts'
import type { Hand } from './types.ts'
import { checkTraffic } from './validate.ts'
import type { WireConfiguration, WireTemplate, WireTraffic } from './wire.ts'
import { acceptPatch, revisionOf, type Surroundings } from './write.ts'

/** A hand at one app. */
export function handOf(app: AppState, surroundings: Surroundings): Hand {
  const { now } = surroundings
  const configure = (change: (old: WireConfiguration) => WireConfiguration) => {
    const changed = (shape: Shape): Shape => ({ ...shape, configuration: change(shape.configuration) })
    app.applied = changed(app.applied)
    app.desired = changed(app.desired)
    if (app.operation !== null) app.operation = { ...app.operation, next: changed(app.operation.next) }
    applyTraffic(app, now)
    retire(app, now)
    touched(app)
  }
  const retraffic = (change: (old: readonly WireTraffic[]) => readonly WireTraffic[]) =>
    configure((old) => ({ ...old, ingress: { ...old.ingress, traffic: change(old.ingress.traffic) } }))
  return {
    traffic: (entries) => {
      checkTraffic(app, entries)
      retraffic(() => entries)
    },
    mode: (mode) => configure((old) => ({ ...old, activeRevisionsMode: mode })),
    sticky: (on) =>
      configure((old) => ({
        ...old,
        ingress: { ...old.ingress, stickySessions: { affinity: on ? 'sticky' : 'none' } },
      })),
    label: (label, revision) => {
      revisionOf(app, revision)
      retraffic((old) => labelled(old, label, revision))
    },
    unlabel: (label) => retraffic((old) => unlabelled(old, label)),
    activate: (name) => {
      const revision = revisionOf(app, name)
      revision.active = true
      start(revision, now)
      touched(app)
    },
    deactivate: (name) => {
      stop(revisionOf(app, name), now, false)
      touched(app)
    },
    deploy: (image, suffix) => {
      acceptPatch(app, { properties: { template: withImage(app.desired.template, image, suffix ?? '') } }, surroundings)
    },
  }
}

/** Percent by revision that the app's configuration asks for now. */
export function wantedWeights(app: AppState): Readonly<Record<string, number>> {
  return weightsOf(app.applied.configuration.ingress.traffic, app.latest)
}

function labelled(old: readonly WireTraffic[], label: string, revision: string): readonly WireTraffic[] {
  const rest = unlabelled(old, label)
  const carries = rest.some((entry) => entry.revisionName === revision)
  if (!carries) return [...rest, { revisionName: revision, weight: 0, label }]
  return rest.map((entry) => (entry.revisionName === revision ? { ...entry, label } : entry))
}

function unlabelled(old: readonly WireTraffic[], label: string): readonly WireTraffic[] {
  return old.map((entry) => {
    if (entry.label !== label) return entry
    const { label: _, ...rest } = entry
    return rest
  })
}

function withImage(template: WireTemplate, image: string, revisionSuffix: string): WireTemplate {
  const [first, ...rest] = template.containers
  return { ...template, revisionSuffix, containers: first ? [{ ...first, image }, ...rest] : rest }
}
