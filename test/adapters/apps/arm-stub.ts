import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { ContainerAppsAPIClient } from '@azure/arm-appcontainers'
import type { TokenCredential } from '@azure/identity'
import { type ArmAppsOptions, armClientOptions, createArmApps } from '../../../lib/adapters/apps/arm.ts'
import type { ArmCallKind } from '../../../lib/adapters/apps/arm-calls.ts'
import type { Observed } from '../../../lib/core/app.ts'
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

const open: ArmStub[] = []

/** Ends every stub that was started since. */
export async function closeArmStubs(): Promise<void> {
  await Promise.all(open.splice(0).map((stub) => stub.close()))
}

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
    if (!server.listening) return
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  const stub: ArmStub = { apps, requests, calls, url, close }
  open.push(stub)
  return stub
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

/** Base URL of the stub that was started first, for links between pages. */
export function urlOfStub(): string {
  return open[0]?.url ?? ''
}

export const isRevisionList = ({ path }: ArmRequest) => /\/revisions\?/.test(path)
export const isAppList = ({ path }: ArmRequest) => /\/containerApps\?/.test(path)
const GONE = { status: 404, body: { error: { code: 'ResourceNotFound', message: 'it is not here' } } }
export const appIn = ({ path }: ArmRequest) => /containerApps\/([^/?]+)/.exec(path)?.[1] ?? ''

/** Lists the apps, and for each the revision `<app>--v1`. */
export function listing(apps: readonly Record<string, unknown>[], revisions?: (app: string) => unknown[]): ArmScript {
  return (request) =>
    isRevisionList(request)
      ? { status: 200, body: { value: revisions?.(appIn(request)) ?? [wireRevision(`${appIn(request)}--v1`)] } }
      : isAppList(request)
        ? { status: 200, body: { value: apps } }
        : (found(apps, appIn(request)) ?? GONE)
}

function found(apps: readonly Record<string, unknown>[], name: string) {
  const body = apps.find((app) => String(app.name).toLowerCase() === name.toLowerCase())
  return body === undefined ? undefined : { status: 200, body }
}

export function seen(observed: Observed | undefined) {
  if (observed?.kind !== 'seen') throw new Error(`not seen: ${JSON.stringify(observed)}`)
  return observed.app
}

export function fault(observed: Observed | undefined) {
  if (observed?.kind !== 'unseen') throw new Error('it was seen')
  return observed.fault
}
