import * as z from 'zod'
import { didYouMean } from './did-you-mean.ts'
import { GUID, NAME, REGISTRY_HOST } from './grammar.ts'
import type { Issue } from './issue.ts'
import { AUTH_SETTING_NAMES, type AuthSettings, readAuth } from './settings-auth.ts'
import { NOTIFY_SETTING_NAMES, type NotifySettings, readNotify } from './settings-notify.ts'
import { settingsReader, urlSchema } from './settings-reader.ts'

/** Where an environment's measurements are; null where it has no such source. */
export interface EnvironmentSettings {
  readonly logWorkspaceId: string | null
  /** Base URL without a slash at its end. */
  readonly prometheusUrl: string | null
  /** For whom the bearer token is made out that this Prometheus asks for, without a slash at its end; null = it asks for none. */
  readonly prometheusAudience: string | null
  /**
   * Origins (`https://host[:port]`, as URL.origin writes them) that KPIs of the source `http` may be asked at, each with the
   * names of the secrets that it may be sent.
   */
  readonly httpOrigins: Readonly<Record<string, readonly string[]>>
  /** For how many days its audit is kept, 90 or more; null = for ever. */
  readonly auditRetentionDays: number | null
}

/** How one registry of the allow-list is asked. `secret` names a Key Vault secret (`user:password`) for `basic`, else null. */
export interface RegistrySettings {
  readonly auth: 'acr' | 'anonymous' | 'basic'
  readonly secret: string | null
  /** The token service, where it does not run at the registry's own address; null otherwise. */
  readonly tokenUrl: string | null
  /** Base URL without a slash at its end. */
  readonly url: string
}

/** Every setting of the app, checked, with defaults filled in. URLs have no slash at their end. */
export interface Settings {
  /** By environment name. */
  readonly environments: Readonly<Record<string, EnvironmentSettings>>
  readonly storage: { readonly tableServiceUri: string; readonly queueServiceUri: string }
  readonly keyVaultUrl: string
  readonly keyVaultVerifyChallenge: boolean
  /** Client id of the user-assigned identity; null means the system-assigned one. */
  readonly clientId: string | null
  readonly armUrl: string
  readonly logsUrl: string
  /** Base URL of Azure Monitor's metrics, `{region}` standing for the region's name; null = Azure's own. */
  readonly metricsUrl: string | null
  /** The allow-list, by host as it stands in image names. */
  readonly registries: Readonly<Record<string, RegistrySettings>>
  /** Topic resource ids, lower case, whose Event Grid handshake is answered. */
  readonly eventGridTopics: readonly string[]
  /** Name of the Key Vault secret with the private key that signs digests of the audit, or `keys/` and the name of a key in Key Vault. */
  readonly auditKey: string
  /** NCRONTAB, in UTC: when the night's check of the audit goes on. */
  readonly auditNightSchedule: string
  /** NCRONTAB. */
  readonly sweepSchedule: string
  /** NCRONTAB, in UTC. */
  readonly driftSchedule: string
  /** How long a function may live, milliseconds: after that the host has ended it, and nothing of it writes any more. */
  readonly functionTimeoutMs: number
  /** Folder of manifest files to store at start, or null. */
  readonly manifests: string | null
  readonly auth: AuthSettings
  readonly notify: NotifySettings
}

export type SettingsRead =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly issues: readonly Issue[] }

/** The names of all settings that are read. */
export const SETTING_NAMES = [
  'SLIPWAY_ENVIRONMENTS',
  'SLIPWAY_STORAGE__tableServiceUri',
  'SLIPWAY_STORAGE__queueServiceUri',
  'SLIPWAY_STORAGE__credential',
  'SLIPWAY_KEY_VAULT_URL',
  'SLIPWAY_KEY_VAULT_VERIFY_CHALLENGE',
  'SLIPWAY_CLIENT_ID',
  'SLIPWAY_ARM_URL',
  'SLIPWAY_LOGS_URL',
  'SLIPWAY_METRICS_URL',
  'SLIPWAY_REGISTRIES',
  'SLIPWAY_EVENT_GRID_TOPICS',
  'SLIPWAY_SWEEP_SCHEDULE',
  'SLIPWAY_DRIFT_SCHEDULE',
  'SLIPWAY_AUDIT_KEY',
  'SLIPWAY_AUDIT_NIGHT_SCHEDULE',
  'SLIPWAY_MANIFESTS',
  'AzureFunctionsJobHost__functionTimeout',
  ...AUTH_SETTING_NAMES,
  ...NOTIFY_SETTING_NAMES,
] as const

const ORIGINS_FORM =
  'must be an object from each origin to the names of the secrets that it may be sent, e.g. `{"https://figures.example.com": ["kpi-figures"]}`; an empty list: none'

const httpOriginsSchema = z
  .record(
    z.string(),
    z
      .array(
        z.string().regex(/^kpi-[0-9a-zA-Z-]{1,120}$/, {
          error: 'must be the name of a Key Vault secret that begins with `kpi-` (letters, digits, dashes)',
        }),
        { error: ORIGINS_FORM },
      )
      .max(50, { error: 'names more than 50 secrets' }),
    { error: ORIGINS_FORM },
  )
  .transform((written, context) => {
    const origins = new Map<string, readonly string[]>()
    for (const [place, [key, secrets]] of Object.entries(written).entries()) {
      const { origin } = URL.parse(key) ?? { origin: null }
      const read = urlSchema(['https:', 'http:']).safeParse(key)
      // By number: a URL that is refused may hold a password.
      const wrong = (message: string) => context.addIssue({ code: 'custom', message: `entry ${place + 1} ${message}` })
      if (!read.success) wrong(read.error.issues[0]?.message ?? 'is no URL')
      else if (origin === null || read.data !== origin) wrong('must be an origin, without a path')
      else if (origins.has(origin)) wrong('stands there twice; write the origin once, with all its secrets')
      else origins.set(origin, secrets)
    }
    if (origins.size > 50) context.addIssue({ code: 'custom', message: 'has more than 50 origins' })
    return Object.fromEntries(origins)
  })

const RETENTION_FORM = 'must be a whole number of days, 90 or more; leave it out to keep the audit for ever'

const environmentsSchema = z.record(
  z.string().regex(NAME, { error: 'is no environment name; it has 2–32 of a–z, 0–9 and dashes, a letter first' }),
  z
    .strictObject({
      logWorkspaceId: z.string().regex(GUID, { error: 'must be the GUID of a Log Analytics workspace' }).optional(),
      prometheusUrl: urlSchema(['https:', 'http:']).optional(),
      prometheusAudience: urlSchema(['https:', 'api:']).optional(),
      httpOrigins: httpOriginsSchema.optional(),
      auditRetentionDays: z.int({ error: RETENTION_FORM }).min(90, { error: RETENTION_FORM }).max(99_999).optional(),
    })
    .refine((one) => one.prometheusAudience === undefined || one.prometheusUrl?.startsWith('https:'), {
      path: ['prometheusAudience'],
      error: 'needs a `prometheusUrl` that begins with `https://`: a token is never sent without TLS',
    })
    .transform(({ logWorkspaceId = null, prometheusUrl = null, prometheusAudience = null, ...rest }) => ({
      logWorkspaceId,
      prometheusUrl,
      prometheusAudience,
      httpOrigins: rest.httpOrigins ?? {},
      auditRetentionDays: rest.auditRetentionDays ?? null,
    })),
)

const registriesSchema = z.record(
  z
    .string()
    .max(255)
    .regex(REGISTRY_HOST, { error: 'is no registry host; write it as in image names, e.g. `registry.example.com`' }),
  z
    .strictObject({
      auth: z.enum(['acr', 'anonymous', 'basic'], { error: 'must be `acr`, `anonymous` or `basic`' }),
      secret: z
        .string()
        .regex(/^[0-9a-zA-Z-]{1,127}$/, { error: 'must be the name of a Key Vault secret (letters, digits, dashes)' })
        .optional(),
      url: urlSchema(['https:', 'http:']).optional(),
      tokenUrl: urlSchema(['https:', 'http:']).optional(),
    })
    .superRefine(({ auth, secret }, context) => {
      if ((auth === 'basic') === (secret !== undefined)) return
      const message =
        auth === 'basic'
          ? 'is needed for `basic`: name the Key Vault secret'
          : `does nothing with \`${auth}\`; leave it out`
      context.addIssue({ code: 'custom', path: ['secret'], message })
    }),
)

const TOPIC = /^\/subscriptions\/[^\s/]+\/(?:resourceGroups\/[^\s/]+\/providers\/[^\s]+)$/i

/** Reads the settings from `env`; every issue's path is the setting's name. Empty text counts as left out. Never throws. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): SettingsRead {
  const issues: Issue[] = []
  const from = settingsReader(env, issues)
  const registries = from.json(
    'SLIPWAY_REGISTRIES',
    registriesSchema,
    '{"registry.example.com": {"auth": "anonymous"}}',
  )
  const settings: Settings = {
    environments: from.json('SLIPWAY_ENVIRONMENTS', environmentsSchema, '{"production": {}}') ?? {},
    storage: {
      tableServiceUri: from.url('SLIPWAY_STORAGE__tableServiceUri', null, ['https:', 'http:']),
      queueServiceUri: from.url('SLIPWAY_STORAGE__queueServiceUri', null, ['https:', 'http:']),
    },
    keyVaultUrl: from.url('SLIPWAY_KEY_VAULT_URL', null),
    keyVaultVerifyChallenge:
      from.text('SLIPWAY_KEY_VAULT_VERIFY_CHALLENGE', 'true', /^(?:true|false)$/, 'must be `true` or `false`') !==
      'false',
    clientId: from.text('SLIPWAY_CLIENT_ID', null, GUID, 'must be the client id (a GUID) of a user-assigned identity'),
    armUrl: from.url('SLIPWAY_ARM_URL', 'https://management.azure.com'),
    logsUrl: from.url('SLIPWAY_LOGS_URL', 'https://api.loganalytics.io'),
    metricsUrl:
      from
        .text(
          'SLIPWAY_METRICS_URL',
          null,
          /^https:\/\/[^\s?#@]+$/,
          'must be an https URL; `{region}` in it stands for the region',
        )
        ?.replace(/\/+$/, '') ?? null,
    registries: withUrls(registries ?? {}),
    eventGridTopics: from.list(
      'SLIPWAY_EVENT_GRID_TOPICS',
      TOPIC,
      'must be resource ids divided by commas, each like `/subscriptions/…/resourceGroups/…/providers/…`',
    ),
    auditKey: from.text(
      'SLIPWAY_AUDIT_KEY',
      'slipway-audit-key',
      /^(?:keys\/)?[0-9a-zA-Z-]{1,127}$/,
      'must be the name of a Key Vault secret (letters, digits, dashes), or `keys/` and the name of a key',
    ),
    auditNightSchedule: from.cron('SLIPWAY_AUDIT_NIGHT_SCHEDULE', '0 */15 1-5 * * *'),
    sweepSchedule: from.cron('SLIPWAY_SWEEP_SCHEDULE', '0 * * * * *'),
    driftSchedule: from.cron('SLIPWAY_DRIFT_SCHEDULE', '0 30 2 * * *'),
    functionTimeoutMs: from.span('AzureFunctionsJobHost__functionTimeout', '00:10:00'),
    manifests: from.text('SLIPWAY_MANIFESTS', null, /^[^\0]{1,1000}$/, 'must be the path of a folder'),
    auth: readAuth(from),
    notify: readNotify(from),
  }
  from.text(
    'SLIPWAY_STORAGE__credential',
    'managedidentity',
    /^managedidentity$/,
    'must be `managedidentity`; keys are not used',
  )
  issues.push(...misspelt(env))
  return issues.length === 0 ? { ok: true, settings } : { ok: false, issues }
}

function withUrls(registries: z.output<typeof registriesSchema>): Readonly<Record<string, RegistrySettings>> {
  const entries = Object.entries(registries).map(([host, one]): [string, RegistrySettings] => {
    return [
      host,
      { auth: one.auth, secret: one.secret ?? null, url: one.url ?? `https://${host}`, tokenUrl: one.tokenUrl ?? null },
    ]
  })
  return Object.fromEntries(entries)
}

/** Names that look like a setting with a slip of the pen. Others' settings, also of the same prefix, are let be. */
function misspelt(env: Readonly<Record<string, string | undefined>>): readonly Issue[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('SLIPWAY_') && !name.startsWith('SLIPWAY_STORAGE__'))
    .filter((name) => !(SETTING_NAMES as readonly string[]).includes(name))
    .map((name) => ({ path: name, message: `is not a setting.${didYouMean(name, SETTING_NAMES)}` }))
    .filter(({ message }) => message.includes('Did you mean'))
}
