import { decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { Caller, Grant, Identified } from '../../core/caller.ts'
import { Fault } from '../../errors.ts'
import type { Clock } from '../../ports.ts'
import { grantsOf, nameOf } from './claims.ts'

/** What a token must say to be believed, and where the keys and the time come from. */
export interface TokenRules {
  readonly issuer: string
  /** `tid`, in lower case. */
  readonly tenant: string
  /** `aud`, exactly this one text. */
  readonly audience: string
  /** What `azp` may be. */
  readonly clients: readonly string[]
  readonly keys: JWTVerifyGetKey
  /** What each value of the claim `roles` grants; values that are not in it grant nothing. */
  readonly roles: ReadonlyMap<string, Grant>
  readonly clock: Clock
}

/** Tells whose a token is. Throws Fault unavailable where the issuer's keys cannot be had. */
export type TokenCheck = (token: string) => Promise<Identified>

/**
 * Clocks of Azure's machines agree within seconds. Entra suggests up to five minutes; one is enough for a caller's clock that
 * is a little off, and lets a token that was taken away live one minute longer, not five.
 */
const SKEW_SECONDS = 60
/** Entra's tokens have 1–3 KB; front ends refuse headers from 16 or 32 KB on. */
const MAX_TOKEN_CHARS = 16_384
/** Entra writes `JWT`; `at+jwt` is that of RFC 9068. */
const TYPES: readonly unknown[] = ['jwt', 'at+jwt', 'application/at+jwt']

/**
 * Checks access tokens of Microsoft Entra ID, version 2.0: RS256 by the issuer's keys and nothing else, issuer, audience,
 * directory, calling app and times. ID tokens are no access tokens and are refused. A token without a role that is known
 * here belongs to a caller who may do nothing. Claims:
 * https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
 */
export function createTokenCheck(rules: TokenRules): TokenCheck {
  return async (token) => {
    if (token.length > MAX_TOKEN_CHARS) return unknown('The token is too long to be one of Microsoft Entra.')
    const read = await verified(rules, token)
    if (typeof read === 'string') return unknown(read)
    const wrong = wrongClaim(rules, read)
    return wrong === null ? { kind: 'known', caller: callerOf(rules, read) } : unknown(wrong)
  }
}

/** The claims of a token whose signature and times hold, or what is wrong with it. */
async function verified({ keys, issuer, clock }: TokenRules, token: string): Promise<JWTPayload | string> {
  try {
    const { typ } = decodeProtectedHeader(token)
    if (typ !== undefined && !TYPES.includes(String(typ).toLowerCase())) return 'This is no access token.'
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ['RS256'],
      issuer,
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(clock.now()),
      requiredClaims: ['exp'],
    })
    return payload
  } catch (error) {
    if (error instanceof Fault) throw error
    return because(error)
  }
}

function because(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired. Get a new one.'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf') return 'The token is not valid yet. Look at the clock of the machine.'
    if (error.claim === 'iss') return 'The token is of another issuer than SLIPWAY_AUTH_ISSUER, or of version 1.0.'
    return 'The token lacks a claim, or has one that cannot be read.'
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'The token is not signed with RS256.'
  if (error instanceof errors.JWKSNoMatchingKey) return 'The token is signed with a key that its issuer does not have.'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'The signature of the token is wrong.'
  return 'This is no token of Microsoft Entra.'
}

function wrongClaim({ audience, tenant, clients }: TokenRules, claims: JWTPayload): string | null {
  const { aud, tid, ver, azp, scp, sub, oid, nonce, at_hash: accessTokenHash, c_hash: codeHash } = claims
  if (ver !== '2.0')
    return 'The token is not of version 2.0. Set requestedAccessTokenVersion to 2 in the app registration.'
  if (aud !== audience) return 'The token is for another audience than SLIPWAY_AUTH_AUDIENCE.'
  if (lower(tid) !== tenant) return 'The token is of another directory than SLIPWAY_AUTH_TENANT.'
  if (!clients.includes(lower(azp))) return 'The token was given to an app that is not one of SLIPWAY_AUTH_CLIENTS.'
  if (nonce !== undefined || accessTokenHash !== undefined || codeHash !== undefined) return NO_ACCESS_TOKEN
  if (!isId(oid) && !isId(sub)) return 'The token does not say whose it is.'
  // A person's access token names scopes. One of an app does not, and its subject is the app itself.
  const isOfPerson = typeof scp === 'string' && scp !== ''
  return isOfPerson || isOfApp(claims) ? null : NO_ACCESS_TOKEN
}

const NO_ACCESS_TOKEN = 'This is no access token: an ID token says who signed in, not what they may ask for.'

function isOfApp({ idtyp, oid, sub }: JWTPayload): boolean {
  return idtyp === 'app' || (isId(oid) && oid === sub)
}

function callerOf({ roles }: TokenRules, claims: JWTPayload): Caller {
  const { oid, sub, azp, scp } = claims
  const id = isId(oid) ? oid : String(sub)
  const isMachine = claims.idtyp === 'app' || scp === undefined
  const name = nameOf([
    claims.preferred_username,
    claims.upn,
    claims.name,
    claims.app_displayname,
    claims.appid,
    azp,
    id,
  ])
  const app = typeof azp === 'string' ? { app: azp } : {}
  const kind = isMachine ? 'machine' : 'person'
  return { id, name, kind, grants: grantsOf(claims.roles, roles), method: 'token', ...app }
}

function unknown(because: string): Identified {
  return { kind: 'unknown', because }
}

function lower(claim: unknown): string {
  return typeof claim === 'string' ? claim.toLowerCase() : ''
}

function isId(claim: unknown): claim is string {
  return typeof claim === 'string' && /^[\x21-\x7e]{1,100}$/.test(claim)
}
