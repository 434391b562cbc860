import { afterAll, beforeAll, expect, test } from 'vitest'
import { manifest } from './manifests.ts'
import { errorsOf, expectProblem, itemsOf, openScene, type Scene } from './scene.ts'

let scene: Scene

beforeAll(async () => {
  scene = await openScene([])
})

afterAll(() => scene?.close())

const pricing = manifest({ name: 'pricing' })
const said = (answer: Parameters<typeof errorsOf>[0]) =>
  errorsOf(answer).map(({ line, path, message }) => `${line} ${path}: ${message}`)

test('a manifest is created, then unchanged, then changed; the audit has both sides of the change and who did it', async () => {
  const created = await scene.put('pricing', pricing)
  expect(created).toMatchObject({ status: 201, json: { kind: 'created', version: 1, running: null } })
  expect(created.headers.get('etag')).toBe('"v1"')
  const again = await scene.put('pricing', `# the same in other words\n${pricing}`, { 'if-match': '"v1"' })
  expect(again).toMatchObject({ status: 200, json: { kind: 'unchanged', version: 1 } })
  const changed = await scene.put('pricing', pricing.replace('200ms', '150ms'), { 'if-match': '*' })
  expect(changed).toMatchObject({ status: 200, json: { kind: 'changed', version: 2 } })
  expect(changed.headers.get('etag')).toBe('"v2"')
  const rows = itemsOf(await scene.api('/v1/audit?environment=production&service=pricing'))
  expect(rows).toMatchObject([
    { kind: 'manifest-stored', value: 2, actor: 'local-admin' },
    { kind: 'manifest-stored', value: 1, actor: 'local-admin', detail: { before: null } },
  ])
  expect(JSON.stringify(rows[0]?.detail)).toMatch(/"before":.*200.*"after":.*150/)
})

test('GET shows the stored manifest as it is written, with its defaults, its version and its ETag', async () => {
  const answer = await scene.api('/v1/services/pricing/manifest')
  expect(answer.headers.get('etag')).toBe('"v2"')
  expect(answer.headers.get('vary')).toMatch(/accept/i)
  expect(answer.json).toMatchObject({
    version: 2,
    manifest: {
      name: 'pricing',
      environment: 'production',
      target: { containerApp: 'pricing', resourceGroup: 'rides' },
      image: { registry: 'registry.example.com', repository: 'pricing', tags: 'v*' },
      strategy: {
        canary: { steps: [{ setWeight: 10, bake: '1h' }, { setWeight: 50, bake: '1h' }, { setWeight: 100 }] },
      },
      analysis: {
        bucket: '1s',
        warmUp: '0s',
        onRelative: 'hold',
        onBlind: { after: '30m', then: 'wait' },
        requireEvidence: false,
        kpis: [{ name: 'p95', role: 'required', latency: { limit: '150ms' }, source: 'azure-logs', lag: '2s' }],
      },
      onNewRevision: 'supersede',
    },
  })
})

test('what GET gives can be PUT: as it is nothing changes, and with a change only that', async () => {
  const yaml = await scene.api('/v1/services/pricing/manifest', { headers: { accept: 'application/yaml' } })
  expect(yaml.headers.get('content-type')).toBe('application/yaml; charset=utf-8')
  const etag = yaml.headers.get('etag') ?? ''
  expect(etag).toBe('"v2"')
  expect((await scene.api('/v1/services/pricing/manifest?format=yaml')).text).toBe(yaml.text)
  const same = await scene.put('pricing', yaml.text, { 'if-match': etag })
  expect(same).toMatchObject({ status: 200, json: { kind: 'unchanged', version: 2 } })
  const asJson = JSON.stringify((await scene.api('/v1/services/pricing/manifest')).json?.manifest)
  const sameJson = await scene.put('pricing', asJson, { 'content-type': 'application/json', 'if-match': etag })
  expect(sameJson).toMatchObject({ status: 200, json: { kind: 'unchanged', version: 2 } })
  const other = await scene.put('pricing', yaml.text.replace('limit: 150ms', 'limit: 140ms'), { 'if-match': etag })
  expect(other).toMatchObject({ status: 200, json: { kind: 'changed', version: 3 } })
  const now = await scene.api('/v1/services/pricing/manifest?format=yaml')
  expect(now.text).toBe(yaml.text.replace('limit: 150ms', 'limit: 140ms'))
  expectProblem(await scene.api('/v1/services/pricing/manifest?format=toml'), 400, 'bad-request', /json or yaml/)
})

test('a manifest may be sent as JSON, and under any name of YAML', async () => {
  const asJson = {
    name: 'routing',
    environment: 'production',
    target: {
      subscription: '00000000-0000-0000-0000-000000000001',
      resourceGroup: 'rides',
      containerApp: 'routing',
    },
    image: { registry: 'registry.example.com', repository: 'routing', tags: { semver: '>=1' } },
  }
  const stored = await scene.put('routing', JSON.stringify(asJson), { 'content-type': 'application/json' })
  expect(stored).toMatchObject({ status: 201 })
  expect((await scene.api('/v1/services/routing/manifest')).json).toMatchObject({
    manifest: {
      strategy: {
        canary: { steps: [{ setWeight: 10, bake: '48h' }, { setWeight: 50, bake: '24h' }, { setWeight: 100 }] },
      },
    },
  })
  for (const type of ['application/x-yaml', 'text/yaml', 'application/yaml; charset=utf-8']) {
    expect((await scene.put('pricing', pricing, { 'content-type': type, 'if-match': '*' })).status).toBe(200)
  }
  expectProblem(await scene.put('pricing', pricing, { 'content-type': 'text/html' }), 415, 'unsupported-media-type')
})

test('everything that is wrong is said at once: line, path, and what was probably meant', async () => {
  const wrong = pricing
    .replace('strategy:', 'strategie:')
    .replace('setWeight: 50', 'setWeight: 150')
    .replace('limit: 200ms', 'limit: soon')
    .replace('watch: 2s', 'watsh: 2s')
  const answer = await scene.put('pricing', wrong)
  expectProblem(answer, 422, 'invalid', /The manifest is not valid\. Nothing was stored\./)
  expect(said(answer)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^8 strategie: .*Did you mean `strategy`\?/),
      expect.stringMatching(/^18 analysis\.kpis\[0\]\.latency\.limit: /),
      expect.stringMatching(/^23 watsh: .*Did you mean `watch`\?/),
    ]),
  )
  const weight = await scene.put('pricing', pricing.replace('setWeight: 50', 'setWeight: 150'))
  expect(said(weight)).toEqual([expect.stringMatching(/^10 strategy\.canary\.steps\[2\]\.setWeight: .*100/)])
  expect((await scene.api('/v1/services/pricing/manifest')).json?.version).toBe(4)
})

test.each([
  ['nothing', ''],
  ['a text', 'hello'],
  ['YAML that does not close', 'name: [pricing'],
  ['two manifests', `${pricing}\n---\n${pricing}`],
  [
    'a bomb of aliases',
    `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]`,
  ],
  ['a tag that makes objects', 'name: !!js/function "function () {}"'],
])('%s is no manifest: 422 with a reason', async (_, body) => {
  const answer = await scene.put('pricing', body)
  expectProblem(answer, 422, 'invalid')
  expect(errorsOf(answer).length).toBeGreaterThan(0)
})

test('what this installation does not have is refused when it is stored, not met at night', async () => {
  const elsewhere = await scene.put('pricing', pricing.replace('environment: production', 'environment: prodution'))
  expectProblem(elsewhere, 422, 'invalid', /does not fit this installation/)
  expect(errorsOf(elsewhere)).toMatchObject([
    { path: 'environment', message: expect.stringMatching(/Did you mean `production`\?.*SLIPWAY_ENVIRONMENTS/) },
  ])
  const registry = await scene.put('pricing', pricing.replace('registry.example.com', 'evil.example.com'))
  expectProblem(registry, 422, 'invalid')
  expect(errorsOf(registry)).toMatchObject([
    { path: 'image.registry', message: expect.stringMatching(/not on the allow-list.*SLIPWAY_REGISTRIES/) },
  ])
  const prometheus = '{ prometheus: { requests: http_requests_total, duration: http_duration_seconds } }'
  const source = await scene.put('pricing', pricing.replace('source: azure-logs', `source: ${prometheus}`))
  expectProblem(source, 422, 'invalid')
  expect(errorsOf(source)).toMatchObject([
    {
      path: 'analysis.kpis[0].source',
      message: expect.stringMatching(/has no prometheusUrl, which `prometheus` needs/),
    },
  ])
})

test('figures are fetched only from origins that the environment names, and what a source cannot measure is refused', async () => {
  const http = '{ http: { url: "https://figures.example.com/pricing" } }'
  const origin = await scene.put('pricing', pricing.replace('source: azure-logs', `source: ${http}`))
  expectProblem(origin, 422, 'invalid', /does not fit this installation/)
  expect(errorsOf(origin)).toMatchObject([
    {
      path: 'analysis.kpis[0].source',
      message: expect.stringMatching(
        /has no https:\/\/figures\.example\.com among its httpOrigins, which `http` needs/,
      ),
    },
  ])
  const minutes = pricing.replace('bucket: 1s', 'bucket: 1m').replace('source: azure-logs', 'source: azure-metrics')
  const latency = await scene.put('pricing', minutes)
  expectProblem(latency, 422, 'invalid', /Nothing was stored/)
  expect(said(latency)).toEqual([
    expect.stringMatching(/^18 analysis\.kpis\[0\]\.source: .*an average over all revisions/),
  ])
})

test('a manifest under the name of another service is refused: 400', async () => {
  const answer = await scene.put('safety', pricing)
  expectProblem(answer, 400, 'bad-request', 'The manifest is of pricing, but the URL names safety.')
  expectProblem(await scene.api('/v1/services/safety/manifest'), 404, 'not-found')
})

test('without If-Match one that stands is not replaced: 428 with the ETag of now', async () => {
  const send = (headers: Record<string, string>) => {
    const sent = { 'content-type': 'application/yaml', ...headers }
    const body = pricing.replace('200ms', '90ms')
    return scene.api('/v1/services/pricing/manifest', { method: 'PUT', headers: sent, body })
  }
  const answer = await send({})
  expectProblem(answer, 428, 'precondition-required', /at version 4\. .*If-Match: "v4"/)
  expect(answer.headers.get('etag')).toBe('"v4"')
  expectProblem(await send({ 'if-none-match': '*' }), 412, 'precondition-failed')
})

test('If-Match lets nobody overwrite what they have not seen: 412 with the ETag of now', async () => {
  const stale = await scene.put('pricing', pricing.replace('200ms', '100ms'), { 'if-match': '"v1"' })
  expectProblem(stale, 412, 'precondition-failed', /at version 4 now/)
  expect(stale.headers.get('etag')).toBe('"v4"')
  const none = await scene.put('safety', manifest({ name: 'safety' }), { 'if-match': '"v1"' })
  expectProblem(none, 412, 'precondition-failed')
  expectProblem(await scene.put('pricing', pricing, { 'if-match': 'v3' }), 400, 'bad-request', /not an ETag/)
  const fits = await scene.put('pricing', pricing.replace('200ms', '100ms'), { 'if-match': '"v4"' })
  expect(fits).toMatchObject({ status: 200, json: { kind: 'changed', version: 5 } })
  const racers = await Promise.all(
    ['91ms', '92ms', '93ms', '94ms'].map((limit) =>
      scene.put('pricing', pricing.replace('200ms', limit), { 'if-match': '"v5"' }),
    ),
  )
  expect(racers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412])
})

test('who stored it is whoever the token names, whatever a header says', async () => {
  const text = pricing.replace('200ms', '77ms')
  expect(await scene.put('pricing', text, { 'x-slipway-actor': 'Mallory', 'if-match': '*' })).toMatchObject({
    status: 200,
  })
  const [newest] = itemsOf(await scene.api('/v1/audit?environment=production&service=pricing&limit=1'))
  expect(newest).toMatchObject({ kind: 'manifest-stored', actor: 'local-admin' })
})

test('no secret stands in any answer, event, audit row or log line of all this', () => scene.expectNoSecrets())

test('a manifest of more than 64 KiB is refused before it is read, to be stored or planned', async () => {
  const long = `${pricing}# ${'x'.repeat(64 * 1024)}`
  expectProblem(await scene.put('pricing', long), 413, 'body-too-large', /65536 bytes/)
  const yaml = { 'content-type': 'application/yaml' }
  const plan = await scene.api('/v1/services/pricing/plan', { method: 'POST', headers: yaml, body: long })
  expectProblem(plan, 413, 'body-too-large', /65536 bytes/)
})
