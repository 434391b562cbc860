import { createHash } from 'node:crypto'
import { weightsOf } from './settle.ts'
import { provisioningOf } from './sight.ts'
import type { AppState, RevisionState } from './state.ts'
import type { AppKey } from './types.ts'
import { type Vitals, vitals } from './vitals.ts'
import type { Json, WireTemplate } from './wire.ts'

/** The resource id of an app. */
export function appId({ subscriptionId, resourceGroup, app }: AppKey): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.App/containerApps/${app}`
}

/** The app as GET answers it: what is in force, secrets by name only. */
export function appAnswer(app: AppState, domain: string): Json {
  const environment = `${appId(app.key).replace(/\/containerApps\/[^/]+$/, '')}/managedEnvironments/environment`
  return copied({
    id: appId(app.key),
    name: app.key.app,
    type: 'Microsoft.App/containerApps',
    location: app.location,
    ...(app.applied.tags === null ? {} : { tags: app.applied.tags }),
    properties: {
      provisioningState: provisioningOf(app),
      runningStatus: 'Running',
      managedEnvironmentId: environment,
      environmentId: environment,
      workloadProfileName: 'Consumption',
      outboundIpAddresses: [],
      latestRevisionName: app.latest,
      latestReadyRevisionName: app.serving,
      latestRevisionFqdn: `${app.latest}.${domain}`,
      configuration: configurationAnswer(app, domain),
      template: templateAnswer(app.applied.template),
    },
  })
}

/** A revision as GET and the list answer it. */
export function revisionAnswer(app: AppState, revision: RevisionState, now: number, domain: string): Json {
  const seen = vitals(app, revision, now)
  const traffic = weightsOf(app.applied.configuration.ingress.traffic, app.latest)
  return copied({
    id: `${appId(app.key)}/revisions/${revision.name}`,
    name: revision.name,
    type: 'Microsoft.App/containerApps/revisions',
    properties: {
      createdTime: new Date(revision.createdAt).toISOString(),
      lastActiveTime: new Date(revision.active ? now : revision.stoppedAt).toISOString(),
      fqdn: `${revision.name}.${domain}`,
      template: templateAnswer(revision.template),
      active: revision.active,
      replicas: seen.replicas,
      trafficWeight: traffic[revision.name] ?? 0,
      ...(revision.error === null ? {} : { provisioningError: revision.error }),
      healthState: seen.health,
      provisioningState: seen.provisioning,
      runningState: seen.running,
      ...(seen.details === null ? {} : { runningStateDetails: seen.details }),
    },
  })
}

/** The replicas of a revision, each with its containers. */
export function replicaAnswers(app: AppState, revision: RevisionState, now: number): readonly Json[] {
  const seen = vitals(app, revision, now)
  return Array.from({ length: seen.replicas }, (_, index) => {
    const name = `${revision.name}-${hash(`${revision.name} ${revision.startedAt} ${index}`)}`
    return {
      id: `${appId(app.key)}/revisions/${revision.name}/replicas/${name}`,
      name,
      type: 'Microsoft.App/containerApps/revisions/replicas',
      properties: {
        createdTime: new Date(revision.startedAt).toISOString(),
        runningState: seen.health === 'Healthy' ? 'Running' : 'NotRunning',
        ...(seen.details === null ? {} : { runningStateDetails: seen.details }),
        containers: revision.template.containers.map((container) =>
          containerAnswer(container.name, revision, seen, now),
        ),
        initContainers: [],
      },
    }
  })
}

/** The answer is the asker's own: nothing that is done to it reaches the world. Undefined members stay, as they do with a structured clone. */
function copied(answer: Json): Json {
  return copyOf(answer) as Json
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf)
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = {}
  for (const name in value) copy[name] = copyOf((value as Readonly<Record<string, unknown>>)[name])
  return copy
}

/** A secret-backed variable reads back with an empty value beside its reference: sending both is refused. */
function templateAnswer(template: WireTemplate): Json {
  const containers = template.containers.map((container) => ({
    ...container,
    ...(container.env
      ? { env: container.env.map((variable) => (variable.secretRef ? { ...variable, value: '' } : variable)) }
      : {}),
    resources: { cpu: 0.5, memory: '1Gi', ephemeralStorage: '2Gi', ...container.resources },
  }))
  return { ...template, revisionSuffix: template.revisionSuffix ?? '', containers }
}

function configurationAnswer(app: AppState, domain: string): Json {
  const { secrets, ingress, ...rest } = app.applied.configuration
  const named = secrets?.map(({ value: _, ...shown }) => shown)
  return {
    ...rest,
    ...(named ? { secrets: named } : {}),
    ingress: { ...ingress, fqdn: `${app.key.app}.${domain}` },
  }
}

function containerAnswer(name: string, revision: RevisionState, seen: Vitals, now: number): Json {
  const ready = seen.health === 'Healthy'
  const broken = seen.health === 'Unhealthy'
  return {
    name,
    containerId: `containerd://${hash(`${revision.name} ${name}`)}`,
    ready,
    started: ready,
    restartCount: broken ? Math.floor((now - revision.startedAt) / 30_000) : 0,
    runningState: ready ? 'Running' : broken ? 'Terminated' : 'Waiting',
  }
}

function hash(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return `${hex.slice(0, 10)}-${hex.slice(10, 15)}`
}
