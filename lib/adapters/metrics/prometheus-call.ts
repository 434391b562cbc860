import { seconds } from './promql.ts'

/** One series of an instant vector: its labels, and its value as the server wrote it. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What a question to a Prometheus server is made of. */
export interface PrometheusCall {
  readonly baseUrl: string
  readonly text: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly timeoutMs: number
  readonly fetch: typeof fetch
}

/** More than any honest answer needs. */
const MAX_BYTES = 1024 * 1024

/**
 * The answer of `/api/v1/query` to one PromQL text, or why there is none, for a person. Never throws. Redirects, bodies
 * over 1 MiB, warnings (a partial answer) and anything but a vector of floats are refused.
 */
export async function queryPrometheus(call: PrometheusCall): Promise<readonly Sample[] | string> {
  const url = endpoint(call.baseUrl)
  if (url === null)
    return 'the prometheusUrl of this environment in SLIPWAY_ENVIRONMENTS is no http(s) URL without credentials'
  const server = `Prometheus at ${url.origin}`
  try {
    const response = await call.fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ query: call.text, time: seconds(call.at), timeout: `${call.timeoutMs}ms` }),
      redirect: 'manual',
      signal: AbortSignal.timeout(call.timeoutMs),
    })
    const body = await readBody(response)
    if (body === null) return `${server} answered more than ${MAX_BYTES} bytes`
    if (response.status !== 200) return describeStatus(server, response.status, body)
    const samples = readVector(body)
    return typeof samples === 'string' ? `${server} answered ${samples}` : samples
  } catch (error) {
    return describeFailure(server, error, call.timeoutMs)
  }
}

function endpoint(baseUrl: string): URL | null {
  const url = URL.parse('api/v1/query', baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return null
  return url
}

async function readBody(response: Response): Promise<string | null> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ''
  for await (const chunk of response.body) {
    bytes += chunk.byteLength
    if (bytes > MAX_BYTES) return null
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function readVector(body: string): readonly Sample[] | string {
  const answer = parsed(body)
  if (!isRecord(answer) || answer.status !== 'success' || !isRecord(answer.data))
    return 'something that is no query result'
  if (Array.isArray(answer.warnings) && answer.warnings.length > 0) {
    return `with a warning, so maybe only a part: ${String(answer.warnings[0]).slice(0, 200)}`
  }
  const { resultType, result } = answer.data
  if (resultType !== 'vector' || !Array.isArray(result))
    return `a ${String(resultType).slice(0, 40)} instead of a vector`
  const samples = result.map(readSample)
  return samples.every((sample) => sample !== null) ? samples : 'a series that cannot be read'
}

function readSample(series: unknown): Sample | null {
  if (!isRecord(series) || !isRecord(series.metric) || !Array.isArray(series.value)) return null
  const labels = Object.entries(series.metric)
  const value: unknown = series.value[1]
  if (typeof value !== 'string' || value === '' || labels.some(([, label]) => typeof label !== 'string')) return null
  return {
    labels: Object.fromEntries(labels) as Record<string, string>,
    value: Number(value.replace('Inf', 'Infinity')),
  }
}

function describeStatus(server: string, status: number, body: string): string {
  if (status >= 300 && status < 400) {
    return `${server} redirects (HTTP ${status}), which is not followed: set the final address as prometheusUrl in SLIPWAY_ENVIRONMENTS`
  }
  const answer = parsed(body)
  const detail = isRecord(answer) && typeof answer.error === 'string' ? `: ${answer.error.slice(0, 300)}` : ''
  if (status === 401 || status === 403)
    return `${server} refused us (HTTP ${status})${detail}: allow Slipway to read it`
  if (status === 400 || status === 422) return `${server} refused the query (HTTP ${status})${detail}`
  if (status === 404)
    return `${server} has no query API at this address (HTTP 404): check prometheusUrl in SLIPWAY_ENVIRONMENTS`
  return `${server} is unavailable (HTTP ${status})${detail}`
}

function describeFailure(server: string, error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `${server} gave no answer within ${timeoutMs} ms`
  const cause = error instanceof Error && isRecord(error.cause) ? error.cause.code : undefined
  return `${server} could not be reached (${typeof cause === 'string' ? cause : 'connection failed'})`
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
