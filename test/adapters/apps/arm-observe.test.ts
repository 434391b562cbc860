import { afterEach, describe, expect, it } from 'vitest'
import type { Observed } from '../../../lib/core/app.ts'
import {
  type ArmRequest,
  type ArmScript,
  type ArmStub,
  startArmStub,
  target,
  wireApp,
  wireRevision,
  wireTemplate,
} from './arm-stub.ts'

const stubs: ArmStub[] = []

afterEach(async () => {
  await Promise.all(stubs.splice(0).map((stub) => stub.close()))
})

async function stub(...args: Parameters<typeof startArmStub>): Promise<ArmStub> {
  const started = await startArmStub(...args)
  stubs.push(started)
  return started
}

const isRevisionList = ({ path }: ArmRequest) => /\/revisions\?/.test(path)
const isAppList = ({ path }: ArmRequest) => /\/containerApps\?/.test(path)
const GONE = { status: 404, body: { error: { code: 'ResourceNotFound', message: 'it is not here' } } }
const appIn = ({ path }: ArmRequest) => /containerApps\/([^/?]+)/.exec(path)?.[1] ?? ''

/** Lists the apps, and for each the revision `<app>--v1`. */
function listing(apps: readonly Record<string, unknown>[], revisions?: (app: string) => unknown[]): ArmScript {
  return (request) =>
    isRevisionList(request)
      ? { status: 200, body: { value: revisions?.(appIn(request)) ?? [wireRevision(`${appIn(request)}--v1`)] } }
      : isAppList(request)
        ? { status: 200, body: { value: apps } }
        : (found(apps, appIn(request)) ?? GONE)
}

function found(apps: readonly Record<string, unknown>[], name: string) {
  const body = apps.find((app) => String(app.name).toLowerCase() === name.toLowerCase())
  return body === undefined ? undefined : { status: 200, body }
}

function seen(observed: Observed | undefined) {
  if (observed?.kind !== 'seen') throw new Error(`not seen: ${JSON.stringify(observed)}`)
  return observed.app
}

function fault(observed: Observed | undefined) {
  if (observed?.kind !== 'unseen') throw new Error('it was seen')
  return observed.fault
}

describe('observe', () => {
  it('reads the list of apps once for a hundred targets of one group, and the revisions of each app once', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `app-${index}`)
    const { apps, calls } = await stub(listing(names.map((name) => wireApp(name))))
    const looks = await apps.observe([...names.map((name) => target(name)), target('app-7', { container: 'web' })])
    expect(looks.map((look) => seen(look).target.app)).toEqual([...names, 'app-7'])
    expect(calls.filter((kind) => kind === 'list-apps')).toHaveLength(1)
    expect(calls.filter((kind) => kind === 'list-revisions')).toHaveLength(100)
  })

  it('sends nothing but reads, each to the right subscription and group', async () => {
    const { apps, requests } = await stub(listing([wireApp('web'), wireApp('api')]))
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
    const { apps, calls } = await stub(listing([wireApp('web')]))
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
    const { apps } = await stub(script, { parallel: 3 })
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
    const { apps } = await stub(listing([app], revisions))
    const [look] = await apps.observe([target('web')])
    expect(seen(look)).toEqual({
      target: target('web'),
      location: 'West Europe',
      mode: 'Labels',
      stickySessions: true,
      provisioning: 'InProgress',
      latestRevision: null,
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
    const { apps } = await stub(listing([wireApp('job', { configuration: null })]))
    const [look] = await apps.observe([target('job')])
    expect(seen(look)).toMatchObject({ mode: 'Single', traffic: [], stickySessions: false })
  })

  it('finds an app whatever the case of its name', async () => {
    const { apps } = await stub(listing([wireApp('Web')]))
    const [look] = await apps.observe([target('web')])
    expect(look?.kind).toBe('seen')
  })

  it('shows the image of the named container, and none where it is unclear which is meant', async () => {
    const containers = [
      { name: 'side', image: 'side:1' },
      { name: 'web', image: 'web:1' },
    ]
    const revisions = () => [wireRevision('web--v1', { template: wireTemplate({ containers }) })]
    const { apps } = await stub(listing([wireApp('web')], revisions))
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
    const { apps } = await stub(listing([wireApp('web')], revisions))
    const [look] = await apps.observe([target('web')])
    expect(seen(look).revisions.map(({ error }) => error)).toEqual([
      'Deployment Progress Deadline Exceeded. 0/1 replicas ready. [31m The TargetPort 80 does not match.',
      null,
      'MANIFEST_UNKNOWN',
    ])
  })

  it('follows the pages of both lists', async () => {
    const page = (request: ArmRequest, first: unknown, second: unknown) => {
      const url = `${stubs[0]?.url}${request.path}`
      return request.path.includes('page=2')
        ? { status: 200, body: { value: [second] } }
        : { status: 200, body: { value: [first], nextLink: `${url}&page=2` } }
    }
    const { apps, calls } = await stub((request) =>
      isRevisionList(request)
        ? page(request, wireRevision('b--v1'), wireRevision('b--v2'))
        : page(request, wireApp('a'), wireApp('b')),
    )
    const [look] = await apps.observe([target('b'), target('a')])
    expect(seen(look).revisions.map(({ name }) => name)).toEqual(['b--v1', 'b--v2'])
    expect(calls).toEqual(['list-apps', 'list-revisions', 'list-revisions'])
  })
})

describe('observe, when something is wrong', () => {
  it('says not-found for an app that its group does not list, and sees the others', async () => {
    const { apps, calls } = await stub(listing([wireApp('web')]))
    const [gone, web] = await apps.observe([target('gone'), target('web')])
    expect(fault(gone)).toMatchObject({ kind: 'not-found', retryAfterMs: null })
    expect(fault(gone).message).toMatch(/container app gone .*rg-shop.*not in the list/)
    expect(seen(web).target.app).toBe('web')
    expect(calls.filter((kind) => kind === 'list-revisions')).toHaveLength(1)
  })

  it('says not-found for an app that was asked for by itself', async () => {
    const { apps } = await stub(listing([wireApp('web')]))
    const [gone] = await apps.observe([target('gone')])
    expect(fault(gone)).toMatchObject({ kind: 'not-found' })
    expect(fault(gone).message).toContain('404 ResourceNotFound: it is not here')
  })

  it('keeps the trouble of one app with that app', async () => {
    const sick = { error: { code: 'InternalServerError', message: 'the server had a bad day' } }
    const list = listing([wireApp('sick'), wireApp('web')])
    const { apps } = await stub((request) =>
      isRevisionList(request) && appIn(request) === 'sick' ? { status: 500, body: sick } : list(request),
    )
    const [first, second] = await apps.observe([target('sick'), target('web')])
    expect(fault(first).kind).toBe('unavailable')
    expect(fault(first).message).toMatch(
      /list revisions of container app sick .*500 InternalServerError: the server had/,
    )
    expect(second?.kind).toBe('seen')
  })

  it('leaves only the apps of a group unseen whose list failed, and keeps the reason', async () => {
    const broken = { error: { code: 'InternalServerError', message: 'rg-dark has a bad day' } }
    const list = listing([wireApp('web'), wireApp('api')])
    const { apps, calls } = await stub((request) =>
      request.path.includes('rg-dark') ? { status: 500, body: broken } : list(request),
    )
    const dark = { resourceGroup: 'rg-dark' }
    const looks = await apps.observe([target('a', dark), target('web'), target('b', dark), target('api')])
    expect(looks.map(({ kind }) => kind)).toEqual(['unseen', 'seen', 'unseen', 'seen'])
    expect(fault(looks[0]).kind).toBe('unavailable')
    expect(fault(looks[0]).message).toContain('500 InternalServerError: rg-dark has a bad day')
    expect(calls.filter((kind) => kind === 'list-apps')).toHaveLength(2)
  })

  it('reads app by app when the identity has roles on the apps alone, and does not ask for the list again', async () => {
    const denied = { error: { code: 'AuthorizationFailed', message: 'no containerApps/read over scope rg-shop' } }
    const list = listing([wireApp('web'), wireApp('api')])
    const { apps, calls } = await stub((request) =>
      isAppList(request) || appIn(request) === 'dark' ? { status: 403, body: denied } : list(request),
    )
    const targets = [target('web'), target('dark'), target('api')]
    const looks = await apps.observe(targets)
    expect(looks.map(({ kind }) => kind)).toEqual(['seen', 'unseen', 'seen'])
    expect(fault(looks[1]).kind).toBe('denied')
    expect(fault(looks[1]).message).toContain('403 AuthorizationFailed: no containerApps/read over scope rg-shop')
    expect(fault(looks[1]).message).toContain('Container Apps Contributor')
    await apps.observe(targets)
    expect(calls.filter((kind) => kind === 'list-apps')).toHaveLength(1)
    expect(calls.filter((kind) => kind === 'get-app')).toHaveLength(6)
  })

  it('hands on how long ARM wants to be left alone, and does not ask again by itself', async () => {
    const { apps, requests } = await stub(() => ({
      status: 429,
      headers: { 'retry-after': '17' },
      body: { error: { code: 'TooManyRequests', message: 'slow down' } },
    }))
    const [look] = await apps.observe([target('web')])
    expect(fault(look)).toMatchObject({ kind: 'throttled', retryAfterMs: 17_000 })
    expect(requests).toHaveLength(1)
  })

  it('is throttled in the middle of a list as well as at its start', async () => {
    const { apps } = await stub((request) =>
      request.path.includes('page=2')
        ? {
            status: 429,
            headers: { 'retry-after': '9' },
            body: { error: { code: 'TooManyRequests', message: 'slow' } },
          }
        : { status: 200, body: { value: [wireApp('web')], nextLink: `${stubs[0]?.url}${request.path}&page=2` } },
    )
    const [look] = await apps.observe([target('web'), target('api')])
    expect(fault(look)).toMatchObject({ kind: 'throttled', retryAfterMs: 9_000 })
  })

  it.each([
    ['at once', (_: ArmRequest) => null],
    [
      'after the first page',
      (request: ArmRequest) =>
        request.path.includes('page=2')
          ? null
          : { status: 200, body: { value: [], nextLink: `${stubs[0]?.url}${request.path}&page=2` } },
    ],
  ])('gives up when ARM falls silent %s', async (_, script) => {
    const { apps } = await stub(script, { timeoutMs: 150 })
    const [look] = await apps.observe([target('web'), target('api')])
    expect(fault(look)).toMatchObject({ kind: 'unavailable' })
    expect(fault(look).message).toContain('no answer within 150 ms')
  })

  it('says malformed when a 200 holds no list', async () => {
    const { apps } = await stub(() => ({ status: 200, body: { hello: 'world' } }))
    const [look] = await apps.observe([target('web'), target('api')])
    expect(fault(look)).toMatchObject({ kind: 'malformed' })
    expect(fault(look).message).toContain('answered 200')
  })

  it('does not throw when there is nobody to ask, and asks for a client anew next time', async () => {
    let asked = 0
    const { apps } = await stub(listing([]), {
      client: () => {
        asked += 1
        throw new Error('no identity endpoint')
      },
    })
    const [look] = await apps.observe([target('web')])
    await apps.observe([target('web')])
    expect(fault(look)).toEqual({ kind: 'malformed', message: 'no identity endpoint', retryAfterMs: null })
    expect(asked).toBe(2)
  })

  it('says unavailable when nobody listens', async () => {
    const started = await startArmStub(listing([]))
    await started.close()
    const [look] = await started.apps.observe([target('web')])
    expect(fault(look)).toMatchObject({ kind: 'unavailable' })
    expect(fault(look).message).toContain('ECONNREFUSED')
  })
})
