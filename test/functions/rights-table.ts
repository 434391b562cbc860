import { manifest } from './manifests.ts'

/** What a request is about. */
export interface Place {
  readonly environment: string
  readonly service: string
}

/** One thing that can be asked for, and who may: written down by hand, so that the code is held to it. */
export interface Operation {
  /** The least role; `anyone` = no token is needed. */
  readonly least: 'anyone' | 'viewer' | 'operator' | 'approver' | 'admin'
  /** The least role without which the door is shut before the service is looked for. Default: `least`. */
  readonly door?: 'operator'
  /**
   * What somebody is answered who holds the role, but not here. `hidden`: 404, as if it did not exist. `refused`: 403.
   * `left-out`: 200 without it. `either`: 403 or 200 without it.
   */
  readonly elsewhere: 'hidden' | 'refused' | 'left-out' | 'either'
  /** What the role must hold for. Default: the service. */
  readonly reach?: 'service' | 'environment' | 'installation'
  /** What is answered to those who may. */
  readonly good: readonly number[]
  readonly query?: (place: Place) => string
  readonly body?: (place: Place) => { readonly type: string; readonly text: string }
  readonly headers?: Readonly<Record<string, string>>
}

const json = (value: unknown) => ({ type: 'application/json', text: JSON.stringify(value) })
const yaml = ({ service: name, environment }: Place) => ({
  type: 'application/yaml',
  text: manifest({ name, environment }),
})
const inEnvironment = ({ environment }: Place) => `?environment=${environment}`
const ofService = ({ environment, service }: Place) => `?environment=${environment}&service=${service}`

const open = { least: 'anyone', elsewhere: 'left-out', good: [200] } as const
const read = { least: 'viewer', elsewhere: 'hidden', good: [200], query: inEnvironment } as const
const list = { least: 'viewer', elsewhere: 'either', good: [200] } as const
const command = (more: Partial<Operation>): Operation => ({
  least: 'operator',
  elsewhere: 'hidden',
  // Nothing runs: a command that may be given is refused by the state of things.
  good: [409],
  query: inEnvironment,
  headers: { 'if-match': '*' },
  body: () => json({ id: crypto.randomUUID() }),
  ...more,
})

/** Every operation, by its id in the table of routes; commands by `send-command <verb>`. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  health: open,
  'health-live': open,
  'health-ready': open,
  openapi: open,
  metrics: { ...list, reach: 'installation', elsewhere: 'refused' },
  me: { ...list, elsewhere: 'left-out' },
  'list-services': { ...list, query: inEnvironment },
  'get-status': read,
  'get-manifest': read,
  'put-manifest': {
    least: 'admin',
    elsewhere: 'refused',
    good: [200],
    query: inEnvironment,
    headers: { 'if-match': '*' },
    body: yaml,
  },
  'plan-manifest': { ...read, elsewhere: 'refused', body: yaml },
  'push-image': {
    least: 'operator',
    elsewhere: 'hidden',
    // The tag is none that the manifest wants.
    good: [422],
    query: inEnvironment,
    body: () => json({ id: crypto.randomUUID(), tag: 'x1', digest: `sha256:${'0'.repeat(64)}` }),
  },
  'send-command pause': command({}),
  'send-command resume': command({}),
  'send-command abort': command({}),
  'send-command retry': command({}),
  'send-command undo': command({}),
  'send-command promote': command({ least: 'approver', door: 'operator' }),
  'send-command promote-full': command({ least: 'approver', door: 'operator' }),
  'send-command approve': command({
    least: 'approver',
    door: 'operator',
    body: () => json({ id: crypto.randomUUID(), step: 1, digest: `sha256:${'0'.repeat(64)}` }),
  }),
  'send-command promote override': command({
    least: 'admin',
    door: 'operator',
    body: () => json({ id: crypto.randomUUID(), override: true, reason: 'the building is on fire' }),
  }),
  'list-rollouts': read,
  'get-rollout': { ...read, good: [404] },
  'get-buckets': { ...read, good: [404] },
  'list-approvals': { ...list, query: inEnvironment },
  'list-freezes': { ...list, query: inEnvironment },
  'add-freeze': {
    least: 'admin',
    elsewhere: 'refused',
    reach: 'environment',
    good: [201],
    body: ({ environment }) => json({ id: crypto.randomUUID(), environment, reason: 'stocktaking' }),
  },
  'lift-freeze': { least: 'admin', elsewhere: 'refused', reach: 'environment', good: [404] },
  'list-audit': { ...list, elsewhere: 'refused', query: ofService },
  'verify-audit': { ...list, elsewhere: 'refused', query: ofService },
  'list-digests': { ...list, elsewhere: 'refused', reach: 'environment', query: inEnvironment },
  'list-people': { least: 'admin', elsewhere: 'refused', reach: 'installation', good: [200] },
  'erase-person': { least: 'admin', elsewhere: 'refused', reach: 'installation', good: [404] },
  'list-events': list,
  'list-notices': list,
  'retry-notices': {
    least: 'operator',
    elsewhere: 'refused',
    reach: 'environment',
    good: [200],
    query: ({ environment }) => `?environment=${environment}&sink=ops`,
  },
  'list-quarantine': { ...list, query: inEnvironment },
  'get-quarantined': { ...list, elsewhere: 'hidden', good: [404] },
  'redrive-quarantined': { least: 'operator', elsewhere: 'hidden', good: [404] },
  'dismiss-quarantined': { least: 'admin', elsewhere: 'hidden', good: [404], query: () => '?reason=never' },
  'get-drift': { ...list, query: inEnvironment },
  'get-delivery': { ...list, elsewhere: 'refused', query: ofService },
  'get-doctor': { ...list, elsewhere: 'left-out' },
}
