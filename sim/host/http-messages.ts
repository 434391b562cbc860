import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpCookie, InvocationResponse, TypedData } from './functions-core.ts'

/** Where a request goes. */
export interface Target {
  readonly path: string
  readonly query: URLSearchParams
  /** Absolute, with the host that the client named where that can be read. */
  readonly url: string
}

/** What goes back to the client. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly cookies: readonly string[]
  readonly body: Uint8Array | string
}

/** Headers that only the server itself can know. */
const OWN_HEADERS: readonly string[] = ['connection', 'content-length', 'keep-alive', 'set-cookie', 'transfer-encoding']

/** Reads the request line, or null when it is not a path. */
export function targetOf(request: IncomingMessage, ownUrl: string): Target | null {
  const raw = request.url ?? ''
  if (!raw.startsWith('/')) return null
  const [path = '', ...rest] = raw.split('?')
  const named = `http://${request.headers.host ?? ''}${raw}`
  return { path, query: new URLSearchParams(rest.join('?')), url: URL.canParse(named) ? named : ownUrl + raw }
}

/** The whole body, or null when it is larger than `limit`: by Content-Length nothing is read, otherwise not much more. */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return null
  if (request.headers.expect !== undefined) response.writeContinue()
  const chunks: Buffer[] = []
  let total = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    total += chunk.length
    if (total > limit) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** A request as the worker gets it. A repeated query key is one entry with its values joined by commas, as in Azure. */
export function httpData(
  request: IncomingMessage,
  target: Target,
  params: Readonly<Record<string, string>>,
  body: Buffer,
): TypedData {
  const headers = Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(', ')])
  const query = [...new Set(target.query.keys())].map((key) => [key, target.query.getAll(key).join(',')])
  const http = {
    method: request.method ?? 'GET',
    url: target.url,
    headers: Object.fromEntries(headers),
    query: Object.fromEntries(query),
    params,
    ...(body.length === 0 ? {} : { body: { bytes: body } }),
  }
  return { http }
}

/** The answer of an invocation; a function that returned nothing is 204. */
export function answerTo(response: InvocationResponse): Answer {
  const http = response.returnValue?.http
  if (http === undefined) return { status: 204, headers: {}, cookies: [], body: '' }
  const headers = Object.entries(http.headers ?? {}).filter(([name]) => !OWN_HEADERS.includes(name.toLowerCase()))
  return {
    status: Number(http.statusCode ?? 200),
    headers: Object.fromEntries(headers),
    cookies: (http.cookies ?? []).map(cookieText),
    body: http.body?.bytes ?? http.body?.string ?? http.body?.json ?? '',
  }
}

function cookieText(cookie: HttpCookie): string {
  const parts = [`${cookie.name}=${encodeURIComponent(cookie.value)}`]
  if (cookie.domain !== undefined) parts.push(`domain=${cookie.domain.value}`)
  if (cookie.path !== undefined) parts.push(`path=${cookie.path.value}`)
  if (cookie.expires !== undefined) parts.push(`expires=${new Date(cookie.expires.value.seconds * 1000).toUTCString()}`)
  if (cookie.maxAge !== undefined) parts.push(`max-age=${cookie.maxAge.value}`)
  if (cookie.secure?.value === true) parts.push('secure')
  if (cookie.httpOnly?.value === true) parts.push('httponly')
  if (cookie.sameSite !== undefined && cookie.sameSite !== 'none') {
    parts.push(`samesite=${cookie.sameSite === 'explicitNone' ? 'none' : cookie.sameSite}`)
  }
  return parts.join('; ')
}
