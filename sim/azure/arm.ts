import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../lib/ports.ts'
import { ArmRefusal } from '../world/refusal.ts'
import type { World } from '../world/types.ts'
import type { Insights } from './arm-insights.ts'
import { type ArmRequest, answerArm } from './arm-routes.ts'
import { type Bucket, createBuckets } from './arm-throttle.ts'
import { bearerOf, json, listen, type Reply, readText, type ServerCertificate, send, urlOf } from './serve.ts'

export interface ArmServerOptions {
  readonly world: World
  /** Fills the token buckets again. */
  readonly clock: Clock
  /** Whether a bearer token is good for ARM; null is no token. */
  readonly accept: (token: string | null) => boolean
  /** Absent: plain HTTP, which the Azure SDKs refuse to send a token over. */
  readonly tls?: ServerCertificate
  /** True: calls beyond ARM's token buckets get 429. Default false: buckets are shown in the headers only. */
  readonly throttle?: boolean
  /** Apps or revisions on a page of a list. Default 50. */
  readonly pageSize?: number
  /** Where a FQDN of the world is really served (`127.0.0.1:<port>`), since nothing resolves such names on loopback. */
  readonly address?: (fqdn: string) => string | null
  /** What other resource providers tell. Absent: nothing. */
  readonly insights?: Insights
}

/** Azure Resource Manager as far as Slipway calls it, in front of a world. */
export interface ArmServer {
  /** Value for the SDK's `endpoint`. */
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves the ARM operations that Slipway uses, on loopback. Answers are those of api-version 2026-07-01
 * (Azure/azure-rest-api-specs, specification/app/resource-manager/Microsoft.App/ContainerApps/stable/2026-07-01),
 * except where live Azure is known to differ; each such place names its source.
 */
export async function createArmServer(options: ArmServerOptions): Promise<ArmServer> {
  const buckets = createBuckets(options.clock)
  const scheme = options.tls ? 'https' : 'http'
  const { url, close } = await listen((request, response) => {
    handle(options, buckets, scheme, request, response).catch(() => response.destroy())
  }, options.tls)
  return { url, close }
}

async function handle(
  options: ArmServerOptions,
  buckets: (subscriptionId: string, kind: 'reads' | 'writes') => Bucket,
  scheme: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readText(request, 4 * 1024 * 1024)
  const url = urlOf(request)
  const kind = request.method === 'GET' ? 'reads' : 'writes'
  const headers: Record<string, string> = { 'x-ms-request-id': crypto.randomUUID(), 'cache-control': 'no-cache' }
  try {
    authenticate(options, request)
    const bucket = buckets(url.pathname.split('/')[2] ?? '', kind)
    const left = bucket.take()
    headers[`x-ms-ratelimit-remaining-subscription-${kind}`] = String(Math.max(0, Math.floor(left)))
    if (options.throttle && left < 0) throw bucket.refusal()
    const asked: ArmRequest = { method: request.method ?? 'GET', url, contentType: contentTypeOf(request), body }
    const origin = `${scheme}://${request.headers.host ?? '127.0.0.1'}`
    const reply =
      options.insights?.answer(asked.method, url) ??
      answerArm(options.world, asked, { origin, pageSize: options.pageSize ?? 50 })
    send(response, { ...addressed(reply, options.address), headers: { ...headers, ...reply.headers } })
  } catch (error) {
    const reply = refusalReply(error)
    if (reply === null) response.destroy()
    else send(response, { ...reply, headers: { ...headers, ...reply.headers } })
  }
}

const FQDN = /"((?:latestRevisionF|f)qdn)":"([^"]+)"/g

/** The reply with addresses in place of names, where they are known. */
function addressed(reply: Reply, address: ArmServerOptions['address']): Reply {
  if (address === undefined) return reply
  const body = reply.body.replace(FQDN, (_, name: string, fqdn: string) => `"${name}":"${address(fqdn) ?? fqdn}"`)
  return { ...reply, body }
}

function authenticate({ accept }: ArmServerOptions, request: IncomingMessage): void {
  const token = bearerOf(request)
  if (accept(token)) return
  const missing = "Authentication failed. The 'Authorization' header is missing."
  const wrong = 'The access token is invalid.'
  const code = token === null ? 'AuthenticationFailed' : 'InvalidAuthenticationToken'
  throw new ArmRefusal({ status: 401, code, message: token === null ? missing : wrong })
}

/** What ARM answers instead of doing something; null: the refusal is that nobody answers. */
export function refusalReply(error: unknown): Reply | null {
  const inside = { status: 500, code: 'InternalServerError', message: `The simulator failed: ${error}` }
  const { status, code, message, retryAfterS } = error instanceof ArmRefusal ? error : { ...inside, retryAfterS: null }
  if (status === 0) return null
  const headers: Record<string, string> = retryAfterS === null ? {} : { 'retry-after': String(retryAfterS) }
  if (status === 401) headers['www-authenticate'] = 'Bearer authorization_uri="https://login.microsoftonline.com/"'
  return json(status, { error: { code, message } }, headers)
}

function contentTypeOf(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
}
