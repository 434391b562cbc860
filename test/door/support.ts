import functions, { type HttpHandler, type HttpResponseInit } from '@azure/functions'

/** What a test sends; the rest is filled in. */
export interface Sent {
  readonly method?: string
  readonly url?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
  readonly params?: Record<string, string>
}

/** What came back, and what was logged while it was made. */
export interface Seen {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: Record<string, unknown>
  readonly lines: readonly string[]
  readonly cookies: readonly functions.Cookie[]
}

const JSON_HEADERS = { 'content-type': 'application/json' }

/** A request as the Functions worker would build it. */
export function requestOf(sent: Sent): functions.HttpRequest {
  const { method = 'POST', url = 'https://slipway.test/api/hooks/acr', headers = JSON_HEADERS, params = {} } = sent
  const { body } = sent
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  return new functions.HttpRequest({
    method,
    url,
    headers,
    params,
    ...(bytes === undefined ? {} : { body: { bytes } }),
  })
}

/** Sends one request through a framed handler and reads the whole answer with the library's own response class. */
export async function send(handler: HttpHandler, sent: Sent | functions.HttpRequest): Promise<Seen> {
  const lines: string[] = []
  const context = new functions.InvocationContext({
    functionName: 'hooks',
    logHandler: (_level, ...args) => lines.push(args.join(' ')),
  })
  const request = sent instanceof functions.HttpRequest ? sent : requestOf(sent)
  const response = new functions.HttpResponse((await handler(request, context)) as HttpResponseInit)
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') ?? false
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? JSON.parse(text || 'null') : {},
    lines,
    cookies: response.cookies,
  }
}
