import type { RouteId } from './routes.ts'

const ONE = ['environment'] as const
const PAGES = ['limit', 'from'] as const

/**
 * The query parameters that every operation knows, beside `api-version`; others are refused. What each means stands in
 * the OpenAPI document, which is held to these names.
 */
export const PARAMETERS = {
  health: [],
  'health-live': [],
  'health-ready': [],
  openapi: [],
  metrics: [],
  me: [],
  'list-services': [...ONE, ...PAGES],
  'get-status': ONE,
  'get-manifest': [...ONE, 'format'],
  'put-manifest': ONE,
  'plan-manifest': ONE,
  'push-image': ONE,
  'send-command': ONE,
  'list-rollouts': [...ONE, ...PAGES],
  'get-rollout': ONE,
  'get-buckets': [...ONE, ...PAGES, 'format'],
  'list-approvals': [...ONE, ...PAGES],
  'list-freezes': [...ONE, ...PAGES],
  'add-freeze': [],
  'lift-freeze': ['reason'],
  'list-people': ['called', ...PAGES],
  'erase-person': ['reason'],
  'list-audit': [...ONE, 'service', 'rollout', 'kind', 'since', 'until', ...PAGES, 'format'],
  'verify-audit': [...ONE, 'service', 'from'],
  'list-digests': [...ONE, ...PAGES],
  'list-events': PAGES,
  'list-notices': PAGES,
  'retry-notices': [...ONE, 'sink'],
  'list-quarantine': [...ONE, 'service', 'state', ...PAGES],
  'get-quarantined': [],
  'redrive-quarantined': [],
  'dismiss-quarantined': ['reason'],
  'get-drift': ONE,
  'get-delivery': [...ONE, 'service', 'from', 'to', 'window'],
  'get-doctor': [],
} as const satisfies Readonly<Record<RouteId, readonly string[]>>
