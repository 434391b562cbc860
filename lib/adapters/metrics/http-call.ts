import type { Query } from '../../core/judge/reading.ts'
import { codeOf, readBody } from './body.ts'
import { sayWithout } from './http-say.ts'
import { shellWord } from './shell.ts'
import type { Trouble } from './trouble.ts'

/** One POST: where to, about what, and with which token. */
export interface HttpCall {
  readonly url: URL
  readonly token: string | null
  readonly body: string
  readonly timeoutMs: number
  readonly fetch: typeof fetch
}

/** More than any honest answer needs: a day in minutes of fifty rollouts. */
const MAX_BYTES = 5 * 1024 * 1024

/** What is asked about these queries: JSON, times as ISO 8601 in UTC. */
export function requestBody(queries: readonly Query[]): string {
  return JSON.stringify({ version: 1, queries: queries.map(asked) })
}

/** The question about one query alone, as a person would ask it again from a shell; the token is left to them. */
export function asCommand(url: string, hasToken: boolean, query: Query): string {
  const token = hasToken ? ' -H "authorization: Bearer $TOKEN"' : ''
  return `curl -sS -H 'content-type: application/json'${token} -d ${shellWord(requestBody([query]))} ${shellWord(url)}`
}

/** The text of a 200, or why there is none. Never throws; no reason holds the token. Redirects are not followed. */
export async function post(call: HttpCall): Promise<{ readonly text: string } | Trouble> {
  const { url, token, timeoutMs } = call
  const service = `the service at ${url.origin}`
  const json = { 'content-type': 'application/json', accept: 'application/json', 'user-agent': 'Slipway/1' }
  try {
    const response = await call.fetch(url, {
      method: 'POST',
      headers: token === null ? json : { ...json, authorization: `Bearer ${token}` },
      body: call.body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    const text = await readBody(response, MAX_BYTES)
    if (text === null)
      return malformed(`${service} answered more than ${MAX_BYTES} bytes: answer only the buckets that were asked for`)
    if (response.status === 200) return { text }
    return describeStatus(service, response.status, sayWithout(token).text(text, 200))
  } catch (error) {
    const code = codeOf(error)
    const later = 'it is asked again at the next look'
    if (code === 'TIMEOUT')
      return { silence: 'late', why: `${service} gave no answer within ${timeoutMs} ms: ${later}` }
    return { silence: 'down', why: `${service} could not be reached (${code}): ${later}` }
  }
}

function asked({ id, environment, target, revision, arm, kpi, bucketMs, from, to }: Query): object {
  return {
    id,
    environment,
    app: target.app,
    revision,
    arm,
    kpi: kpi.name,
    kind: kpi.kind,
    ...(kpi.kind === 'latency' ? { limitMs: kpi.limitMs } : {}),
    bucketMs,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
  }
}

function describeStatus(service: string, status: number, said: string): Trouble {
  const by = said === '' ? `(HTTP ${status})` : `(HTTP ${status}: ${said})`
  if (status >= 300 && status < 400)
    return malformed(
      `${service} redirects (HTTP ${status}), which is not followed: put the final address into the manifest`,
    )
  if (status === 401 || status === 403)
    return {
      silence: 'denied',
      why: `${service} refused us (HTTP ${status}): let the secret of the KPI's source hold a token that it takes`,
    }
  if (status === 429)
    return { silence: 'throttled', why: `${service} is throttling us ${by}: it is asked again at the next look` }
  if (status === 400 || status === 422)
    return { silence: 'refused', why: `${service} refused the question ${by}: compare it with what the service takes` }
  if (status >= 500)
    return { silence: 'down', why: `${service} is unavailable ${by}: it is asked again at the next look` }
  return malformed(
    `${service} answered HTTP ${status} instead of 200: check the url of the KPI's source, which is asked by POST`,
  )
}

function malformed(why: string): Trouble {
  return { silence: 'malformed', why }
}
