import { describe, expect, it } from 'vitest'
import { createInsights } from '../../../sim/azure/arm-insights.ts'
import { ArmRefusal } from '../../../sim/world/refusal.ts'

const GROUP = '/subscriptions/sub-1/resourceGroups/rides/providers'
const ENVIRONMENT = `${GROUP}/Microsoft.App/managedEnvironments/environment`
const WORKSPACE = `${GROUP}/Microsoft.OperationalInsights/workspaces/logs`
const APP = { subscriptionId: 'sub-1', resourceGroup: 'rides', app: 'pricing' }

const urlOf = (path: string, version: string) => new URL(`https://arm.example${path}?api-version=${version}`)
const settings = (environment = ENVIRONMENT) =>
  urlOf(`${environment}/providers/Microsoft.Insights/diagnosticSettings`, '2021-05-01-preview')
const permissions = urlOf(
  `${GROUP}/Microsoft.App/containerApps/pricing/providers/Microsoft.Authorization/permissions`,
  '2022-04-01',
)

describe('the pretend resource providers around container apps', () => {
  it('tell the diagnostic settings of one managed environment, in any case', () => {
    const insights = createInsights()
    insights.diagnose({ environmentId: ENVIRONMENT, workspaceId: WORKSPACE, categories: ['ContainerAppHTTPLogs'] })
    insights.diagnose({ environmentId: `${ENVIRONMENT}-2`, workspaceId: WORKSPACE, categories: ['allLogs'] })
    const { status, body = '' } = insights.answer('GET', settings(ENVIRONMENT.toUpperCase())) ?? {}
    expect(status).toBe(200)
    expect(JSON.parse(body).value).toMatchObject([
      { properties: { workspaceId: WORKSPACE, logs: [{ category: 'ContainerAppHTTPLogs', enabled: true }] } },
    ])
  })

  it('tell what the caller may do: everything, until somebody says otherwise', () => {
    const insights = createInsights()
    const held = () => JSON.parse(insights.answer('GET', permissions)?.body ?? '').value
    expect(held()).toEqual([{ actions: ['*'], notActions: [] }])
    insights.permit(APP, [{ actions: ['*/read'], notActions: [] }])
    expect(held()).toEqual([{ actions: ['*/read'], notActions: [] }])
  })

  it('know workspaces by their id, and 404 the rest', () => {
    const insights = createInsights()
    insights.workspace(WORKSPACE, 'the-guid')
    const reply = insights.answer('GET', urlOf(WORKSPACE, '2022-10-01'))
    expect(JSON.parse(reply?.body ?? '')).toMatchObject({ properties: { customerId: 'the-guid' } })
    expect(() => insights.answer('GET', urlOf(`${WORKSPACE}-2`, '2022-10-01'))).toThrow(/not found/)
  })

  it('refuse what is denied with 403, and an api-version that they do not know with 400', () => {
    const insights = createInsights()
    expect(() => insights.answer('GET', urlOf(WORKSPACE, '2026-07-01'))).toThrow(ArmRefusal)
    insights.deny('/diagnosticsettings')
    expect(() => insights.answer('GET', settings())).toThrow(/authorization/)
  })

  it('leave container apps, and other methods, to others', () => {
    const insights = createInsights()
    expect(insights.answer('GET', urlOf(`${GROUP}/Microsoft.App/containerApps/pricing`, '2026-07-01'))).toBeNull()
    expect(insights.answer('PUT', settings())).toBeNull()
  })
})
