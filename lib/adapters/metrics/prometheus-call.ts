import { codeOf, isRecord, parseJson, readBody } from './body.ts'
import { oneLine } from './prometheus-words.ts'
import type { Trouble } from './trouble.ts'

/** One series of a matrix: its labels, and its points as time (epoch milliseconds) and value. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>
  readonly points: readonly (readonly [number, number])[]
}

/** What a question to a Prometheus server is made of. */
export interface PrometheusCall {
  readonly baseUrl: string
  readonly text: string
  /** Bearer token; never in what is answered, whatever the server says. */
  readonly token: string | null
  readonly timeoutMs: number
  readonly fetch: typeof fetch
}

/** More than any honest answer needs: a day in minutes of a long histogram is half a mebibyte. */
const MAX_BYTES = 16 * 1024 * 1024

/**
 * The answer of `/api/v1/query` to one PromQL text, or why there is none. Never throws. Redirects, bodies over 16 MiB,
 * warnings (a partial answer) and anything but a matrix of floats are refused.
 */
export async function queryPrometheus(call: PrometheusCall): Promise<readonly Series[] | Trouble> {
  const url = endpoint(call.baseUrl)
  if (url === null) {
    const why = 'the prometheusUrl of this environment in SLIPWAY_ENVIRONMENTS is no http(s) URL without credentials'
    return { silence: 'unset', why }
  }
  const server = `Prometheus at ${url.origin}`
  try {
    const response = await call.fetch(url, {
      method: 'POST',
      headers: call.token === null ? {} : { authorization: `Bearer ${call.token}` },
      body: new URLSearchParams({ query: call.text, timeout: `${call.timeoutMs}ms` }),
      redirect: 'manual',
      signal: AbortSignal.timeout(call.timeoutMs),
    })
    const read = await readBody(response, MAX_BYTES)
    const body = call.token === null ? read : (read?.replaceAll(call.token, '…') ?? null)
    if (body === null) return malformed(`${server} answered more than ${MAX_BYTES} bytes: give the metric fewer series`)
    if (response.status !== 200) return describeStatus(server, response.status, body, call.token !== null)
    return readMatrix(server, body)
  } catch (error) {
    return describeFailure(server, error, call.timeoutMs)
  }
}

function endpoint(baseUrl: string): URL | null {
  const url = URL.parse('api/v1/query', baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return null
  return url
}

function readMatrix(server: string, body: string): readonly Series[] | Trouble {
  const answer = parseJson(body)
  if (!isRecord(answer) || answer.status !== 'success' || !isRecord(answer.data)) {
    return malformed(
      `${server} answered something that is no query result: check prometheusUrl in SLIPWAY_ENVIRONMENTS`,
    )
  }
  if (Array.isArray(answer.warnings) && answer.warnings.length > 0) {
    const [first]: readonly unknown[] = answer.warnings
    const said = typeof first === 'string' ? oneLine(first, 200) : 'it holds no text'
    return {
      silence: 'partial',
      why: `${server} answered with a warning, so maybe only a part, which is not counted: ${said}`,
    }
  }
  const { resultType, result } = answer.data
  if (resultType !== 'matrix' || !Array.isArray(result)) {
    return malformed(`${server} answered a ${oneLine(String(resultType), 40)} instead of a matrix`)
  }
  const series = result.map(readSeries)
  return series.every((one) => one !== null) ? series : malformed(`${server} answered a series that cannot be read`)
}

function readSeries(series: unknown): Series | null {
  if (!isRecord(series) || !isRecord(series.metric) || !Array.isArray(series.values)) return null
  const labels = Object.entries(series.metric)
  if (labels.some(([, label]) => typeof label !== 'string')) return null
  const points = series.values.map(readPoint)
  if (!points.every((point) => point !== null)) return null
  return { labels: Object.fromEntries(labels) as Record<string, string>, points }
}

function readPoint(point: unknown): readonly [number, number] | null {
  if (!Array.isArray(point)) return null
  const [at, value]: readonly unknown[] = point
  if (typeof at !== 'number' || typeof value !== 'string' || value === '') return null
  return [Math.round(at * 1000), Number(value.replace('Inf', 'Infinity'))]
}

function describeStatus(server: string, status: number, body: string, hasToken: boolean): Trouble {
  const answer = parseJson(body)
  const said = isRecord(answer) && typeof answer.error === 'string' ? `: ${oneLine(answer.error, 300)}` : ''
  const by = `(HTTP ${status})${said}`
  if (status >= 300 && status < 400) {
    const why = `${server} redirects (HTTP ${status}), which is not followed: set the final address as prometheusUrl in SLIPWAY_ENVIRONMENTS`
    return malformed(why)
  }
  if (status === 401 || status === 403) {
    const how = hasToken
      ? 'for a workspace of Azure Monitor its identity needs the role Monitoring Data Reader'
      : 'where the server asks for a token, add prometheusAudience to the environment in SLIPWAY_ENVIRONMENTS'
    return { silence: 'denied', why: `${server} refused us ${by}: allow Slipway to read it; ${how}` }
  }
  if (status === 400 || status === 422) return { silence: 'refused', why: `${server} refused the query ${by}` }
  if (status === 404)
    return malformed(
      `${server} has no query API at this address (HTTP 404): check prometheusUrl in SLIPWAY_ENVIRONMENTS`,
    )
  if (status === 429)
    return { silence: 'throttled', why: `${server} is throttling us ${by}: it is asked again at the next look` }
  if (isRecord(answer) && answer.errorType === 'timeout')
    return {
      silence: 'late',
      why: `${server} ran out of time ${by}: give the metric fewer series, or the server more room`,
    }
  return { silence: 'down', why: `${server} is unavailable ${by}: it is asked again at the next look` }
}

function describeFailure(server: string, error: unknown, timeoutMs: number): Trouble {
  const code = codeOf(error)
  const later = 'it is asked again at the next look'
  if (code === 'TIMEOUT') return { silence: 'late', why: `${server} gave no answer within ${timeoutMs} ms: ${later}` }
  return { silence: 'down', why: `${server} could not be reached (${code}): ${later}` }
}

function malformed(why: string): Trouble {
  return { silence: 'malformed', why }
}
