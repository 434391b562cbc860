import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { createOpenId, type OpenIdServer } from '../azure/openid.ts'
import type { LocalAzure } from './local-azure.ts'
import type { LocalAuth } from './token.ts'

/** Who may ask for what on this machine, and how they are known. */
export interface LocalIdentity {
  /** Where the function app is to listen, so that the sign-in finds its way back. */
  readonly port: number
  readonly auth: LocalAuth
  /** The settings with which the function app knows the callers. */
  readonly settings: Readonly<Record<string, string>>
  close(): Promise<void>
}

const SECRET = 'slipway-sign-in'

/** Starts the provider of tokens for one local stack. */
export async function startLocalIdentity({ identity, vault }: LocalAzure): Promise<LocalIdentity> {
  const port = await freePort()
  const publicUrl = `http://127.0.0.1:${port}/api`
  const openId = await createOpenId({ tenantId: identity.tenantId, publicUrl })
  vault.put(SECRET, openId.clientSecret)
  const { issuer, tokenUrl, audience, scope, clients, clientSecret } = openId
  return {
    port,
    auth: { issuer, tokenUrl, audience, scope, clientId: clients.admin, clientSecret, clients },
    settings: settingsOf(openId, identity.tenantId, publicUrl),
    close: openId.close,
  }
}

function settingsOf(openId: OpenIdServer, tenantId: string, publicUrl: string): Record<string, string> {
  const { issuer, keysUrl, authorizeUrl, tokenUrl, audience, scope, clients } = openId
  return {
    SLIPWAY_AUTH_TENANT: tenantId,
    SLIPWAY_AUTH_AUDIENCE: audience,
    SLIPWAY_AUTH_CLIENTS: Object.values(clients).join(','),
    SLIPWAY_AUTH_ISSUER: issuer,
    SLIPWAY_AUTH_KEYS_URL: keysUrl,
    SLIPWAY_SIGN_IN: JSON.stringify({ clientId: clients.dashboard, secret: SECRET, authorizeUrl, tokenUrl, scope }),
    SLIPWAY_PUBLIC_URL: publicUrl,
    // One newcomer, many scripts: here nobody is to be told to wait.
    SLIPWAY_RATE_LIMITS: JSON.stringify({ perMinute: 100_000, burst: 10_000 }),
  }
}

/** A port that nobody listens on now. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
