import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { ContainerAppsAPIClient } from '@azure/arm-appcontainers'
import type { TokenCredential } from '@azure/identity'
import { type ArmAppsOptions, armClientOptions, createArmApps } from '../../../lib/adapters/apps/arm.ts'
import type { ArmCallKind } from '../../../lib/adapters/apps/arm-calls.ts'
import type { Target } from '../../../lib/core/service.ts'
import type { ContainerApps } from '../../../lib/ports.ts'

export interface ArmRequest {
  readonly method: string
  readonly path: string
  readonly contentType: string | undefined
  readonly body: unknown
}

export interface ArmAnswer {
  readonly status: number
  readonly headers?: Record<string, string>
  /** Sent as JSON; a string is sent as it is; absent = no body at all. */
  readonly body?: unknown
}

/** Answers a request, or null to leave it hanging. */
export type ArmScript = (request: ArmRequest) => ArmAnswer | null | Promise<ArmAnswer | null>

/** A server that plays ARM from a script, and the adapter under test in front of it through the real SDK. */
export interface ArmStub {
  readonly apps: ContainerApps
  readonly requests: ArmRequest[]
  readonly calls: ArmCallKind[]
  readonly url: string
  close(): Promise<void>
}

export const NOW = Date.parse('2026-11-20T10:00:00Z')

export async function startArmStub(script: ArmScript, options: Partial<ArmAppsOptions> = {}): Promise<ArmStub> {
  const requests: ArmRequest[] = []
  const calls: ArmCallKind[] = []
  const server = createServer((incoming, outgoing) => void answer(script, requests, incoming, outgoing))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const apps = createArmApps({
    client: (subscriptionId) =>
      // Without a credential the SDK accepts plain http.
      new ContainerAppsAPIClient(
        undefined as unknown as TokenCredential,
        subscriptionId,
        armClientOptions({ endpoint: url, allowInsecureConnection: true }),
      ),
    clock: { now: () => NOW },
    onCall: (kind) => calls.push(kind),
    ...options,
  })
  const close = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return { apps, requests, calls, url, close }
}

async function answer(
  script: ArmScript,
  requests: ArmRequest[],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const raw = await text(incoming)
  const request: ArmRequest = {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    contentType: incoming.headers['content-type'],
    body: raw === '' ? undefined : JSON.parse(raw),
  }
  requests.push(request)
  const said = await script(request)
  if (said === null) return
  const { status, headers = {}, body } = said
  const isText = typeof body === 'string'
  outgoing.writeHead(
    status,
    body === undefined || isText ? headers : { 'content-type': 'application/json', ...headers },
  )
  outgoing.end(body === undefined ? undefined : isText ? body : JSON.stringify(body))
}

export function target(app: string, over: Partial<Target> = {}): Target {
  return { subscriptionId: 'sub-1', resourceGroup: 'rg-shop', app, container: null, ...over }
}

/** A container app on the wire, with the nulls that ARM sends. */
export function wireApp(name: string, properties: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: `/subscriptions/sub-1/resourceGroups/rg-shop/providers/Microsoft.App/containerApps/${name}`,
    name,
    location: 'West Europe',
    tags: null,
    properties: {
      provisioningState: 'Succeeded',
      latestRevisionName: `${name}--v1`,
      latestReadyRevisionName: `${name}--v1`,
      configuration: {
        secrets: null,
        activeRevisionsMode: 'Multiple',
        ingress: {
          traffic: [{ revisionName: `${name}--v1`, weight: 100 }],
          stickySessions: null,
          customDomains: null,
        },
        registries: null,
      },
      template: wireTemplate({}),
      ...properties,
    },
  }
}

/** A template on the wire: one container, a secret-backed variable as Azure reads it back, nulls. */
export function wireTemplate(over: Record<string, unknown>): Record<string, unknown> {
  return {
    revisionSuffix: 'v1',
    terminationGracePeriodSeconds: null,
    containers: [
      {
        name: 'web',
        image: 'shop.azurecr.io/web@sha256:aaa',
        imageType: 'ContainerImage',
        command: null,
        env: [
          { name: 'MODE', value: 'live' },
          { name: 'DB', value: '', secretRef: 'db-password' },
          { name: 'EMPTY', value: '' },
        ],
        resources: { cpu: 0.5, memory: '1Gi', ephemeralStorage: '2Gi' },
        probes: [{ type: 'Readiness', httpGet: { path: '/ready', port: 80, host: null } }],
      },
    ],
    initContainers: null,
    scale: { minReplicas: 1, maxReplicas: 5, rules: null },
    volumes: null,
    ...over,
  }
}

/** A revision on the wire. */
export function wireRevision(name: string, properties: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name,
    properties: {
      createdTime: '2026-11-01T00:00:00+00:00',
      fqdn: `${name}.example.azurecontainerapps.io`,
      template: wireTemplate({}),
      active: true,
      replicas: 1,
      trafficWeight: 100,
      provisioningError: null,
      healthState: 'Healthy',
      provisioningState: 'Provisioned',
      runningState: 'Running',
      ...properties,
    },
  }
}
