import type { TableClient } from '@azure/data-tables'
import type { TokenCredential } from '@azure/identity'
import type { Notary } from './engine/audit-digest.ts'
import type { Watchman } from './engine/audit-night.ts'
import type { AuditLog, Clock, Digests, Secrets, Signer } from './ports.ts'

/** What signing digests is made of. */
export interface NotaryParts {
  /** `keys/<name>` = a key in Key Vault; else the name of a secret with a private key. */
  readonly auditKey: string
  readonly keyVaultUrl: string
  readonly credential: () => Promise<TokenCredential>
  readonly secrets: () => Promise<Secrets>
  readonly digests: Digests
  readonly clock: Clock
}

/** What the night's check and the retention need beside the wheel. */
export async function watchmanOf(
  notary: Notary,
  log: AuditLog,
  table: TableClient,
  onQuarantine: (row: string, why: string) => void,
): Promise<Watchman> {
  const [{ tableAuditKeeper }, { verifySignature }] = await Promise.all([
    import('./adapters/store/table-audit-keep.ts'),
    import('./adapters/signing/verify.ts'),
  ])
  const keeper = tableAuditKeeper(table, ({ partitionKey, rowKey }, why) =>
    onQuarantine(`${table.tableName}/${partitionKey}/${rowKey}`, why),
  )
  return { ...notary, log, keeper, verify: verifySignature }
}

/** What signs and keeps digests, as the settings have it. */
export async function notaryOf(parts: NotaryParts): Promise<Notary> {
  return { digests: parts.digests, signer: await signerOf(parts) }
}

async function signerOf({ auditKey, keyVaultUrl, credential, secrets, clock }: NotaryParts): Promise<Signer> {
  if (!auditKey.startsWith('keys/')) {
    const { createSecretKeySigner } = await import('./adapters/signing/secret-key.ts')
    return createSecretKeySigner({ secrets: await secrets(), name: auditKey })
  }
  const { createVaultKeySigner } = await import('./adapters/signing/vault-key.ts')
  const token = async () => (await (await credential()).getToken(scopeOf(keyVaultUrl)))?.token ?? ''
  return createVaultKeySigner({ vaultUrl: keyVaultUrl, name: auditKey.slice('keys/'.length), token, clock })
}

/** Every cloud has a name of its own for its vaults; a vault elsewhere takes tokens of the public one. */
function scopeOf(keyVaultUrl: string): string {
  const domain = /\.(vault\.(?:azure\.cn|usgovcloudapi\.net))$/.exec(new URL(keyVaultUrl).hostname)?.[1]
  return `https://${domain ?? 'vault.azure.net'}/.default`
}
