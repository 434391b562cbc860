import type { HttpRequest } from '@azure/functions'
import { problem, Refusal } from './problem.ts'

/** The largest body that a door takes when it names no other limit: 256 KiB. */
export const MAX_BODY_BYTES = 256 * 1024

/** How deep JSON may nest: `[]` is 1 deep. */
export const MAX_JSON_DEPTH = 16

/** How many keys all objects of a JSON body may have together, unless the door says otherwise. */
const MAX_JSON_KEYS = 1000

/** What a body of JSON may be called. */
export const JSON_TYPES: readonly string[] = ['application/json']

/** What event senders call their JSON: plain, CloudEvents (single and batch), CNCF Distribution notifications (2.x and 3.x). */
const EVENT_TYPES: readonly string[] = [
  ...JSON_TYPES,
  'application/cloudevents+json',
  'application/cloudevents-batch+json',
  'application/vnd.docker.distribution.events.v1+json',
  'application/vnd.docker.distribution.events.v2+json',
]

/**
 * What the doors of events take: a batch as well, which has more keys than any one thing. Ten thousand are more than 256 KiB
 * of real events have, which hold some twenty each.
 */
export const EVENT_BODY = { accepts: EVENT_TYPES, maxKeys: 10_000 } as const

/** What a manifest may be called: YAML by its registered and its older names, or JSON, which is YAML too. */
export const YAML_TYPES: readonly string[] = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml']

/**
 * What the doors of manifests take: one manifest, in YAML or JSON. It is read before anybody knows whether it makes sense, in
 * a time that grows faster than its length, and whoever may look at a service may ask for a plan: 64 KiB is more than all of
 * a manifest's limits together allow.
 */
export const MANIFEST_BODY = { accepts: [...YAML_TYPES, ...JSON_TYPES], maxBytes: 64 * 1024 } as const

/** Reads at most `limit` bytes. More, by Content-Length or by what really arrives, is refused with 413 and not read on. */
export async function readBytes(request: HttpRequest, limit: number): Promise<Uint8Array> {
  const declared = request.headers.get('content-length')
  if (declared !== null && !/^\d{1,15}$/.test(declared)) {
    throw new Refusal(problem(400, 'bad-request', 'Content-Length is not a number of bytes.'))
  }
  if (Number(declared ?? 0) > limit) throw tooLarge(limit)
  const chunks: Uint8Array[] = []
  let total = 0
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    total += chunk.byteLength
    if (total > limit) throw tooLarge(limit)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The media type in lower case without parameters. 415 when it is none of `accepts`, is not UTF-8, or comes compressed. */
export function checkMediaType(headers: Headers, accepts: readonly string[]): string {
  const [type = '', ...parameters] = (headers.get('content-type') ?? '').toLowerCase().split(';')
  const mediaType = type.trim()
  if (!accepts.includes(mediaType)) {
    throw unsupported(
      `Content-Type is ${mediaType === '' ? 'absent' : `"${mediaType}"`}. Send ${accepts.join(' or ')}.`,
    )
  }
  const charset = parameters.map((each) => each.trim()).find((each) => each.startsWith('charset='))
  if (charset !== undefined && !['utf-8', 'utf8'].includes(charset.slice(8).replaceAll('"', ''))) {
    throw unsupported('The charset is not UTF-8. Send UTF-8.')
  }
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity'
  if (encoding !== 'identity') throw unsupported('The body is compressed. Send it as it is, without Content-Encoding.')
  return mediaType
}

/** The text of a body, or 400 when it is not UTF-8. A byte order mark is dropped. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw malformed('The body is not valid UTF-8.')
  }
}

/** The value of a JSON text, or 400: not JSON, nested deeper than 16, or more than `maxKeys` keys. */
export function parseJson(text: string, maxKeys = MAX_JSON_KEYS): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw malformed('The body is not valid JSON.')
  }
  checkShape(value, maxKeys)
  return value
}

function checkShape(root: unknown, maxKeys: number): void {
  let level: unknown[] = [root].filter(isNest)
  let keys = 0
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_JSON_DEPTH) throw malformed(`The JSON nests deeper than ${MAX_JSON_DEPTH}.`)
    for (const nest of level) if (!Array.isArray(nest)) keys += Object.keys(nest as object).length
    if (keys > maxKeys) throw malformed(`The JSON has more than ${maxKeys} keys.`)
    level = level.flatMap((nest) => Object.values(nest as object).filter(isNest))
  }
}

function isNest(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function tooLarge(limit: number): Refusal {
  return new Refusal(problem(413, 'body-too-large', `The body is larger than ${limit} bytes. Send a smaller one.`))
}

function unsupported(detail: string): Refusal {
  return new Refusal(problem(415, 'unsupported-media-type', detail))
}

function malformed(detail: string): Refusal {
  return new Refusal(problem(400, 'malformed-body', detail))
}
