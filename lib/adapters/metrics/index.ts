import type { Query, Reading } from '../../core/judge/reading.ts'
import type { SourceName } from '../../core/service.ts'
import type { Metrics } from '../../ports.ts'
import { missing } from './missing.ts'

/** One Metrics socket over all sources: each query goes to the source its KPI names, all sources at the same time. */
export function createMetrics(sources: Readonly<Record<SourceName, Metrics>>): Metrics {
  return {
    async read(queries) {
      const names = [...new Set(queries.map((query) => query.kpi.source.kind))]
      const answers = await Promise.all(
        names.map(async (name) => {
          const own = queries.filter((query) => query.kpi.source.kind === name)
          return inOrder(own, await readSafely(sources[name], own), name)
        }),
      )
      const byQuery = new Map(answers.flat())
      return queries.map((query) => byQuery.get(query) ?? missing(query.id, 'malformed', 'no source was asked', ''))
    },
  }
}

function inOrder(own: readonly Query[], readings: readonly Reading[], name: SourceName): readonly [Query, Reading][] {
  return own.map((query, place) => {
    const reading = readings[place]
    if (reading !== undefined && reading.id === query.id) return [query, reading]
    return [query, missing(query.id, 'malformed', `${name} gave no answer to this query: report this as a bug`, '')]
  })
}

/** A source promises never to throw; one that does must not take the others' answers along. */
async function readSafely(source: Metrics, own: readonly Query[]): Promise<readonly Reading[]> {
  try {
    return await source.read(own)
  } catch (error) {
    const why = `the source broke at its answer: ${error instanceof Error ? error.message : String(error)}`
    return own.map((query) => missing(query.id, 'malformed', why, ''))
  }
}
