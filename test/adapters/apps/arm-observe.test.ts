import { afterEach, describe, expect, it } from 'vitest'
import {
  type ArmRequest,
  type ArmScript,
  closeArmStubs,
  isRevisionList,
  listing,
  seen,
  startArmStub,
  target,
  urlOfStub,
  wireApp,
  wireRevision,
  wireTemplate,
} from './arm-stub.ts'

afterEach(closeArmStubs)

describe('observe', () => {
  it('reads the list of apps once for a hundred targets of one group, and the revisions of each app once', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `app-${index}`)
    const { apps, calls } = await startArmStub(listing(names.map((name) => wireApp(name))))
    const looks = await apps.observe([...names.map((name) => target(name)), target('app-7', { container: 'web' })])
    expect(looks.map((look) => seen(look).target.app)).toEqual([...names, 'app-7'])
    expect(calls.filter((kind) => kind === 'list-apps')).toHaveLength(1)
    expect(calls.filter((kind) => kind === 'list-revisions')).toHaveLength(100)
  })

  it('sends nothing but reads, each to the right subscription and group', async () => {
    const { apps, requests } = await startArmStub(listing([wireApp('web'), wireApp('api')]))
    await apps.observe([
      target('web'),
      target('api'),
      target('web', { subscriptionId: 'sub-2', resourceGroup: 'rg-b' }),
    ])
    const one = '/subscriptions/sub-1/resourceGroups/rg-shop/providers/Microsoft.App/containerApps'
    const two = '/subscriptions/sub-2/resourceGroups/rg-b/providers/Microsoft.App/containerApps'
    const paths = [one, `${one}/web/revisions`, `${one}/api/revisions`, `${two}/web`, `${two}/web/revisions`]
    expect(requests.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
      paths.map((path) => `GET ${path}?api-version=2026-07-01`).sort(),
    )
  })

  it('reads an app that is alone in its group by itself, whatever else lives there', async () => {
    const { apps, calls } = await startArmStub(listing([wireApp('web')]))
    await apps.observe([target('web'), target('web', { container: 'web' })])
    expect(calls).toEqual(['get-app', 'list-revisions'])
  })

  it('asks for as many revisions at once as it is allowed to, and no more', async () => {
    let open = 0
    let most = 0
    const full = Promise.withResolvers<void>()
    const names = Array.from({ length: 20 }, (_, index) => `app-${index}`)
    const list = listing(names.map((name) => wireApp(name)))
    const script: ArmScript = async (request) => {
      if (!isRevisionList(request)) return list(request)
      open += 1
      most = Math.max(most, open)
      if (open === 3) full.resolve()
      await full.promise
      open -= 1
      return list(request)
    }
    const { apps } = await startArmStub(script, { parallel: 3 })
    await apps.observe(names.map((name) => target(name)))
    expect(most).toBe(3)
  })

  it('says what Azure said, with the gaps that nulls leave filled in', async () => {
    const app = wireApp('web', {
      provisioningState: 'InProgress',
      latestRevisionName: null,
      configuration: {
        activeRevisionsMode: 'Labels',
        ingress: {
          stickySessions: { affinity: 'sticky' },
          traffic: [
            { latestRevision: true, revisionName: 'web--v9', weight: 20 },
            { revisionName: 'web--v1', weight: 80, label: 'live' },
            { revisionName: 'web--old', weight: null, label: 'old' },
          ],
        },
      },
    })
    const revisions = () => [
      wireRevision('web--v1', { replicas: 2, runningState: 'RunningAtMaxScale' }),
      wireRevision('web--old', { active: false, replicas: null, healthState: null, fqdn: null, createdTime: null }),
    ]
    const { apps } = await startArmStub(listing([app], revisions))
    const [look] = await apps.observe([target('web')])
    expect(seen(look)).toEqual({
      target: target('web'),
      location: 'West Europe',
      mode: 'Labels',
      stickySessions: true,
      provisioning: 'InProgress',
      latestRevision: null,
      latestReady: 'web--v1',
      traffic: [
        { revision: null, weight: 20, label: null },
        { revision: 'web--v1', weight: 80, label: 'live' },
        { revision: 'web--old', weight: 0, label: 'old' },
      ],
      revisions: [
        {
          name: 'web--v1',
          image: 'shop.azurecr.io/web@sha256:aaa',
          active: true,
          replicas: 2,
          provisioning: 'Provisioned',
          health: 'Healthy',
          running: 'RunningAtMaxScale',
          fqdn: 'web--v1.example.azurecontainerapps.io',
          createdAt: Date.parse('2026-11-01T00:00:00Z'),
          error: null,
        },
        {
          name: 'web--old',
          image: 'shop.azurecr.io/web@sha256:aaa',
          active: false,
          replicas: 0,
          provisioning: 'Provisioned',
          health: 'None',
          running: 'Running',
          fqdn: null,
          createdAt: 0,
          error: null,
        },
      ],
    })
  })

  it('takes an app without mode and ingress for single revision mode without traffic', async () => {
    const { apps } = await startArmStub(listing([wireApp('job', { configuration: null })]))
    const [look] = await apps.observe([target('job')])
    expect(seen(look)).toMatchObject({ mode: 'Single', traffic: [], stickySessions: false })
  })

  it('finds an app whatever the case of its name', async () => {
    const { apps } = await startArmStub(listing([wireApp('Web')]))
    const [look] = await apps.observe([target('web')])
    expect(look?.kind).toBe('seen')
  })

  it('shows the image of the named container, and none where it is unclear which is meant', async () => {
    const containers = [
      { name: 'side', image: 'side:1' },
      { name: 'web', image: 'web:1' },
    ]
    const revisions = () => [wireRevision('web--v1', { template: wireTemplate({ containers }) })]
    const { apps } = await startArmStub(listing([wireApp('web')], revisions))
    const looks = await apps.observe([
      target('web', { container: 'web' }),
      target('web'),
      target('web', { container: 'gone' }),
    ])
    expect(looks.map((look) => seen(look).revisions[0]?.image)).toEqual(['web:1', '', ''])
  })

  it("tells why a dead revision died, in Azure's words, but takes no story of a start for a failure", async () => {
    const details =
      'Deployment Progress Deadline Exceeded. 0/1 replicas ready.\u001b[31m\nThe TargetPort 80 does not match.'
    const revisions = () => [
      wireRevision('web--dead', { runningState: 'Failed', runningStateDetails: details }),
      wireRevision('web--slow', { runningState: 'Activating', runningStateDetails: 'Pulling image' }),
      wireRevision('web--bad', { provisioningState: 'Failed', provisioningError: 'MANIFEST_UNKNOWN' }),
    ]
    const { apps } = await startArmStub(listing([wireApp('web')], revisions))
    const [look] = await apps.observe([target('web')])
    expect(seen(look).revisions.map(({ error }) => error)).toEqual([
      'Deployment Progress Deadline Exceeded. 0/1 replicas ready. [31m The TargetPort 80 does not match.',
      null,
      'MANIFEST_UNKNOWN',
    ])
  })

  it('follows the pages of both lists', async () => {
    const page = (request: ArmRequest, first: unknown, second: unknown) => {
      const url = `${urlOfStub()}${request.path}`
      return request.path.includes('page=2')
        ? { status: 200, body: { value: [second] } }
        : { status: 200, body: { value: [first], nextLink: `${url}&page=2` } }
    }
    const { apps, calls } = await startArmStub((request) =>
      isRevisionList(request)
        ? page(request, wireRevision('b--v1'), wireRevision('b--v2'))
        : page(request, wireApp('a'), wireApp('b')),
    )
    const [look] = await apps.observe([target('b'), target('a')])
    expect(seen(look).revisions.map(({ name }) => name)).toEqual(['b--v1', 'b--v2'])
    expect(calls).toEqual(['list-apps', 'list-revisions', 'list-revisions'])
  })
})
