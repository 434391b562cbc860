import type { Caller, Grant, Identified } from '../../core/caller.ts'
import type { Clock } from '../../ports.ts'
import { grantsOf, nameOf } from './claims.ts'

/** What the claims of a principal must say, as far as they are there: the platform has checked the token itself. */
export interface PrincipalRules {
  readonly audience: string
  readonly tenant: string
  readonly clients: readonly string[]
  readonly roles: ReadonlyMap<string, Grant>
  readonly clock: Clock
}

type Claims = ReadonlyMap<string, readonly string[]>

const MAX_CHARS = 16_384
const MAX_CLAIMS = 1_000
const MALFORMED = 'X-MS-CLIENT-PRINCIPAL cannot be read.'
/** The platform writes some claims by the long names of older tokens. */
const SCHEMAS = 'http://schemas.microsoft.com/identity/claims'
const NAMES = {
  oid: ['oid', `${SCHEMAS}/objectidentifier`],
  tid: ['tid', `${SCHEMAS}/tenantid`],
  sub: ['sub', 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier'],
  roles: ['roles', 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role'],
  name: ['preferred_username', 'upn', 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn', 'name'],
  app: ['azp', 'appid'],
} as const

/**
 * Reads the principal that App Service's own sign-in puts before the app: base64 of `{auth_typ, claims: [{typ, val}]}`.
 * Only for apps behind it: anybody else could write the header themselves. Never throws.
 * https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
 */
export function createPrincipalReader(rules: PrincipalRules): (principal: string) => Identified {
  return (principal) => {
    const read = claimsOf(principal)
    if (read === null) return unknown(MALFORMED)
    const wrong = wrongClaim(rules, read)
    return wrong === null ? { kind: 'known', caller: callerOf(rules, read) } : unknown(wrong)
  }
}

function claimsOf(principal: string): Claims | null {
  if (principal.length > MAX_CHARS || !/^[A-Za-z0-9+/_-]+=*$/.test(principal)) return null
  const read = parsed(Buffer.from(principal, 'base64').toString('utf8'))
  if (typeof read !== 'object' || read === null) return null
  const { auth_typ: kind, claims } = read as Readonly<Record<string, unknown>>
  if (kind !== 'aad' || !Array.isArray(claims) || claims.length > MAX_CLAIMS) return null
  const found = new Map<string, string[]>()
  for (const claim of claims) {
    const { typ, val } = (claim ?? {}) as Readonly<Record<string, unknown>>
    if (typeof typ !== 'string' || typeof val !== 'string') return null
    found.set(typ, [...(found.get(typ) ?? []), val])
  }
  return found
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function wrongClaim({ audience, tenant, clients, clock }: PrincipalRules, claims: Claims): string | null {
  const all = (names: readonly string[]) => names.flatMap((name) => claims.get(name) ?? [])
  if (idOf(claims) === null) return 'The principal does not say whose it is.'
  if (all(['aud']).some((aud) => aud !== audience)) return 'The principal is for another audience.'
  if (all(NAMES.tid).some((tid) => tid.toLowerCase() !== tenant)) return 'The principal is of another directory.'
  if (all(NAMES.app).some((app) => !clients.includes(app.toLowerCase())))
    return 'The principal was given to an app that is not one of SLIPWAY_AUTH_CLIENTS.'
  const isOver = all(['exp']).some((exp) => !(Number(exp) * 1000 > clock.now() - SKEW_MS))
  return isOver ? 'The session of the platform has expired. Sign in again.' : null
}

const SKEW_MS = 60_000

function callerOf({ roles }: PrincipalRules, claims: Claims): Caller {
  const first = (names: readonly string[]) => names.flatMap((name) => claims.get(name) ?? [])[0]
  const id = idOf(claims) ?? ''
  const isMachine = claims.get('idtyp')?.includes('app') === true
  const app = first(NAMES.app)
  const granted = NAMES.roles.flatMap((name) => claims.get(name) ?? [])
  return {
    id,
    name: nameOf([first(NAMES.name), app, id]),
    kind: isMachine ? 'machine' : 'person',
    grants: grantsOf(granted, roles),
    method: 'platform',
    ...(app === undefined ? {} : { app }),
  }
}

function idOf(claims: Claims): string | null {
  const [id] = [...NAMES.oid, ...NAMES.sub].flatMap((name) => claims.get(name) ?? [])
  return id !== undefined && /^[\x21-\x7e]{1,100}$/.test(id) ? id : null
}

function unknown(because: string): Identified {
  return { kind: 'unknown', because }
}
