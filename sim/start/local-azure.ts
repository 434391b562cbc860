import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { APP_REQUESTS_BODY } from '../../lib/adapters/metrics/app-insights-query.ts'
import { HTTP_LOGS_BODY } from '../../lib/adapters/metrics/azure-logs-query.ts'
import type { Target } from '../../lib/core/service.ts'
import { createAccessLog } from '../azure/access-log.ts'
import { createArmServer } from '../azure/arm.ts'
import { createInsights, type Insights } from '../azure/arm-insights.ts'
import { type AzuriteServer, createAzurite } from '../azure/azurite.ts'
import { createIdentity, type IdentityServer } from '../azure/identity.ts'
import { healthyProfile, type ImageProfile } from '../azure/image-profile.ts'
import { createIngress, type Ingress } from '../azure/ingress.ts'
import { createLogs } from '../azure/logs.ts'
import { createMetricsServer } from '../azure/metrics.ts'
import { appsIn } from '../azure/metrics-apps.ts'
import { createRegistryServer, type RegistryServer } from '../azure/registry.ts'
import { createLocalTls, type LocalTls } from '../azure/tls.ts'
import { createVault, type VaultServer } from '../azure/vault.ts'
import { wallClock } from '../clock.ts'
import type { World } from '../world/types.ts'
import { createWorld } from '../world/world.ts'

/** The host that stands for the registry in image names; the setting SLIPWAY_REGISTRIES says where it is really asked. */
export const REGISTRY_HOST = 'registry.example.com'
const ENVIRONMENT = 'production'
const ARM_AUDIENCE = 'https://management.azure.com'
const HOOK_KEYS = 'slipway-hook-keys'
const AUDIT_KEY = 'slipway-audit-key'
/** The two texts that the log service understands. */
const BODIES = { ContainerAppHTTPLogs: HTTP_LOGS_BODY, AppRequests: APP_REQUESTS_BODY } as const

/** All of the pretend Azure, listening on loopback. */
export interface LocalAzure {
  readonly world: World
  readonly insights: Insights
  readonly ingress: Ingress
  readonly registry: RegistryServer
  readonly azurite: AzuriteServer
  readonly identity: IdentityServer
  readonly vault: VaultServer
  readonly tls: LocalTls
  readonly hookKey: string
  /** URLs by name, for people and scripts. */
  readonly urls: Readonly<Record<string, string>>
  /** The settings with which the function app finds all this. */
  readonly settings: Readonly<Record<string, string>>
  /** Puts an image into the registry, to behave as `program`; returns its digest. */
  publish(repository: string, tag: string, program: ImageProfile): string
  close(): Promise<void>
}

/** The container app that runs a service of the story. */
export function targetOf(service: string): Target {
  const subscriptionId = '00000000-0000-0000-0000-000000000001'
  return { subscriptionId, resourceGroup: 'rides', app: service, container: null }
}

/** Starts every server of the pretend Azure, each on a free port of 127.0.0.1. `storage` = the folder that keeps what storage holds; null = memory. */
export async function startLocalAzure(manifests: string, storage: string | null = null): Promise<LocalAzure> {
  const clock = wallClock
  const tls = await createLocalTls()
  const identity = await createIdentity({ clock })
  const azurite = await createAzurite({ tls, ...(storage === null ? {} : { location: storage }) })
  const programs = new Map<string, ImageProfile>()
  const world = createWorld({ clock })
  const log = createAccessLog()
  const workspace = randomUUID()
  const { accept } = identity
  const profileOf = (image: string) => programs.get(image) ?? healthyProfile('unknown')
  const ingress = await createIngress({ view: world, clock, tls, log, profileOf })
  const address = ingress.addressOf
  const insights = insightsOf(workspace)
  const [arm, logs, metrics, vault, registry] = await Promise.all([
    createArmServer({ world, clock, tls, address, insights, accept: (token) => accept(token, ARM_AUDIENCE) }),
    createLogs({ clock, tls, accept, workspaces: new Map([[workspace, log]]), bodies: BODIES }),
    createMetricsServer({ clock, tls, accept, find: appsIn(world, log) }),
    createVault({ clock, tls, accept, tenantId: identity.tenantId }),
    createRegistryServer(),
  ])
  const hookKey = randomUUID()
  vault.put(HOOK_KEYS, hookKey)
  vault.put(AUDIT_KEY, newAuditKey())
  const urls = {
    ...urlsOf({ arm, logs, metrics, keyVault: vault, identity, registry, ingress }),
    ...storageUrls(azurite),
  }
  return {
    world,
    insights,
    ingress,
    registry,
    azurite,
    identity,
    vault,
    tls,
    hookKey,
    urls,
    settings: { ...settingsOf(urls, identity, workspace), SLIPWAY_MANIFESTS: manifests },
    publish: (repository, tag, program) => {
      const digest = registry.push(repository, tag, JSON.stringify(program))
      programs.set(`${REGISTRY_HOST}/${repository}@${digest}`, program)
      return digest
    },
    close: async () => {
      await Promise.all([arm, logs, metrics, vault, registry, ingress, identity].map((server) => server.close()))
      await azurite.close()
    },
  }
}

/** Lives as long as the stack: the storage that holds what it signs does too. */
function newAuditKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** The access log of the one managed environment goes to the workspace that the settings name. */
function insightsOf(customerId: string): Insights {
  const group = `/subscriptions/${targetOf('').subscriptionId}/resourceGroups/rides/providers`
  const workspaceId = `${group}/Microsoft.OperationalInsights/workspaces/logs`
  const insights = createInsights()
  insights.workspace(workspaceId, customerId)
  const environmentId = `${group}/Microsoft.App/managedEnvironments/environment`
  insights.diagnose({ environmentId, workspaceId, categories: ['ContainerAppHTTPLogs'] })
  return insights
}

type Urls = Readonly<
  Record<
    'arm' | 'logs' | 'metrics' | 'keyVault' | 'identity' | 'registry' | 'ingress' | 'tables' | 'queues' | 'blobs',
    string
  >
>

function urlsOf<Name extends string>(servers: Record<Name, { readonly url: string }>): Record<Name, string> {
  const pairs = Object.entries<{ readonly url: string }>(servers).map(([name, { url }]) => [name, url])
  return Object.fromEntries(pairs) as Record<Name, string>
}

function storageUrls(azurite: AzuriteServer) {
  return { tables: azurite.tableUrl, queues: azurite.queueUrl, blobs: azurite.blobUrl }
}

/** The same settings that point at Azure in production point here. */
function settingsOf(urls: Urls, identity: IdentityServer, workspace: string): Record<string, string> {
  return {
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1048576',
    IDENTITY_ENDPOINT: identity.url,
    IDENTITY_HEADER: identity.header,
    SLIPWAY_ENVIRONMENTS: JSON.stringify({ [ENVIRONMENT]: { logWorkspaceId: workspace } }),
    SLIPWAY_STORAGE__tableServiceUri: urls.tables,
    SLIPWAY_STORAGE__queueServiceUri: urls.queues,
    SLIPWAY_STORAGE__credential: 'managedidentity',
    SLIPWAY_KEY_VAULT_URL: urls.keyVault,
    SLIPWAY_KEY_VAULT_VERIFY_CHALLENGE: 'false',
    SLIPWAY_ARM_URL: urls.arm,
    SLIPWAY_LOGS_URL: urls.logs,
    SLIPWAY_METRICS_URL: `${urls.metrics}/{region}`,
    SLIPWAY_REGISTRIES: JSON.stringify({ [REGISTRY_HOST]: { auth: 'anonymous', url: urls.registry } }),
    SLIPWAY_SWEEP_SCHEDULE: '*/5 * * * * *',
    SLIPWAY_DRIFT_SCHEDULE: '0 30 2 * * *',
    SLIPWAY_AUDIT_NIGHT_SCHEDULE: '0 */15 1-5 * * *',
  }
}
