import { describe, expect, it, test } from 'vitest'
import type { AppSeen, Trouble } from '../../../lib/core/app.ts'
import { type AppSetUp, lookFindings, servingRevision, setUpFindings } from '../../../lib/core/doctor/app.ts'
import type { Names } from '../../../lib/core/doctor/commands.ts'
import type { Finding } from '../../../lib/core/doctor/finding.ts'
import { anApp, appAt, aService, CANARY, STABLE } from '../../support/builders.ts'

const NAMES: Names = {
  principal: '11111111-2222-3333-4444-555555555555',
  account: 'slipwaystore',
  vault: 'slipwayvault',
  hookKeys: 'slipway-hook-keys',
  site: null,
}
const APP_ID = '/subscriptions/sub-1/resourceGroups/rg-shop/providers/Microsoft.App/containerApps/pricing'
const AT = '-n pricing -g rg-shop --subscription sub-1'
const CONTRIBUTOR = `az role assignment create --assignee-object-id ${NAMES.principal} --assignee-principal-type ServicePrincipal --role "Container Apps Contributor" --scope ${APP_ID}`

const named = (findings: readonly Finding[], check: string) => findings.find((finding) => finding.check === check)
const looked = (app: Partial<AppSeen>) => lookFindings(aService(), { kind: 'seen', app: anApp(app) }, NAMES)
const unseen = (kind: Trouble['kind']) =>
  lookFindings(aService(), { kind: 'unseen', fault: { kind, message: `ARM says ${kind}`, retryAfterMs: null } }, NAMES)

const GOOD: AppSetUp = {
  environmentId: '/subscriptions/sub-1/resourceGroups/rg-shop/providers/Microsoft.App/managedEnvironments/shop',
  hasIngress: true,
  minReplicas: 1,
  registries: ['acme.azurecr.io'],
  rights: [{ actions: ['*'], notActions: ['Microsoft.Authorization/*/Write'] }],
}
const setUp = (changes: Partial<AppSetUp>, isOpen = false) =>
  setUpFindings(aService(), { ...GOOD, ...changes }, isOpen, NAMES)

describe('a look at an app', () => {
  it('finds nothing wrong with one that is as it should be', () => {
    expect(looked({}).map(({ check, subject, result, fix }) => [check, subject, result, fix])).toEqual(
      ['app-readable', 'app-mode', 'sticky-sessions', 'app-traffic'].map((check) => [
        check,
        'production/pricing',
        'ok',
        null,
      ]),
    )
  })

  it('tells the command that sets the mode', () => {
    expect(named(looked({ mode: 'Single' }), 'app-mode')).toMatchObject({
      result: 'error',
      message: 'pricing is in Single revision mode, which cannot split traffic',
      fix: `az containerapp revision set-mode ${AT} --mode multiple`,
    })
  })

  it('tells the command that ends sticky sessions, and that the mode is right', () => {
    const findings = looked({ stickySessions: true })
    expect(named(findings, 'app-mode')?.result).toBe('ok')
    expect(named(findings, 'sticky-sessions')).toMatchObject({
      result: 'error',
      fix: `az containerapp ingress sticky-sessions set ${AT} --affinity none`,
    })
  })

  it('finds an app whose traffic goes nowhere', () => {
    expect(named(looked({ traffic: [] }), 'app-traffic')).toMatchObject({
      result: 'error',
      fix: `az containerapp ingress traffic set ${AT} --revision-weight <revision>=100`,
    })
  })

  it('tells the role that is missing, with the names filled in', () => {
    expect(unseen('denied')).toMatchObject([
      { check: 'app-readable', result: 'error', message: 'ARM says denied', fix: CONTRIBUTOR },
    ])
  })

  it('tells where to look for an app that is not there', () => {
    expect(unseen('not-found')[0]?.fix).toBe(
      'az containerapp list --subscription sub-1 --query "[].{name:name,group:resourceGroup}" -o table',
    )
  })

  it('does not call broken what only did not answer', () => {
    expect(unseen('unavailable')).toMatchObject([{ result: 'unknown', fix: null }])
  })
})

describe('the set-up of an app', () => {
  it('is well with ingress, a replica, its registry and all rights', () => {
    expect(setUp({}).map(({ result }) => result)).toEqual(['ok', 'ok', 'ok', 'ok'])
  })

  it.each([
    [
      'app-ingress',
      { hasIngress: false },
      'error',
      `az containerapp ingress enable ${AT} --type external --target-port <port>`,
    ],
    [
      'min-replicas',
      { minReplicas: 0 },
      'warning',
      `az containerapp update ${AT} --min-replicas 1 --revision-suffix awake && az containerapp ingress traffic set ${AT} --revision-weight pricing--awake=100`,
    ],
    [
      'app-registry',
      { registries: ['other.azurecr.io'] },
      'warning',
      `az containerapp registry set ${AT} --server acme.azurecr.io --identity system`,
    ],
    ['app-rights', { rights: null }, 'unknown', null],
    ['app-rights', { rights: [{ actions: ['*/read'], notActions: [] }] }, 'error', CONTRIBUTOR],
  ] as const)('has a finding %s with its command', (check, changes, result, fix) => {
    expect(named(setUp(changes), check)).toMatchObject({ result, fix })
  })

  it('asks for no leave where the registry asks nobody', () => {
    expect(named(setUp({ registries: [] }, true), 'app-registry')?.result).toBe('ok')
  })

  test.each([
    [['Microsoft.App/containerApps/*'], [], true],
    [['microsoft.app/CONTAINERAPPS/*', 'Microsoft.App/containerApps/read'], [], true],
    [['Microsoft.App/*/read', 'Microsoft.App/*/write', 'Microsoft.App/*/action'], [], true],
    [['Microsoft.App/containerApps/read', 'Microsoft.App/containerApps/write'], [], false],
    [['*'], ['Microsoft.App/containerApps/write'], false],
    [['*'], ['Microsoft.App/containerApps/revisions/*/action'], false],
    [['*/write*app*'], [], false],
    [[], [], false],
  ])('rights %j without %j suffice: %s', (actions, notActions, isEnough) => {
    expect(named(setUp({ rights: [{ actions, notActions }] }), 'app-rights')?.result).toBe(isEnough ? 'ok' : 'error')
  })

  it('names what is lacking', () => {
    const rights = [{ actions: ['*'], notActions: ['Microsoft.App/containerApps/write'] }]
    expect(named(setUp({ rights }), 'app-rights')?.message).toBe(
      'this app may see pricing and not change it: it lacks Microsoft.App/containerApps/write',
    )
  })
})

test('the revision with the most traffic is the one that is asked about', () => {
  expect(servingRevision(appAt(10))?.name).toBe(STABLE)
  expect(servingRevision(appAt(90))?.name).toBe(CANARY)
  expect(servingRevision(anApp({ traffic: [] }))).toBeNull()
})
