import { expect, test } from 'vitest'
import { createMetrics } from '../../../lib/adapters/metrics/index.ts'
import type { Query, Reading } from '../../../lib/core/judge/reading.ts'
import type { SourceName } from '../../../lib/core/service.ts'
import type { Metrics } from '../../../lib/ports.ts'
import { errorRate, query, SOURCES, START } from './queries.ts'

const logs = () => query()
const prom = () => query({ kpi: errorRate({ source: SOURCES.prometheus }) })

/** A source that answers one bucket of so many events to everything, and notes what it was asked. */
function answering(total: number, seen: string[][] = []): Metrics {
  return {
    async read(queries) {
      seen.push(queries.map((one) => one.id))
      return queries.map(({ id }): Reading => {
        const buckets = [{ at: START, bad: 0, total, value: null }]
        return { id, kind: 'measured', buckets, quality: 'exact', query: 'text', note: null }
      })
    },
  }
}

/** A socket over all six sources; those that are not given must not be asked. */
function metricsWith(given: Partial<Record<SourceName, Metrics>>): Metrics {
  const untouched: Metrics = { read: () => Promise.reject(new Error('nobody named this source')) }
  return createMetrics({
    'azure-logs': untouched,
    'azure-metrics': untouched,
    'app-insights': untouched,
    prometheus: untouched,
    http: untouched,
    probe: untouched,
    ...given,
  })
}

test('each query goes to the source its KPI names, and the answers keep the order', async () => {
  const seen: string[][] = []
  const metrics = metricsWith({ 'azure-logs': answering(1, seen), prometheus: answering(2, seen) })
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

test('every one of the six sources is asked for its own KPI', async () => {
  const names: readonly SourceName[] = ['azure-logs', 'azure-metrics', 'app-insights', 'prometheus', 'http', 'probe']
  const each = names.map((name, place) => [name, answering(place + 1)] as const)
  const queries = Object.values(SOURCES).map((source) => query({ kpi: errorRate({ source }) }))
  const readings = await metricsWith(Object.fromEntries(each)).read(queries)
  expect(queries.map((one) => one.kpi.source.kind)).toEqual(names)
  expect(readings.map(totalOf)).toEqual([1, 2, 3, 4, 5, 6])
})

test('a source that nobody named is not asked', async () => {
  const seen: string[][] = []
  const metrics = metricsWith({ 'azure-logs': answering(1), prometheus: answering(2, seen) })
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
  const metrics = metricsWith({ 'azure-logs': waiting, prometheus: waiting })
  expect(await metrics.read([logs(), prom()])).toHaveLength(2)
})

test('a source that gives too few answers, or to other queries, leaves missing readings', async () => {
  const lazy: Metrics = { read: async () => [] }
  const confused: Metrics = {
    read: (queries: readonly Query[]) => answering(1).read(queries.map((one) => ({ ...one, id: 'other' }))),
  }
  const readings = await metricsWith({ 'azure-logs': lazy, prometheus: confused }).read([logs(), prom()])
  expect(readings).toMatchObject([
    { kind: 'missing', silence: 'malformed', why: expect.stringContaining('azure-logs gave no answer') },
    { kind: 'missing', silence: 'malformed', why: expect.stringContaining('prometheus gave no answer') },
  ])
})

function totalOf(reading: Reading): number {
  return reading.kind === 'measured' ? (reading.buckets[0]?.total ?? -1) : -1
}

test('a source that throws against its promise takes no other source along', async () => {
  const broken: Metrics = { read: () => Promise.reject(new RangeError('Maximum call stack size exceeded')) }
  const readings = await metricsWith({ 'azure-logs': answering(7), prometheus: broken }).read([prom(), logs()])
  expect(readings[0]).toMatchObject({
    kind: 'missing',
    silence: 'malformed',
    why: expect.stringContaining('call stack'),
  })
  expect(totalOf(readings[1] as Reading)).toBe(7)
})
