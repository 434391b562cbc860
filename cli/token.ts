import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { quotable } from '../lib/schema/issue.ts'
import { addressOf, type ConnectionOptions } from './address.ts'
import { EXIT, Refusal } from './exit.ts'
import type { Io } from './io.ts'
import type { LocalStack } from './local.ts'

const TIMEOUT_MS = 30_000
const AZ_TIMEOUT_MS = 60_000

/** A machine's login: client credentials of OAuth 2.0. */
interface Login {
  readonly tokenUrl: URL
  readonly clientId: string
  readonly clientSecret: string
  readonly scope: string
}

/**
 * Gets a token: of a file, of the environment, for a machine's login, of the local stack, or of the Azure CLI. No word of
 * it or of a secret enters a message. Throws Refusal that says what to set; `checkAddress` is asked before that.
 */
export async function acquireToken(
  io: Io,
  { tokenFile }: ConnectionOptions,
  local: LocalStack | null,
  checkAddress: () => Promise<void>,
): Promise<string> {
  const { env } = io
  if (tokenFile !== undefined) return checked(await contentOf(tokenFile), `the file ${tokenFile}`)
  if ((env.SLIPWAY_TOKEN ?? '') !== '') return checked(env.SLIPWAY_TOKEN ?? '', 'SLIPWAY_TOKEN')
  if (local !== null) return localToken(io, local)
  if ((env.SLIPWAY_CLIENT_SECRET ?? '') !== '') return clientToken(io, machineLogin(env))
  if ((env.SLIPWAY_AUDIENCE ?? '') !== '') return azToken(io, env.SLIPWAY_AUDIENCE ?? '')
  await checkAddress()
  throw new Refusal(EXIT.usage, [
    'nobody said as whom to ask; one of these is needed (slipway help environment tells more):',
    '- a person who is signed in with az login: set SLIPWAY_AUDIENCE, e.g. api://slipway',
    '- a machine: set SLIPWAY_CLIENT_ID, SLIPWAY_CLIENT_SECRET, SLIPWAY_TOKEN_URL and SLIPWAY_AUDIENCE',
    '- a token that you have: set SLIPWAY_TOKEN, or give --token-file FILE',
  ])
}

/** A token goes into a header line: what is none must not get there. */
function checked(text: string, where: string): string {
  const token = text.trim()
  if (/^[\w.~+/=-]{8,16384}$/.test(token)) return token
  throw new Refusal(EXIT.usage, `${where} holds no token; it is one line of letters, digits and - . _ ~ + / =`)
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new Refusal(
      EXIT.error,
      `the token file ${file} cannot be read (${(cause as NodeJS.ErrnoException).code}); check the path`,
      {
        cause,
      },
    )
  }
}

function machineLogin(env: Io['env']): Login {
  const names = ['SLIPWAY_CLIENT_ID', 'SLIPWAY_CLIENT_SECRET', 'SLIPWAY_TOKEN_URL', 'SLIPWAY_AUDIENCE'] as const
  const missing = names.filter((name) => (env[name] ?? '') === '')
  if (missing.length > 0)
    throw new Refusal(EXIT.usage, `a machine's login needs ${names.join(', ')}; ${missing.join(' and ')} is missing`)
  const example = 'https://login.microsoftonline.com/TENANT/oauth2/v2.0/token'
  return {
    clientId: env.SLIPWAY_CLIENT_ID ?? '',
    clientSecret: env.SLIPWAY_CLIENT_SECRET ?? '',
    tokenUrl: addressOf(env.SLIPWAY_TOKEN_URL ?? '', 'SLIPWAY_TOKEN_URL', example),
    scope: `${env.SLIPWAY_AUDIENCE ?? ''}/.default`,
  }
}

async function localToken(io: Io, { auth }: LocalStack): Promise<string> {
  if (auth === undefined)
    throw new Refusal(
      EXIT.error,
      '.slipway/local.json tells no login; it is of an older version: start the local stack again',
    )
  const tokenUrl = addressOf(auth.tokenUrl, 'auth.tokenUrl of .slipway/local.json', 'http://127.0.0.1:1234/token')
  return clientToken(io, { ...auth, tokenUrl, scope: auth.scope ?? `${auth.audience}/.default` })
}

async function clientToken(io: Io, { tokenUrl, clientId, clientSecret, scope }: Login): Promise<string> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope,
  })
  const signal = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), io.interrupted])
  const asked = fetch(tokenUrl, { method: 'POST', body: form, redirect: 'error', signal })
  const answer = await asked.catch((cause: Error & { cause?: { message?: string } }) => {
    if (io.interrupted.aborted) throw cause
    const why = cause.cause?.message ?? cause.message
    throw new Refusal(
      EXIT.error,
      `${tokenUrl.origin} gives no token: it does not answer (${why}); check SLIPWAY_TOKEN_URL`,
      { cause },
    )
  })
  const body = (await answer.json().catch(() => ({}))) as Readonly<Record<string, unknown>>
  if (answer.ok && typeof body.access_token === 'string')
    return checked(body.access_token, `the answer of ${tokenUrl.origin}`)
  const code = typeof body.error === 'string' ? `: ${quotable(body.error, 60)}` : ''
  throw new Refusal(
    EXIT.error,
    `${tokenUrl.origin} gives no token (${answer.status}${code}); check SLIPWAY_CLIENT_ID, SLIPWAY_CLIENT_SECRET and SLIPWAY_AUDIENCE`,
  )
}

/** Asks the Azure CLI, as a program of its own without a shell between. */
async function azToken(io: Io, audience: string): Promise<string> {
  const args = [
    'account',
    'get-access-token',
    '--scope',
    `${audience}/.default`,
    '--query',
    'accessToken',
    '--output',
    'tsv',
  ]
  const signal = AbortSignal.any([AbortSignal.timeout(AZ_TIMEOUT_MS), io.interrupted])
  const child = spawn('az', args, { stdio: ['ignore', 'pipe', 'pipe'], signal })
  let [out, err] = ['', '']
  child.stdout.on('data', (part: Buffer) => (out += part.toString()))
  child.stderr.on('data', (part: Buffer) => (err += part.toString()))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve)
    child.on('error', reject)
  }).catch((cause: NodeJS.ErrnoException) => {
    if (io.interrupted.aborted) throw cause
    const why = cause.code === 'ENOENT' ? 'the Azure CLI (az) is not installed' : 'the Azure CLI (az) does not answer'
    throw new Refusal(EXIT.error, `${why}; install it and say az login, or set SLIPWAY_TOKEN`, { cause })
  })
  if (code === 0) return checked(out, 'the answer of az')
  const said = quotable(err.trim().split('\n')[0] ?? '', 300)
  throw new Refusal(EXIT.error, `az gives no token for ${audience}: ${said}; say az login --scope ${audience}/.default`)
}
