import * as z from 'zod'
import { type Grant, ROLES } from '../core/caller.ts'
import { GUID, NAME } from './grammar.ts'
import { type SettingsReader, urlSchema } from './settings-reader.ts'

/** What an access token must say, where all of it is set. */
export interface TokenSettings {
  /** The directory, a GUID in lower case. */
  readonly tenant: string
  /** Client id of the app registration of the API: `aud`, exactly. */
  readonly audience: string
  /** The apps that may ask for their users or for themselves: `azp`. */
  readonly clients: readonly string[]
  readonly issuer: string
  /** Where the issuer's public keys are. */
  readonly keysUrl: string
}

/** How people sign in to the dashboard. `secret` names a Key Vault secret; null = a public client. */
export interface SignInSettings {
  readonly clientId: string
  readonly secret: string | null
  readonly authorizeUrl: string
  readonly tokenUrl: string
  readonly scope: string
}

/** How many requests one caller may send: `burst` at once, refilled by `perMinute`. */
export interface RateLimits {
  readonly perMinute: number
  readonly burst: number
}

/** Who may ask, and how they are known. */
export interface AuthSettings {
  /** Null while something is not set: nobody is let in then. */
  readonly tokens: TokenSettings | null
  /** Names of settings that are not set, and without which nobody is let in. */
  readonly missing: readonly string[]
  /** Whether X-MS-CLIENT-PRINCIPAL is believed: only where the platform's own sign-in is in front, which strips forged ones. */
  readonly trustPlatform: boolean
  /** What each app role of the `roles` claim grants. */
  readonly roles: ReadonlyMap<string, Grant>
  /** Null = nobody can sign in to the dashboard. */
  readonly signIn: SignInSettings | null
  /** Where people reach the API, e.g. `https://slipway.example.com/api`; null = nobody has said so. */
  readonly publicUrl: string | null
  readonly rateLimits: RateLimits
}

/** The names of the settings about identity. */
export const AUTH_SETTING_NAMES = [
  'SLIPWAY_AUTH_TENANT',
  'SLIPWAY_AUTH_AUDIENCE',
  'SLIPWAY_AUTH_CLIENTS',
  'SLIPWAY_AUTH_ISSUER',
  'SLIPWAY_AUTH_KEYS_URL',
  'SLIPWAY_AUTH_PLATFORM',
  'SLIPWAY_ROLES',
  'SLIPWAY_SIGN_IN',
  'SLIPWAY_PUBLIC_URL',
  'SLIPWAY_RATE_LIMITS',
] as const

const AUTHORITY = 'https://login.microsoftonline.com'

const DEFAULT_ROLES: ReadonlyMap<string, Grant> = new Map(
  ROLES.map((role) => [
    `Slipway.${role.charAt(0).toUpperCase()}${role.slice(1)}`,
    { role, environments: null, services: null },
  ]),
)

const DEFAULT_LIMITS: RateLimits = { perMinute: 600, burst: 120 }

const NOT_EMPTY = { error: 'is empty and would grant nothing; leave it out where the role holds for all' }

const rolesSchema = z
  .record(
    z.string(),
    z.strictObject({
      role: z.enum(ROLES, { error: `must be ${ROLES.map((role) => `\`${role}\``).join(', ')}` }),
      environments: z
        .array(z.string().regex(NAME, { error: 'is no environment name' }))
        .min(1, NOT_EMPTY)
        .optional(),
      services: z
        .array(
          z.string().regex(/^(?=.)(?:[a-z][a-z0-9-]{0,31})?\*?$/, {
            error: 'must be the name of a service, or the beginning of one followed by `*`',
          }),
        )
        .min(1, NOT_EMPTY)
        .optional(),
    }),
  )
  .superRefine((read, context) => {
    const odd = Object.keys(read).find((value) => !/^[\x21-\x7e]{1,120}$/.test(value))
    if (odd === undefined) return
    const message = 'is no value of an app role: 1–120 characters of ASCII, no spaces'
    context.addIssue({ code: 'custom', path: [odd], message })
  })
  .transform((read): ReadonlyMap<string, Grant> => {
    const entries = Object.entries(read).map(([value, { role, environments = null, services = null }]) => {
      return [value, { role, environments, services }] as const
    })
    return new Map(entries)
  })

const endpoint = z.string().transform((text, context) => {
  const read = urlSchema(isLoopback(text) ? ['https:', 'http:'] : ['https:']).safeParse(text)
  if (read.success) return read.data
  context.addIssue({ code: 'custom', message: read.error.issues[0]?.message ?? 'is no URL' })
  return z.NEVER
})

const signInSchema = z.strictObject({
  clientId: z.string().regex(GUID, { error: 'must be the client id (a GUID) of an app registration' }),
  secret: z
    .string()
    .regex(/^[0-9a-zA-Z-]{1,127}$/, { error: 'must be the name of a Key Vault secret (letters, digits, dashes)' })
    .optional(),
  authorizeUrl: endpoint.optional(),
  tokenUrl: endpoint.optional(),
  scope: z
    .string()
    .regex(/^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/, { error: 'must be scopes divided by spaces' })
    .max(1000)
    .optional(),
})

const limitsSchema = z.strictObject({
  perMinute: z.int({ error: 'must be a whole number' }).min(1).max(1_000_000).default(DEFAULT_LIMITS.perMinute),
  burst: z.int({ error: 'must be a whole number' }).min(1).max(1_000_000).default(DEFAULT_LIMITS.burst),
})

/** Reads the settings about identity. What is wrong goes to the reader's issues; what is not set is named in `missing`. */
export function readAuth(from: SettingsReader): AuthSettings {
  const guid = (name: string, what: string) =>
    from.text(name, null, GUID, `must be ${what} (a GUID)`)?.toLowerCase() ?? null
  const tenant = guid('SLIPWAY_AUTH_TENANT', 'the id of the directory')
  const audience = guid('SLIPWAY_AUTH_AUDIENCE', 'the client id of the API’s app registration')
  const clients = from.list('SLIPWAY_AUTH_CLIENTS', GUID, 'must be client ids (GUIDs) divided by commas')
  const tokens = tokensOf(from, { tenant, audience, clients })
  const signIn = from.optionalJson(
    'SLIPWAY_SIGN_IN',
    signInSchema,
    '{"clientId": "00000000-0000-0000-0000-000000000000", "secret": "slipway-sign-in"}',
  )
  const roles = from.optionalJson('SLIPWAY_ROLES', rolesSchema, '{"Slipway.Viewer": {"role": "viewer"}}')
  return {
    tokens: tokens === null ? null : withClient(tokens, signIn?.clientId ?? null),
    missing: missingOf({ tenant, audience, clients }),
    trustPlatform:
      from.text('SLIPWAY_AUTH_PLATFORM', 'false', /^(?:true|false)$/, 'must be `true` or `false`') === 'true',
    roles: roles ?? DEFAULT_ROLES,
    signIn: tokens === null || signIn === null ? null : signInOf(tokens, signIn),
    publicUrl: publicUrlOf(from),
    rateLimits:
      from.optionalJson('SLIPWAY_RATE_LIMITS', limitsSchema, '{"perMinute": 600, "burst": 120}') ?? DEFAULT_LIMITS,
  }
}

interface Given {
  readonly tenant: string | null
  readonly audience: string | null
  readonly clients: readonly string[]
}

function missingOf({ tenant, audience, clients }: Given): readonly string[] {
  return [
    ...(tenant === null ? ['SLIPWAY_AUTH_TENANT'] : []),
    ...(audience === null ? ['SLIPWAY_AUTH_AUDIENCE'] : []),
    ...(clients.length === 0 ? ['SLIPWAY_AUTH_CLIENTS'] : []),
  ]
}

/** Without a tenant there is no issuer; a stand-in keeps the two URLs checked all the same. */
function tokensOf(from: SettingsReader, { tenant, audience, clients }: Given): TokenSettings | null {
  const directory = tenant ?? '00000000-0000-0000-0000-000000000000'
  const issuer = loopbackUrl(from, 'SLIPWAY_AUTH_ISSUER', `${AUTHORITY}/${directory}/v2.0`)
  const authority = URL.parse(issuer)?.origin ?? AUTHORITY
  const keysUrl = loopbackUrl(from, 'SLIPWAY_AUTH_KEYS_URL', `${authority}/${directory}/discovery/v2.0/keys`)
  if (tenant === null || audience === null || clients.length === 0) return null
  return { tenant, audience, clients, issuer, keysUrl }
}

/** The dashboard's own client is allowed by being named. */
function withClient(tokens: TokenSettings, clientId: string | null): TokenSettings {
  if (clientId === null) return tokens
  return { ...tokens, clients: [...new Set([...tokens.clients, clientId.toLowerCase()])] }
}

/** Entra writes `oid` and names into the token only where `profile` was asked for. */
function signInOf({ issuer, tenant, audience }: TokenSettings, read: z.output<typeof signInSchema>): SignInSettings {
  const authority = `${URL.parse(issuer)?.origin ?? AUTHORITY}/${tenant}/oauth2/v2.0`
  const { clientId, secret = null, authorizeUrl = `${authority}/authorize`, tokenUrl = `${authority}/token` } = read
  return { clientId, secret, authorizeUrl, tokenUrl, scope: read.scope ?? `openid profile ${audience}/.default` }
}

function publicUrlOf(from: SettingsReader): string | null {
  const message =
    'must be the https URL at which people reach the API, ending in `/api`, e.g. `https://slipway.example.com/api`'
  const text = from.text('SLIPWAY_PUBLIC_URL', null, /^https?:\/\/[^\s/?#@]+\/api\/?$/, message)
  return text === null ? null : loopbackUrl(from, 'SLIPWAY_PUBLIC_URL', '')
}

/** A URL without TLS is taken only where it stays on this machine. */
function loopbackUrl(from: SettingsReader, name: string, fallback: string): string {
  return from.url(name, fallback, (text) => (isLoopback(text) ? ['https:', 'http:'] : ['https:']))
}

function isLoopback(text: string): boolean {
  return ['127.0.0.1', '[::1]'].includes(URL.parse(text)?.hostname ?? '')
}
