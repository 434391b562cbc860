import type { LogsQueryClient } from '@azure/monitor-query-logs'
import { TimedOut } from './within.ts'

/** What the SDK is given with one call, so that the call ends; `abortSignal` is for clients that take one. */
export interface CallBounds {
  readonly abortSignal: AbortSignal
  readonly requestOptions: {
    readonly timeout: number
    readonly onDownloadProgress: (progress: { readonly loadedBytes: number }) => void
  }
}

/** The part of the SDK client's pipeline that is used here. */
export type Pipeline = Pick<LogsQueryClient['pipeline'], 'addPolicy' | 'removePolicy'>

/** What `bounded` throws when the body of an answer does not end. */
export class TooLong extends Error {
  override readonly name = 'TooLong'
}

const MEGABYTE = 2 ** 20
const NAME = 'slipwayBounds'
const signals = new WeakMap<object, AbortSignal>()

/**
 * The outcome of one call to an Azure SDK, or TimedOut after `ms`, or TooLong after `mostBytes` of (unpacked) body. The
 * SDK's own `timeout` ends with the headers of the answer; here the connection is closed, too, when the body goes on.
 */
export async function bounded<T>(
  call: (bounds: CallBounds) => Promise<T>,
  ms: number,
  mostBytes = 64 * MEGABYTE,
): Promise<T> {
  const controller = new AbortController()
  const { signal } = controller
  const onDownloadProgress: CallBounds['requestOptions']['onDownloadProgress'] = ({ loadedBytes }) => {
    if (loadedBytes > mostBytes) {
      controller.abort(new TooLong(`an answer of more than ${Math.round(mostBytes / MEGABYTE)} MB`))
    }
  }
  signals.set(onDownloadProgress, signal)
  const timer = setTimeout(() => controller.abort(new TimedOut(`no answer within ${ms} ms`)), ms)
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })
  try {
    const requestOptions = { timeout: ms, onDownloadProgress }
    return await Promise.race([call({ abortSignal: signal, requestOptions }), stopped])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Makes a client pass the signal of `bounded` on. LogsQueryClient takes no `abortSignal`: of its options it hands on
 * `requestOptions` only, by which each call is known again. Doing it twice does no harm.
 */
export function passSignals(pipeline: Pipeline): void {
  pipeline.removePolicy({ name: NAME })
  pipeline.addPolicy({
    name: NAME,
    async sendRequest(request, next) {
      const signal = request.onDownloadProgress && signals.get(request.onDownloadProgress)
      if (signal !== undefined) request.abortSignal = signal
      return next(request)
    },
  })
}
