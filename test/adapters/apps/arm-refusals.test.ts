import { afterEach, describe, expect, it } from 'vitest'
import type { Action } from '../../../lib/core/app.ts'
import type { Fault } from '../../../lib/errors.ts'
import { create, faultOf, isPatch, isRevision, repair, scene, setTraffic, web } from './arm-scene.ts'
import { type ArmAnswer, closeArmStubs, startArmStub, wireApp } from './arm-stub.ts'

afterEach(closeArmStubs)

describe('refusals', () => {
  const refuse = (status: number, code: string, message: string, headers = {}): ArmAnswer => ({
    status,
    headers,
    body: { error: { code, message } },
  })
  it.each<[string, ArmAnswer, Fault['kind'], RegExp]>([
    [
      'an operation in progress',
      refuse(409, 'ContainerAppOperationInProgress', "Cannot modify a container app 'web'. OperationId: 'x'"),
      'conflict',
      /^set traffic of container app web \(resource group rg-shop, subscription sub-1\): 409 ContainerAppOperationInProgress: Cannot/,
    ],
    ['a lock conflict', refuse(400, 'ContainerAppLockConflict', 'locked'), 'conflict', /LockConflict/],
    ['conflicting writes', refuse(400, 'Bad', 'There was a conflicting concurrent write'), 'conflict', /concurrent/],
    ['any other 409', refuse(409, 'Whatever', 'no'), 'conflict', /409 Whatever: no/],
    ['a management lock', refuse(409, 'ScopeLocked', 'locked by ops'), 'denied', /management lock/],
    [
      'a missing role',
      refuse(403, 'AuthorizationFailed', 'no write'),
      'denied',
      /Container Apps Contributor on the app/,
    ],
    ['a linked scope', refuse(403, 'LinkedAuthorizationFailed', 'env'), 'denied', /managedEnvironments\/join\/action/],
    ['a policy', refuse(403, 'RequestDisallowedByPolicy', 'tags'), 'denied', /policy/],
    ['a bad token', refuse(401, 'InvalidAuthenticationToken', 'expired'), 'denied', /did not accept the token/],
    ['a missing app', refuse(404, 'ResourceNotFound', 'gone'), 'not-found', /404 ResourceNotFound: gone/],
    ['a bad request', refuse(400, 'ContainerAppInvalid', 'Field x is invalid'), 'malformed', /Field x is invalid/],
    ['a wrong media type', refuse(415, 'UnsupportedMediaType', 'no'), 'malformed', /415/],
    ['an unprocessable wish', refuse(422, 'Unprocessable', 'no'), 'malformed', /422/],
    ['a server error', refuse(500, 'InternalServerError', 'oops'), 'unavailable', /oops/],
    ['a gateway page', { status: 502, body: '<html>Bad\u0007 Gateway</html>' }, 'unavailable', /<html>Bad Gateway/],
    ['silence of words', { status: 503 }, 'unavailable', /503: Azure gave no reason/],
    ['an error without its wrapping', { status: 400, body: { code: 'X', message: 'y' } }, 'malformed', /400 X: y/],
  ])('say %s as a Fault', async (_, answer, kind, message) => {
    const { apps, requests } = await scene({ write: () => answer })
    const fault = await faultOf(apps.perform(web, setTraffic))
    expect(fault.kind).toBe(kind)
    expect(fault.message).toMatch(message)
    expect(requests.filter(isPatch)).toHaveLength(1)
  })

  it.each([
    [{ 'retry-after': '30' }, 30_000],
    [{ 'retry-after': 'Fri, 20 Nov 2026 10:00:45 GMT' }, 45_000],
    [{ 'retry-after': 'Fri, 20 Nov 2026 09:00:00 GMT' }, 0],
    [{ 'x-ms-retry-after-ms': '1500', 'retry-after': '30' }, 1_500],
    [{ 'retry-after': 'soon' }, null],
    [{}, null],
  ])('read the wait out of %j', async (headers, retryAfterMs) => {
    const { apps } = await scene({ write: () => refuse(429, 'TooManyRequests', 'slow', headers) })
    expect(await faultOf(apps.perform(web, setTraffic))).toMatchObject({ kind: 'throttled', retryAfterMs })
  })

  it('quote Azure within bounds', async () => {
    const { apps } = await scene({ write: () => refuse(400, 'Long', 'x'.repeat(10_000)) })
    expect((await faultOf(apps.perform(web, setTraffic))).message.length).toBeLessThan(900)
  })

  it('say unavailable when the write was sent and no answer came', async () => {
    const { apps, requests } = await scene({ write: () => null }, { timeoutMs: 150 })
    expect(await faultOf(apps.perform(web, setTraffic))).toMatchObject({ kind: 'unavailable' })
    expect(requests.filter(isPatch)).toHaveLength(1)
  })

  it.each<[string, Action]>([
    ['a revision to copy that is gone', create],
    ['a revision to repair from that is gone', repair],
  ])('say not-found for %s, and send nothing', async (_, action) => {
    const started = await startArmStub((request) =>
      isRevision(request) ? refuse(404, 'RevisionNotFound', 'gone') : { status: 200, body: wireApp('web') },
    )
    expect(await faultOf(started.apps.perform(web, action))).toMatchObject({ kind: 'not-found' })
    expect(started.requests.filter(isPatch)).toEqual([])
  })

  it.each<[string, Error, Fault['kind']]>([
    ['no identity answers', named('CredentialUnavailableError'), 'unavailable'],
    ['Entra is down', named('AuthenticationError', 503), 'unavailable'],
    ['Entra refuses the identity', named('AuthenticationError', 400), 'denied'],
  ])('tell who can mend it when %s', async (_, error, kind) => {
    const { apps } = await scene({}, { client: () => failing(error) })
    expect(await faultOf(apps.perform(web, { kind: 'activate', revision: 'web--v2' }))).toMatchObject({ kind })
  })
})

function named(name: string, statusCode?: number): Error {
  return Object.assign(new Error('no token'), { name, statusCode })
}

/** A client whose every call ends in `error`, as it does when the SDK gets no token. */
function failing(error: Error) {
  const fail = () => Promise.reject(error)
  return { containerAppsRevisions: { activateRevision: fail } } as never
}
