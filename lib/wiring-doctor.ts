import type { TokenCredential } from '@azure/identity'
import { type Names, nameInUrl } from './core/doctor/commands.ts'
import type { StorageAnswer } from './core/doctor/storage.ts'
import type { Surgery } from './engine/doctor.ts'
import type { Clock, StorageTrial } from './ports.ts'
import type { Settings } from './schema/settings.ts'

/** What the doctor is made of. */
export interface DoctorParts extends Pick<Surgery, 'wheel' | 'log' | 'secrets' | 'keeper' | 'quarantine'> {
  readonly settings: Settings
  readonly credential: TokenCredential
  readonly clock: Clock
  readonly tables: readonly string[]
  readonly queues: readonly string[]
  readonly hookKeys: string
  /** The function app itself, where it runs in one. */
  readonly site: Names['site']
}

const CALL_MS = 1_200
const ARM_SCOPE = 'https://management.azure.com/.default'

/** The doctor's sockets and names, from the settings. */
export async function surgeryOf(parts: DoctorParts): Promise<Surgery> {
  const { settings, credential, clock, wheel, log, keeper, quarantine, secrets, hookKeys, site } = parts
  const { createArmSetUps } = await import('./adapters/apps/arm-set-ups.ts')
  const token = async () => (await credential.getToken(ARM_SCOPE))?.token ?? ''
  const { storage, keyVaultUrl, registries } = settings
  const environments = Object.entries(settings.environments).map(([name, { logWorkspaceId, prometheusUrl }]) => {
    return [name, { workspace: logWorkspaceId, hasPrometheus: prometheusUrl !== null }] as const
  })
  return {
    wheel,
    log,
    ...(keeper === undefined ? {} : { keeper }),
    ...(quarantine === undefined ? {} : { quarantine }),
    secrets,
    setUps: createArmSetUps({ endpoint: settings.armUrl, token, clock }),
    storage: trialOf(parts),
    names: { account: nameInUrl(storage.tableServiceUri), vault: nameInUrl(keyVaultUrl), hookKeys, site },
    environments: Object.fromEntries(environments),
    openRegistries: Object.keys(registries).filter((host) => registries[host]?.auth === 'anonymous'),
  }
}

function trialOf({ settings, credential, clock, tables, queues }: DoctorParts): StorageTrial {
  const { tableServiceUri, queueServiceUri } = settings.storage
  const tryTables = async (): Promise<readonly StorageAnswer[]> => {
    const [{ TableClient }, { tryTable }] = await Promise.all([
      import('@azure/data-tables'),
      import('./adapters/store/table-trial.ts'),
    ])
    const client = (name: string) =>
      new TableClient(tableServiceUri, name, credential, { retryOptions: { maxRetries: 0 } })
    return Promise.all(tables.map((name) => tryTable(client(name), clock, CALL_MS)))
  }
  const tryQueues = async (): Promise<readonly StorageAnswer[]> => {
    const [{ QueueClient }, { tryQueue }] = await Promise.all([
      import('@azure/storage-queue'),
      import('./adapters/bell/queue-trial.ts'),
    ])
    const options = { retryOptions: { maxTries: 1 } }
    const client = (name: string) => new QueueClient(`${queueServiceUri}/${name}`, credential, options)
    return Promise.all(queues.map((name) => tryQueue(client(name), client(`${name}-poison`), CALL_MS)))
  }
  return { run: async () => (await Promise.all([tryTables(), tryQueues()])).flat() }
}
