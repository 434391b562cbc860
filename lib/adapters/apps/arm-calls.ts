import type { ContainerAppsAPIClient } from '@azure/arm-appcontainers'
import type { Clock, Urgent } from '../../ports.ts'
import { type ArmResponse, faultOfError, faultOfResponse } from './arm-fault.ts'
import type { ArmSend } from './arm-lane.ts'

/** The part of the SDK's client that Slipway uses. */
export interface ArmClient {
  readonly containerApps: Pick<ContainerAppsAPIClient['containerApps'], 'listByResourceGroup' | 'get' | 'update'>
  readonly containerAppsRevisions: Pick<
    ContainerAppsAPIClient['containerAppsRevisions'],
    'listRevisions' | 'getRevision' | 'activateRevision' | 'deactivateRevision'
  >
}

/** What kind of call went out, for counting. `wake` is the only one that does not go to ARM. */
export type ArmCallKind =
  | 'list-apps'
  | 'list-revisions'
  | 'get-app'
  | 'get-revision'
  | 'patch-app'
  | 'activate-revision'
  | 'deactivate-revision'
  | 'wake'

/** Options that every SDK call of this adapter gets. */
export interface ArmCallOptions {
  readonly abortSignal: AbortSignal
  readonly onResponse: (response: ArmResponse & { readonly parsedBody?: unknown }) => void
}

/** Calls to ARM that end in time, are counted, and fail as a Fault in Azure's own words. */
export interface ArmCalls {
  /** A read. `onBody` gets the raw JSON of the (first) answer, for fields that the SDK's models leave out. */
  ask<T>(
    kind: ArmCallKind,
    what: string,
    send: (options: ArmCallOptions) => Promise<T>,
    onBody?: (body: unknown) => void,
  ): Promise<T>
  /** A write: done as soon as Azure answered 2xx, whatever that answer looks like. */
  submit(kind: ArmCallKind, what: string, send: (options: ArmCallOptions) => Promise<void>): Promise<void>
}

interface Settings {
  readonly clock: Clock
  readonly timeoutMs: number
  readonly onCall: (kind: ArmCallKind) => void
  readonly send: ArmSend
}

/** The calls to one subscription; `urgent` for those of a rollback. */
export type ArmCallsOf = (subscriptionId: string, urgent?: Urgent) => ArmCalls

/** Makes the one way through which this adapter calls ARM. `timeoutMs` bounds one call, all its pages included. */
export function createArmCalls(settings: Settings): ArmCallsOf {
  return (subscriptionId, urgent) => callsOf(settings, subscriptionId, urgent)
}

function callsOf(settings: Settings, subscriptionId: string, urgent: Urgent | undefined): ArmCalls {
  const { clock, timeoutMs, onCall } = settings
  return {
    ask: (kind, what, send, onBody) =>
      settings.send(what, subscriptionId, 'reads', urgent, () => {
        onCall(kind)
        return run(settings, what, send, onBody, (response, error) => {
          throw faultOfError(`${what} (answered ${response.status})`, error, timeoutMs, clock.now())
        })
      }),
    submit: (kind, what, send) =>
      settings.send(what, subscriptionId, 'writes', urgent, () => {
        onCall(kind)
        // A 202 with an empty body and no operation header makes the SDK throw TypeError *after* Azure took the request.
        return run(
          settings,
          what,
          send,
          () => {},
          () => {},
        )
      }),
  }
}

async function run<T>(
  { clock, timeoutMs }: Settings,
  what: string,
  send: (options: ArmCallOptions) => Promise<T>,
  onBody: (body: unknown) => void = () => {},
  onUnreadable: (response: ArmResponse, error: unknown) => T,
): Promise<T> {
  const seen: ArmResponse[] = []
  const timer = new AbortController()
  const timeout = setTimeout(() => timer.abort(new DOMException('too late', 'TimeoutError')), timeoutMs)
  const onResponse: ArmCallOptions['onResponse'] = (response) => {
    seen.push(response)
    onBody(response.parsedBody)
  }
  try {
    return await untilAborted(send({ abortSignal: timer.signal, onResponse }), timer.signal)
  } catch (error) {
    const response = seen.at(-1)
    if (response === undefined) throw faultOfError(what, error, timeoutMs, clock.now())
    if (response.status < 200 || response.status > 299) throw faultOfResponse(what, response, clock.now())
    return onUnreadable(response, error)
  } finally {
    clearTimeout(timeout)
  }
}

/** The SDK hands the signal to a list's first page only; the later ones are bounded here. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work.then(resolve, reject)
  })
}
