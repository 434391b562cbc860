import type { Right } from '../core/caller.ts'

export { rightOf } from '../core/caller.ts'

/** One operation of the HTTP API. */
export interface Route {
  /** The function of functions/ that answers it: the name it is registered with. */
  readonly door: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below `/api/`. */
  readonly path: string
  /** What its caller must hold, by token; null = anybody may ask, for it tells strangers nothing. */
  readonly needs: Right | null
  /** What the right must reach: the service in the path, an environment that the request names, or nothing in particular. */
  readonly about: 'service' | 'environment' | 'installation'
}

const route = (
  door: string,
  method: Route['method'],
  path: string,
  needs: Route['needs'],
  about: Route['about'] = 'service',
): Route => ({ door, method, path, needs, about })

/**
 * Every operation that operators, scripts, the command line and the dashboard may ask for. The doors take their methods
 * and rights from here, the OpenAPI document and the test of all rights are made of it. Commands need `operate` or
 * `promote`, by verb. The hooks of registries, and pages and files of the dashboard, are not in it.
 */
export const ROUTES = {
  health: route('health', 'GET', 'health', null, 'installation'),
  'health-live': route('health-live', 'GET', 'health/live', null, 'installation'),
  'health-ready': route('health-ready', 'GET', 'health/ready', null, 'installation'),
  openapi: route('openapi', 'GET', 'openapi.json', null, 'installation'),
  metrics: route('metrics', 'GET', 'metrics', 'see', 'installation'),
  me: route('me', 'GET', 'v1/me', 'see', 'installation'),
  'list-services': route('services', 'GET', 'v1/services', 'see', 'environment'),
  'get-status': route('service-status', 'GET', 'v1/services/{name}/status', 'see'),
  'get-manifest': route('service-manifest', 'GET', 'v1/services/{name}/manifest', 'see'),
  'put-manifest': route('service-manifest', 'PUT', 'v1/services/{name}/manifest', 'configure'),
  'plan-manifest': route('service-plan', 'POST', 'v1/services/{name}/plan', 'see'),
  'push-image': route('service-pushes', 'POST', 'v1/services/{name}/pushes', 'operate'),
  'send-command': route('service-command', 'POST', 'v1/services/{name}/commands/{verb}', 'operate'),
  'list-rollouts': route('service-rollouts', 'GET', 'v1/services/{name}/rollouts', 'see'),
  'get-rollout': route('service-rollout', 'GET', 'v1/services/{name}/rollouts/{number}', 'see'),
  'get-buckets': route('service-buckets', 'GET', 'v1/services/{name}/rollouts/{number}/buckets', 'see'),
  'list-approvals': route('approvals', 'GET', 'v1/approvals', 'see', 'environment'),
  'list-freezes': route('freezes', 'GET', 'v1/freezes', 'see', 'environment'),
  'add-freeze': route('freezes', 'POST', 'v1/freezes', 'freeze', 'environment'),
  'lift-freeze': route('freeze', 'DELETE', 'v1/freezes/{environment}/{id}', 'freeze', 'environment'),
  'list-audit': route('audit', 'GET', 'v1/audit', 'see', 'environment'),
  'verify-audit': route('audit-verify', 'GET', 'v1/audit/verify', 'see', 'environment'),
  'list-digests': route('audit-digests', 'GET', 'v1/audit/digests', 'see', 'environment'),
  'list-people': route('people', 'GET', 'v1/people', 'configure', 'installation'),
  'erase-person': route('person', 'DELETE', 'v1/people/{id}', 'configure', 'installation'),
  'list-events': route('events', 'GET', 'v1/events', 'see', 'installation'),
  'list-notices': route('notices', 'GET', 'v1/notices', 'see', 'installation'),
  'retry-notices': route('notices-retry', 'POST', 'v1/notices/retry', 'operate', 'environment'),
  'list-quarantine': route('quarantine', 'GET', 'v1/quarantine', 'see', 'environment'),
  'get-quarantined': route('quarantined', 'GET', 'v1/quarantine/{id}', 'see', 'environment'),
  'redrive-quarantined': route('quarantine-redrive', 'POST', 'v1/quarantine/{id}/redrive', 'operate', 'environment'),
  'dismiss-quarantined': route('quarantined', 'DELETE', 'v1/quarantine/{id}', 'configure', 'environment'),
  'get-drift': route('drift-report', 'GET', 'v1/drift', 'see', 'environment'),
  'get-delivery': route('delivery', 'GET', 'v1/delivery', 'see', 'environment'),
  'get-doctor': route('doctor', 'GET', 'v1/doctor', 'see', 'installation'),
} as const satisfies Readonly<Record<string, Route>>

export type RouteId = keyof typeof ROUTES
