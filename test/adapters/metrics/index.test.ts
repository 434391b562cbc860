import { expect, test } from 'vitest'
import { createMetrics } from '../../../lib/adapters/metrics/index.ts'
import type { Query, Reading } from '../../../lib/core/judge/verdict.ts'
import type { Metrics } from '../../../lib/ports.ts'
import { errorRate, query } from './queries.ts'

const logs = () => query()
const prom = () => query({ kpi: errorRate({ source: 'prometheus' }) })

function answering(total: number, seen: string[][] = []): Metrics {
  return {
    async read(queries) {
      seen.push(queries.map((one) => one.id))
      return queries.map(({ id }): Reading => {
        return { id, kind: 'measured', bad: 0, total, value: 0, query: 'text', approximate: false }
      })
    },
  }
}

test('each query goes to the source its KPI names, and the answers keep the order', async () => {
  const seen: string[][] = []
  const metrics = createMetrics({ 'azure-logs': answering(1, seen), prometheus: answering(2, seen) })
  const queries = [prom(), logs(), prom(), logs()]
  const readings = await metrics.read(queries)
  expect(readings.map((reading) => [reading.id, totalOf(reading)])).toEqual(
    queries.map((one, place) => [one.id, place % 2 === 0 ? 2 : 1]),
  )
  expect(seen.toSorted()).toEqual([
    [queries[0]?.id, queries[2]?.id],
    [queries[1]?.id, queries[3]?.id],
  ])
})

test('a source that nobody named is not asked', async () => {
  const seen: string[][] = []
  const metrics = createMetrics({ 'azure-logs': answering(1), prometheus: answering(2, seen) })
  expect(await metrics.read([logs()])).toHaveLength(1)
  expect(await metrics.read([])).toEqual([])
  expect(seen).toEqual([])
})

test('the sources are asked at the same time', async () => {
  const { promise: bothAsked, resolve } = Promise.withResolvers<void>()
  let asked = 0
  const waiting: Metrics = {
    async read(queries) {
      asked += 1
      if (asked === 2) resolve()
      await bothAsked
      return answering(1).read(queries)
    },
  }
  const metrics = createMetrics({ 'azure-logs': waiting, prometheus: waiting })
  expect(await metrics.read([logs(), prom()])).toHaveLength(2)
})

test('a source that gives too few answers, or to other queries, leaves missing readings', async () => {
  const lazy: Metrics = { read: async () => [] }
  const confused: Metrics = {
    read: (queries: readonly Query[]) => answering(1).read(queries.map((one) => ({ ...one, id: 'other' }))),
  }
  const readings = await createMetrics({ 'azure-logs': lazy, prometheus: confused }).read([logs(), prom()])
  expect(readings).toMatchObject([
    { kind: 'missing', why: 'azure-logs gave no answer to this query' },
    { kind: 'missing', why: 'prometheus gave no answer to this query' },
  ])
})

function totalOf(reading: Reading): number {
  return reading.kind === 'measured' ? reading.total : -1
}
