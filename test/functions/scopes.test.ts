import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestIssuer, type TestIssuer } from '../support/tokens.ts'
import { manifest } from './manifests.ts'
import { type Answer, errorsOf, expectProblem, openScene, type Scene } from './scene.ts'

const ROLES = {
  everywhere: { role: 'admin' },
  staging: { role: 'admin', environments: ['staging'] },
  pricing: { role: 'admin', environments: ['production'], services: ['pricing', 'pricing-*'] },
  both: { role: 'admin', services: ['pricing', 'safety'] },
} as const

const PRICING = manifest({ name: 'pricing' })
const YAML = { 'content-type': 'application/yaml' }

let scene: Scene
let issuer: TestIssuer

beforeAll(async () => {
  issuer = await createTestIssuer()
  scene = await openScene(
    [PRICING, manifest({ name: 'safety' })],
    ({ settings }) => ({
      ...issuer.settings,
      SLIPWAY_ROLES: JSON.stringify(ROLES),
      SLIPWAY_NOTIFY: JSON.stringify({ duty: { kind: 'slack', channel: 'C0123456789', secret: 'notify-slack' } }),
      SLIPWAY_ENVIRONMENTS: JSON.stringify({
        ...JSON.parse(settings.SLIPWAY_ENVIRONMENTS ?? '{}'),
        staging: { logWorkspaceId: '00000000-0000-0000-0000-000000000002' },
      }),
    }),
    () => issuer.token({ roles: ['everywhere'] }),
  )
})

afterAll(async () => {
  await scene?.close()
  await issuer?.close()
})

async function as(who: readonly (keyof typeof ROLES)[], path: string, init: RequestInit = {}): Promise<Answer> {
  const authorization = `Bearer ${await issuer.token({ roles: who })}`
  return scene.api(path, { ...init, headers: { ...init.headers, authorization } })
}

function put(who: readonly (keyof typeof ROLES)[], name: string, body: string): Promise<Answer> {
  const headers = { ...YAML, ...(body.includes('first: true') ? {} : { 'if-match': '*' }) }
  const text = body.replace('first: true\n', '')
  return as(who, `/v1/services/${name}/manifest`, { method: 'PUT', headers, body: text })
}

const retargeted = (text: string, app: string) => text.replace(/containerApp: \S+/, `containerApp: ${app}`)
const first = (text: string) => `first: true\n${text}`

test('an Admin of some services changes how theirs are rolled out, not which app is moved or whose images it gets', async () => {
  expect((await put(['pricing'], 'pricing', PRICING.replace('200ms', '190ms'))).status).toBe(200)
  const refused = /takes the role admin for all of production/
  expectProblem(await put(['pricing'], 'pricing', retargeted(PRICING, 'safety')), 403, 'forbidden', refused)
  expectProblem(await put(['pricing'], 'pricing', retargeted(PRICING, 'other')), 403, 'forbidden', refused)
  const group = PRICING.replace('resourceGroup: rides', 'resourceGroup: others')
  expectProblem(await put(['pricing'], 'pricing', group), 403, 'forbidden', refused)
  const image = PRICING.replace('repository: pricing', 'repository: safety')
  expectProblem(await put(['pricing'], 'pricing', image), 403, 'forbidden', refused)
  const added = first(manifest({ name: 'pricing-two' }))
  expectProblem(await put(['pricing'], 'pricing-two', added), 403, 'forbidden', refused)
  expectProblem(await put(['both'], 'pricing', retargeted(PRICING, 'safety')), 403, 'forbidden', refused)
  expect((await scene.api('/v1/services/pricing/status')).json?.manifestVersion).toBe(2)
})

test('an Admin of an environment takes no app that a service of another one runs, unless they may configure that too', async () => {
  const routing = manifest({ name: 'routing', environment: 'staging' })
  expectProblem(await put(['staging'], 'routing', first(retargeted(routing, 'safety'))), 403, 'forbidden', /not theirs/)
  const upper = retargeted(routing, 'safety').replace('resourceGroup: rides', 'resourceGroup: RIDES')
  expectProblem(await put(['staging'], 'routing', first(upper)), 403, 'forbidden', /not theirs/)
  expect((await put(['staging'], 'routing', first(routing))).status).toBe(201)
  expectProblem(await put(['staging'], 'routing', retargeted(routing, 'pricing')), 403, 'forbidden', /not theirs/)
  expect((await put(['staging', 'both'], 'routing', retargeted(routing, 'pricing'))).status).toBe(200)
  expect((await put(['everywhere'], 'routing', routing)).status).toBe(200)
})

test('words that every object knows are no environment, no registry and no sink', async () => {
  const odd = manifest({ name: 'odd', environment: 'constructor', source: '{ http: { url: "https://x.example/" } }' })
  const refused = await put(['everywhere'], 'odd', first(odd))
  expect(refused.status).toBe(422)
  expect(errorsOf(refused).map(({ path }) => path)).toEqual(['environment'])
  const registry = await put(['everywhere'], 'odd', first(manifest({ name: 'odd', registry: 'constructor' })))
  expect(errorsOf(registry).map(({ path }) => path)).toEqual(['image.registry'])
  const retry = '/v1/notices/retry?environment=production&sink=toString'
  expectProblem(await as(['everywhere'], retry, { method: 'POST' }), 400, 'bad-request', /The sinks are: duty/)
})

test('who is bound to a part is told no names of the rest', async () => {
  const freeze = JSON.stringify({ id: 'f1', environment: 'nowhere', reason: 'a test of the walls' })
  const json = { 'content-type': 'application/json' }
  const answers = [
    await as(['pricing'], '/v1/services?environment=BAD!'),
    await as(['pricing'], '/v1/freezes', { method: 'POST', headers: json, body: freeze }),
    await as(['pricing'], '/v1/notices/retry', { method: 'POST' }),
    await as(['both'], '/v1/audit/verify?environment=nowhere&service=pricing'),
    await as(['both'], '/v1/drift?environment=nowhere'),
    await as(['both'], '/v1/delivery?environment=nowhere&service=pricing'),
  ]
  expect(answers.map(({ status }) => status)).toEqual([400, 403, 400, 404, 404, 404])
  for (const { text } of answers) expect(text).not.toMatch(/staging|There are: |duty/)
})
