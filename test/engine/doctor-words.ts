import type { Caller } from '../../lib/core/caller.ts'
import { examine, type Surgery } from '../../lib/engine/doctor.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { Stage } from '../../sim/runner.ts'
import { givenPricing, HOUR, MINUTE, plan, pricingManifest, version } from '../support/story.ts'

const GUID = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee'
const ENVIRONMENT = '/subscriptions/sub-1/resourceGroups/rides/providers/Microsoft.App/managedEnvironments/shop'
/** Who may see everything. */
export const ALL: Caller = {
  id: 'ada',
  name: 'ada',
  kind: 'person',
  grants: [{ role: 'viewer', environments: null, services: null }],
  method: 'token',
}
/** Who may see one service. */
export const PRICING_ONLY: Caller = { ...ALL, grants: [{ role: 'viewer', environments: null, services: ['pricing'] }] }
const refuse = (kind: Fault['kind'], message: string) => async () => {
  throw new Fault(kind, message)
}

/** A registry that lets nobody in. */
const CLOSED: Wheel['registry'] = {
  has: async (images) =>
    images.map(() => ({ kind: 'unknown', trouble: { kind: 'denied', message: 'who are you', retryAfterMs: null } })),
}

/** Everything in order, but for `changes`. */
export function surgeryOf(stage: Stage, changes: Partial<Surgery> = {}): Surgery {
  const setUp = {
    environmentId: ENVIRONMENT,
    hasIngress: true,
    minReplicas: 1,
    registries: [],
    rights: [{ actions: ['*'], notActions: [] }],
  }
  const route = {
    workspace: '/subscriptions/sub-1/workspaces/logs',
    customerId: GUID,
    categories: ['ContainerAppHTTPLogs'],
  }
  return {
    wheel: stage.wheel,
    log: stage.store,
    secrets: async () => ({ read: async () => ['one', 'two'] }),
    setUps: { app: async () => setUp, logRoutes: async () => [route], principal: async () => 'the-principal' },
    storage: { run: async () => [] },
    names: { account: 'slipwaystore', vault: 'slipwayvault', hookKeys: 'slipway-hook-keys', site: null },
    environments: { production: { workspace: GUID, hasPrometheus: true } },
    openRegistries: ['registry.example.com'],
    ...changes,
  }
}

interface Consultation {
  readonly changes?: (stage: Stage) => Partial<Surgery>
  readonly caller?: Caller
  readonly before?: (stage: Stage) => unknown
}

/** By title, what the doctor is called to; its words stand in `doctor-words.txt`. */
export const CONSULTATIONS: Readonly<Record<string, Consultation>> = {
  'everything is well': {},
  'who may see one service only': { caller: PRICING_ONLY },
  'a canary is on its way, and looks are late': {
    before: async (stage) => {
      await stage.push(version(2))
      await stage.run(5 * MINUTE)
      stage.clock.advance(HOUR)
    },
  },
  'everything is refused': {
    changes: ({ wheel }) => ({
      secrets: async () => ({ read: refuse('denied', 'no role at the vault') }),
      setUps: {
        app: refuse('denied', 'no role at the app'),
        logRoutes: refuse('denied', 'no role at the environment'),
        principal: async () => null,
      },
      storage: { run: refuse('unavailable', 'storage does not answer') },
      keeper: { night: refuse('unavailable', 'no night is known') },
      quarantine: { items: refuse('unavailable', 'no quarantine is known') },
      openRegistries: [],
      names: {
        account: 'slipwaystore',
        vault: null,
        hookKeys: 'slipway-hook-keys',
        site: { name: 'slipway-app', group: 'rides' },
      },
      wheel: { ...wheel, registry: CLOSED },
    }),
  },
  'ARM denies the look': {
    before: (stage) =>
      stage.world.inject({
        on: 'read',
        times: 9,
        refusal: { status: 403, code: 'AuthorizationFailed', message: 'no' },
      }),
  },
  'the app is no fit one': {
    before: (stage) =>
      stage.world.edit(pricingManifest().target, (hand) => {
        hand.mode('Single')
        hand.sticky(true)
      }),
    changes: (stage) => {
      const { setUps } = surgeryOf(stage)
      const poor = { hasIngress: false, minReplicas: 0, registries: [], rights: [{ actions: [], notActions: [] }] }
      return {
        openRegistries: [],
        setUps: { ...setUps, app: async () => ({ environmentId: ENVIRONMENT, ...poor }), logRoutes: async () => [] },
      }
    },
  },
  'nothing is set': { changes: () => ({ environments: {} }) },
  'nothing is known of the environment': {
    changes: () => ({ environments: { production: { workspace: null, hasPrometheus: false } } }),
    before: (stage) => {
      stage.metrics.ailment = 'outage'
    },
  },
  'the image lies in a registry of Azure': {
    changes: ({ wheel }) => ({
      wheel: { ...wheel, registry: CLOSED },
    }),
    before: (stage) =>
      stage.declare({
        ...pricingManifest({ stages: plan([10, 1], [100, 0]) }),
        image: { ...pricingManifest().image, registry: 'acme.azurecr.io' },
      }),
  },
}

/** What the doctor finds, waiting for nobody for longer than this. */
export function consult(surgery: Surgery, caller: Caller, eachMs = 3_000): ReturnType<typeof examine> {
  return examine(surgery, caller, { eachMs, allMs: 15_000 })
}

/** What the doctor finds, a line each. */
export async function findingsOf({
  changes = () => ({}),
  caller = ALL,
  before,
}: Consultation): Promise<readonly string[]> {
  const stage = await givenPricing()
  await before?.(stage)
  const findings = await examine(surgeryOf(stage, changes(stage)), caller)
  return findings.map(
    ({ subject, check, result, message, fix }) =>
      `${subject} ${check} ${result}: ${message}${fix === null ? '' : `\n    ${fix}`}`,
  )
}
