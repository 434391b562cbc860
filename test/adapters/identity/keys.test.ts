import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTokenCheck } from '../../../lib/adapters/identity/entra.ts'
import { createKeys } from '../../../lib/adapters/identity/keys.ts'
import { Fault } from '../../../lib/errors.ts'
import { createTestIssuer, type TestIssuer } from '../../support/tokens.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

let issuer: TestIssuer
let now: number

beforeEach(async () => {
  issuer = await createTestIssuer()
  now = Date.now()
})

afterEach(() => issuer.close())

function checker() {
  const clock = { now: () => now }
  const check = createTokenCheck({
    issuer: issuer.url,
    tenant: issuer.tenant,
    audience: issuer.audience,
    clients: [issuer.client],
    keys: createKeys({ url: issuer.keysUrl, clock }),
    roles: new Map(),
    clock,
  })
  return async (key: 'own' | 'unknown' = 'own') =>
    check(await issuer.token({ key, now: Math.floor(now / 1000) })).then(({ kind }) => kind)
}

const faultOf = (asked: Promise<unknown>) =>
  asked.then(
    () => null,
    (error: unknown) => error,
  )

test('the keys are asked for once for many tokens, and again when they are an hour old', async () => {
  const check = checker()
  expect(await Promise.all([check(), check(), check()])).toEqual(['known', 'known', 'known'])
  expect(await check()).toBe('known')
  expect(issuer.asked()).toBe(1)
  now += HOUR
  expect(await check()).toBe('known')
  expect(issuer.asked()).toBe(2)
})

test('a new key of the issuer is found at once, and the old one is good no more', async () => {
  const check = checker()
  expect(await check()).toBe('known')
  const old = await issuer.token({ now: Math.floor(now / 1000) })
  await issuer.rotate()
  now += MINUTE
  expect(await check()).toBe('known')
  expect(issuer.asked()).toBe(2)
  const keys = createKeys({ url: issuer.keysUrl, clock: { now: () => now } })
  const fresh = createTokenCheck({
    issuer: issuer.url,
    tenant: issuer.tenant,
    audience: issuer.audience,
    clients: [issuer.client],
    keys,
    roles: new Map(),
    clock: { now: () => now },
  })
  expect(await fresh(old)).toMatchObject({ kind: 'unknown' })
})

test('made-up key ids make us ask the issuer at most twice a minute', async () => {
  const check = checker()
  expect(await check()).toBe('known')
  for (let i = 0; i < 20; i++) expect(await check('unknown')).toBe('unknown')
  expect(issuer.asked()).toBe(1)
  now += 31 * SECOND
  for (let i = 0; i < 20; i++) expect(await check('unknown')).toBe('unknown')
  expect(issuer.asked()).toBe(2)
})

test('while the issuer is down its last keys are believed for a day, and then nobody is told that their token is wrong', async () => {
  const check = checker()
  expect(await check()).toBe('known')
  issuer.answer({ status: 503 })
  now += 23 * HOUR
  expect(await check()).toBe('known')
  expect(await check()).toBe('known')
  expect(issuer.asked()).toBe(2)
  now += HOUR
  expect(await faultOf(check())).toMatchObject({ kind: 'unavailable' })
  issuer.answer(null)
  expect(await check()).toBe('known')
})

test.each([
  ['is down', { status: 503 }],
  ['does not find its keys', { status: 404 }],
  ['answers no JSON', { status: 200, body: '<html>' }],
  ['answers JSON that is no key set', { status: 200, body: '{"keys": "none"}' }],
  ['answers without end', { status: 200, body: `{"keys": [], "more": "${'x'.repeat(300_000)}"}` }],
  ['sends elsewhere', { status: 302, location: 'http://127.0.0.1:9/keys' }],
] as const)('an issuer that %s is a Fault unavailable, for known and for made-up keys', async (_, answer) => {
  const check = checker()
  issuer.answer(answer)
  for (const key of ['own', 'unknown'] as const) {
    const fault = await faultOf(check(key))
    expect(fault).toBeInstanceOf(Fault)
    expect(fault).toMatchObject({ kind: 'unavailable' })
  }
})

test('an issuer that says nothing is given up', async () => {
  issuer.answer('silence')
  expect(await faultOf(checker()())).toMatchObject({ kind: 'unavailable' })
})

test('a key id that is not known, while the issuer is down, is not called wrong', async () => {
  const check = checker()
  expect(await check()).toBe('known')
  issuer.answer({ status: 503 })
  now += MINUTE
  expect(await faultOf(check('unknown'))).toMatchObject({ kind: 'unavailable' })
})
