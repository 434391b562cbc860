import { afterEach, describe, expect, it, vi } from 'vitest'
import type { TrafficEntry } from '../../../lib/core/app.ts'
import type { Target } from '../../../lib/core/service.ts'
import { ACCEPTED, create, faultOf, isPatch, repair, scene, setTraffic, web } from './arm-scene.ts'
import { type ArmAnswer, closeArmStubs, wireApp, wireRevision, wireTemplate } from './arm-stub.ts'

afterEach(closeArmStubs)

describe('create-revision', () => {
  it("sends the old revision's template with another image and suffix, and nothing of the app", async () => {
    const { apps, requests, calls } = await scene()
    await apps.perform(web, create)
    const sent = requests.filter(isPatch)
    expect(sent).toHaveLength(1)
    expect(sent[0]?.path).toBe(
      '/subscriptions/sub-1/resourceGroups/rg-shop/providers/Microsoft.App/containerApps/web?api-version=2026-07-01',
    )
    expect(sent[0]?.contentType).toBe('application/json')
    expect(sent[0]?.body).toEqual({
      location: 'West Europe',
      properties: {
        template: {
          revisionSuffix: 's2-ab12',
          containers: [
            {
              name: 'web',
              image: 'shop.azurecr.io/web@sha256:bbb',
              env: [
                { name: 'MODE', value: 'live' },
                { name: 'DB', secretRef: 'db-password' },
                { name: 'EMPTY', value: '' },
              ],
              resources: { cpu: 0.5, memory: '1Gi' },
              probes: [{ type: 'Readiness', httpGet: { path: '/ready', port: 80 } }],
            },
          ],
          scale: { minReplicas: 1, maxReplicas: 5 },
        },
      },
    })
    expect(calls).toEqual(['get-revision', 'get-app', 'patch-app'])
  })

  it('needs no look at the app when one was had already', async () => {
    const { apps, calls } = await scene()
    await apps.observe([web])
    calls.length = 0
    await apps.perform(web, create)
    expect(calls).toEqual(['get-revision', 'patch-app'])
  })

  it('changes the named container only', async () => {
    const containers = [
      { name: 'side', image: 'side:1' },
      { name: 'web', image: 'web:1' },
    ]
    const from = wireRevision('web--v1', { template: wireTemplate({ containers }) })
    const { apps, requests } = await scene({ from })
    await apps.perform({ ...web, container: 'web' }, create)
    expect(requests.find(isPatch)?.body).toMatchObject({
      properties: { template: { containers: [{ image: 'side:1' }, { image: 'shop.azurecr.io/web@sha256:bbb' }] } },
    })
  })

  it.each<[string, string | null, string[], RegExp]>([
    ['two containers and no name', null, ['web', 'side'], /name the container in the manifest.*web, side/],
    ['a name that is not there', 'api', ['web'], /there is no container api.*web/],
  ])('refuses %s, and sends nothing', async (_, container, names, message) => {
    const containers = names.map((name) => ({ name, image: `${name}:1` }))
    const { apps, requests } = await scene({
      from: wireRevision('web--v1', { template: wireTemplate({ containers }) }),
    })
    const fault = await faultOf(apps.perform({ ...web, container }, create))
    expect(fault.kind).toBe('malformed')
    expect(fault.message).toMatch(message)
    expect(requests.filter(isPatch)).toEqual([])
  })

  it.each(['2-digit-first', 'Upper', 'two--dashes', 'dash-', '', 'a'.repeat(52)])(
    'refuses the suffix %j, which Azure would not take',
    async (suffix) => {
      const { apps, requests } = await scene()
      const fault = await faultOf(apps.perform(web, { ...create, suffix }))
      expect(fault).toMatchObject({ kind: 'malformed' })
      expect(requests.filter(isPatch)).toEqual([])
    },
  )

  it('lets nothing of the newest template shine through the merge', async () => {
    const app = wireApp('web', {
      template: wireTemplate({
        terminationGracePeriodSeconds: 600,
        initContainers: [{ name: 'migrate', image: 'migrate:9' }],
        scale: { minReplicas: 0, maxReplicas: 5, cooldownPeriod: 7, rules: [{ name: 'http' }] },
      }),
    })
    const { apps, requests } = await scene({ app })
    await apps.perform(web, create)
    expect(requests.find(isPatch)?.body).toMatchObject({
      properties: {
        template: {
          terminationGracePeriodSeconds: null,
          initContainers: [],
          scale: { minReplicas: 1, maxReplicas: 5, cooldownPeriod: null, rules: [] },
        },
      },
    })
  })

  it('says malformed when the revision to copy came without a template', async () => {
    const { apps } = await scene({ from: wireRevision('web--v1', { template: null }) })
    expect(await faultOf(apps.perform(web, create))).toMatchObject({ kind: 'malformed' })
  })
})

describe('set-traffic', () => {
  it('sends the traffic list and nothing else, in one write', async () => {
    const { apps, requests, calls } = await scene()
    await apps.observe([web])
    calls.length = 0
    await apps.perform(web, setTraffic)
    expect(calls).toEqual(['patch-app'])
    expect(requests.find(isPatch)?.body).toEqual({
      location: 'West Europe',
      properties: {
        configuration: {
          ingress: {
            traffic: [
              { revisionName: 'web--v1', weight: 75 },
              { revisionName: 'web--v2', weight: 25, label: 'next' },
            ],
          },
        },
      },
    })
  })

  it.each<[string, Partial<TrafficEntry>[], RegExp]>([
    ['weights short of 100', [{ weight: 99 }], /total 99, not 100/],
    ['weights beyond 100', [{ weight: 100 }, { weight: 1 }], /total 101, not 100/],
    ['no entry at all', [], /total 0, not 100/],
    ['half a percent', [{ weight: 99.5 }, { weight: 0.5 }], /99\.5 of web--v1 is not a whole number/],
    ['a negative weight', [{ weight: 110 }, { weight: -10 }], /is not a whole number from 0 to 100/],
    ['a weight that is no number', [{ weight: Number.NaN }], /is not a whole number/],
    ['an entry for the latest revision', [{ weight: 100, revision: null }], /names no revision/],
    ['an entry with an empty name', [{ weight: 100, revision: '' }], /names no revision/],
    [
      'a label given twice',
      [
        { weight: 50, label: 'a' },
        { weight: 50, label: 'a' },
      ],
      /label a is given twice/,
    ],
  ])('refuses %s before anything is sent', async (_, entries, message) => {
    const { apps, requests } = await scene()
    const traffic = entries.map((entry) => ({ revision: 'web--v1', weight: 0, label: null, ...entry }))
    for (const action of [{ kind: 'set-traffic', traffic } as const, { ...repair, traffic } as const]) {
      const fault = await faultOf(apps.perform(web, action))
      expect(fault.kind).toBe('malformed')
      expect(fault.message).toMatch(message)
    }
    expect(requests).toEqual([])
  })

  it('keeps two entries of one revision apart, as labels need them', async () => {
    const { apps, requests } = await scene()
    const traffic = [
      { revision: 'web--v1', weight: 100, label: null },
      { revision: 'web--v1', weight: 0, label: 'blue' },
      { revision: 'web--v1', weight: 0, label: 'green' },
    ]
    await apps.perform(web, { kind: 'set-traffic', traffic })
    const body = requests.find(isPatch)?.body as { properties: { configuration: { ingress: { traffic: unknown[] } } } }
    expect(body.properties.configuration.ingress.traffic).toHaveLength(3)
  })
})

describe('set-mode', () => {
  it('sends the revision mode and nothing else, in one write', async () => {
    const { apps, requests, calls } = await scene()
    await apps.observe([web])
    calls.length = 0
    await apps.perform(web, { kind: 'set-mode', mode: 'Multiple' })
    expect(calls).toEqual(['patch-app'])
    expect(requests.find(isPatch)?.body).toEqual({
      location: 'West Europe',
      properties: { configuration: { activeRevisionsMode: 'Multiple' } },
    })
  })
})

describe('repair', () => {
  it('sends the revision mode along where it is given', async () => {
    const { apps, requests } = await scene()
    await apps.perform(web, { ...repair, mode: 'Multiple' })
    const body = requests.find(isPatch)?.body as { properties: { configuration: object } } | undefined
    expect(body?.properties.configuration).toEqual({
      activeRevisionsMode: 'Multiple',
      ingress: { traffic: expect.any(Array) },
    })
  })

  it('writes the good template under a fresh suffix together with the traffic, in one patch', async () => {
    const { apps, requests, calls } = await scene()
    await apps.observe([web])
    calls.length = 0
    await apps.perform(web, repair)
    expect(calls).toEqual(['get-revision', 'patch-app'])
    expect(requests.find(isPatch)?.body).toMatchObject({
      location: 'West Europe',
      properties: {
        template: { revisionSuffix: 'r1-s2', containers: [{ image: 'shop.azurecr.io/web@sha256:aaa' }] },
        configuration: { ingress: { traffic: [{ revisionName: 'web--v1', weight: 75 }, { weight: 25 }] } },
      },
    })
  })

  it('repairs an app of several containers without being told which one is meant', async () => {
    const containers = [
      { name: 'side', image: 'side:1' },
      { name: 'web', image: 'web:1' },
    ]
    const from = wireRevision('web--v1', { template: wireTemplate({ containers }) })
    const { apps, requests } = await scene({ from })
    await apps.perform(web, repair)
    expect(requests.filter(isPatch)).toHaveLength(1)
  })
})

describe('activate and deactivate', () => {
  it.each(['activate', 'deactivate'] as const)('%s is one POST to the revision, without a body', async (kind) => {
    const { apps, requests, calls } = await scene({ write: () => ({ status: 200 }) })
    await apps.perform(web, { kind, revision: 'web--v2' })
    expect(calls).toEqual([`${kind}-revision`])
    expect(requests).toEqual([
      {
        method: 'POST',
        path: `/subscriptions/sub-1/resourceGroups/rg-shop/providers/Microsoft.App/containerApps/web/revisions/web--v2/${kind}?api-version=2026-07-01`,
        contentType: undefined,
        body: undefined,
      },
    ])
  })

  it('counts a 202 as taken, though the SDK does not expect it', async () => {
    const { apps } = await scene({ write: () => ({ status: 202 }) })
    await expect(apps.perform(web, { kind: 'activate', revision: 'web--v2' })).resolves.toBeUndefined()
  })
})

describe('the long-running operation', () => {
  const headers = { 'azure-asyncoperation': 'https://127.0.0.1:1/operations/1', 'retry-after': '0' }
  it.each<[string, ArmAnswer]>([
    ['202 with an operation header', { status: 202, headers }],
    ['202 with a location', ACCEPTED],
    ['202 without header and body', { status: 202 }],
    ['200 without header and body', { status: 200 }],
    ['200 with the app', { status: 200, body: wireApp('web') }],
    ['201 with something unreadable', { status: 201, headers: { 'content-type': 'application/json' }, body: '{"na' }],
  ])('is taken when Azure answers %s', async (_, answer) => {
    const { apps } = await scene({ write: () => answer })
    await expect(apps.perform(web, setTraffic)).resolves.toBeUndefined()
  })

  it('is never polled, neither at once nor later', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    try {
      let operation = ''
      const { apps, requests, url } = await scene({
        write: () => ({ status: 202, headers: { 'azure-asyncoperation': operation, 'retry-after': '0' } }),
      })
      operation = `${url}/operations/1`
      await apps.perform(web, setTraffic)
      expect(vi.getTimerCount()).toBe(0)
      await vi.advanceTimersByTimeAsync(3_600_000)
      await apps.observe([web])
      expect(requests.filter(({ path }) => path.startsWith('/operations'))).toEqual([])
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('one target', () => {
  it('is not mixed up with its namesake in another subscription', async () => {
    const { apps, requests } = await scene()
    const twin: Target = { ...web, subscriptionId: 'sub-2' }
    await apps.observe([web])
    await apps.perform(twin, setTraffic)
    const own = requests.filter(({ path }) => path.startsWith('/subscriptions/sub-2/'))
    expect(own.map(({ method }) => method)).toEqual(['GET', 'PATCH'])
  })
})
