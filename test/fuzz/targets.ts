import { readFileSync } from 'node:fs'
import { faultOfResponse } from '../../lib/adapters/apps/arm-fault.ts'
import { runningDetails } from '../../lib/adapters/apps/arm-models.ts'
import { createPrincipalReader } from '../../lib/adapters/identity/easy-auth.ts'
import { readAnswer as readHttp } from '../../lib/adapters/metrics/http-answer.ts'
import { sayWithout } from '../../lib/adapters/metrics/http-say.ts'
import { readChallenges } from '../../lib/adapters/registry/challenge.ts'
import { parseJson } from '../../lib/door/body.ts'
import { Refusal } from '../../lib/door/problem.ts'
import { readCommand } from '../../lib/schema/command.ts'
import { readFreezeRequest } from '../../lib/schema/freeze-request.ts'
import { readManifests } from '../../lib/schema/manifest.ts'
import { type PushSource, readPush } from '../../lib/schema/push/index.ts'
import { readPushRequest } from '../../lib/schema/push-request.ts'
import { readSettings } from '../../lib/schema/settings.ts'
import { aQuery, T0 } from '../support/builders.ts'
import { DOORS } from './doors.ts'
import { REPLIES, textOf } from './replies.ts'
import { STORED } from './rows.ts'
import type { Target } from './run.ts'

const PAYLOADS = ['acr-push', 'acr-delete', 'acr-ping', 'distribution-notification'].concat(
  'event-grid-schema-image-pushed',
  'event-grid-cloudevents-image-pushed',
  'event-grid-subscription-validation',
)
const TEXTS = PAYLOADS.map((name) => readFileSync(new URL(`../schema/payloads/${name}.json`, import.meta.url), 'utf8'))
const BODIES: readonly unknown[] = TEXTS.map((text) => JSON.parse(text))
const MANIFESTS = ['pricing', 'routing', 'safety'].map((name) =>
  readFileSync(new URL(`../../examples/manifests/${name}.yaml`, import.meta.url), 'utf8'),
)
const GUID = '11111111-1111-1111-1111-111111111111'

const principal = createPrincipalReader({
  audience: 'api',
  tenant: GUID,
  clients: [],
  roles: new Map(),
  clock: { now: () => T0 },
})

function hook(source: PushSource): Target {
  const run = (body: unknown) => readPush(source, body, { receivedAt: T0, headers: {} })
  return { name: `hook-${source}`, takes: 'value', seeds: BODIES, run }
}

/** Parsers of outside input that answer or refuse, and never throw anything that is not named here. */
export const TARGETS: readonly Target[] = [
  hook('acr'),
  hook('event-grid'),
  hook('distribution'),
  { name: 'body', takes: 'text', seeds: TEXTS, run: parseJson, isFine: (error) => error instanceof Refusal },
  { name: 'manifest', takes: 'text', count: 250, seeds: MANIFESTS, run: (text: string) => readManifests(text) },
  {
    name: 'command',
    takes: 'value',
    seeds: [{ reason: 'looks good', step: 2 }],
    run: (body: unknown) => readCommand(body, 'promote'),
  },
  {
    name: 'freeze',
    takes: 'value',
    seeds: [
      { reason: 'peak', from: '2026-11-21T13:00:00Z', until: '2026-11-22T13:00:00Z' },
      { reason: 'nights', cron: '0 22 * * *', timeZone: 'Europe/Berlin', duration: '8h' },
    ],
    run: (body: unknown) => readFreezeRequest(body, T0),
  },
  {
    name: 'push-request',
    takes: 'value',
    seeds: [{ tag: 'v2', digest: `sha256:${'ab'.repeat(32)}` }],
    run: readPushRequest,
  },
  {
    name: 'settings',
    takes: 'text',
    seeds: ['{"production": {"prometheusUrl": "https://p.example.com"}}', '{"r.azurecr.io": {"auth": "acr"}}'],
    run: (text: string) => readSettings({ SLIPWAY_ENVIRONMENTS: text, SLIPWAY_REGISTRIES: text, SLIPWAY_NOTIFY: text }),
  },
  {
    name: 'arm-refusal',
    takes: 'text',
    seeds: ['{"error": {"code": "Conflict", "message": "an operation is in progress"}}', '<html>Bad Gateway</html>'],
    run: (text: string) =>
      faultOfResponse('read', { status: 409, bodyAsText: text, headers: { get: () => text.slice(0, 40) } }, T0),
  },
  {
    name: 'arm-details',
    takes: 'value',
    seeds: [{ value: [{ name: 'a--1', properties: { runningStateDetails: 'Deploying' } }] }],
    run: runningDetails,
  },
  {
    name: 'kpi-service',
    takes: 'text',
    seeds: [`{"readings": [{"id": "q1", "buckets": [{"at": ${T0}, "bad": 1, "total": 9}]}]}`],
    run: (text: string) => readHttp(text, [aQuery()], T0, sayWithout('token')),
  },
  {
    name: 'challenge',
    takes: 'text',
    seeds: ['Bearer realm="https://r.example.com/t",service="r",scope="a:b:pull", Basic realm="x"'],
    run: readChallenges,
  },
  {
    name: 'principal',
    takes: 'value',
    seeds: [
      {
        auth_typ: 'aad',
        claims: [
          { typ: 'oid', val: GUID },
          { typ: 'roles', val: 'Operator' },
        ],
      },
    ],
    run: (value: unknown) => principal(Buffer.from(textOf(value)).toString('base64')),
  },
  ...REPLIES,
  ...DOORS,
  ...STORED,
]
