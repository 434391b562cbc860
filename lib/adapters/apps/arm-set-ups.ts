import type { AppSetUp, Rights } from '../../core/doctor/app.ts'
import type { LogRoute } from '../../core/doctor/sources.ts'
import type { Target } from '../../core/service.ts'
import { Fault } from '../../errors.ts'
import type { Clock, SetUps } from '../../ports.ts'
import { faultOfError, faultOfResponse } from './arm-fault.ts'

/** What the plug that reads set-ups is made of. */
export interface ArmSetUpsOptions {
  /** Base URL of ARM, without a slash at its end. */
  readonly endpoint: string
  /** An access token for ARM. */
  readonly token: () => Promise<string>
  readonly clock: Clock
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch
  /** How long one call may take, milliseconds; default 2 500. */
  readonly timeoutMs?: number
}

type Get = (path: string, version: string) => Promise<unknown>

/** Versions of the operations that are asked: Microsoft.App, Microsoft.Authorization, Microsoft.Insights, Microsoft.OperationalInsights. */
const VERSIONS = {
  app: '2026-07-01',
  permissions: '2022-04-01',
  diagnosticSettings: '2021-05-01-preview',
  workspace: '2022-10-01',
} as const
const MAX_BYTES = 4 * 1024 * 1024

/**
 * Set-ups through ARM, with plain GETs: an app costs two or three calls, the log routes of a managed environment one and one
 * more for each workspace. Nothing is tried again. Fault kinds are those of `createArmApps`.
 */
export function createArmSetUps(options: ArmSetUpsOptions): SetUps {
  const get: Get = (path, version) => ask(options, path, version)
  return {
    app: (target, revision) => appOf(get, target, revision),
    logRoutes: (environmentId) => routesOf(get, environmentId),
    principal: async () => principalIn(await options.token()),
  }
}

async function appOf(get: Get, target: Target, revision: string | null): Promise<AppSetUp> {
  const id = `/subscriptions/${target.subscriptionId}/resourceGroups/${target.resourceGroup}/providers/Microsoft.App/containerApps/${target.app}`
  const [app, seen, rights] = await Promise.all([
    get(id, VERSIONS.app),
    revision === null ? null : get(`${id}/revisions/${revision}`, VERSIONS.app),
    get(`${id}/providers/Microsoft.Authorization/permissions`, VERSIONS.permissions).catch(() => null),
  ])
  const { environmentId, managedEnvironmentId, configuration, template } = record(record(app).properties)
  const scale = record(record(seen === null ? template : record(record(seen).properties).template).scale)
  return {
    environmentId: text(environmentId) || text(managedEnvironmentId),
    hasIngress: Object.keys(record(record(configuration).ingress)).length > 0,
    // Left out means 0 (Microsoft.App, Scale.minReplicas).
    minReplicas: typeof scale.minReplicas === 'number' ? scale.minReplicas : 0,
    registries: list(record(configuration).registries).map((one) => text(record(one).server)),
    rights: rights === null ? null : list(record(rights).value).map(rightsIn),
  }
}

function rightsIn(value: unknown): Rights {
  const { actions, notActions } = record(value)
  return { actions: list(actions).map(text), notActions: list(notActions).map(text) }
}

async function routesOf(get: Get, environmentId: string): Promise<readonly LogRoute[]> {
  const path = `${environmentId}/providers/Microsoft.Insights/diagnosticSettings`
  const settings = list(record(await get(path, VERSIONS.diagnosticSettings)).value).map((one) =>
    record(record(one).properties),
  )
  const routes = settings.filter(({ workspaceId }) => text(workspaceId) !== '')
  return Promise.all(
    routes.map(async ({ workspaceId, logs }) => ({
      workspace: text(workspaceId),
      customerId: await customerIdOf(get, text(workspaceId)),
      categories: list(logs)
        .map(record)
        .filter(({ enabled }) => enabled === true)
        .map(({ category, categoryGroup }) => text(category) || text(categoryGroup)),
    })),
  )
}

/** Null where it cannot be read: a role at the workspace may be lacking, and the rest is worth telling. */
async function customerIdOf(get: Get, workspace: string): Promise<string | null> {
  try {
    return text(record(record(await get(workspace, VERSIONS.workspace)).properties).customerId) || null
  } catch (error) {
    if (error instanceof Fault) return null
    throw error
  }
}

async function ask(options: ArmSetUpsOptions, path: string, version: string): Promise<unknown> {
  const { endpoint, token, clock, timeoutMs = 2_500 } = options
  const what = `GET ${path}`
  // Paths come out of Azure's answers too: nothing of them may change the host that gets the token.
  if (!/^\/subscriptions\/[^?#\\]+$/i.test(path)) throw new Fault('malformed', `${what}: this is no resource id.`)
  try {
    const response = await (options.fetch ?? fetch)(`${endpoint}${encodeURI(path)}?api-version=${version}`, {
      headers: { authorization: `Bearer ${await token()}`, accept: 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    const body = await response.text()
    if (response.status !== 200) {
      const headers = { get: (name: string) => response.headers.get(name) ?? undefined }
      throw faultOfResponse(
        what,
        { status: response.status, bodyAsText: body.slice(0, MAX_BYTES), headers },
        clock.now(),
      )
    }
    return JSON.parse(body)
  } catch (error) {
    if (error instanceof Fault) throw error
    if (error instanceof SyntaxError) throw new Fault('malformed', `${what}: the answer is no JSON.`)
    if (error instanceof TypeError) throw new Fault('unavailable', `${what}: no answer from Azure.`)
    throw faultOfError(what, error, timeoutMs, clock.now())
  }
}

/** The `oid` claim of an access token of Entra; only the middle part is read, and nothing of it is kept. */
function principalIn(token: string): string | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    return text(record(claims).oid) || null
  } catch {
    return null
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
