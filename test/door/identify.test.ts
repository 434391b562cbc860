import { describe, expect, test } from 'vitest'
import type { Identified } from '../../lib/core/caller.ts'
import { createIdentify, type WaysIn } from '../../lib/door/identify.ts'
import { operatorDoor } from '../../lib/door/operator.ts'
import { Fault } from '../../lib/errors.ts'
import { aCaller } from '../support/callers.ts'
import { type Seen, send } from './support.ts'

const SITE = { publicUrl: 'https://slipway.example.com/api' }
const OURS = { origin: 'https://slipway.example.com', 'x-slipway-request': '1' }
const known: Identified = { kind: 'known', caller: aCaller() }
const checkToken = async (token: string): Promise<Identified> =>
  token === 'good' ? known : { kind: 'unknown', because: 'The token has expired.' }
const readPrincipal = (): Identified => ({ kind: 'known', caller: { ...aCaller(), method: 'platform' } })

function ask(headers: Record<string, string>, method = 'GET', ways: Partial<WaysIn> = {}): Promise<Seen> {
  const identify = createIdentify({ checkToken, readPrincipal: null, site: SITE, ...ways })
  const handler = operatorDoor(
    ['get-manifest', 'put-manifest'],
    identify,
    ({ caller }) => ({ jsonBody: { method: caller.method } }),
    { accepts: ['text/plain'] },
  )
  const body = method === 'PUT' ? { body: 'x' } : {}
  return send(handler, { method, headers: { 'content-type': 'text/plain', ...headers }, ...body })
}

test.each([
  ['Bearer good', 200],
  ['bearer  good', 200],
  ['Bearer bad', 401],
  ['Bearer', 401],
  ['Bearer good good', 401],
  ['Basic good', 401],
  ['good', 401],
])('Authorization %j is answered %i', async (authorization, status) => {
  const seen = await ask({ authorization })
  expect(seen.status).toBe(status)
  if (status === 401) expect(seen.headers.get('www-authenticate')).toBe('Bearer realm="slipway", error="invalid_token"')
})

test('who sends nothing is told what to send, and no error of a token', async () => {
  const seen = await ask({})
  expect(seen).toMatchObject({ status: 401, json: { detail: 'Send an access token: Authorization: Bearer <token>.' } })
  expect(seen.headers.get('www-authenticate')).toBe('Bearer realm="slipway"')
})

test('a wrong token is not made good by a cookie or by the platform', async () => {
  const headers = { authorization: 'Bearer bad', cookie: '__Host-slipway=good', 'x-ms-client-principal': 'good' }
  expect((await ask(headers, 'GET', { readPrincipal })).status).toBe(401)
})

describe('by cookie', () => {
  const cookie = '__Host-slipway=good'

  test('reading needs nothing else', async () => {
    expect((await ask({ cookie: `a=b; ${cookie}; c=d` })).json).toEqual({ method: 'cookie' })
  })

  test.each<[string, Record<string, string>, number]>([
    ['with our origin and our header', OURS, 200],
    [
      'with our header, and the browser says same-origin',
      { 'x-slipway-request': '1', 'sec-fetch-site': 'same-origin' },
      200,
    ],
    ['without our header', { origin: OURS.origin }, 403],
    ['without an origin', { 'x-slipway-request': '1' }, 403],
    ['from another site', { ...OURS, origin: 'https://evil.example.com' }, 403],
    ['from a sister site', { ...OURS, origin: 'https://other.example.com' }, 403],
    ['from nowhere', { ...OURS, origin: 'null' }, 403],
    [
      'from another site that claims to be ours',
      { ...OURS, origin: 'https://evil.example.com', 'sec-fetch-site': 'same-origin' },
      403,
    ],
    ['from the same site, but another origin', { 'x-slipway-request': '1', 'sec-fetch-site': 'same-site' }, 403],
    ['by a navigation', { 'x-slipway-request': '1', 'sec-fetch-site': 'none' }, 403],
  ])('changing something %s is answered %#', async (_, headers, status) => {
    expect((await ask({ cookie, ...headers }, 'PUT')).status).toBe(status)
  })

  test('a session that has ended is taken away', async () => {
    const seen = await ask({ cookie: '__Host-slipway=old' })
    expect(seen).toMatchObject({
      status: 401,
      json: { detail: expect.stringMatching(/^The session has ended: sign in/) },
    })
    expect(seen.cookies).toEqual([
      expect.objectContaining({
        name: '__Host-slipway',
        value: '',
        maxAge: 0,
        path: '/',
        secure: true,
        sameSite: 'Strict',
      }),
    ])
  })

  test('nobody is known where no public URL is set, or under another name', async () => {
    expect((await ask({ cookie }, 'GET', { site: null })).status).toBe(401)
    expect((await ask({ cookie: 'slipway=good; x__Host-slipway=good' })).status).toBe(401)
  })

  test('on loopback without TLS the cookie has a plain name', async () => {
    const site = { publicUrl: 'http://127.0.0.1:7071/api' }
    expect((await ask({ cookie: 'slipway=good' }, 'GET', { site })).status).toBe(200)
    expect((await ask({ cookie }, 'GET', { site })).status).toBe(401)
  })
})

describe('by the platform', () => {
  const headers = { 'x-ms-client-principal': 'principal' }

  test('its header is not even looked at where the settings do not believe it', async () => {
    expect((await ask(headers)).status).toBe(401)
  })

  test('is known where they do, and changes only what its own pages ask for', async () => {
    expect((await ask(headers, 'GET', { readPrincipal })).json).toEqual({ method: 'platform' })
    expect((await ask(headers, 'PUT', { readPrincipal })).status).toBe(403)
    expect((await ask({ ...headers, ...OURS }, 'PUT', { readPrincipal })).status).toBe(200)
    const bySite = { ...headers, 'x-slipway-request': '1', 'sec-fetch-site': 'same-origin' }
    expect((await ask(bySite, 'PUT', { readPrincipal, site: null })).status).toBe(200)
    expect((await ask({ ...headers, ...OURS }, 'PUT', { readPrincipal, site: null })).status).toBe(403)
  })
})

test('an issuer that cannot be asked is 503 with Retry-After, and its name is for the log alone', async () => {
  const down = () => Promise.reject(new Fault('unavailable', 'keys of https://issuer.internal', { retryAfterMs: 3000 }))
  const seen = await ask({ authorization: 'Bearer good' }, 'GET', { checkToken: down })
  expect(seen).toMatchObject({
    status: 503,
    json: { detail: 'Who you are cannot be checked right now. Try again later.' },
  })
  expect(seen.headers.get('retry-after')).toBe('3')
  expect(seen.lines.join()).toContain('issuer.internal')
})

test('our own mistake is 500, and lets nobody in', async () => {
  const broken = () => Promise.reject(new TypeError('a mistake'))
  expect((await ask({ authorization: 'Bearer good' }, 'GET', { checkToken: broken })).status).toBe(500)
})
