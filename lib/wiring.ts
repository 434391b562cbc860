import { hash } from 'node:crypto'
import type { TokenCredential } from '@azure/identity'
import type { Identify } from './door/operator.ts'
import { seatsFor } from './door/seats.ts'
import type { SignIn } from './door/sign-in.ts'
import type { Visit } from './door.ts'
import type { Notary } from './engine/audit-digest.ts'
import type { Watchman } from './engine/audit-night.ts'
import type { Surgery } from './engine/doctor.ts'
import { storeManifest } from './engine/manifest.ts'
import type { Postman } from './engine/notify.ts'
import type { Redriving } from './engine/redrive.ts'
import type { Ward } from './engine/ward.ts'
import type { Wheel } from './engine/wheel.ts'
import { Fault } from './errors.ts'
import type { AuditLog, Bell, Clock, ContainerApps, Inbox, Outbox, Registry, Secrets } from './ports.ts'
import type { Settings } from './schema/settings.ts'
import type { Measurements } from './wiring-metrics.ts'
import { createLookoutHere, createReadinessHere, SEATS_EACH } from './wiring-operators.ts'
import type { PeopleHere } from './wiring-people.ts'

/** The storage that is created when missing, and the names that the triggers of functions/ listen to. */
export const QUEUES = { intake: 'slipway-intake', events: 'slipway-events', turns: 'slipway-turns' } as const
export const STORAGE_CONNECTION = 'SLIPWAY_STORAGE'
export const HOOK_KEYS = 'slipway-hook-keys'

const TABLES = {
  state: 'SlipwayState',
  index: 'SlipwayIndex',
  events: 'SlipwayEvents',
  people: 'SlipwayPeople',
} as const
/** ACR waits five seconds for a hook and tries once: reading the key and storing the event get two each. */
const HOOK_SHARE_MS = 2_000
const REGISTRY_SCOPE = 'https://containerregistry.azure.net/.default'

/** Time as the machine has it. */
export const clock: Clock = { now: () => Date.now() }

/** The settings of this process, checked once. Throws Fault unavailable that lists everything that is wrong. */
export const settings: () => Promise<Settings> = once(async () => {
  const { readSettings } = await import('./schema/settings.ts')
  const read = readSettings(process.env)
  if (read.ok) return read.settings
  const wrong = read.issues.map(({ path, message }) => `${path} ${message}`).join('; ')
  throw new Fault('unavailable', `the app's settings are not right: ${wrong}`)
})

/** Who sent a request to an operators' route. Throws Fault while the settings are wrong or keys cannot be read. */
export const identify: Identify = Object.assign(async (visit: Visit) => (await identity()).identify(visit), {
  names: async (pseudonyms: ReadonlySet<string>) => (await people()).namesOf(pseudonyms),
})

/** Where people stand behind pseudonyms. */
export const registrar = async (): Promise<PeopleHere['registrar']> => (await people()).registrar

const people = once(async () =>
  (await import('./wiring-people.ts')).peopleOf((await tableClients())(TABLES.people), clock),
)

/** How people sign in by browser; null where the settings let nobody. */
export const signIn = async (): Promise<SignIn | null> => (await identity()).signIn

const identity = once(async () => {
  const { identityOf } = await import('./wiring-identity.ts')
  return identityOf((await settings()).auth, clock, secrets)
})

/** Waiting for news of services: one for all doors of this instance, so that they share what they see. */
export const lookout = createLookoutHere(clock)

/** The same for one caller, who may not take all of its seats. */
export const lookoutOf = seatsFor(lookout, SEATS_EACH)

/** Whether what this app needs can be reached. */
export const readiness = createReadinessHere(clock, {
  settings: () => settings(),
  tables: async () => (await store()).due('ready', 0, 1),
  queues: async () => (await queue(QUEUES.intake)).getProperties({ abortSignal: AbortSignal.timeout(1000) }),
  secrets: async () => (await secrets()).read(HOOK_KEYS),
})

/** Secrets, with the identity of this app. */
export const secrets: () => Promise<Secrets> = once(async () => {
  const [{ createKeyVaultSecrets }, { SecretClient }] = await Promise.all([
    import('./adapters/secrets/key-vault.ts'),
    import('@azure/keyvault-secrets'),
  ])
  const { keyVaultUrl, keyVaultVerifyChallenge } = await settings()
  const options = { disableChallengeResourceVerification: !keyVaultVerifyChallenge, retryOptions: { maxRetries: 1 } }
  const client = new SecretClient(keyVaultUrl, await credential(), options)
  return createKeyVaultSecrets({ client, clock, timeoutMs: HOOK_SHARE_MS })
})

/** What is served to be read: the OpenAPI document, its page, and the pages of the problems; made at the first use. */
export const pages = once(async () => (await import('./wiring-pages.ts')).makePages())

/** What understands the bodies of hooks: loaded with the first of them, then at hand. */
export const pushDesk = once(() => import('./schema/push/index.ts'))

/** Where accepted deliveries are kept until they are acted on. */
export const inbox: () => Promise<Inbox> = once(async () => {
  const { createQueueInbox } = await import('./adapters/bell/inbox.ts')
  return createQueueInbox({ queue: await queue(QUEUES.intake), timeoutMs: HOOK_SHARE_MS })
})

/** Everything the engine turns with. */
export const wheel: () => Promise<Wheel> = once(async () => {
  const [{ matchesTag }, { nextWindow, openWindow }, kept, apps, { metrics, restarts }, registry, bell] =
    await Promise.all([
      import('./schema/tag.ts'),
      import('./schema/window.ts'),
      store(),
      containerApps(),
      measurements(),
      registries(),
      queueBell(),
    ])
  const { notify, auth, functionTimeoutMs } = await settings()
  const { telling, tellingFreezes } = await import('./engine/tell.ts')
  const [{ warded }, warding] = await Promise.all([import('./wiring-quarantine.ts'), ward()])
  const whole = warded(kept, warding)
  const isTold = Object.keys(notify.sinks).length > 0
  return {
    clock,
    store: isTold ? telling(whole, auth.publicUrl) : whole,
    heldBy: warding.heldBy,
    infirmary: warding.infirmary,
    catalogue: kept,
    events: kept,
    buckets: kept,
    freezes: isTold ? tellingFreezes(kept, auth.publicUrl) : kept,
    apps,
    metrics,
    restarts,
    registry,
    bell,
    people: (await registrar()).people,
    longestLifeMs: functionTimeoutMs,
    digest: sha256,
    matchesTag,
    openWindow,
    nextWindow,
  }
})

/** Reading the audit. */
export const auditLog: () => Promise<AuditLog> = () => store()

/** What signs and keeps digests of the audit. */
export const notary: () => Promise<Notary> = once(async () => {
  const { notaryOf } = await import('./wiring-audit.ts')
  const { auditKey, keyVaultUrl } = await settings()
  return notaryOf({ auditKey, keyVaultUrl, credential, secrets, clock, digests: (await store()).digests })
})

/** What the night's check of the audit and its retention need beside the wheel. */
export const watchman: () => Promise<Watchman> = once(async () => {
  const [{ watchmanOf }, client] = await Promise.all([import('./wiring-audit.ts'), tableClients()])
  const told = (row: string, why: string) => console.error(`row ${row} cannot be read and is left out: ${why}`)
  return watchmanOf(await notary(), await store(), client(TABLES.state), told)
})

/** Where notices wait until their sinks have them. */
export const outbox: () => Promise<Outbox> = async () => (await store()).outbox

/** Who is told, and how. */
export const postman: () => Promise<Postman> = once(async () => {
  const { postmanOf } = await import('./wiring-notify.ts')
  const { notify, auth } = await settings()
  const { namesOf } = await people()
  const parts = { outbox: await outbox(), secrets: await secrets(), clock, namesOf }
  return postmanOf({ settings: notify, publicUrl: auth.publicUrl, ...parts })
})

/** Everything that the doctor asks. */
export const surgery: () => Promise<Surgery> = once(async () => {
  const { surgeryOf } = await import('./wiring-doctor.ts')
  const { WEBSITE_SITE_NAME: name, WEBSITE_RESOURCE_GROUP: group } = process.env
  return surgeryOf({
    settings: await settings(),
    credential: await credential(),
    clock,
    wheel: await wheel(),
    log: await store(),
    keeper: (await watchman()).keeper,
    quarantine: (await store()).quarantine,
    secrets,
    tables: Object.values(TABLES),
    queues: Object.values(QUEUES),
    hookKeys: HOOK_KEYS,
    site: name === undefined || group === undefined ? null : { name, group },
  })
})

/** Creates what is missing of tables and queues. Safe to run at every start, and by two at once. Throws Fault. */
export async function ensureStorage(): Promise<void> {
  const { ensureQueues } = await import('./adapters/bell/queues.ts')
  const queues = await Promise.all(Object.values(QUEUES).map(queue))
  await Promise.all([
    store().then((kept) => kept.ensureTables()),
    registrar().then(({ people }) => people.ensureTable()),
    ensureQueues(queues),
  ])
}

/** Stores the manifests of the folder SLIPWAY_MANIFESTS and says, a line each, what became of them. Throws Fault. */
export async function storeManifestFiles(): Promise<readonly string[]> {
  const { manifests: folder } = await settings()
  if (folder === null) return []
  const [{ yamlFiles }, { readManifests }, { misfits }, { formatIssue }] = await Promise.all([
    import('./adapters/files/folder.ts'),
    import('./schema/manifest.ts'),
    import('./schema/fits.ts'),
    import('./schema/issue.ts'),
  ])
  const said: string[] = []
  for (const { name, text } of await yamlFiles(folder)) {
    const read = readManifests(text, name)
    if (!read.ok) said.push(...read.issues.map((issue) => `not stored: ${formatIssue(issue)}`))
    for (const manifest of read.ok ? read.manifests : []) {
      const issues = misfits(manifest, await settings())
      const whole = `${name}: ${manifest.environment}/${manifest.name}`
      if (issues.length > 0) said.push(...issues.map((issue) => `not stored: ${whole} ${formatIssue(issue)}`))
      else {
        const { withoutWords } = await import('./engine/people.ts')
        const nameless = await withoutWords(await registrar(), manifest)
        said.push(`${whole} ${(await storeManifest(await wheel(), nameless, `file ${name}`)).kind}`)
      }
    }
  }
  return said
}

const credential = once(async (): Promise<TokenCredential> => {
  const { ManagedIdentityCredential } = await import('@azure/identity')
  const { clientId } = await settings()
  return clientId === null ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId })
})

const tableClients = once(async () => {
  const [{ readAgainAfterReset }, { TableClient }] = await Promise.all([
    import('./adapters/store/reset-again.ts'),
    import('@azure/data-tables'),
  ])
  const identity = await credential()
  const { tableServiceUri } = (await settings()).storage
  const options = {
    retryOptions: { maxRetries: 0 },
    additionalPolicies: [{ policy: readAgainAfterReset, position: 'perCall' as const }],
  }
  return (name: string) => new TableClient(tableServiceUri, name, identity, options)
})

/** Where the store tells of what it cannot read; deaf until there is a ward. */
const strays: { found: Ward['found'] } = { found: () => {} }

/** Looks after what cannot be read or acted on. */
export const ward: () => Promise<Ward> = once(async () => {
  const [{ wardOf }, kept, { notify, auth, environments: known }] = await Promise.all([
    import('./wiring-quarantine.ts'),
    store(),
    settings(),
  ])
  const environments = Object.keys(known)
  const parts = { quarantine: kept.quarantine, store: kept, freezes: kept, clock, digest: sha256, environments }
  const made = wardOf(parts, Object.keys(notify.sinks).length > 0 ? auth.publicUrl : undefined)
  strays.found = made.found
  return made
})

/** Trying again what is in quarantine. */
export const redriving: () => Promise<Redriving> = once(async () => {
  const { createRequeue } = await import('./adapters/bell/requeue.ts')
  const queues = await Promise.all([QUEUES.intake, QUEUES.events].map(queue))
  return { ward: await ward(), requeue: createRequeue({ queues }), clock }
})

const store = once(async () => {
  const [{ createTableStore }, client] = await Promise.all([import('./adapters/store/table.ts'), tableClients()])
  return createTableStore({
    tables: { state: client(TABLES.state), index: client(TABLES.index), events: client(TABLES.events) },
    onQuarantine: (row, why, suspect) => {
      console.error(`row ${row} cannot be read and is left out: ${why}`)
      strays.found(suspect)
    },
  })
})

async function queue(name: string) {
  const { QueueClient } = await import('@azure/storage-queue')
  const { queueServiceUri } = (await settings()).storage
  // A connection that was kept may just have been closed at the other end: a second try is cheap, and doubles do no harm.
  const retryOptions = { maxTries: 2, retryDelayInMs: 100 }
  return new QueueClient(`${queueServiceUri}/${name}`, await credential(), { retryOptions })
}

async function queueBell(): Promise<Bell> {
  const { createQueueBell } = await import('./adapters/bell/queue.ts')
  return createQueueBell({ queue: await queue(QUEUES.turns), clock })
}

async function containerApps(): Promise<ContainerApps> {
  const [{ armClientOptions, createArmApps }, { ContainerAppsAPIClient }] = await Promise.all([
    import('./adapters/apps/arm.ts'),
    import('@azure/arm-appcontainers'),
  ])
  const identity = await credential()
  const options = armClientOptions({ endpoint: (await settings()).armUrl })
  return createArmApps({ client: (subscription) => new ContainerAppsAPIClient(identity, subscription, options), clock })
}

async function measurements(): Promise<Measurements> {
  const { measurementsOf } = await import('./wiring-metrics.ts')
  return measurementsOf({ settings: await settings(), credential: await credential(), secrets })
}

async function registries(): Promise<Registry> {
  const { createRegistry } = await import('./adapters/registry/distribution.ts')
  const token = async () => (await (await credential()).getToken(REGISTRY_SCOPE))?.token ?? ''
  const allowed = Object.entries((await settings()).registries).map(([host, { auth, url, secret, tokenUrl }]) => {
    const given = { ...(secret === null ? {} : { secret }), ...(tokenUrl === null ? {} : { tokenUrl }) }
    return [host, { auth, url, ...given }] as const
  })
  return createRegistry({ registries: Object.fromEntries(allowed), secrets: await secrets(), clock, token })
}

function sha256(text: string): string {
  return hash('sha256', text)
}

/** Makes a thing at its first use and keeps it; making it may fail, and is then tried again at the next use. */
function once<T>(make: () => T): () => T {
  let made: { readonly thing: T } | null = null
  return () => {
    if (made !== null) return made.thing
    const thing = make()
    made = { thing }
    if (thing instanceof Promise) thing.catch(() => (made = null))
    return thing
  }
}
