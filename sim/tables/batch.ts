import type { Reply } from '../azure/serve.ts'
import { refusalOf, type TableRefusal } from './refusal.ts'

/** One command of an entity-group transaction. */
export interface BatchCommand {
  readonly method: string
  /** Path of the URL, as it was sent. */
  readonly path: string
  readonly ifMatch: string | null
  readonly body: string
}

const MOST_BYTES = 4 * 1024 * 1024
const MOST_COMMANDS = 100

/** The commands of a multipart body, in order. Throws TableRefusal. */
export function commandsIn(contentType: string, body: string): readonly BatchCommand[] {
  if (Buffer.byteLength(body) > MOST_BYTES) throw refusalOf('RequestBodyTooLarge')
  const boundary = /boundary=([^;\s]+)/.exec(contentType)?.[1]
  const changes = /boundary=(changeset_[^;\s]+)/.exec(body)?.[1]
  if (boundary === undefined || changes === undefined || !body.includes(`--${boundary}--`))
    throw refusalOf('InvalidInput')
  const parts = body.split(`--${changes}`).slice(1, -1)
  if (parts.length === 0 || parts.length > MOST_COMMANDS) throw refusalOf('InvalidInput')
  return parts.map(commandIn)
}

/** A part has headers of its own, and in it a whole request: request line, headers, empty line, body. */
function commandIn(part: string): BatchCommand {
  const start = part.search(/^(POST|PUT|PATCH|MERGE|DELETE) /m)
  const request = start < 0 ? '' : part.slice(start)
  const end = /\r?\n\r?\n/.exec(request)
  const [line = '', ...headers] = request.slice(0, end?.index ?? 0).split(/\r?\n/)
  const [method, url] = line.split(' ')
  if (end === null || method === undefined || url === undefined) throw refusalOf('InvalidInput')
  const ifMatch = headers.find((header) => /^if-match:/i.test(header))
  return {
    method,
    path: new URL(url).pathname,
    ifMatch: ifMatch === undefined ? null : ifMatch.slice(ifMatch.indexOf(':') + 1).trim(),
    body: request.slice(end.index + end[0].length).trim(),
  }
}

/** The answer to a transaction that was stored: one part per command, each with its new ETag where there is one. */
export function storedReply(etags: readonly (string | null)[]): Reply {
  const parts = etags.map((etag) => {
    const told = etag === null ? '' : `ETag: ${etag}\r\n`
    return `HTTP/1.1 204 No Content\r\nX-Content-Type-Options: nosniff\r\n${told}DataServiceVersion: 1.0;\r\n\r\n\r\n`
  })
  return multipart(parts)
}

/** The answer to a transaction of which nothing was stored, because of its command at `index`. */
export function refusedReply(index: number, { status, code, message }: TableRefusal): Reply {
  const error = { 'odata.error': { code, message: { lang: 'en-US', value: `${index}:${message}` } } }
  const type = 'Content-Type: application/json;odata=minimalmetadata;streaming=true;charset=utf-8'
  return multipart([`HTTP/1.1 ${status} Refused\r\n${type}\r\n\r\n${JSON.stringify(error)}\r\n`])
}

function multipart(parts: readonly string[]): Reply {
  const [batch, changes] = ['batchresponse_1', 'changesetresponse_1']
  const head = `--${changes}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n`
  const inside = parts.map((part) => `${head}${part}`).join('')
  const body = `--${batch}\r\nContent-Type: multipart/mixed; boundary=${changes}\r\n\r\n${inside}--${changes}--\r\n--${batch}--\r\n`
  return { status: 202, headers: { 'content-type': `multipart/mixed; boundary=${batch}` }, body }
}
