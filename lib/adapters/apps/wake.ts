import { Fault } from '../../errors.ts'

/** As much of `fetch` as a knock at the door needs. */
export type WakeFetch = (
  url: string,
  init: { readonly method: 'GET'; readonly redirect: 'manual'; readonly signal: AbortSignal },
) => Promise<{ readonly status: number; readonly body?: { cancel(): Promise<void> } | null }>

/**
 * Sends one GET to the revision's own address, so that the platform starts a replica. Any answer will do, and so does none
 * within `timeoutMs`: a cold start takes longer than that (48 s were measured), and the knock was heard all the same.
 * Redirects are not followed. Throws Fault `unavailable` where no connection came about, `malformed` for a bad host name.
 */
export async function knock(fetch: WakeFetch, fqdn: string, timeoutMs: number): Promise<void> {
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/i.test(fqdn)) {
    throw new Fault('malformed', `wake: ${JSON.stringify(fqdn.slice(0, 100))} is not a host name. Nothing was sent.`)
  }
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(`https://${fqdn}/`, { method: 'GET', redirect: 'manual', signal })
    await response.body?.cancel()
  } catch (error) {
    if (signal.aborted) return
    throw new Fault('unavailable', `wake ${fqdn}: no connection came about.`, { cause: error })
  }
}
