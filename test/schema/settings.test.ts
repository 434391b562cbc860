import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readSettings, SETTING_NAMES } from '../../lib/schema/settings.ts'

const WORKSPACE = '6f1d2c3b-0000-4000-8000-000000000001'

const NEEDED = {
  SLIPWAY_ENVIRONMENTS: `{"production": {"logWorkspaceId": "${WORKSPACE}"}}`,
  SLIPWAY_STORAGE__tableServiceUri: 'https://rides.table.core.windows.net/',
  SLIPWAY_STORAGE__queueServiceUri: 'https://rides.queue.core.windows.net',
  SLIPWAY_KEY_VAULT_URL: 'https://rides.vault.azure.net/',
  SLIPWAY_REGISTRIES: '{"registry.example.com": {"auth": "acr"}}',
}

const paths = (env: Record<string, string | undefined>): readonly string[] => {
  const read = readSettings({ ...NEEDED, ...env })
  return read.ok ? [] : read.issues.map((issue) => issue.path)
}

describe('settings', () => {
  it('are filled in with defaults', () => {
    expect(readSettings(NEEDED)).toEqual({
      ok: true,
      settings: {
        environments: {
          production: {
            logWorkspaceId: WORKSPACE,
            prometheusUrl: null,
            prometheusAudience: null,
            httpOrigins: {},
            auditRetentionDays: null,
          },
        },
        storage: {
          tableServiceUri: 'https://rides.table.core.windows.net',
          queueServiceUri: 'https://rides.queue.core.windows.net',
        },
        keyVaultUrl: 'https://rides.vault.azure.net',
        keyVaultVerifyChallenge: true,
        clientId: null,
        armUrl: 'https://management.azure.com',
        logsUrl: 'https://api.loganalytics.io',
        metricsUrl: null,
        registries: {
          'registry.example.com': { auth: 'acr', secret: null, url: 'https://registry.example.com', tokenUrl: null },
        },
        eventGridTopics: [],
        functionTimeoutMs: 600_000,
        sweepSchedule: '0 * * * * *',
        auditKey: 'slipway-audit-key',
        auditNightSchedule: '0 */15 1-5 * * *',
        driftSchedule: '0 30 2 * * *',
        manifests: null,
        auth: expect.objectContaining({ tokens: null }),
        notify: expect.objectContaining({ sinks: {} }),
      },
    })
  })

  it('are read as they stand', () => {
    const topic = '/subscriptions/s/resourceGroups/Rides/providers/Microsoft.ContainerRegistry/registries/rides'
    const read = readSettings({
      ...NEEDED,
      SLIPWAY_ENVIRONMENTS:
        '{"production": {"prometheusUrl": "https://127.0.0.1:9090/prom/", "prometheusAudience": "https://prometheus.monitor.azure.com/", "httpOrigins": {"https://Figures.example.com:443/": ["kpi-figures", "kpi-b"], "http://127.0.0.1:8081": []}}, "staging": {}}',
      SLIPWAY_STORAGE__credential: 'managedidentity',
      SLIPWAY_KEY_VAULT_VERIFY_CHALLENGE: 'false',
      SLIPWAY_CLIENT_ID: WORKSPACE,
      SLIPWAY_ARM_URL: 'https://127.0.0.1:8443',
      SLIPWAY_METRICS_URL: 'https://127.0.0.1:8444/{region}',
      SLIPWAY_REGISTRIES:
        '{"127.0.0.1:5000": {"auth": "basic", "secret": "registry-login", "url": "http://127.0.0.1:5000"}}',
      SLIPWAY_EVENT_GRID_TOPICS: `${topic}, ${topic}2`,
      SLIPWAY_SWEEP_SCHEDULE: '*/5 * * * * *',
      SLIPWAY_MANIFESTS: './manifests',
    })
    expect(read).toMatchObject({
      ok: true,
      settings: {
        environments: {
          production: {
            logWorkspaceId: null,
            prometheusUrl: 'https://127.0.0.1:9090/prom',
            prometheusAudience: 'https://prometheus.monitor.azure.com',
            httpOrigins: { 'https://figures.example.com': ['kpi-figures', 'kpi-b'], 'http://127.0.0.1:8081': [] },
          },
          staging: {
            logWorkspaceId: null,
            prometheusUrl: null,
            prometheusAudience: null,
            httpOrigins: {},
            auditRetentionDays: null,
          },
        },
        keyVaultVerifyChallenge: false,
        clientId: WORKSPACE,
        armUrl: 'https://127.0.0.1:8443',
        metricsUrl: 'https://127.0.0.1:8444/{region}',
        registries: { '127.0.0.1:5000': { auth: 'basic', secret: 'registry-login', url: 'http://127.0.0.1:5000' } },
        eventGridTopics: [topic.toLowerCase(), `${topic}2`.toLowerCase()],
        functionTimeoutMs: 600_000,
        sweepSchedule: '*/5 * * * * *',
        manifests: './manifests',
      },
    })
  })

  it('that are missing are all named at once', () => {
    const read = readSettings({})
    expect(read.ok ? [] : read.issues.map((issue) => issue.path).sort()).toEqual(Object.keys(NEEDED).sort())
  })

  it.each([
    ['SLIPWAY_ENVIRONMENTS', '{'],
    ['SLIPWAY_ENVIRONMENTS', '{"Production": {}}'],
    ['SLIPWAY_ENVIRONMENTS', '{"production": {"logWorkspaceId": "mine"}}'],
    ['SLIPWAY_ENVIRONMENTS', '{"production": {"workspace": "mine"}}'],
    ['SLIPWAY_ENVIRONMENTS', '{"production": {"prometheusAudience": "https://prometheus.monitor.azure.com"}}'],
    ['SLIPWAY_ENVIRONMENTS', '{"production": {"prometheusUrl": "https://p.example", "prometheusAudience": "azure"}}'],
    [
      'SLIPWAY_ENVIRONMENTS',
      '{"production": {"prometheusUrl": "http://p.example", "prometheusAudience": "https://a.b"}}',
    ],
    ['SLIPWAY_ENVIRONMENTS', '{"production": {"httpOrigins": "https://figures.example.com"}}'],
    ['SLIPWAY_ENVIRONMENTS', '{"production": {"httpOrigins": ["https://figures.example.com"]}}'],
    ['SLIPWAY_ENVIRONMENTS', '{"production": {"httpOrigins": {"figures.example.com": []}}}'],
    ['SLIPWAY_ENVIRONMENTS', '{"production": {"httpOrigins": {"ftp://figures.example.com": []}}}'],
    ['SLIPWAY_ENVIRONMENTS', '{"production": {"httpOrigins": {"https://figures.example.com/kpis": []}}}'],
    ['SLIPWAY_ENVIRONMENTS', '{"production": {"httpOrigins": {"https://figures.example.com": "kpi-figures"}}}'],
    ['SLIPWAY_ENVIRONMENTS', '{"production": {"httpOrigins": {"https://figures.example.com": ["slipway-hook-keys"]}}}'],
    ['SLIPWAY_ENVIRONMENTS', '{"production": {"httpOrigins": {"https://a.example": [], "https://a.example/": []}}}'],
    ['SLIPWAY_METRICS_URL', 'http://westeurope.metrics.monitor.azure.com'],
    ['SLIPWAY_STORAGE__tableServiceUri', 'rides'],
    ['SLIPWAY_STORAGE__queueServiceUri', 'ftp://rides'],
    ['SLIPWAY_STORAGE__credential', 'sharedkey'],
    ['SLIPWAY_KEY_VAULT_URL', 'http://rides.vault.azure.net'],
    ['SLIPWAY_KEY_VAULT_URL', 'https://user:word@rides.vault.azure.net'],
    ['SLIPWAY_KEY_VAULT_VERIFY_CHALLENGE', 'no'],
    ['SLIPWAY_CLIENT_ID', 'me'],
    ['SLIPWAY_REGISTRIES', '[]'],
    ['SLIPWAY_REGISTRIES', '{"https://registry.example.com": {"auth": "acr"}}'],
    ['SLIPWAY_REGISTRIES', '{"registry_example.com": {"auth": "acr"}}'],
    ['SLIPWAY_REGISTRIES', '{"registry.example.com": {"auth": "basic"}}'],
    ['SLIPWAY_REGISTRIES', '{"registry.example.com": {"auth": "acr", "secret": "unused"}}'],
    ['SLIPWAY_REGISTRIES', '{"registry.example.com": {"auth": "token"}}'],
    ['SLIPWAY_EVENT_GRID_TOPICS', 'registries/rides'],
    ['SLIPWAY_SWEEP_SCHEDULE', 'every minute'],
    ['SLIPWAY_SWEEP_SCHEDULE', '* * * * *'],
    ['SLIPWAY_DRIFT_SCHEDULE', 'nightly'],
    ['SLIPWAY_AUDIT_KEY', '-----BEGIN PRIVATE KEY-----'],
    ['SLIPWAY_AUDIT_KEY', 'keys/'],
    ['SLIPWAY_AUDIT_KEY', 'certificates/slipway-audit'],
    ['SLIPWAY_AUDIT_NIGHT_SCHEDULE', 'by night'],
    ['SLIPWAY_ENVIRONMENTS', '{"production": {"auditRetentionDays": 89}}'],
    ['SLIPWAY_ENVIRONMENTS', '{"production": {"auditRetentionDays": 400.5}}'],
    ['AzureFunctionsJobHost__functionTimeout', '-1'],
    ['AzureFunctionsJobHost__functionTimeout', '00:00:00'],
    ['AzureFunctionsJobHost__functionTimeout', '24:00:00'],
    ['AzureFunctionsJobHost__functionTimeout', '00:60:00'],
    ['AzureFunctionsJobHost__functionTimeout', '10'],
    ['SLIPWAY_KEYVAULT_URL', 'https://rides.vault.azure.net'],
  ])('%s=%s is refused under the name of the setting', (name, value) => {
    expect(paths({ [name]: value })).toEqual([name])
  })

  it.each([
    [
      '["https://figures.example.com"]',
      /^`production\.httpOrigins` must be an object from each origin .*"kpi-figures"/,
    ],
    ['{"https://a.example": true}', /must be an object from each origin .*"kpi-figures"/],
    ['{"https://a.example": ["token"]}', /must be the name of a Key Vault secret that begins with `kpi-`/],
    ['{"https://a.example": [], "https://b.example/c": []}', /^`production\.httpOrigins` entry 2 must be an origin/],
    ['{"https://a.example": [], "https://A.example": []}', /entry 2 stands there twice/],
    ['{"https://me:hunter2@a.example": []}', /entry 1 must be a URL .* without user/],
  ])('that name origins as %s are told how to write them', (origins, message) => {
    const read = readSettings({ ...NEEDED, SLIPWAY_ENVIRONMENTS: `{"production": {"httpOrigins": ${origins}}}` })
    expect(read.ok ? [] : read.issues.map((issue) => issue.message)).toEqual([expect.stringMatching(message)])
    expect(JSON.stringify(read)).not.toContain('hunter2')
  })

  it('say how long a function lives as host.json does, and the default is what host.json says', () => {
    const lifeOf = (span: string) => {
      const read = readSettings({ ...NEEDED, AzureFunctionsJobHost__functionTimeout: span })
      return read.ok ? read.settings.functionTimeoutMs : null
    }
    expect(lifeOf('01:02:03')).toBe(3_723_000)
    const { functionTimeout } = JSON.parse(readFileSync('host.json', 'utf8')) as { functionTimeout: string }
    expect(lifeOf('')).toBe(lifeOf(functionTimeout))
  })

  it('of others are let be', () => {
    expect(paths({ PATH: '/bin', SLIPWAY_STORAGE__clientId: WORKSPACE, SLIPWAY_UNRELATED_WORDS: 'x' })).toEqual([])
  })

  it('never throw, and never repeat a value that may be secret', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...SETTING_NAMES), fc.string()), (env) => {
        return typeof readSettings({ ...NEEDED, ...env }).ok === 'boolean'
      }),
    )
    const read = readSettings({ ...NEEDED, SLIPWAY_KEY_VAULT_URL: 'https://user:hunter2@vault' })
    expect(JSON.stringify(read)).not.toContain('hunter2')
  })
})
