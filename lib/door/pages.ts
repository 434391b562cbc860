import { readFile } from 'node:fs/promises'
import type { Reply, Visit } from '../door.ts'
import { problem } from './problem.ts'

/** What `files.json` says of one file of the dashboard. */
export interface PageFile {
  /** Its media type. */
  readonly type: string
  /** The beginning of the SHA-256 of its bytes, hex. */
  readonly hash: string
  /** Whether its name changes with its bytes, so that it may be kept for ever. */
  readonly isNamedByContent: boolean
}

type Files = Readonly<Record<string, PageFile>>

/**
 * What a page of the dashboard may do: load scripts, styles and pictures from here, ask this API, and nothing else. No
 * inline code, no frame, no text that becomes code (Trusted Types, and nobody may make any).
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const

/**
 * Answers with the files of a folder that the build of the dashboard made, by the names in its `files.json` and no others:
 * packed as the browser takes it, 304 where it has them, for ever where the name says what is in them. No path leads out.
 */
export function createPages(folder: URL): (path: string, visit: Pick<Visit, 'headers' | 'method'>) => Promise<Reply> {
  let known: Promise<Files | null> | null = null
  return async (path, { headers, method }) => {
    known ??= filesOf(folder)
    const files = await known
    if (files === null) {
      known = null
      return problem(404, 'not-found', 'The dashboard is not part of this build. `npm run build` makes it.')
    }
    const name = path === '' ? 'index.html' : path
    const file = Object.hasOwn(files, name) ? files[name] : undefined
    if (file === undefined) return problem(404, 'not-found', 'The dashboard has no such file. It begins at /api/ui/.')
    const [encoding, ending] = encodingFor(headers.get('accept-encoding') ?? '')
    const etag = `"${file.hash}${encoding === null ? '' : `-${encoding}`}"`
    const sent = { ...headersOf(file, etag), ...(encoding === null ? {} : { 'content-encoding': encoding }) }
    if (isHeld(headers.get('if-none-match'), file.hash)) return { status: 304, headers: headersOf(file, etag) }
    if (method === 'HEAD') return { headers: sent }
    return { headers: sent, body: await readFile(new URL(`${name}${ending}`, folder)) }
  }
}

async function filesOf(folder: URL): Promise<Files | null> {
  const text = await readFile(new URL('files.json', folder), 'utf8').catch(() => null)
  return text === null ? null : (JSON.parse(text) as Files)
}

function headersOf({ type, isNamedByContent }: PageFile, etag: string): Record<string, string> {
  return {
    'content-type': type,
    'cache-control': isNamedByContent ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag,
    vary: 'accept-encoding',
    'content-security-policy': PAGE_POLICY,
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  }
}

/** The best packing that the browser takes; `q=0` is a refusal. */
function encodingFor(accepted: string): readonly ['br' | 'gzip', string] | readonly [null, ''] {
  const taken = accepted
    .split(',')
    .filter((part) => !/;\s*q=0(?:\.0*)?\s*$/.test(part))
    .map((part) => part.split(';')[0]?.trim().toLowerCase())
  return ENCODINGS.find(([name]) => taken.includes(name)) ?? [null, '']
}

/** Proxies mark tags as weak (`W/`) and keep the packing apart: the file's own hash is what counts. */
function isHeld(header: string | null, hash: string): boolean {
  return (header ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '').startsWith(`"${hash}`))
}
