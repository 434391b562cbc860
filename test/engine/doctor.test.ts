import { describe, expect, it } from 'vitest'
import type { Caller, Grant } from '../../lib/core/caller.ts'
import type { AppSetUp } from '../../lib/core/doctor/app.ts'
import type { Finding } from '../../lib/core/doctor/finding.ts'
import { quarantinedAs, type Suspect } from '../../lib/core/quarantine.ts'
import { examine, type Surgery } from '../../lib/engine/doctor.ts'
import { quarantine } from '../../lib/engine/quarantine.ts'
import { Fault } from '../../lib/errors.ts'
import type { AuditLog } from '../../lib/ports.ts'
import type { Stage } from '../../sim/runner.ts'
import { createSimQuarantine } from '../../sim/store-quarantine.ts'
import { givenPricing, HOUR, MINUTE, pricingManifest, version } from '../support/story.ts'

const GUID = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee'
const ENVIRONMENT = '/subscriptions/sub-1/resourceGroups/rides/providers/Microsoft.App/managedEnvironments/shop'
const SET_UP: AppSetUp = {
  environmentId: ENVIRONMENT,
  hasIngress: true,
  minReplicas: 1,
  registries: [],
  rights: [{ actions: ['*'], notActions: [] }],
}
const ROUTE = {
  workspace: '/subscriptions/sub-1/workspaces/logs',
  customerId: GUID,
  categories: ['ContainerAppHTTPLogs'],
}

function caller(grant: Partial<Grant> = {}): Caller {
  const all = [{ role: 'viewer', environments: null, services: null, ...grant } as const]
  return { id: 'ada', name: 'ada', kind: 'person', grants: all, method: 'token' }
}

/** Everything in order, but for `changes`. */
function surgeryOf(stage: Stage, changes: Partial<Surgery> = {}): Surgery {
  return {
    wheel: stage.wheel,
    log: stage.store,
    secrets: async () => ({ read: async () => ['one', 'two'] }),
    setUps: { app: async () => SET_UP, logRoutes: async () => [ROUTE], principal: async () => 'the-principal' },
    storage: { run: async () => [] },
    names: { account: 'slipwaystore', vault: 'slipwayvault', hookKeys: 'slipway-hook-keys', site: null },
    environments: { production: { workspace: GUID, hasPrometheus: false } },
    openRegistries: ['registry.example.com'],
    ...changes,
  }
}

const denied = async () => {
  throw new Fault('denied', 'no role')
}
const never = () => new Promise<never>(() => {})
const named = (findings: readonly Finding[], check: string) => findings.filter((finding) => finding.check === check)

describe('the doctor', () => {
  it('finds everything well where everything is', async () => {
    const stage = await givenPricing()
    const findings = await examine(surgeryOf(stage), caller())
    expect(findings.filter(({ result }) => result !== 'ok').map(({ check }) => check)).toEqual(['clock'])
    expect([...new Set(findings.map(({ subject }) => subject))]).toEqual([
      'installation',
      'production',
      'production/pricing',
    ])
    expect(findings.map(({ check }) => check)).toEqual([
      ...['settings', 'identity', 'clock', 'hook-keys', 'quarantined-events'],
      ...['source-azure-logs', 'heartbeat', 'audit-chain'],
      ...['app-readable', 'app-mode', 'sticky-sessions', 'app-traffic'],
      ...['app-ingress', 'min-replicas', 'app-registry', 'app-rights', 'access-log', 'source-azure-logs', 'registry'],
    ])
  })

  it('says which role the app lacks where ARM denies the look', async () => {
    const stage = await givenPricing()
    const { target } = pricingManifest()
    stage.world.inject({ on: 'read', times: 9, refusal: { status: 403, code: 'AuthorizationFailed', message: 'no' } })
    const [readable, ...more] = (await examine(surgeryOf(stage), caller())).filter(({ subject }) =>
      subject.includes('/'),
    )
    expect(readable).toMatchObject({
      check: 'app-readable',
      result: 'error',
      fix: `az role assignment create --assignee-object-id the-principal --assignee-principal-type ServicePrincipal --role "Container Apps Contributor" --scope /subscriptions/${target.subscriptionId}/resourceGroups/rides/providers/Microsoft.App/containerApps/pricing`,
    })
    expect(more.map(({ check }) => check)).toEqual(['registry'])
  })

  it('says which role the app lacks at the set-up, the log routes and the vault', async () => {
    const stage = await givenPricing()
    const setUps = surgeryOf(stage).setUps
    const atApp = await examine(surgeryOf(stage, { setUps: { ...setUps, app: denied } }), caller())
    expect(named(atApp, 'app-set-up')).toMatchObject([{ result: 'error', fix: expect.stringContaining('Contributor') }])
    const atLog = await examine(surgeryOf(stage, { setUps: { ...setUps, logRoutes: denied } }), caller())
    expect(named(atLog, 'access-log')).toMatchObject([{ result: 'error', fix: expect.stringContaining(ENVIRONMENT) }])
    const atVault = await examine(surgeryOf(stage, { secrets: async () => ({ read: denied }) }), caller())
    expect(named(atVault, 'hook-keys')).toMatchObject([
      {
        result: 'error',
        fix: 'az role assignment create --assignee-object-id the-principal --assignee-principal-type ServicePrincipal --role "Key Vault Secrets User" --scope "$(az keyvault show -n slipwayvault --query id -o tsv)"',
      },
    ])
  })

  it('makes the hook keys where there are none', async () => {
    const stage = await givenPricing()
    const read = async () => {
      throw new Fault('not-found', 'no such secret')
    }
    expect(
      named(await examine(surgeryOf(stage, { secrets: async () => ({ read }) }), caller()), 'hook-keys'),
    ).toMatchObject([
      {
        result: 'error',
        fix: 'az keyvault secret set --vault-name slipwayvault --name slipway-hook-keys --value "$(openssl rand -hex 32)"',
      },
    ])
  })

  it('says what must be filled in where a name is not known', async () => {
    const stage = await givenPricing()
    const usual = surgeryOf(stage)
    const read = async () => {
      throw new Fault('not-found', 'no such secret')
    }
    const names = { ...usual.names, vault: null }
    const setUps = { ...usual.setUps, app: denied, principal: async () => null }
    const findings = await examine({ ...usual, names, setUps, secrets: async () => ({ read }) }, caller())
    expect(named(findings, 'hook-keys')[0]?.fix).toContain('--vault-name <key vault> ')
    expect(named(findings, 'app-set-up')[0]?.fix).toContain('<object id of the identity>')
    const unnamed = await examine({ ...usual, names, secrets: async () => ({ read: denied }) }, caller())
    expect(named(unnamed, 'hook-keys')[0]?.fix).toContain('az keyvault show -n <key vault> ')
  })

  it('counts one key as one', async () => {
    const stage = await givenPricing()
    const findings = await examine(surgeryOf(stage, { secrets: async () => ({ read: async () => ['one'] }) }), caller())
    expect(named(findings, 'hook-keys')[0]?.message).toMatch(/it has 1 live value$/)
  })

  it('tells nobody that services cannot be listed who may see none', async () => {
    const stage = await givenPricing()
    const wheel = { ...stage.wheel, catalogue: { ...stage.wheel.catalogue, list: denied } }
    expect(await examine(surgeryOf(stage, { wheel }), caller({ services: ['pricing'] }))).toEqual([])
  })

  it('asks no log of an environment without a workspace', async () => {
    const stage = await givenPricing()
    const environments = { production: { workspace: null, hasPrometheus: false } }
    const findings = await examine(surgeryOf(stage, { environments }), caller())
    expect(named(findings, 'access-log')).toEqual([])
    expect(findings.filter(({ check, subject }) => check.startsWith('source') && subject === 'production')).toEqual([])
  })

  it('tells a registry that cannot be asked from one that lets nobody in', async () => {
    const stage = await givenPricing()
    const answering = async (kind: 'denied' | 'unavailable', registry: string) => {
      const trouble = { kind, message: `it is ${kind}`, retryAfterMs: null }
      const image = { ...pricingManifest().image, registry }
      await stage.declare(pricingManifest({ image }))
      const wheel = { ...stage.wheel, registry: { has: async () => [{ kind: 'unknown', trouble } as const] } }
      return named(await examine(surgeryOf(stage, { wheel }), caller()), 'registry')
    }
    expect(await answering('denied', 'acme.azurecr.io')).toMatchObject([
      { result: 'error', fix: expect.stringContaining('"AcrPull" --scope "$(az acr show -n acme --query id -o tsv)"') },
    ])
    expect(await answering('denied', 'ghcr.io')).toMatchObject([{ result: 'error', fix: null }])
    expect(await answering('unavailable', 'acme.azurecr.io')).toMatchObject([{ result: 'unknown', fix: null }])
  })

  it('hears a heart that has stopped', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    expect(named(await examine(surgeryOf(stage), caller()), 'heartbeat')).toMatchObject([{ result: 'ok' }])
    stage.clock.advance(6 * MINUTE)
    const [late] = named(await examine(surgeryOf(stage), caller()), 'heartbeat')
    expect(late).toMatchObject({
      result: 'error',
      message: expect.stringMatching(/^pricing should have been looked at/),
    })
    await stage.run(HOUR)
    expect(named(await examine(surgeryOf(stage), caller()), 'heartbeat')).toMatchObject([{ result: 'ok' }])
  })

  it('counts the events that nobody could act on', async () => {
    const stage = await givenPricing()
    await quarantine(stage.wheel, 'acr', 'nonsense')
    expect(named(await examine(surgeryOf(stage), caller()), 'quarantined-events')).toMatchObject([
      { result: 'warning', message: expect.stringMatching(/^1 of the newest 1 events could not be acted on/) },
    ])
  })

  it('counts what waits in quarantine, by kind and place, and names the command that lists it', async () => {
    const stage = await givenPricing()
    const kept = createSimQuarantine(() => null)
    const quarantineOf = async () =>
      named(await examine(surgeryOf(stage, { quarantine: kept }), caller()), 'quarantine')
    expect(await quarantineOf()).toMatchObject([
      { subject: 'installation', result: 'ok' },
      { subject: 'production', result: 'ok', message: 'nothing waits in quarantine' },
    ])
    const suspect = { place: 'x', service: null, field: null, why: 'x', holds: false, content: null } as const
    const put = async (
      id: string,
      of: Pick<Suspect, 'kind' | 'what' | 'environment'>,
      state: 'waiting' | 'dismissed',
    ) => kept.keep({ ...quarantinedAs(id, { ...suspect, ...of }, null, 1), state }, null)
    await put('01', { kind: 'row', what: 'audit', environment: 'production' }, 'waiting')
    await put('02', { kind: 'row', what: 'audit', environment: 'production' }, 'waiting')
    await put('03', { kind: 'service', what: 'turn', environment: 'production' }, 'waiting')
    await put('04', { kind: 'row', what: 'audit', environment: 'production' }, 'dismissed')
    await put('05', { kind: 'message', what: 'delivery', environment: null }, 'waiting')
    expect(await quarantineOf()).toEqual([
      {
        check: 'quarantine',
        subject: 'installation',
        result: 'warning',
        message: 'in quarantine: 1 message cannot be acted on',
        fix: 'slipway quarantine list',
      },
      {
        check: 'quarantine',
        subject: 'production',
        result: 'warning',
        message: 'in quarantine: 2 rows cannot be read, 1 service breaks our own code',
        fix: 'slipway quarantine list --environment production',
      },
    ])
  })

  it('sees that rows of the audit are gone', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    const log: AuditLog = {
      page: async (query) => {
        const page = await stage.store.page(query)
        return { ...page, items: page.items.slice(1) }
      },
    }
    expect(named(await examine(surgeryOf(stage, { log }), caller()), 'audit-chain')).toMatchObject([
      { result: 'error', fix: 'slipway audit verify --environment production' },
    ])
  })

  it('asks a service without traffic nothing that it cannot answer', async () => {
    const stage = await givenPricing()
    const app = { ...stage.world.see(pricingManifest().target), traffic: [] }
    const apps = { ...stage.wheel.apps, observe: async () => [{ kind: 'seen', app } as const] }
    const findings = await examine(surgeryOf(stage, { wheel: { ...stage.wheel, apps } }), caller())
    expect(named(findings, 'app-traffic')).toMatchObject([{ result: 'error' }])
    expect(findings.filter(({ check, subject }) => check.startsWith('source') && subject.includes('/'))).toEqual([])
  })

  it('tells a caller of some services of those alone', async () => {
    const stage = await givenPricing()
    const subjects = async (grant: Partial<Grant>) => [
      ...new Set((await examine(surgeryOf(stage), caller(grant))).map(({ subject }) => subject)),
    ]
    expect(await subjects({ services: ['pricing'] })).toEqual(['production/pricing'])
    expect(await subjects({ environments: ['production'] })).toEqual(['production', 'production/pricing'])
    expect(await subjects({ services: ['fare'] })).toEqual([])
    expect(await subjects({ environments: ['staging'] })).toEqual([])
  })

  it('has nothing to say of environments where there are none, but that', async () => {
    const stage = await givenPricing()
    const findings = await examine(surgeryOf(stage, { environments: {} }), caller())
    expect(named(findings, 'settings')).toMatchObject([{ result: 'error' }])
    expect(findings.every(({ subject }) => subject === 'installation')).toBe(true)
  })
})

describe('the doctor among the deaf', () => {
  const patience = { eachMs: 40, allMs: 5_000 }

  it('ends in time, and calls unknown what did not answer', async () => {
    const stage = await givenPricing()
    const wheel = { ...stage.wheel, metrics: { read: never }, apps: { ...stage.wheel.apps, observe: never } }
    const surgery = surgeryOf(stage, {
      wheel,
      secrets: never,
      storage: { run: never },
      setUps: { app: never, logRoutes: never, principal: never },
    })
    const findings = await examine(surgery, caller(), patience)
    const deaf = ['identity', 'storage', 'hook-keys', 'sources', 'app-readable']
    expect(findings.filter(({ result }) => result === 'unknown').map(({ check }) => check)).toEqual(deaf)
  })

  it('reaches nothing when there is no time at all, and says so', async () => {
    const stage = await givenPricing()
    const setUps = { ...surgeryOf(stage).setUps, principal: never }
    const findings = await examine(surgeryOf(stage, { setUps }), caller(), { eachMs: 5_000, allMs: 30 })
    const message = 'it was not reached in time; ask again'
    expect(named(findings, 'storage')).toMatchObject([{ result: 'unknown', message }])
    expect(named(findings, 'heartbeat')).toMatchObject([{ result: 'unknown', message }])
  })

  it('survives its own errors and those of storage, and shows no secret of them', async () => {
    const stage = await givenPricing()
    const broken = async () => {
      throw new Error('token eyJsecret')
    }
    const catalogue = { ...stage.wheel.catalogue, list: denied }
    const surgery = surgeryOf(stage, {
      wheel: { ...stage.wheel, catalogue },
      secrets: broken,
      storage: { run: broken },
      setUps: { ...surgeryOf(stage).setUps, principal: broken },
    })
    const findings = await examine(surgery, caller())
    expect(named(findings, 'services')).toMatchObject([{ subject: 'production', result: 'error', message: 'no role' }])
    expect(named(findings, 'storage')).toMatchObject([{ result: 'unknown' }])
    expect(named(findings, 'hook-keys')).toMatchObject([{ result: 'unknown' }])
    expect(JSON.stringify(findings)).not.toContain('eyJsecret')
  })

  it('survives errors of its own at a service', async () => {
    const stage = await givenPricing()
    const broken = async () => {
      throw new Error('ours')
    }
    const setUps = { ...surgeryOf(stage).setUps, app: broken, logRoutes: broken }
    expect(named(await examine(surgeryOf(stage, { setUps }), caller()), 'app-set-up')).toMatchObject([
      { result: 'unknown' },
    ])
  })

  it('looks at forty services of an environment, and says which it left out', async () => {
    const stage = await givenPricing()
    const usual = pricingManifest()
    for (let n = 10; n < 51; n++) {
      const target = { ...usual.target, app: `fare-${n}` }
      await stage.declare(
        pricingManifest({ name: `fare-${n}`, target, image: { ...usual.image, repository: `fare-${n}` } }),
      )
    }
    const readable = named(await examine(surgeryOf(stage), caller()), 'app-readable')
    expect(readable.length).toBe(42)
    expect(readable.filter(({ message }) => message.includes('it was left out')).map(({ subject }) => subject)).toEqual(
      ['production/fare-50', 'production/pricing'],
    )
  })
})
