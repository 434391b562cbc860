import { createIdentify } from './door/identify.ts'
import type { Identify } from './door/operator.ts'
import { askAgain, Refusal } from './door/problem.ts'
import { limited } from './door/rate.ts'
import type { Clock } from './ports.ts'
import type { AuthSettings } from './schema/settings-auth.ts'

/** Tells who sent a request, as the settings have it, and counts their requests. Without the settings nobody is let in. */
export async function identifyBy(auth: AuthSettings, clock: Clock): Promise<Identify> {
  const { tokens, missing, roles, trustPlatform, publicUrl, rateLimits } = auth
  if (tokens === null) {
    const detail = `Nobody can be let in: set ${missing.join(', ')}. docs/sign-in.md says what to.`
    return () => Promise.reject(new Refusal(askAgain(detail, null)))
  }
  const [{ createTokenCheck }, { createKeys }, { createPrincipalReader }] = await Promise.all([
    import('./adapters/identity/entra.ts'),
    import('./adapters/identity/keys.ts'),
    import('./adapters/identity/easy-auth.ts'),
  ])
  const rules = { ...tokens, roles, clock, keys: createKeys({ url: tokens.keysUrl, clock }) }
  const identify = createIdentify({
    checkToken: createTokenCheck(rules),
    readPrincipal: trustPlatform ? createPrincipalReader(rules) : null,
    site: publicUrl === null ? null : { publicUrl },
  })
  return limited(identify, rateLimits, clock.now)
}
