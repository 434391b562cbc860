import { afterEach, describe, expect, it } from 'vitest'
import {
  type ArmRequest,
  appIn,
  closeArmStubs,
  fault,
  isAppList,
  isRevisionList,
  listing,
  seen,
  startArmStub,
  target,
  urlOfStub,
  wireApp,
} from './arm-stub.ts'

afterEach(closeArmStubs)

describe('observe, when something is wrong', () => {
  it('says not-found for an app that its group does not list, and sees the others', async () => {
    const { apps, calls } = await startArmStub(listing([wireApp('web')]))
    const [gone, web] = await apps.observe([target('gone'), target('web')])
    expect(fault(gone)).toMatchObject({ kind: 'not-found', retryAfterMs: null })
    expect(fault(gone).message).toMatch(/container app gone .*rg-shop.*not in the list/)
    expect(seen(web).target.app).toBe('web')
    expect(calls.filter((kind) => kind === 'list-revisions')).toHaveLength(1)
  })

  it('says not-found for an app that was asked for by itself', async () => {
    const { apps } = await startArmStub(listing([wireApp('web')]))
    const [gone] = await apps.observe([target('gone')])
    expect(fault(gone)).toMatchObject({ kind: 'not-found' })
    expect(fault(gone).message).toContain('404 ResourceNotFound: it is not here')
  })

  it('keeps the trouble of one app with that app', async () => {
    const sick = { error: { code: 'InternalServerError', message: 'the server had a bad day' } }
    const list = listing([wireApp('sick'), wireApp('web')])
    const { apps } = await startArmStub((request) =>
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
    const { apps, calls } = await startArmStub((request) =>
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
    const { apps, calls } = await startArmStub((request) =>
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
    const { apps, requests } = await startArmStub(() => ({
      status: 429,
      headers: { 'retry-after': '17' },
      body: { error: { code: 'TooManyRequests', message: 'slow down' } },
    }))
    const [look] = await apps.observe([target('web')])
    expect(fault(look)).toMatchObject({ kind: 'throttled', retryAfterMs: 17_000 })
    expect(requests).toHaveLength(1)
  })

  it('is throttled in the middle of a list as well as at its start', async () => {
    const { apps } = await startArmStub((request) =>
      request.path.includes('page=2')
        ? {
            status: 429,
            headers: { 'retry-after': '9' },
            body: { error: { code: 'TooManyRequests', message: 'slow' } },
          }
        : { status: 200, body: { value: [wireApp('web')], nextLink: `${urlOfStub()}${request.path}&page=2` } },
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
          : { status: 200, body: { value: [], nextLink: `${urlOfStub()}${request.path}&page=2` } },
    ],
  ])('gives up when ARM falls silent %s', async (_, script) => {
    const { apps } = await startArmStub(script, { timeoutMs: 150 })
    const [look] = await apps.observe([target('web'), target('api')])
    expect(fault(look)).toMatchObject({ kind: 'unavailable' })
    expect(fault(look).message).toContain('no answer within 150 ms')
  })

  it('says malformed when a 200 holds no list', async () => {
    const { apps } = await startArmStub(() => ({ status: 200, body: { hello: 'world' } }))
    const [look] = await apps.observe([target('web'), target('api')])
    expect(fault(look)).toMatchObject({ kind: 'malformed' })
    expect(fault(look).message).toContain('answered 200')
  })

  it('does not throw when there is nobody to ask, and asks for a client anew next time', async () => {
    let asked = 0
    const { apps } = await startArmStub(listing([]), {
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

  it('reads no further than a hundred pages of a list that has no end, and says whose it is', async () => {
    const list = listing([wireApp('sick'), wireApp('web')])
    const { apps, calls } = await startArmStub((request) =>
      isRevisionList(request) && appIn(request) === 'sick'
        ? { status: 200, body: { value: [], nextLink: `${urlOfStub()}${request.path}` } }
        : list(request),
    )
    const [sick, web] = await apps.observe([target('sick'), target('web')])
    expect(fault(sick).kind).toBe('malformed')
    expect(fault(sick).message).toMatch(/^list revisions of container app sick .*: more than 100 pages, and no end$/)
    expect(web?.kind).toBe('seen')
    expect(calls.filter((kind) => kind === 'list-revisions').length).toBeLessThanOrEqual(103)
  })
})
