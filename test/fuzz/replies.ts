import { ContainerAppsAPIClient } from '@azure/arm-appcontainers'
import type { TokenCredential } from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'
import { armClientOptions, createArmApps } from '../../lib/adapters/apps/arm.ts'
import { createAzureLogs } from '../../lib/adapters/metrics/azure-logs.ts'
import { LOG_COLUMNS } from '../../lib/adapters/metrics/azure-logs-query.ts'
import { createAzureMetrics } from '../../lib/adapters/metrics/azure-metrics.ts'
import type { MetricsClient } from '../../lib/adapters/metrics/azure-metrics-call.ts'
import { createPrometheus } from '../../lib/adapters/metrics/prometheus.ts'
import { createRegistry } from '../../lib/adapters/registry/distribution.ts'
import { createKeyVaultSecrets } from '../../lib/adapters/secrets/key-vault.ts'
import { Fault } from '../../lib/errors.ts'
import { wireClient } from '../../sim/wire.ts'
import { target, wireApp, wireRevision } from '../adapters/apps/arm-stub.ts'
import { query as anyQuery, errorRate, START } from '../adapters/metrics/queries.ts'
import { aQuery, T0 } from '../support/builders.ts'
import type { Target } from './run.ts'

/** What another side answers: a status, headers and a body, any of them out of shape. */
interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const clock = { now: () => T0 }
const TIMEOUT_MS = 2_000
const isFault = (error: unknown) => error instanceof Fault

/** An answer as a server could send it, of whatever an input is: parts that HTTP itself could not carry are set right. */
function replyOf(input: unknown): Reply {
  const { status, headers, body } = Object(input) as Partial<Record<keyof Reply, unknown>>
  const isStatus = typeof status === 'number' && Number.isInteger(status) && status >= 200 && status < 600
  return { status: isStatus ? status : 200, headers: headersOf(headers), body: textOf(body) }
}

function headersOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {}
  const entries = Object.entries(value).filter(([name, text]) => {
    return /^[a-z-]{1,40}$/.test(name) && typeof text === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(text)
  })
  return Object.fromEntries(entries) as Readonly<Record<string, string>>
}

/** A value as JSON, as a server writes it; what nests too deep to be written is written by hand. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    return '{"value":'.repeat(10_000) + '1'.padEnd(10_001, '}')
  }
}

function responseOf(input: unknown): Response {
  const { status, headers, body } = replyOf(input)
  return new Response([204, 205, 304].includes(status) ? null : body, { status, headers })
}

const JSON_TYPE = { 'content-type': 'application/json' }
const ok = (body: unknown, headers: Readonly<Record<string, string>> = {}) => ({
  status: 200,
  headers: { ...JSON_TYPE, ...headers },
  body,
})

const prometheus: Target = {
  name: 'prometheus',
  takes: 'value',
  seeds: [
    ok({
      status: 'success',
      data: {
        resultType: 'matrix',
        result: [
          {
            metric: { revision: 'pricing--r2', le: '0.2', q: 'p95' },
            values: [
              [T0 / 1000, '3'],
              [T0 / 1000 + 60, '5'],
            ],
          },
        ],
      },
      warnings: [],
    }),
    { status: 422, headers: JSON_TYPE, body: { status: 'error', errorType: 'execution', error: 'too many samples' } },
  ],
  run: (input: unknown) => {
    const send = async () => responseOf(input)
    const plug = createPrometheus({ urlOf: () => 'https://p.example.com', fetch: send, timeoutMs: TIMEOUT_MS })
    const names = { requests: 'reqs', duration: 'dur', revisionLabel: 'revision', statusLabel: 'code' }
    const kpi = { ...errorRate(), source: { kind: 'prometheus', names, counters: null, gauge: null } } as const
    return plug.read([aQuery({ kpi })])
  },
}

const logs: Target = {
  name: 'log-analytics',
  takes: 'value',
  seeds: [
    { status: 'Success', tables: [{ columnDescriptors: LOG_COLUMNS, rows: [['q1', new Date(T0), 9, 1, 2]] }] },
    { status: 'PartialFailure', partialTables: [], partialError: { code: 'PartialError', message: 'half of it' } },
  ],
  run: (input: unknown) => {
    const client = { queryWorkspace: async () => input as never }
    return createAzureLogs({ client, workspaceOf: () => 'a-workspace', timeoutMs: TIMEOUT_MS }).read([aQuery()])
  },
}

const METRICS_ID =
  '/subscriptions/00000000-0000-0000-0000-00000000000a/resourcegroups/rg/providers/microsoft.app/containerapps/shop'

const azureMetrics: Target = {
  name: 'azure-monitor',
  takes: 'value',
  seeds: [
    [
      {
        resourceId: METRICS_ID,
        granularity: 'PT1M',
        metrics: [
          {
            name: 'Requests',
            errorCode: 'Success',
            timeseries: [
              {
                metadatavalues: [
                  { name: 'revisionname', value: 'shop--a' },
                  { name: 'statuscodecategory', value: '5xx' },
                ],
                data: [{ timeStamp: new Date(START), total: 3 }],
              },
            ],
          },
        ],
      },
    ],
  ],
  run: (input: unknown) => {
    const clientFor = (): MetricsClient => ({ queryResources: async () => input as never })
    const asked = anyQuery({ kpi: errorRate(), to: START + 120_000 })
    return createAzureMetrics({ clientFor, timeoutMs: TIMEOUT_MS }).read([asked])
  },
}

const registry: Target = {
  name: 'registry',
  takes: 'value',
  seeds: [
    {
      manifest: {
        status: 401,
        headers: {
          'www-authenticate': 'Bearer realm="https://r.example.com/token",service="r",scope="repository:a:pull"',
        },
        body: { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] },
      },
      token: ok({ token: 'eyJh.eyJleHAiOjF9.x', access_token: 'y', expires_in: 300 }),
      again: { status: 200, headers: { 'docker-content-digest': `sha256:${'ab'.repeat(32)}` }, body: '' },
    },
  ],
  run: (input: unknown) => {
    const { manifest, token, again } = Object(input) as Record<string, unknown>
    let asked = 0
    const fetch = async (url: string) => {
      if (url.includes('/token')) return responseOf(token)
      asked += 1
      return responseOf(asked === 1 ? manifest : again)
    }
    const secrets = { read: async () => ['user:password'] }
    const registries = { 'r.example.com': { auth: 'anonymous' as const } }
    const plug = createRegistry({ registries, secrets, clock, fetch, timeoutMs: TIMEOUT_MS })
    return plug.has([{ registry: 'r.example.com', repository: 'a', digest: `sha256:${'ab'.repeat(32)}` }])
  },
}

const credential: TokenCredential = {
  getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }),
}
const sdkOptions = (input: () => Reply) => ({
  httpClient: wireClient(() => input()),
  retryOptions: { maxRetries: 0 },
})

let vaultReply: Reply = { status: 200, headers: {}, body: '' }
const vault = new SecretClient('https://v.vault.azure.net', credential, {
  ...sdkOptions(() => vaultReply),
  disableChallengeResourceVerification: true,
})
const AN_ID = 'https://v.vault.azure.net/secrets/keys/0123456789abcdef0123456789abcdef'

const keyVault: Target = {
  name: 'key-vault',
  takes: 'value',
  count: 75,
  seeds: [
    ok({
      value: [{ id: AN_ID, attributes: { enabled: true, created: 1, updated: 2, exp: 4_000_000_000 } }],
      nextLink: null,
      id: AN_ID,
      attributes: { enabled: true },
    }),
    {
      status: 403,
      headers: JSON_TYPE,
      body: { error: { code: 'Forbidden', message: 'no', innererror: { code: 'x' } } },
    },
    {
      status: 401,
      headers: { 'www-authenticate': 'Bearer authorization="https://l/t", resource="https://vault.azure.net"' },
      body: '',
    },
  ],
  isFine: isFault,
  run: (input: unknown) => {
    vaultReply = replyOf(input)
    return createKeyVaultSecrets({ client: vault, clock, timeoutMs: TIMEOUT_MS }).read('keys')
  },
}

let armReply: Readonly<Record<'apps' | 'revisions' | 'write', Reply>> = {
  apps: replyOf(null),
  revisions: replyOf(null),
  write: replyOf(null),
}
const armOptions = armClientOptions({ endpoint: 'https://arm.example.com' })
const armClient = new ContainerAppsAPIClient(credential, 'sub-1', {
  ...armOptions,
  httpClient: wireClient(({ method, url }) => {
    if (method !== 'GET') return armReply.write
    return url.pathname.includes('/revisions') ? armReply.revisions : armReply.apps
  }),
})

const ARM_SEED = {
  apps: ok({ ...wireApp('web'), value: [wireApp('web')], nextLink: null }),
  revisions: ok({ ...wireRevision('web--v1'), value: [wireRevision('web--v1')] }),
  write: { status: 202, headers: { location: 'https://arm.example.com/operations/1', 'retry-after': '1' }, body: '' },
}
const armError = (status: number, code: string) => ({
  status,
  headers: { ...JSON_TYPE, 'retry-after': '17' },
  body: { error: { code, message: 'refused', details: [{ code: 'x', message: 'y' }] } },
})

/** A look and a deed, on whatever ARM answers. */
const arm: Target = {
  name: 'arm',
  takes: 'value',
  count: 50,
  seeds: [
    ARM_SEED,
    { ...ARM_SEED, write: armError(409, 'ContainerAppOperationInProgress') },
    { ...ARM_SEED, revisions: armError(429, 'TooManyRequests') },
    { ...ARM_SEED, apps: armError(403, 'AuthorizationFailed') },
  ],
  isFine: isFault,
  run: async (input: unknown) => {
    const { apps, revisions, write } = Object(input) as Record<string, unknown>
    armReply = { apps: replyOf(apps), revisions: replyOf(revisions), write: replyOf(write) }
    const wake = async () => new Response('')
    const plug = createArmApps({ client: () => armClient, clock, wake, timeoutMs: TIMEOUT_MS, pause: async () => {} })
    const web = target('web')
    const [seen] = await plug.observe([web])
    if (seen === undefined) throw new Error('a look has no answer')
    await plug.perform(web, {
      kind: 'create-revision',
      from: 'web--v1',
      suffix: 'v2',
      image: 'r.example.com/web@sha256:b',
    })
  },
}

/** Replies of Azure, of sources of metrics and of registries, each beneath the adapter that reads it. */
export const REPLIES: readonly Target[] = [prometheus, logs, azureMetrics, registry, keyVault, arm]
