import type { Action, TrafficEntry } from '../../../lib/core/app.ts'
import { Fault } from '../../../lib/errors.ts'
import {
  type ArmAnswer,
  type ArmRequest,
  type ArmStub,
  startArmStub,
  target,
  wireApp,
  wireRevision,
} from './arm-stub.ts'

export const ACCEPTED: ArmAnswer = {
  status: 202,
  headers: { location: 'https://management.azure.com/operations/1', 'retry-after': '1' },
}
export const web = target('web')
export const isPatch = ({ method }: ArmRequest) => method === 'PATCH'
export const isRevision = ({ path }: ArmRequest) => /\/revisions\/[^/?]+\?/.test(path)

interface Scene {
  readonly app?: Record<string, unknown>
  readonly from?: Record<string, unknown>
  readonly write?: (request: ArmRequest) => ArmAnswer | null
}

/** An ARM with one app and one revision to copy from; `write` answers PATCH and POST. */
export async function scene({ app, from, write = () => ACCEPTED }: Scene = {}, options = {}): Promise<ArmStub> {
  const started = await startArmStub((request) => {
    if (request.method !== 'GET') return write(request)
    if (isRevision(request)) return { status: 200, body: from ?? wireRevision('web--v1') }
    if (request.path.includes('/revisions?')) return { status: 200, body: { value: [] } }
    if (request.path.includes('/containerApps?')) return { status: 200, body: { value: [app ?? wireApp('web')] } }
    return { status: 200, body: app ?? wireApp('web') }
  }, options)
  return started
}

export async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const error = await promise.then(
    () => new Error('it went through'),
    (error: unknown) => error,
  )
  if (error instanceof Fault) return error
  throw error
}

export const create: Extract<Action, { kind: 'create-revision' }> = {
  kind: 'create-revision',
  from: 'web--v1',
  suffix: 's2-ab12',
  image: 'shop.azurecr.io/web@sha256:bbb',
}

export function half(first: string, second: string): TrafficEntry[] {
  return [
    { revision: first, weight: 75, label: null },
    { revision: second, weight: 25, label: 'next' },
  ]
}

export const setTraffic: Action = { kind: 'set-traffic', traffic: half('web--v1', 'web--v2') }
export const repair: Extract<Action, { kind: 'repair' }> = {
  kind: 'repair',
  from: 'web--v1',
  suffix: 'r1-s2',
  traffic: half('web--v1', 'web--v2'),
}
