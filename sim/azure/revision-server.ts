import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequestMeter, EXPOSITION_TYPE, type RequestMeter } from './exposition.ts'
import { drawLatencyMs, type ImageProfile, type Random } from './image-profile.ts'
import { json, listen, type Reply, send, text } from './serve.ts'

export interface RevisionServerOptions {
  /** The container app's name. */
  readonly service: string
  readonly revision: string
  /** Asked at every request, so that a running program can be made to change. */
  readonly profile: () => ImageProfile
  readonly random: Random
}

/** A revision's one replica: a real HTTP server that answers as its image's profile says. */
export interface RevisionServer {
  readonly replica: string
  /** `127.0.0.1:<port>`, without ingress in front: where Prometheus scrapes. */
  readonly host: string
  readonly port: number
  /** Stops at once; whoever calls this has waited for open requests. */
  close(): Promise<void>
}

/** Starts a replica. It answers every path; `/metrics` shows its request figures, which do not count themselves. */
export async function createRevisionServer(options: RevisionServerOptions): Promise<RevisionServer> {
  const meter = createRequestMeter({ service: options.service, revision: options.revision })
  const replica = `${options.revision}-${part(options.random, 10)}-${part(options.random, 5)}`
  const listening = await listen((request, response) => {
    request.resume()
    if (request.url === '/metrics') send(response, text(200, meter.exposition(), EXPOSITION_TYPE))
    else work(options, meter, request, response)
  })
  const { port, close } = listening
  return { replica, host: `127.0.0.1:${port}`, port, close }
}

function work(
  options: RevisionServerOptions,
  meter: RequestMeter,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const profile = options.profile()
  const started = performance.now()
  const reply = replyOf(options, profile, request.url ?? '/')
  setTimeout(
    () => {
      meter.count(reply.status, (performance.now() - started) / 1000)
      if (!response.destroyed) send(response, reply)
    },
    drawLatencyMs(profile, options.random),
  )
}

function replyOf(options: RevisionServerOptions, profile: ImageProfile, path: string): Reply {
  const { service, revision } = options
  const headers = { 'x-version': profile.version, 'x-revision': revision }
  if (options.random() < profile.errorRate)
    return json(500, { error: 'the service failed', service, revision }, headers)
  return json(200, { service, revision, version: profile.version, path }, headers)
}

function part(random: Random, length: number): string {
  return Array.from({ length }, () => '0123456789abcdefghijklmnopqrstuvwxyz'[Math.floor(random() * 36)]).join('')
}
