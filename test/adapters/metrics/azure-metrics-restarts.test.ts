import { expect, test } from 'vitest'
import type { MetricsClient } from '../../../lib/adapters/metrics/azure-metrics-call.ts'
import { createAzureRestarts } from '../../../lib/adapters/metrics/azure-metrics-restarts.ts'
import { MINUTE, query, START } from './queries.ts'

const { target, region, revision } = query()
const ask = { target, region, revision, from: START, to: START + 10 * MINUTE }

/** Counts restarts where the replicas of `shop--a` show these figures, as pairs of minute and figure. */
function counting(...replicas: readonly (readonly (readonly [minute: number, figure: number])[])[]) {
  const timeseries = replicas.map((figures, place) => ({
    metadatavalues: [
      { name: 'revisionname', value: revision },
      { name: 'podname', value: `r${place}` },
    ],
    data: figures.map(([minute, maximum]) => ({ timeStamp: new Date(START + minute * MINUTE), maximum })),
  }))
  const clientFor = (): MetricsClient => ({
    queryResources: async ([resourceId], [name]) => [
      { resourceId, granularity: 'PT1M', metrics: [{ name, timeseries }] },
    ],
  })
  return createAzureRestarts({ clientFor })([ask])
}

test('what the figures of each replica grow by is added up', async () => {
  expect(
    await counting(
      [
        [0, 2],
        [1, 2],
        [2, 4],
      ],
      [
        [3, 0],
        [5, 1],
      ],
    ),
  ).toEqual([{ kind: 'counted', restarts: 3 }])
})

test('a minute that says 0 after higher figures is not finished, and is no new count', async () => {
  expect(
    await counting([
      [0, 3],
      [1, 3],
      [2, 0],
    ]),
  ).toEqual([{ kind: 'counted', restarts: 0 }])
})

test('the order of the figures makes no difference', async () => {
  expect(
    await counting([
      [9, 5],
      [8, 4],
      [0, 3],
    ]),
  ).toEqual([{ kind: 'counted', restarts: 2 }])
})

test('a service that fails counts nothing, and says so', async () => {
  const clientFor = (): MetricsClient => ({
    queryResources: () => Promise.reject(Object.assign(new Error('no'), { statusCode: 503 })),
  })
  const counts = await createAzureRestarts({ clientFor })([ask, { ...ask, region: '/' }])
  expect(counts).toMatchObject([
    { kind: 'missing', silence: 'down' },
    { kind: 'missing', silence: 'malformed' },
  ])
})
