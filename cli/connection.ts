import { connect } from 'node:net'
import { addressOf, type ConnectionOptions } from './address.ts'
import { EXIT, Refusal } from './exit.ts'
import type { Io } from './io.ts'
import { type LocalStack, localStack } from './local.ts'

/** Where Slipway is, and how to get a token for it. */
export interface Connection {
  /** Base of the API, without an ending slash: `https://slipway.example.com/api`. */
  readonly api: string
  /** A bearer token; `fresh` = the last one was refused. */
  readonly token: (fresh?: boolean) => Promise<string>
  /** The local stack, where that is what is asked. */
  readonly local: LocalStack | null
}

/** Finds out where Slipway is: `--url`, SLIPWAY_URL, or the local stack of this folder. Throws Refusal that says what to set. */
export function connectionOf(io: Io, options: ConnectionOptions): Connection {
  const named = options.url ?? (io.env.SLIPWAY_URL || undefined)
  const stack = localStack(io.cwd)
  if (named === undefined && stack === null)
    throw new Refusal(EXIT.usage, [
      'nobody said where Slipway is; set SLIPWAY_URL or give --url https://slipway.example.com',
      '(on your own machine: npm start, and then ask from the same folder)',
    ])
  const api =
    named === undefined ? (stack?.api ?? '') : apiOf(named, options.url === undefined ? 'SLIPWAY_URL' : '--url')
  const local = stack !== null && api === stack.api ? stack : null
  let known: Promise<string> | null = null
  return {
    api,
    local,
    token: (fresh = false) => {
      if (fresh) known = null
      known ??= import('./token.ts').then(({ acquireToken }) =>
        acquireToken(io, options, local, () => checkReachable(api)),
      )
      return known
    },
  }
}

/** Before anybody is told to sign in: that nothing answers at the address at all. Nothing is sent. Throws Refusal. */
async function checkReachable(api: string): Promise<void> {
  const { hostname, port, protocol, origin } = new URL(api)
  const host = hostname.replace(/^\[|\]$/g, '')
  const socket = connect({ host, port: Number(port || (protocol === 'https:' ? 443 : 80)), timeout: REACHED_MS })
  const code = await new Promise<string | null>((resolve) => {
    socket.on('connect', () => resolve(null))
    socket.on('timeout', () => resolve('no answer in time'))
    socket.on('error', (cause: NodeJS.ErrnoException) => resolve(cause.code ?? cause.message))
  })
  socket.destroy()
  if (code !== null) throw new Refusal(EXIT.error, `${origin} does not answer (${code}); check SLIPWAY_URL or --url`)
}

const REACHED_MS = 5000

/** The base of the API behind an address. Tokens go over the open net encrypted only. Throws Refusal. */
function apiOf(url: string, name: string): string {
  const base = addressOf(url, name, 'https://slipway.example.com')
  return `${base.origin}${base.pathname.replace(/\/+$/, '').replace(/\/api$/, '')}/api`
}
