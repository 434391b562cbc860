import { createIdentify } from './door/identify.ts'
import type { Identify } from './door/operator.ts'
import { askAgain, Refusal } from './door/problem.ts'
import { addressOf, createMeter, limited, refuseAfter } from './door/rate.ts'
import { redirectUriOf, type SignIn } from './door/sign-in.ts'
import type { Clock, Secrets } from './ports.ts'
import type { AuthSettings } from './schema/settings-auth.ts'

/** Who sent a request, and how people sign in; `signIn` is null where the settings let nobody. */
export interface Identity {
  readonly identify: Identify
  readonly signIn: SignIn | null
}

/** Knows callers as the settings have it, and counts their requests. Without the settings nobody is let in. */
export async function identityOf(auth: AuthSettings, clock: Clock, secrets: () => Promise<Secrets>): Promise<Identity> {
  const { tokens, missing, roles, trustPlatform, publicUrl, rateLimits } = auth
  if (tokens === null) {
    const detail = `Nobody can be let in: set ${missing.join(', ')}. docs/sign-in.md says what to.`
    return { identify: () => Promise.reject(new Refusal(askAgain(detail, null))), signIn: null }
  }
  const [{ createTokenCheck }, { createKeys }, { createPrincipalReader }] = await Promise.all([
    import('./adapters/identity/entra.ts'),
    import('./adapters/identity/keys.ts'),
    import('./adapters/identity/easy-auth.ts'),
  ])
  const rules = { ...tokens, roles, clock, keys: createKeys({ url: tokens.keysUrl, clock }) }
  const checkToken = createTokenCheck(rules)
  const site = publicUrl === null ? null : { publicUrl }
  const readPrincipal = trustPlatform ? createPrincipalReader(rules) : null
  const identify = limited(createIdentify({ checkToken, readPrincipal, site }), rateLimits, clock.now)
  return { identify, signIn: await signInOf(auth, clock, secrets, checkToken) }
}

async function signInOf(
  { signIn, publicUrl, rateLimits }: AuthSettings,
  clock: Clock,
  secrets: () => Promise<Secrets>,
  checkToken: SignIn['checkToken'],
): Promise<SignIn | null> {
  if (signIn === null || publicUrl === null) return null
  const { createCodeExchange } = await import('./adapters/identity/code.ts')
  const { authorizeUrl, tokenUrl, clientId, scope, secret: name } = signIn
  const site = { publicUrl }
  const secret = name === null ? null : async () => (await (await secrets()).read(name))[0] ?? ''
  const exchange = createCodeExchange({ tokenUrl, clientId, secret, redirectUri: redirectUriOf(site) })
  const strangers = createMeter(rateLimits)
  const meet = (headers: Headers) => refuseAfter(strangers(addressOf(headers), clock.now()))
  return { site, authorizeUrl, clientId, scope, exchange, checkToken, meet }
}
