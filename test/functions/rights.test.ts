import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROUTES, type Route } from '../../lib/door/routes.ts'
import { createTestIssuer, type TestIssuer, type TokenWish } from '../support/tokens.ts'
import { manifest } from './manifests.ts'
import { OPERATIONS, type Operation, type Place } from './rights-table.ts'
import { type Answer, openScene, type Scene } from './scene.ts'

const LADDER = ['none', 'viewer', 'operator', 'approver', 'admin'] as const

/** Where the roles of a subject hold, told in the words of this test: for one service, a whole environment, everything. */
const SCOPES = {
  everywhere: { service: () => true, environment: () => true, installation: () => true },
  production: {
    service: ({ environment }: Place) => environment === 'production',
    environment: ({ environment }: Place) => environment === 'production',
    installation: () => false,
  },
  pricing: {
    service: ({ environment, service }: Place) => environment === 'production' && service === 'pricing',
    environment: () => false,
    installation: () => false,
  },
} as const

type Scope = keyof typeof SCOPES

interface Subject {
  readonly role: (typeof LADDER)[number]
  readonly scope: Scope
}

const SUBJECTS: readonly Subject[] = LADDER.flatMap((role) =>
  (Object.keys(SCOPES) as Scope[]).map((scope) => ({ role, scope })),
)

const OWN: Place = { environment: 'production', service: 'pricing' }
const PLACES: readonly Place[] = [
  OWN,
  { environment: 'production', service: 'safety' },
  { environment: 'staging', service: 'routing' },
]

/** Doors that are not for operators: hooks have a shared secret, the sign-in, the dashboard's files and pages to read are for everybody. */
const NOT_OPERATORS = ['auth', 'dashboard', 'docs', 'hooks', 'problems']

const ROLES_SETTING = JSON.stringify(
  Object.fromEntries(
    LADDER.slice(1).flatMap((role) => [
      [`everywhere.${role}`, { role }],
      [`production.${role}`, { role, environments: ['production'] }],
      [`pricing.${role}`, { role, environments: ['production'], services: ['pricing'] }],
    ]),
  ),
)

let scene: Scene
let issuer: TestIssuer

beforeAll(async () => {
  issuer = await createTestIssuer()
  scene = await openScene(
    PLACES.map(({ service: name, environment }) => manifest({ name, environment })),
    ({ settings }) => ({
      ...issuer.settings,
      SLIPWAY_ROLES: ROLES_SETTING,
      SLIPWAY_NOTIFY: JSON.stringify({ ops: { kind: 'slack', channel: 'C0123456789', secret: 'notify-slack' } }),
      SLIPWAY_ENVIRONMENTS: JSON.stringify({
        ...JSON.parse(settings.SLIPWAY_ENVIRONMENTS ?? '{}'),
        staging: { logWorkspaceId: '00000000-0000-0000-0000-000000000002' },
      }),
    }),
    () => issuer.token({ roles: ['everywhere.admin'] }),
  )
})

afterAll(async () => {
  await scene?.close()
  await issuer?.close()
})

/** The functions that are registered for HTTP, by name. */
const REGISTERED = readdirSync(join(import.meta.dirname, '..', '..', 'functions')).flatMap((file) => {
  const source = readFileSync(join(import.meta.dirname, '..', '..', 'functions', file), 'utf8')
  return [...source.matchAll(/app\.http\('([^']+)'/g)].map(([, name = '']) => name)
})

const routeOf = (id: string): Route | undefined => (ROUTES as Readonly<Record<string, Route>>)[id.split(' ')[0] ?? '']

function request(id: string, operation: Operation, place: Place, token: string | null): Promise<Answer> {
  const route = routeOf(id)
  if (route === undefined) throw new Error(`${id} is no route`)
  const [, verb = ''] = id.split(' ')
  const filled = { name: place.service, verb, number: '999', environment: place.environment, id: 'no-such-id' }
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: keyof typeof filled) => filled[name])
  const body = operation.body?.(place)
  return scene.ask(`/${path}${operation.query?.(place) ?? ''}`, {
    method: route.method,
    headers: {
      ...operation.headers,
      ...(token === null ? {} : { authorization: token }),
      ...(body === undefined ? {} : { 'content-type': body.type }),
    },
    ...(body === undefined ? {} : { body: body.text }),
  })
}

const bearers = new Map<Subject, Promise<string>>()

/** Signed once for each subject: thousands of requests are made by fifteen of them. */
function bearerOf(subject: Subject): Promise<string> {
  const known = bearers.get(subject)
  if (known !== undefined) return known
  const roles = subject.role === 'none' ? [] : [`${subject.scope}.${subject.role}`]
  const bearer = issuer.token({ roles }).then((token) => `Bearer ${token}`)
  bearers.set(subject, bearer)
  return bearer
}

/** What the table says that must be answered. */
function expected(operation: Operation, { role, scope }: Subject, place: Place): readonly number[] {
  const { least, elsewhere, reach = 'service', good } = operation
  if (least === 'anyone') return good
  const { door = least } = operation
  const rank = LADDER.indexOf(role)
  if (rank < LADDER.indexOf(door)) return [403]
  const isHere = SCOPES[scope][reach](place)
  if (isHere) return rank < LADDER.indexOf(least) ? [403] : good
  return { hidden: [404], refused: [403], 'left-out': good, either: [403, ...good] }[elsewhere]
}

/** Places that a subject may not see, and that this request does not name itself. */
function secretsOf({ role, scope }: Subject, asked: Place): readonly string[] {
  if (role !== 'none' && scope === 'everywhere') return []
  const hidden = PLACES.filter((place) => role === 'none' || !SCOPES[scope].service(place))
  return hidden.flatMap(({ service }) => (service === asked.service ? [] : [service]))
}

test('every route of the table is registered, and every door is in the table or known not to be for operators', () => {
  const doors = Object.values<Route>(ROUTES).map(({ door }) => door)
  expect([...new Set(doors)].filter((door) => !REGISTERED.includes(door))).toEqual([])
  expect(REGISTERED.filter((name) => !doors.includes(name) && !NOT_OPERATORS.includes(name))).toEqual([])
})

test('this table has every operation of the table of routes, and no other', () => {
  const told = [...new Set(Object.keys(OPERATIONS).map((id) => id.split(' ')[0]))]
  expect(told.sort()).toEqual(Object.keys(ROUTES).sort())
})

test.each(Object.entries(OPERATIONS))(
  '%s: every role, everywhere and within its bounds, here and elsewhere',
  async (id, operation) => {
    const cases = SUBJECTS.flatMap((subject) => PLACES.map((place) => ({ subject, place })))
    const wrong: string[] = []
    await inBatches(cases, async ({ subject, place }) => {
      const { status, text } = await request(id, operation, place, await bearerOf(subject))
      const wanted = expected(operation, subject, place)
      const leaks = secretsOf(subject, place).filter(
        (secret) => operation.least !== 'anyone' && text.includes(`${secret}`),
      )
      if (wanted.includes(status) && leaks.length === 0) return
      const who = `${subject.role} of ${subject.scope} at ${place.environment}/${place.service}`
      wrong.push(`${who}: ${status}, not ${wanted}; leaks ${leaks}: ${text.slice(0, 200)}`)
    })
    expect(wrong.join('\n')).toBe('')
  },
)

const BAD: readonly [string, TokenWish | string | null][] = [
  ['no token', null],
  ['nothing behind Bearer', 'Bearer '],
  ['garbage', 'Bearer nothing'],
  ['garbage that looks like a token', 'Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl'],
  ['another scheme', 'Basic YWRtaW46YWRtaW4='],
  ['expired', { expiresIn: -3600 }],
  ['not yet valid', { notBefore: 3600 }],
  ['for another audience', { aud: 'another' }],
  ['of another directory', { tid: '00000000-0000-0000-0000-000000000000' }],
  ['of another issuer', { iss: 'https://login.microsoftonline.com/common/v2.0' }],
  ['of another app', { azp: '00000000-0000-0000-0000-000000000000' }],
  ['signed with another key', { key: 'foreign' }],
  ['signed with a key that nobody knows', { key: 'unknown' }],
  ['unsigned', { alg: 'none' }],
  ['signed with the public key as a secret', { alg: 'HS256' }],
  ['an ID token', { claims: { scp: undefined, nonce: 'n' } }],
]

describe.each(Object.entries(OPERATIONS).filter(([, { least }]) => least !== 'anyone'))('%s', (id, operation) => {
  test('is answered 401 without a token that holds, whatever role it claims', async () => {
    const wrong: string[] = []
    await inBatches(BAD, async ([what, offer]) => {
      const wish = typeof offer === 'object' && offer !== null ? offer : null
      const token =
        wish === null
          ? (offer as string | null)
          : `Bearer ${await issuer.token({ roles: ['everywhere.admin'], ...wish })}`
      const { status, headers, json } = await request(id, operation, OWN, token)
      const isRight = status === 401 && headers.get('www-authenticate')?.startsWith('Bearer ') && json?.title
      if (!isRight) wrong.push(`${what}: ${status} ${JSON.stringify(json)}`)
    })
    expect(wrong.join('\n')).toBe('')
  })
})

test('the header of the platform opens nothing where the settings do not believe it', async () => {
  const claims = [
    { typ: 'oid', val: 'mallory' },
    { typ: 'roles', val: 'everywhere.admin' },
  ]
  const principal = Buffer.from(JSON.stringify({ auth_typ: 'aad', claims })).toString('base64')
  const headers = {
    'x-ms-client-principal': principal,
    'x-ms-client-principal-id': 'mallory',
    'x-ms-client-principal-name': 'mallory',
  }
  for (const path of ['/v1/me', '/v1/services', '/v1/services/pricing/status']) {
    expect((await scene.ask(path, { headers })).status).toBe(401)
  }
})

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += 16) await Promise.all(items.slice(from, from + 16).map(work))
}
