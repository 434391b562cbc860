import { describe, expect, it } from 'vitest'
import type { Names } from '../../../lib/core/doctor/commands.ts'
import {
  environmentQueries,
  type LogRoute,
  logFinding,
  serviceQueries,
  sourceFinding,
} from '../../../lib/core/doctor/sources.ts'
import type { Query, Silence } from '../../../lib/core/judge/reading.ts'
import { aManifest, anAnalysis, aService, errors, latency, MINUTE, STABLE, T0 } from '../../support/builders.ts'

const NAMES: Names = { principal: 'the-principal', account: null, vault: null, hookKeys: 'keys', site: null }
const GUID = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee'
const ENVIRONMENT = '/subscriptions/sub-1/resourceGroups/rides/providers/Microsoft.App/managedEnvironments/shop'
const WORKSPACE = '/subscriptions/sub-1/resourceGroups/rides/providers/Microsoft.OperationalInsights/workspaces/logs'
const FIND = `"$(az monitor log-analytics workspace list --query "[?customerId=='${GUID}'].id" -o tsv)"`

const route = (changes: Partial<LogRoute> = {}): LogRoute => ({
  workspace: WORKSPACE,
  customerId: GUID,
  categories: ['ContainerAppHTTPLogs'],
  ...changes,
})
const log = (routes: Parameters<typeof logFinding>[2]) =>
  logFinding('production/pricing', ENVIRONMENT, routes, NAMES, GUID)

describe('the access log', () => {
  it.each([
    [[route()]],
    [[route({ customerId: GUID.toUpperCase() })]],
    [[route({ categories: ['allLogs'] })]],
    [[route({ customerId: 'elsewhere' }), route()]],
  ])('reaches the workspace of the settings', (routes) => {
    expect(log(routes)).toMatchObject({ check: 'access-log', result: 'ok', fix: null })
  })

  it.each([
    [[], /is not sent to any workspace/],
    [[route({ categories: ['ContainerAppConsoleLogs'] })], /is not sent to any workspace/],
    [[route({ customerId: 'elsewhere' })], /sent to other workspaces/],
  ])('that does not has the command that sends it there', (routes, message) => {
    expect(log(routes)).toMatchObject({
      result: 'error',
      message: expect.stringMatching(message),
      fix: `az monitor diagnostic-settings create --name slipway --resource ${ENVIRONMENT} --workspace ${FIND} --export-to-resource-specific true --logs '[{"category":"ContainerAppHTTPLogs","enabled":true}]'`,
    })
  })

  it('sent to a workspace that cannot be read is unknown, with the role that it takes', () => {
    expect(log([route({ customerId: null })])).toMatchObject({
      result: 'unknown',
      fix: `az role assignment create --assignee-object-id the-principal --assignee-principal-type ServicePrincipal --role "Log Analytics Reader" --scope ${WORKSPACE}`,
    })
  })

  it('whose settings cannot be read has the role that it takes', () => {
    expect(log({ kind: 'denied', message: 'no', retryAfterMs: null })).toMatchObject({
      result: 'error',
      fix: `az role assignment create --assignee-object-id the-principal --assignee-principal-type ServicePrincipal --role "Monitoring Reader" --scope ${ENVIRONMENT}`,
    })
  })
})

describe('what sources are asked', () => {
  const now = T0 + 30_000

  it('is nothing where an environment names none', () => {
    expect(environmentQueries('production', { workspace: null, hasPrometheus: false }, now)).toEqual([])
  })

  it('is about an app that there is none of, over five minutes that have passed', () => {
    const queries = environmentQueries('production', { workspace: GUID, hasPrometheus: true }, now)
    expect(queries.map(({ kpi, from, to, target }) => [kpi.source.kind, from, to, target.app])).toEqual([
      ['azure-logs', T0 - 5 * MINUTE, T0, 'slipway-doctor'],
      ['prometheus', T0 - 5 * MINUTE, T0, 'slipway-doctor'],
    ])
  })

  it('is each source of a service once, and never a probe, which makes traffic', () => {
    const probe = latency({ name: 'probe', source: { kind: 'probe', path: '/', count: 5, timeoutMs: 1000 } })
    const analysis = anAnalysis({ kpis: [latency(), errors(), probe], bucketMs: 10 * MINUTE })
    const serving = { revision: STABLE, host: null, region: 'westeurope' }
    const queries = serviceQueries(aService({ manifest: aManifest({ analysis }) }), serving, now)
    expect(queries).toMatchObject([
      { id: 'production/pricing/doctor/azure-logs', revision: STABLE, arm: 'baseline', from: T0 - 10 * MINUTE, to: T0 },
    ])
  })

  const [asked] = environmentQueries('production', { workspace: GUID, hasPrometheus: false }, now) as [Query]
  const silent = (silence: Silence) =>
    ({ id: asked.id, kind: 'missing', silence, why: `it is ${silence}`, query: '' }) as const

  it('is well when it is answered, though with nothing', () => {
    const reading = { id: asked.id, kind: 'measured', buckets: [], quality: 'exact', query: '', note: null } as const
    expect(sourceFinding('production', asked, reading, NAMES, GUID)).toMatchObject({
      check: 'source-azure-logs',
      result: 'ok',
    })
  })

  it.each([
    ['denied', 'error'],
    ['unset', 'error'],
    ['refused', 'error'],
    ['malformed', 'error'],
    ['down', 'unknown'],
    ['throttled', 'unknown'],
    ['late', 'unknown'],
    ['partial', 'unknown'],
  ] as const)('that stays silent as %s is %s', (silence, result) => {
    expect(sourceFinding('production', asked, silent(silence), NAMES, GUID)).toMatchObject({
      result,
      message: `it is ${silence}`,
    })
  })

  it('that is denied at a workspace has the role that it takes', () => {
    const role = `az role assignment create --assignee-object-id the-principal --assignee-principal-type ServicePrincipal --role "Log Analytics Data Reader" --scope ${FIND}`
    expect(sourceFinding('production', asked, silent('denied'), NAMES, GUID).fix).toBe(role)
    expect(sourceFinding('production', asked, silent('denied'), { ...NAMES, principal: null }, GUID).fix).toContain(
      '<object id of the identity>',
    )
    expect(sourceFinding('production', asked, silent('denied'), NAMES, null).fix).toBeNull()
  })
})
