import { describe, expect, test } from 'vitest'
import { inTime, withPatience } from '../../lib/engine/doctor-time.ts'
import { Fault } from '../../lib/errors.ts'
import type { SetUps } from '../../lib/ports.ts'
import type { Stage } from '../../sim/runner.ts'
import { givenPricing, pricingManifest } from '../support/story.ts'
import { ALL, consult, PRICING_ONLY, surgeryOf } from './doctor-words.ts'

const OF = { check: 'a-check', subject: 'production' }
const forever = () => new Promise<never>(() => {})
const ours = async () => {
  throw new TypeError('undefined is not a function')
}

/** Findings of one check, as their results and words. */
async function said(stage: Stage, check: string, changes: Parameters<typeof surgeryOf>[1] = {}, eachMs = 3_000) {
  const findings = await consult(surgeryOf(stage, changes), ALL, eachMs)
  return findings.flatMap((one) => (one.check === check ? [`${one.subject} ${one.result}: ${one.message}`] : []))
}

test('what breaks at one service is told of that check, and the environments by their names', async () => {
  const stage = await givenPricing()
  const environments = {
    production: { workspace: null, hasPrometheus: false },
    staging: { workspace: null, hasPrometheus: false },
  }
  const wheel = { ...stage.wheel, registry: { has: ours }, metrics: { read: ours } }
  const log = { page: ours }
  const events = { ...stage.wheel.events, page: ours }
  const found = await consult(surgeryOf(stage, { environments, log, wheel: { ...wheel, events } }), ALL)
  const broken = found.filter(({ message }) => message === 'the check itself failed; its error is ours')
  expect(broken.map(({ subject, check }) => `${subject} ${check}`)).toEqual([
    'installation quarantined-events',
    'production sources',
    'production audit-chain',
    'production/pricing sources',
    'production/pricing registry',
    'staging sources',
    'staging audit-chain',
  ])
  expect(found[0]?.message).toBe('the settings are valid and name production, staging')
})

describe('a look at all apps that comes to nothing', () => {
  test.each([
    ['does not answer', forever, 'it did not answer in time'],
    ['breaks our own code', ours, 'the check itself failed; its error is ours'],
    ['is refused as a whole', async () => Promise.reject(new Fault('throttled', 'too many')), 'too many'],
  ])('says of each service why, where it %s', async (_, observe, message) => {
    const stage = await givenPricing()
    await stage.declare(pricingManifest({ name: 'routing' }))
    const wheel = { ...stage.wheel, apps: { ...stage.wheel.apps, observe } }
    const eachMs = observe === forever ? 100 : 3_000
    expect(await said(stage, 'app-readable', { wheel }, eachMs)).toEqual([
      `production/pricing unknown: ${message}`,
      `production/routing unknown: ${message}`,
    ])
    if (observe !== forever) expect(await said(stage, 'registry', { wheel })).toHaveLength(2)
  })

  test('is not even taken where there is no service', async () => {
    const stage = await givenPricing()
    const environments = { staging: { workspace: null, hasPrometheus: false } }
    const wheel = { ...stage.wheel, apps: { ...stage.wheel.apps, observe: ours } }
    const found = await consult(surgeryOf(stage, { wheel, environments }), ALL)
    expect(found.filter(({ subject }) => subject !== 'installation').map(({ check }) => check)).toEqual([
      'heartbeat',
      'audit-chain',
    ])
  })
})

test('a caller of some services has nothing asked about their environment', async () => {
  const stage = await givenPricing()
  const asked: string[] = []
  const noting = (what: string) => async () => {
    asked.push(what)
    throw new Fault('denied', 'nobody should ask')
  }
  const surgery = surgeryOf(stage, {
    log: { page: noting('the audit') },
    keeper: { night: noting('the night') },
    quarantine: { items: noting('the quarantine') },
    storage: { run: noting('storage') },
    secrets: noting('the vault'),
    wheel: { ...stage.wheel, store: { ...stage.wheel.store, due: noting('what is late') } },
  })
  expect((await consult(surgery, PRICING_ONLY)).every(({ subject }) => subject === 'production/pricing')).toBe(true)
  expect(asked).toEqual([])
})

test('heads of chains are not said to be well where the services cannot be listed', async () => {
  const stage = await givenPricing()
  const list = async () => Promise.reject(new Fault('unavailable', 'the table is away'))
  const wheel = { ...stage.wheel, catalogue: { ...stage.wheel.catalogue, list } }
  expect(await said(stage, 'services', { wheel })).toEqual(['production unknown: the table is away'])
  expect(await said(stage, 'audit-chain', { wheel })).toEqual([])
  expect(await said(stage, 'audit-chain')).toEqual([
    'production ok: the newest audit rows are the heads of their chains',
  ])
})

describe('what the night says of the audit', () => {
  const nightOf = (last: { at: number; startedAt: number; rows: number; found: number } | null) => ({
    night: async () => ({
      night: { startedAt: 0, newest: 0, rows: 0, found: [], phase: 'found', next: null, last } as const,
      token: 1,
    }),
  })

  test('is told, and that there was none', async () => {
    const stage = await givenPricing()
    const at = stage.clock.now()
    const when = `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}Z`
    expect(await said(stage, 'audit-night', { keeper: nightOf({ at, startedAt: at, rows: 7, found: 0 }) })).toEqual([
      `production ok: 7 audit rows were found as they were written at ${when}`,
    ])
    const none = ['production ok: no night has checked the audit yet']
    expect(await said(stage, 'audit-night', { keeper: nightOf(null) })).toEqual(none)
    const never = { night: async () => ({ night: null, token: null }) }
    expect(await said(stage, 'audit-night', { keeper: never })).toEqual(none)
  })
})

describe('a look at how an app is set up', () => {
  const noting = (asked: unknown[], environment = (app: string) => `environment of ${app}`): SetUps => ({
    ...surgeryOf({} as Stage).setUps,
    app: async ({ app }, revision) => {
      asked.push([app, revision])
      const rights = [{ actions: ['*'], notActions: [] }]
      return { environmentId: environment(app), hasIngress: true, minReplicas: 1, registries: [], rights }
    },
    logRoutes: async (id) => {
      asked.push(id)
      return []
    },
  })
  const target = (app: string) => ({ ...pricingManifest().target, app })

  test('asks about the revision that serves, and of each managed environment once where its log goes', async () => {
    const stage = await givenPricing()
    stage.world.addApp({ target: target('routing'), image: 'registry.example.com/routing:1', suffix: 'v1' })
    await stage.declare(pricingManifest({ name: 'routing', target: target('routing') }))
    const asked: unknown[] = []
    await consult(surgeryOf(stage, { setUps: noting(asked, () => 'shop') }), ALL)
    expect(asked).toEqual([['pricing', 'pricing--v1'], ['routing', 'routing--v1'], 'shop'])
    const apart: unknown[] = []
    await consult(surgeryOf(stage, { setUps: noting(apart) }), ALL)
    expect(apart.slice(2)).toEqual(['environment of pricing', 'environment of routing'])
  })

  test('asks about no revision where none serves, and not where the log goes of KPIs from elsewhere', async () => {
    const stage = await givenPricing()
    const app = { ...stage.world.see(pricingManifest().target), traffic: [] }
    const apps = { ...stage.wheel.apps, observe: async () => [{ kind: 'seen', app } as const] }
    const [kpi, other] = pricingManifest().analysis.kpis
    if (kpi === undefined || other === undefined) throw new Error('two KPIs were expected')
    const names = { requests: 'r', duration: 'd', revisionLabel: 'l', statusLabel: 's' }
    const prometheus = { ...kpi, source: { kind: 'prometheus', names, counters: null, gauge: null } } as const
    const { analysis } = pricingManifest()
    await stage.declare(pricingManifest({ analysis: { ...analysis, kpis: [prometheus] } }))
    const asked: unknown[] = []
    await consult(surgeryOf(stage, { setUps: noting(asked), wheel: { ...stage.wheel, apps } }), ALL)
    expect(asked).toEqual([['pricing', null]])
    await stage.declare(pricingManifest({ analysis: { ...analysis, kpis: [prometheus, other] } }))
    await consult(surgeryOf(stage, { setUps: noting(asked), wheel: { ...stage.wheel, apps } }), ALL)
    expect(asked.slice(1)).toEqual([['pricing', null], 'environment of pricing'])
  })

  test('calls our own errors ours, and no refusal of somebody else', async () => {
    const stage = await givenPricing()
    const broken = 'production/pricing unknown: the check itself failed; its error is ours'
    const { setUps } = surgeryOf(stage)
    expect(await said(stage, 'app-set-up', { setUps: { ...setUps, app: ours } })).toEqual([broken])
    expect(await said(stage, 'app-set-up', { setUps: { ...setUps, logRoutes: ours } })).toEqual([broken])
  })
})

test('sources are asked about the region as Azure names it without blanks and capitals', async () => {
  const stage = await givenPricing()
  const seen = stage.world.see(pricingManifest().target)
  const app = { ...seen, location: 'West US 2' }
  const apps = { ...stage.wheel.apps, observe: async () => [{ kind: 'seen', app } as const] }
  const asked: (string | null)[] = []
  const read: Stage['wheel']['metrics']['read'] = async (queries) => {
    asked.push(...queries.map(({ region }) => region))
    return stage.wheel.metrics.read(queries)
  }
  await consult(surgeryOf(stage, { wheel: { ...stage.wheel, apps, metrics: { read } } }), ALL)
  expect(asked).toEqual([null, null, 'westus2'])
})

describe('a registry', () => {
  const refusing = (stage: Stage, kind: Fault['kind']): Stage['wheel'] => ({
    ...stage.wheel,
    registry: { has: async () => [{ kind: 'unknown', trouble: { kind, message: 'no', retryAfterMs: null } }] },
  })

  test.each([
    ['denied', 'acme.azurecr.io', 'az acr show -n acme '],
    ['denied', 'acme.azurecr.cn', 'az acr show -n acme '],
    ['denied', 'eu.acme.azurecr.io', null],
    ['denied', 'acme.azurecr.io:5000', null],
    ['not-found', 'acme.azurecr.io', null],
    ['malformed', 'acme.azurecr.io', null],
  ] as const)('that answers %s as %s is mended by %s', async (kind, registry, command) => {
    const stage = await givenPricing()
    await stage.declare(pricingManifest({ image: { ...pricingManifest().image, registry } }))
    const found = await consult(surgeryOf(stage, { wheel: refusing(stage, kind) }), ALL)
    const fix = found.find(({ check }) => check === 'registry')?.fix ?? null
    expect(command === null ? fix : fix?.includes(command)).toBe(command === null ? null : true)
  })

  test('is asked for an image that nobody has', async () => {
    const stage = await givenPricing()
    const asked: unknown[] = []
    const has: Stage['wheel']['registry']['has'] = async (images) => {
      asked.push(...images)
      return images.map(() => ({ kind: 'absent' }))
    }
    await consult(surgeryOf(stage, { wheel: { ...stage.wheel, registry: { has } } }), ALL)
    const { tags, registry, repository } = pricingManifest().image
    expect(asked).toEqual([{ registry, repository, tags, digest: `sha256:${'0'.repeat(64)}` }])
  })
})

describe('patience', () => {
  test('has words for each way to get no answer', async () => {
    const brief = withPatience({ eachMs: 5, allMs: 5_000 })
    const silent = { ...OF, result: 'unknown', fix: null }
    expect(await brief(OF, forever)).toEqual([{ ...silent, message: 'it did not answer in time' }])
    expect(await brief(OF, ours)).toEqual([{ ...silent, message: 'the check itself failed; its error is ours' }])
    const refused = async () => Promise.reject(new Fault('denied', 'no role'))
    expect(await brief(OF, refused)).toEqual([{ ...OF, result: 'error', message: 'no role', fix: null }])
    const never = withPatience({ eachMs: 5_000, allMs: 0 })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await never(OF, forever)).toEqual([{ ...silent, message: 'it was not reached in time; ask again' }])
  })

  test('ends when everything ends, and gives on what came', async () => {
    const all = new AbortController()
    const waiting = inTime(forever(), 5_000, all.signal)
    all.abort()
    expect(await waiting).toBeNull()
    expect(await inTime(Promise.resolve('an answer'), 5_000, new AbortController().signal)).toBe('an answer')
  })
})
