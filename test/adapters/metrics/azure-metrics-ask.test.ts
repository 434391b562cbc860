import { expect, test } from 'vitest'
import { type Ask, createAsk } from '../../../lib/adapters/metrics/azure-metrics-ask.ts'
import type { MetricsRequest } from '../../../lib/adapters/metrics/azure-metrics-request.ts'
import { MINUTE, START } from './queries.ts'

const APPS = Array.from({ length: 50 }, (_, place) => `/apps/a${place}`)

/** The call about some apps, all of which Azure has heard of in one go. */
function about(resourceIds: readonly string[]): MetricsRequest {
  const window = { from: START, to: START + MINUTE }
  const kind = { metric: 'Requests', aggregation: 'Total', filter: '', ...window } as const
  return { endpoint: 'https://westeurope.example', subscriptionId: 'sub', resourceIds, ...kind }
}

/** A client that fails with `errorFor` a call, where that is something, and else answers for every app. */
function asking(errorFor: (ids: readonly string[]) => unknown, timeoutMs = 30_000) {
  const calls: (readonly string[])[] = []
  const queryResources = async (ids: readonly string[]) => {
    calls.push(ids)
    const error = await errorFor(ids)
    if (error !== null) throw error
    return ids.map((resourceId) => ({
      resourceId,
      granularity: 'PT1M',
      metrics: [{ name: 'Requests', timeseries: [] }],
    }))
  }
  return { calls, ask: createAsk({ clientFor: () => ({ queryResources }), timeoutMs }) }
}

const refused = () => Object.assign(new Error('gone'), { statusCode: 404 })
const refusing = (gone: ReadonlySet<string>) => asking((ids) => (ids.some((id) => gone.has(id)) ? refused() : null))

/** Per silence the apps that have it; `answered` for those that have none. */
async function look(ask: Ask, ids: readonly string[] = APPS): Promise<Readonly<Record<string, readonly string[]>>> {
  const answered = [...(await ask(about(ids)))]
  const groups = [...Map.groupBy(answered, ([, app]) => ('silence' in app ? app.silence : 'answered'))]
  return Object.fromEntries(groups.map(([name, apps]) => [name, apps.map(([id]) => id).sort()]))
}

test.each([0, 13, 24, 25, 37, 49])(
  'one app of fifty that is gone is found in the same look: number %i',
  async (place) => {
    const id = `/apps/a${place}`
    const { calls, ask } = refusing(new Set([id]))
    const { answered, ...others } = await look(ask)
    expect(others).toEqual({ refused: [id] })
    expect(answered).toHaveLength(49)
    expect(calls.length).toBeLessThanOrEqual(9)
  },
)

test('half of all apps gone never costs more than eight calls beside the first, and each look knows more', async () => {
  const gone = new Set(APPS.filter((_, place) => place % 2 === 1))
  const { calls, ask } = refusing(gone)
  let known = 0
  for (let looks = 0; known < gone.size; looks++) {
    expect(looks).toBeLessThan(gone.size)
    calls.length = 0
    const { refused: found = [], answered = [], partial = [] } = await look(ask)
    expect(calls.length).toBeLessThanOrEqual(9)
    expect(found.every((id) => gone.has(id))).toBe(true)
    expect(answered.every((id) => !gone.has(id))).toBe(true)
    expect(found.length + answered.length + partial.length).toBe(50)
    expect(found.length).toBeGreaterThan(known)
    known = found.length
  }
  calls.length = 0
  expect(await look(ask)).toEqual({
    refused: [...gone].sort(),
    answered: APPS.filter((id) => !gone.has(id)).sort(),
  })
  expect(calls.map((ids) => ids.length).sort()).toEqual([1, 25])
})

test('an app whose search is not over is missing with the reason', async () => {
  const { ask } = refusing(new Set(APPS.filter((_, place) => place % 2 === 1)))
  const open = [...(await ask(about(APPS)))].flatMap(([, app]) => ('silence' in app ? app : []))
  expect(open).toContainEqual({
    silence: 'partial',
    why: expect.stringMatching(/refuses a call about several apps.*not found yet.*next look/),
  })
})

test('an app that comes back is answered for again, and another one waits no longer than its turn', async () => {
  const gone = new Set(['/apps/a3', '/apps/a7'])
  const { ask } = refusing(gone)
  await look(ask)
  expect(await look(ask)).toMatchObject({ refused: ['/apps/a3', '/apps/a7'] })
  gone.clear()
  await look(ask)
  await look(ask)
  expect(await look(ask)).toEqual({ answered: [...APPS].sort() })
})

test('a refusal that is not one app’s fault is told of all, and no app is remembered for it', async () => {
  let isRefused = true
  const { calls, ask } = asking(() => (isRefused ? refused() : null))
  expect(await look(ask)).toEqual({ refused: [...APPS].sort() })
  expect(calls.length).toBeLessThanOrEqual(9)
  isRefused = false
  calls.length = 0
  expect(await look(ask)).toEqual({ answered: [...APPS].sort() })
  expect(calls).toHaveLength(1)
})

test('a search ends when the time for one answer is over, with what it found until then', async () => {
  const silent = new Promise<never>(() => {})
  const { calls, ask } = asking(
    (ids) => (ids.length === 13 ? silent : ids.includes('/apps/a30') ? refused() : null),
    100,
  )
  const { answered = [], ...open } = await look(ask)
  expect(answered).toEqual(APPS.slice(0, 25).sort())
  expect(Object.values(open).flat().sort()).toEqual(APPS.slice(25).sort())
  expect(calls.length).toBeLessThanOrEqual(4)
})

test('a service that goes down during the search is not asked on', async () => {
  const { calls, ask } = asking((ids) =>
    ids.length === 50 ? refused() : Object.assign(new Error(), { statusCode: 503 }),
  )
  await look(ask)
  expect(calls).toHaveLength(2)
})
