import { ArmRefusal } from '../world/refusal.ts'
import type { AppKey } from '../world/types.ts'
import { json, type Reply } from './serve.ts'

/** One diagnostic setting of a managed environment: which categories of its log go to which workspace. */
export interface DiagnosticSetting {
  /** Resource id of the managed environment; compared without regard to case. */
  readonly environmentId: string
  /** Resource id of the Log Analytics workspace. */
  readonly workspaceId: string
  readonly categories: readonly string[]
  /** Default true. */
  readonly enabled?: boolean
}

/** What the caller may do at a resource, as ARM lists it. */
export interface Permission {
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
}

/** What other resource providers than Microsoft.App tell through ARM: diagnostic settings, workspaces, permissions. */
export interface Insights {
  diagnose(setting: DiagnosticSetting): void
  /** Gives a workspace the id that queries name it with. */
  workspace(id: string, customerId: string): void
  /** From now on the caller holds exactly these at the app. Everything is allowed before. */
  permit(target: AppKey, permissions: readonly Permission[]): void
  /** From now on each GET whose path holds `part` (in any case) is refused with 403. */
  deny(part: string): void
  /** The answer to a request, or null where it is not about these resources. Throws ArmRefusal. */
  answer(method: string, url: URL): Reply | null
}

const APP = /\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.App\/containerApps\/([^/]+)/i
const PATHS = [
  {
    kind: 'settings',
    version: '2021-05-01-preview',
    path: /^(.+)\/providers\/Microsoft\.Insights\/diagnosticSettings$/i,
  },
  { kind: 'permissions', version: '2022-04-01', path: /^(.+)\/providers\/Microsoft\.Authorization\/permissions$/i },
  {
    kind: 'workspace',
    version: '2022-10-01',
    path: /^(.+\/providers\/Microsoft\.OperationalInsights\/workspaces\/[^/]+)$/i,
  },
] as const

/** Nothing is set up at first: no log goes anywhere, no workspace is there, and everything is allowed. */
export function createInsights(): Insights {
  const settings: DiagnosticSetting[] = []
  const workspaces = new Map<string, { readonly id: string; readonly customerId: string }>()
  const permissions = new Map<string, readonly Permission[]>()
  const denied: string[] = []
  return {
    diagnose: (setting) => void settings.push(setting),
    workspace: (id, customerId) => void workspaces.set(id.toLowerCase(), { id, customerId }),
    permit: ({ subscriptionId, resourceGroup, app }, held) =>
      void permissions.set(`${subscriptionId}/${resourceGroup}/${app}`.toLowerCase(), held),
    deny: (part) => void denied.push(part.toLowerCase()),
    answer: (method, url) => {
      const path = decodeURIComponent(url.pathname)
      if (denied.some((part) => path.toLowerCase().includes(part))) throw notAllowed(method, path)
      const met = PATHS.find((each) => each.path.test(path))
      if (met === undefined || method !== 'GET') return null
      checkVersion(url.searchParams.get('api-version'), met.version)
      const about = met.path.exec(path)?.[1]?.toLowerCase() ?? ''
      if (met.kind === 'settings') {
        return json(200, {
          value: settings.filter((one) => one.environmentId.toLowerCase() === about).map(settingAnswer),
        })
      }
      if (met.kind === 'permissions') {
        const key = APP.exec(about)?.slice(1, 4).join('/') ?? ''
        return json(200, { value: permissions.get(key) ?? [{ actions: ['*'], notActions: [] }] })
      }
      const workspace = workspaces.get(about)
      if (workspace === undefined) throw notThere(path)
      return json(200, {
        id: workspace.id,
        properties: { customerId: workspace.customerId, provisioningState: 'Succeeded' },
      })
    },
  }
}

/** Shape: Microsoft.Insights/diagnosticSettings 2021-05-01-preview, `DiagnosticSettingsResource`. */
function settingAnswer({ environmentId, workspaceId, categories, enabled = true }: DiagnosticSetting, place: number) {
  const name = `setting-${place + 1}`
  return {
    id: `${environmentId}/providers/microsoft.insights/diagnosticSettings/${name}`,
    name,
    type: 'Microsoft.Insights/diagnosticSettings',
    properties: {
      workspaceId,
      storageAccountId: null,
      logs: categories.map((category) => ({
        ...(category === 'allLogs' ? { category: null, categoryGroup: category } : { category, categoryGroup: null }),
        enabled,
        retentionPolicy: { enabled: false, days: 0 },
      })),
      metrics: [],
      logAnalyticsDestinationType: null,
    },
  }
}

function checkVersion(version: string | null, known: string): void {
  if (version === known) return
  const message = `The api-version '${version}' is invalid. The supported versions are '${known}'.`
  throw new ArmRefusal({ status: 400, code: 'InvalidApiVersionParameter', message })
}

function notAllowed(method: string, path: string): ArmRefusal {
  const message = `The client does not have authorization to perform the action of ${method} over scope '${path}'.`
  return new ArmRefusal({ status: 403, code: 'AuthorizationFailed', message })
}

function notThere(path: string): ArmRefusal {
  return new ArmRefusal({ status: 404, code: 'ResourceNotFound', message: `The resource '${path}' was not found.` })
}
