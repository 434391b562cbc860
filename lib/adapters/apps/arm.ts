import { setTimeout as pauseFor } from 'node:timers/promises'
import type { ContainerAppsAPIClientOptionalParams } from '@azure/arm-appcontainers'
import type { Clock, ContainerApps } from '../../ports.ts'
import { type ArmCallKind, type ArmClient, createArmCalls } from './arm-calls.ts'
import { createArmLane, type Pause } from './arm-lane.ts'
import { appKey, createObserver } from './arm-observe.ts'
import { createPerformer, type Home } from './arm-perform.ts'
import type { WakeFetch } from './wake.ts'

/** What the plug to Azure Container Apps is made of. Times are milliseconds. */
export interface ArmAppsOptions {
  /**
   * Makes the client of a subscription: `new ContainerAppsAPIClient(credential, subscriptionId, armClientOptions(…))`. It is
   * asked once per subscription, at the first use. The SDK's own retries must be off, as `armClientOptions` has them.
   */
  readonly client: (subscriptionId: string) => ArmClient | Promise<ArmClient>
  readonly clock: Clock
  /** How a sleeping revision is called; the global `fetch` unless told otherwise. */
  readonly wake?: WakeFetch
  /** Told of every call as it goes out; a list counts once, however many pages it has. */
  readonly onCall?: (kind: ArmCallKind) => void
  /** How many reads may be under way at once; 8 unless told otherwise. */
  readonly parallel?: number
  /** How many revision lists a minute are for apps that a glance is enough for, in each subscription; 25 unless told otherwise. */
  readonly quietReads?: number
  /** How long one ARM call may take; 30 s unless told otherwise. */
  readonly timeoutMs?: number
  /** How long a wake call may take; 5 s unless told otherwise. */
  readonly wakeTimeoutMs?: number
  /** How time is let pass between two tries of a call; real time unless told otherwise. */
  readonly pause?: Pause
}

/**
 * Container apps through ARM (`@azure/arm-appcontainers` 4, api-version 2026-07-01).
 *
 * `observe` costs one call per resource group and one per app (two for an app that is alone in its group); of apps that may
 * do with a glance only those whose turn it is add one (`lib/core/revision-turns.ts`), and a list that is some seconds old
 * does for them. `perform` sends one minimal PATCH (location and the changed subtree) or one POST, and returns when Azure has taken it: the long-running operation is never polled, its end is seen by
 * the next look. Nothing is tried again in here but the throttled calls of a rollback, and of ARM's budget a fifth is kept for
 * those (`arm-lane.ts`). Fault kinds: 409 and lock conflicts `conflict`; 429 `throttled`; 401, 403 and
 * management locks `denied`; 404 `not-found`; other 4xx and unsafe wishes `malformed`; 5xx, time-outs and lost connections
 * `unavailable`, where the deed may have happened.
 */
export function createArmApps(options: ArmAppsOptions): ContainerApps {
  const { clock, timeoutMs = 30_000, parallel = 8, wakeTimeoutMs = 5_000, onCall = () => {} } = options
  const homes = new Map<string, Home>()
  const pause: Pause = options.pause ?? ((ms) => pauseFor(ms))
  const calls = createArmCalls({ clock, timeoutMs, onCall, send: createArmLane(clock, pause) })
  const client = oneClientEach(options.client)
  return {
    observe: createObserver({
      calls,
      client,
      clock,
      parallel,
      ...(options.quietReads === undefined ? {} : { quietReads: options.quietReads }),
      remember: (target, app) => {
        homes.set(appKey(target), { location: app.location, template: app.template })
      },
    }),
    perform: createPerformer({
      calls,
      client,
      home: (target) => homes.get(appKey(target)),
      wake: options.wake ?? fetch,
      wakeTimeoutMs,
      onWake: () => onCall('wake'),
    }),
  }
}

/**
 * Client options that this plug relies on: no retries (the SDK would send a PATCH up to four times; the wheel decides when to
 * try again) and no redirects. `overrides` are laid on top, such as `endpoint`.
 */
export function armClientOptions(
  overrides: ContainerAppsAPIClientOptionalParams = {},
): ContainerAppsAPIClientOptionalParams {
  return {
    userAgentOptions: { userAgentPrefix: 'slipway' },
    ...overrides,
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
  }
}

/** One client per subscription; a factory that failed is asked again next time. */
function oneClientEach(make: ArmAppsOptions['client']): (subscriptionId: string) => Promise<ArmClient> {
  const made = new Map<string, Promise<ArmClient>>()
  return (subscriptionId) => {
    const known = made.get(subscriptionId)
    if (known !== undefined) return known
    const client = (async () => make(subscriptionId))()
    made.set(subscriptionId, client)
    client.catch(() => made.delete(subscriptionId))
    return client
  }
}
