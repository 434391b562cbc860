import { createTokenCheck } from '../../lib/adapters/identity/entra.ts'
import { createKeys } from '../../lib/adapters/identity/keys.ts'
import { isKnown } from '../../lib/door/conditional.ts'
import { pageOf, sliceOf } from '../../lib/door/paging.ts'
import { commandCondition, manifestExpectation } from '../../lib/door/precondition.ts'
import { waitAsked } from '../../lib/door/prefer.ts'
import { Refusal } from '../../lib/door/problem.ts'
import { checkParameters, checkVersion } from '../../lib/door/query.ts'
import { requestIdIn, withRequestId } from '../../lib/door/request-id.ts'
import { checkOrigin, tokenOfSession } from '../../lib/door/session.ts'
import { beginSignIn, endSignIn, type SignIn } from '../../lib/door/sign-in.ts'
import { Fault } from '../../lib/errors.ts'
import { readAuditQuery } from '../../lib/schema/audit-query.ts'
import { readDeliveryQuery } from '../../lib/schema/delivery-query.ts'
import { readDriftQuery } from '../../lib/schema/drift-query.ts'
import { T0 } from '../support/builders.ts'
import type { Target } from './run.ts'

const clock = { now: () => T0 }
const isRefusal = (error: unknown) => error instanceof Refusal
const SITE = { publicUrl: 'https://slipway.example.com/api' }
const TENANT = '11111111-1111-1111-1111-111111111111'

/** Headers as the host hands them over: what HTTP itself refuses never gets to a door. */
function headersOf(name: string, value: string): Headers {
  const carried = value.replace(/[^\t\x20-\x7e\x80-\xff]/g, '')
  return new Headers({ [name]: carried })
}

/** A target that reads one header. */
function header(target: string, name: string, seeds: readonly string[], read: (headers: Headers) => unknown): Target {
  const run = (text: string) => read(headersOf(name, text))
  return { name: target, takes: 'text', seeds, run, isFine: isRefusal }
}

const signIn: SignIn = {
  site: SITE,
  authorizeUrl: 'https://login.example.com/authorize',
  clientId: TENANT,
  scope: 'api/.default',
  exchange: async () => null,
  checkToken: async () => ({ kind: 'unknown', because: 'a stranger' }),
  meet: () => {},
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const CLAIMS = {
  iss: 'https://login.example.com/v2.0',
  aud: 'api',
  tid: TENANT,
  azp: TENANT,
  oid: TENANT,
  exp: T0 / 1000 + 600,
  nbf: T0 / 1000,
  roles: ['Operator'],
}
const TOKEN = `${part({ alg: 'RS256', typ: 'JWT', kid: 'k1' })}.${part(CLAIMS)}.${'A'.repeat(342)}`
const JWKS = { keys: [{ kty: 'RSA', kid: 'k1', use: 'sig', alg: 'RS256', e: 'AQAB', n: 'w'.repeat(342) }] }

const checkWith = (jwks: string) =>
  createTokenCheck({
    issuer: CLAIMS.iss,
    tenant: TENANT,
    audience: 'api',
    clients: [TENANT],
    keys: createKeys({ url: `data:application/json;base64,${Buffer.from(jwks).toString('base64')}`, clock }),
    roles: new Map(),
    clock,
  })

const jwks: Target = {
  name: 'jwks',
  takes: 'text',
  count: 125,
  seeds: [JSON.stringify(JWKS)],
  isFine: (error) => error instanceof Fault,
  run: (text: string) => checkWith(text)(TOKEN),
}

const check = checkWith(JSON.stringify(JWKS))

const query: Target = {
  name: 'query',
  takes: 'text',
  seeds: [
    'environment=production&service=pricing&kind=finished&since=2026-11-21T08:00:00Z&limit=20&from=20',
    'window=30d&from=2026-11-01T00:00:00Z&to=2026-11-21T00:00:00%2B01:00',
    'state=waiting&api-version=2026-11-21&from=1~abc',
  ],
  isFine: isRefusal,
  run: (text: string) => {
    const parameters = new URLSearchParams(text)
    readAuditQuery(parameters)
    readDeliveryQuery(parameters, T0)
    readDriftQuery(parameters, parameters.get('format'))
    checkVersion(parameters, headersOf('api-version', text.slice(0, 40)))
    const page = pageOf(parameters)
    sliceOf('/api/v1/freezes', parameters, [1, 2, 3], page)
    checkParameters(parameters, ['environment', 'limit', 'from', 'api-version'])
  },
}

/** What callers send besides bodies: tokens, cookies, conditions, ids, queries. */
export const DOORS: readonly Target[] = [
  { name: 'token', takes: 'text', seeds: [TOKEN], isFine: (error) => error instanceof Fault, run: check, count: 250 },
  jwks,
  query,
  header('cookie', 'cookie', ['__Host-slipway-session=abc; theme=dark; __Host-slipway-errand="x"'], (headers) =>
    tokenOfSession(SITE, headers),
  ),
  {
    name: 'sign-in',
    takes: 'text',
    seeds: ['?code=abc&state=def&back=%2Fapi%2Fui%2F%23%2Fproduction', '?error=access_denied&error_description=no'],
    isFine: (error) => error instanceof Refusal || error instanceof Fault,
    run: async (text: string) => {
      const visit = { query: new URLSearchParams(text), headers: headersOf('cookie', text) }
      beginSignIn(signIn, visit)
      await endSignIn(signIn, visit)
    },
  },
  header('origin', 'origin', ['https://slipway.example.com', 'null'], (headers) => checkOrigin(SITE, 'POST', headers)),
  header('prefer', 'prefer', ['wait=30', 'respond-async, wait=10; foo="bar"'], waitAsked),
  header('if-match', 'if-match', ['"v3"', '*', 'W/"v3", "v4"'], (headers) => [
    manifestExpectation(headers),
    commandCondition(headers, 'promote', { rollout: 'pricing-1', step: 1 }),
  ]),
  header('if-none-match', 'if-none-match', ['"v3"', 'W/"v3", "v4"', '*'], (headers) =>
    isKnown(headers.get('if-none-match'), '"v3"'),
  ),
  header('idempotency-key', 'idempotency-key', ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', 'plain'], (headers) => [
    requestIdIn(headers, { id: headers.get('idempotency-key') }),
    withRequestId(headers, {}),
  ]),
]
