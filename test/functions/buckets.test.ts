import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BucketLine } from '../../lib/core/judge/state.ts'
import { healthyProfile } from '../../sim/azure/image-profile.ts'
import { localToken } from '../../sim/start/token.ts'
import { slipway } from '../cli/run.ts'
import { manifest } from './manifests.ts'
import { all, expectProblem, linkOf, openScene, type Scene, until } from './scene.ts'

const BUCKETS = '/v1/services/pricing/rollouts/1/buckets'
const LOOKS = 8

let scene: Scene

const linesOf = async (path: string) => (await all(scene.api, path)) as readonly BucketLine[]

/** A rollout that is judged until it has some buckets, and is then aborted, so that they stay as they are. */
beforeAll(async () => {
  scene = await openScene([manifest({ name: 'pricing' }), manifest({ name: 'safety' })])
  await scene.stack.push('pricing', 'v2', healthyProfile('v2'))
  await until('the canary takes traffic', async () => (await scene.api(BUCKETS)).status === 200)
  await until('some buckets are stored', async () => (await linesOf(`${BUCKETS}?limit=100`)).length >= LOOKS)
  await scene.command('pricing', 'abort', { id: 'buckets-abort' })
  await until('the rollout is over', async () => {
    const [rollout] = await scene.rollouts('pricing')
    return rollout?.phase.kind === 'finished'
  })
})

afterAll(() => scene?.close())

test('the buckets come with what is needed to judge them again', async () => {
  const answer = await scene.api(`${BUCKETS}?environment=production`)
  expect(answer.status).toBe(200)
  const { items, ...rest } = answer.json as { items: readonly BucketLine[] } & Readonly<Record<string, unknown>>
  const first = items[0]
  expect(rest).toEqual({
    rollout: 'pricing-1',
    from: first?.at,
    bucketMs: 1000,
    history: {
      p95: {
        phi: expect.any(Number),
        buckets: expect.any(Number),
        busy: expect.any(Number),
        total: expect.any(Number),
      },
    },
    unfinished: { p95: expect.any(Array) },
    nextLink: null,
  })
  expect(items.length).toBeGreaterThanOrEqual(LOOKS)
  const starts = items.flatMap(({ kpis }) => (kpis.p95 ?? []).map(([at]) => at))
  expect(starts).toEqual(starts.map((_, index) => (first?.at ?? 0) + index * 1000))
})

test('paging shows every line once, oldest first, whatever the size of a page', async () => {
  const whole = await linesOf(`${BUCKETS}?limit=100`)
  for (const limit of [1, 3]) expect(await linesOf(`${BUCKETS}?limit=${limit}`)).toEqual(whole)
  const answer = await scene.api(`${BUCKETS}?limit=3&environment=production`)
  expect(linkOf(answer)).toMatch(/^\/v1\/services\/pricing\/rollouts\/1\/buckets\?limit=3&environment=production&from=/)
})

test('as CSV all buckets come at once, by format or by Accept, and by pages where a limit is given', async () => {
  const answer = await scene.api(`${BUCKETS}?format=csv`)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect(answer.headers.get('link')).toBeNull()
  const [header, ...rows] = answer.text.trimEnd().split('\r\n')
  expect(header).toBe('minute,kpi,arm,bad,total,value')
  const measured = (await linesOf(`${BUCKETS}?limit=100`)).flatMap(({ kpis }) => kpis.p95 ?? [])
  expect(rows.filter((row) => row.includes(',canary,'))).toHaveLength(measured.filter(([, bad]) => bad !== null).length)
  expect(rows[0]).toMatch(/^0,p95,canary,\d+,\d+,$/)
  expect((await scene.api(BUCKETS, { headers: { accept: 'text/csv' } })).text).toBe(answer.text)
  const page = await scene.api(`${BUCKETS}?format=csv&limit=2`)
  expect(page.headers.get('link')).toMatch(
    /^<\/api\/v1\/services\/pricing\/rollouts\/1\/buckets\?.*from=.*>; rel="next"$/,
  )
  expect(answer.text.startsWith(page.text.trimEnd())).toBe(true)
})

test.each([
  ['/v1/services/pricing/rollouts/2/buckets', 404, 'not-found', /pricing has no rollout "2"/],
  ['/v1/services/safety/rollouts/1/buckets', 404, 'not-found', /safety has no rollout "1"/],
  ['/v1/services/pricing/rollouts/0/buckets', 404, 'not-found', /no rollout "0"/],
  ['/v1/services/pricing/rollouts/one/buckets', 404, 'not-found', /no rollout "one"/],
  ['/v1/services/nobody/rollouts/1/buckets', 404, 'not-found', /There is no service "nobody"/],
  [`${BUCKETS}?environment=staging`, 404, 'not-found', /There is no service/],
  [`${BUCKETS}?limit=0`, 400, 'bad-request', /limit is "0"/],
  [`${BUCKETS}?format=xml`, 400, 'bad-request', /format is "xml"; give json or csv/],
  [`${BUCKETS}?from=nonsense`, 400, 'bad-request', /./],
] as const)('%s is answered %i', async (path, status, kind, detail) => {
  expectProblem(await scene.api(path), status, kind, detail)
})

test('nobody reads buckets without a token, and they are read only', async () => {
  expect((await scene.ask(BUCKETS)).status).toBe(401)
  expectProblem(await scene.api(BUCKETS, { method: 'DELETE' }), 405, 'method-not-allowed')
})

test('slipway replay judges the stored rollout anew, beside how it was, and simulate reads its CSV', async () => {
  const { api } = scene.stack.local
  const folder = await mkdtemp(join(tmpdir(), 'slipway-replay-'))
  try {
    const changed = join(folder, 'changed.yaml')
    await writeFile(
      changed,
      manifest({ name: 'pricing' }).replace('bake: 1h', 'bake: 3s').replaceAll('minRequests: 50', 'minRequests: 1'),
    )
    const where = ['replay', '--url', new URL(api).origin, '--service', 'pricing', '--rollout', '1']
    const env = { SLIPWAY_TOKEN: await localToken(scene.stack.local) }
    const plain = await slipway([...where, '--json'], { env })
    expect(plain.err).toBe('')
    expect(JSON.parse(plain.out)).toMatchObject({
      outcome: 'running',
      recorded: { outcome: 'aborted', because: 'aborted by local-admin' },
      then: { outcome: 'running' },
    })
    const anew = await slipway([...where, '--manifest', changed, '--environment', 'production'], { env })
    expect(anew.err).toBe('')
    expect(anew.out).toContain('Replay of pricing-1 (v2) in production')
    expect(anew.out).toContain('As it was: aborted in bucket')
    const csv = (await scene.api(`${BUCKETS}?format=csv`)).text
    const again = await slipway(['simulate', '--manifest', changed, '--buckets', '-', '--json'], { input: csv })
    expect(JSON.parse(again.out).verdicts.length).toBeGreaterThan(0)
    await writeFile(changed, manifest({ name: 'pricing' }).replace('setWeight: 10', 'setWeight: 20'))
    const more = await slipway([...where, '--manifest', changed], { env })
    expect(more).toMatchObject({ code: 1, out: '' })
    expect(more.err).toContain('bucket 0 was measured at 10 %, the plan wants 20 %')
    const denied = await slipway(where, { env: { SLIPWAY_TOKEN: 'nobodys-token' } })
    expect(denied).toMatchObject({ code: 1, out: '', err: expect.stringContaining('Check the token') })
    const unknown = await slipway([...where.slice(0, -1), '7'], { env })
    expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('pricing has no rollout 7') })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
