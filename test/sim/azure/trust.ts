import { ManagedIdentityCredential } from '@azure/identity'
import { createIdentity, type IdentityServer } from '../../../sim/azure/identity.ts'
import { createLocalTls, type LocalTls } from '../../../sim/azure/tls.ts'
import { wallClock } from '../../../sim/clock.ts'

/** What every server on loopback and every client of it needs. */
export interface Trust {
  readonly tls: LocalTls
  readonly identity: IdentityServer
  readonly credential: ManagedIdentityCredential
  /** Options for an Azure client: our authority is trusted, and nothing is tried twice. */
  readonly client: { readonly tlsOptions: { readonly ca: string }; readonly retryOptions: { readonly maxRetries: 0 } }
  /** The same for a queue client, which has a retry policy of its own. */
  readonly queueClient: {
    readonly tlsOptions: { readonly ca: string }
    readonly retryOptions: { readonly maxTries: 1 }
  }
}

/** Certificates, a managed-identity endpoint, and the real credential that asks it, found by the usual variables. */
export async function trust(): Promise<Trust> {
  const [tls, identity] = await Promise.all([createLocalTls(), createIdentity({ clock: wallClock })])
  process.env.IDENTITY_ENDPOINT = identity.url
  process.env.IDENTITY_HEADER = identity.header
  const client = { tlsOptions: { ca: tls.ca }, retryOptions: { maxRetries: 0 } } as const
  const queueClient = { tlsOptions: { ca: tls.ca }, retryOptions: { maxTries: 1 } } as const
  return { tls, identity, credential: new ManagedIdentityCredential(), client, queueClient }
}

/** The error that `deed` ends with; fails the test when there is none. */
export async function failureOf(
  deed: Promise<unknown>,
): Promise<{ statusCode?: number; code?: string; message: string }> {
  const outcome = await deed.then(
    () => null,
    (error) => error,
  )
  if (outcome === null) throw new Error('it did not fail')
  return outcome
}
