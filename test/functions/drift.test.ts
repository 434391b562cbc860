import { afterAll, beforeAll, expect, test } from 'vitest'
import { manifest } from './manifests.ts'
import { all, expectProblem, itemsOf, openScene, type Scene, until } from './scene.ts'

interface Row {
  readonly kind: string
  readonly entityId: string
  readonly actor: string
  readonly value: number
  readonly sentence: string
  readonly detail: { readonly day: string } | null
}

const WHY = 'no rollout has seen yet which revision serves'
const MARKDOWN = { headers: { accept: 'text/markdown' } }

let scene: Scene

/** The night falls every second here; the rest is as in production. */
beforeAll(async () => {
  scene = await openScene(
    [
      manifest({ name: 'pricing' }),
      manifest({ name: 'safety' }),
      manifest({ name: 'pricing', environment: 'staging' }),
    ],
    ({ settings }) => ({
      SLIPWAY_DRIFT_SCHEDULE: '* * * * * *',
      SLIPWAY_ENVIRONMENTS: JSON.stringify({
        ...JSON.parse(settings.SLIPWAY_ENVIRONMENTS ?? '{}'),
        staging: { logWorkspaceId: '00000000-0000-0000-0000-000000000002' },
      }),
    }),
  )
  await until('every service has its report, and some nights found nothing left to do', async () => {
    const nights = (await scene.log()).match(/drift: 0 reports written, 3 stood already, 0 troubles/g) ?? []
    return nights.length >= 3
  })
})

afterAll(() => scene?.close())

/** The day that ended at the last midnight in UTC. */
const yesterday = () => new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)

test('the timer writes one row for each service and day, however often it runs', async () => {
  const rows = (await all(scene.api, '/v1/audit?environment=production&limit=100')) as readonly Row[]
  const reports = rows.filter(({ kind }) => kind === 'drift-reported')
  const places = reports.map(({ entityId, detail }) => `${entityId} ${detail?.day}`)
  expect(new Set(places).size).toBe(places.length)
  expect(places).toContain(`production/pricing ${yesterday()}`)
  expect(places).toContain(`production/safety ${yesterday()}`)
  for (const row of reports) {
    expect(row).toMatchObject({ actor: 'slipway', value: 0 })
    expect(row.sentence).toContain(`drift on ${row.detail?.day}: p95 cannot be told: ${WHY}`)
  }
})

test('the newest report of every service is read as JSON', async () => {
  const answer = await scene.api('/v1/drift?environment=production')
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
  expect(answer.headers.get('vary')).toBe('accept')
  expect(answer.json?.without).toEqual([])
  expect(itemsOf(answer)).toMatchObject(
    ['production/pricing', 'production/safety'].map((service) => ({
      service,
      day: yesterday(),
      reportedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      moved: 0,
      findings: [{ service, kpi: 'p95', kind: 'unclear', why: WHY }],
      remarks: [],
      report: expect.stringContaining('# Drift on '),
    })),
  )
})

test('whoever accepts Markdown gets one text of all services', async () => {
  const answer = await scene.api('/v1/drift?environment=production', MARKDOWN)
  expect(answer.headers.get('content-type')).toBe('text/markdown; charset=utf-8')
  expect(answer.text).toBe(`# Drift on ${yesterday()}

2 KPIs were held against the same weekday a week before: none moved, 2 cannot be told.

## Cannot be told

- **production/pricing** p95: ${WHY}.
- **production/safety** p95: ${WHY}.

No rollout was changed because of this report.
`)
})

test('without an environment all are meant', async () => {
  const services = itemsOf(await scene.api('/v1/drift')).map(({ service }) => service)
  expect(services).toEqual(['production/pricing', 'production/safety', 'staging/pricing'])
})

test('a service that is stored during the day gets its report of the same day', async () => {
  expect((await scene.put('routing', manifest({ name: 'routing' }))).status).toBe(201)
  await until('its report came', async () => {
    const items = itemsOf(await scene.api('/v1/drift?environment=production'))
    return items.some(({ service, day }) => service === 'production/routing' && day === yesterday())
  })
})

test('the door asks for a token, for GET, and for a query that means something', async () => {
  expect((await scene.ask('/v1/drift')).status).toBe(401)
  expectProblem(await scene.api('/v1/drift', { method: 'POST' }), 405, 'method-not-allowed')
  expectProblem(await scene.api('/v1/drift?environment=nowhere'), 404, 'not-found', /"nowhere".*production, staging/)
  const odd = await scene.api('/v1/drift?enviroment=production')
  expectProblem(odd, 400, 'bad-request', /Did you mean `environment`/)
})

test('no secret stands in any answer, event, audit row or log line of all this', () => scene.expectNoSecrets())
