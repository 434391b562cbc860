import { LOCAL_ROLES, type LocalRole, type OpenIdServer } from '../azure/openid.ts'

/** How a script gets an access token of the local stack: client credentials at `tokenUrl`, with `scope`. */
export interface LocalAuth {
  readonly issuer: string
  readonly tokenUrl: string
  readonly audience: string
  readonly scope: string
  /** The app with the role of an admin. */
  readonly clientId: string
  readonly clientSecret: string
  /** One app for each role, all with the same secret. */
  readonly clients: OpenIdServer['clients']
}

interface Kept {
  readonly token: string
  readonly until: number
}

const kept = new Map<string, Kept>()
/** A token that is about to expire is not handed out any more. */
const MARGIN_MS = 60_000

/** An access token of the local stack for the app that has this role, or for the admin's; kept until it is about to expire. */
export async function localToken({ auth }: { readonly auth: LocalAuth }, role: LocalRole = 'admin'): Promise<string> {
  const key = `${auth.tokenUrl} ${role}`
  const found = kept.get(key)
  if (found !== undefined && found.until > Date.now()) return found.token
  const response = await fetch(auth.tokenUrl, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: auth.clients[role],
      client_secret: auth.clientSecret,
      scope: auth.scope,
    }),
  })
  if (!response.ok) throw new Error(`the local provider gave no token for ${role}: ${await response.text()}`)
  const { access_token: token, expires_in: seconds } = (await response.json()) as {
    readonly access_token: string
    readonly expires_in: number
  }
  kept.set(key, { token, until: Date.now() + seconds * 1000 - MARGIN_MS })
  return token
}

/** The role that a text names. Throws where it names none. */
export function roleNamed(text: string): LocalRole {
  const found = LOCAL_ROLES.find((role) => role === text)
  if (found === undefined) throw new Error(`${text} is no role here; there are ${LOCAL_ROLES.join(', ')}`)
  return found
}
