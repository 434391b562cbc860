import { describe, expect, test } from 'vitest'
import { reportDrift } from '../../lib/engine/drift.ts'
import { storeManifest } from '../../lib/engine/manifest.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { Stage } from '../../sim/runner.ts'
import { expectSound, HOUR, MINUTE, version } from '../support/story.ts'
import {
  driftManifest,
  findingOf,
  keyOf,
  MORNING,
  night,
  promote,
  promotedStage,
  reportsOf,
  TUESDAY,
  USUAL,
} from './drift-stage.ts'

const DOWN = new Fault('unavailable', 'storage is busy')

/** Two healthy services on the morning of a report. */
async function morning(): Promise<Stage> {
  const stage = await promotedStage({ pricing: [USUAL], safety: [USUAL] })
  stage.clock.set(MORNING)
  return stage
}

/** The stage's wheel with some of its sockets' methods replaced. */
function broken(
  stage: Stage,
  store: Partial<Wheel['store']>,
  catalogue: Partial<Wheel['catalogue']> = {},
  metrics: Partial<Wheel['metrics']> = {},
): Wheel {
  const own = stage.wheel
  return {
    ...own,
    store: { ...own.store, ...store },
    catalogue: { ...own.catalogue, ...catalogue },
    metrics: { ...own.metrics, ...metrics },
  }
}

const run = (stage: Stage, wheel: Wheel) => reportDrift(wheel, stage.store, ['production'])

describe('a race', () => {
  test('with somebody who changes the service is tried again, and both rows stand', async () => {
    const stage = await morning()
    let raced = false
    const commit: Wheel['store']['commit'] = async (change) => {
      if (!raced && change.key.name === 'pricing') {
        raced = true
        await storeManifest(stage.wheel, driftManifest('pricing', { drainMs: 1 }), 'olga')
      }
      return stage.wheel.store.commit(change)
    }
    expect(await run(stage, broken(stage, { commit }))).toMatchObject([{ result: 'written' }, { result: 'written' }])
    expect(
      stage.store
        .auditOf(keyOf('pricing'))
        .slice(-2)
        .map(({ kind }) => kind),
    ).toEqual(['manifest-stored', 'drift-reported'])
    expect(stage.store.peek(keyOf('pricing'))?.service.manifest.drainMs).toBe(1)
    expectSound(stage, keyOf('pricing'))
  })

  test('of two nights at once leaves one row a service', async () => {
    const stage = await morning()
    const both = (await Promise.all([night(stage), night(stage)])).flat()
    expect(both.map(({ result }) => result).sort()).toEqual(['known', 'known', 'written', 'written'])
    for (const name of ['pricing', 'safety']) {
      expect(reportsOf(stage, name)).toHaveLength(1)
      expectSound(stage, keyOf(name))
    }
  })

  test('that is lost for ever ends as a failure of this service only', async () => {
    const stage = await morning()
    const commit: Wheel['store']['commit'] = async (change) =>
      change.key.name === 'pricing' ? 'conflict' : stage.wheel.store.commit(change)
    expect(await run(stage, broken(stage, { commit }))).toMatchObject([
      { what: 'production/pricing', result: 'failed', error: { kind: 'conflict' } },
      { what: 'production/safety', result: 'written' },
    ])
  })
})

describe('storage trouble', () => {
  test('with one service leaves its neighbours alone, and the next run writes only what is missing', async () => {
    const stage = await morning()
    const commit: Wheel['store']['commit'] = async (change) => {
      if (change.key.name === 'pricing') throw DOWN
      return stage.wheel.store.commit(change)
    }
    expect(await run(stage, broken(stage, { commit }))).toEqual([
      { what: 'production/pricing', result: 'failed', error: DOWN },
      { what: 'production/safety', result: 'written', error: null },
    ])
    expect(await night(stage)).toEqual([
      { what: 'production/safety', result: 'known', error: null },
      { what: 'production/pricing', result: 'written', error: null },
    ])
    // The family is the whole night's, also at the second run.
    expect(findingOf(stage, 'pricing', 'p95')).toMatchObject({ among: 4 })
  })

  test('whose answer was lost after the row was written does not write it again', async () => {
    const stage = await morning()
    const commit: Wheel['store']['commit'] = async (change) => {
      await stage.wheel.store.commit(change)
      throw DOWN
    }
    await run(stage, broken(stage, { commit }))
    expect((await night(stage)).map(({ result }) => result)).toEqual(['known', 'known'])
    expect(reportsOf(stage, 'pricing')).toHaveLength(1)
  })

  test('with the rollouts of one service is the reason in its row', async () => {
    const stage = await morning()
    const rollouts: Wheel['catalogue']['rollouts'] = async (key, limit, from) => {
      if (key.name === 'pricing') throw DOWN
      return stage.wheel.catalogue.rollouts(key, limit, from)
    }
    await run(stage, broken(stage, {}, { rollouts }))
    const why = 'its rollouts could not be read (storage is busy)'
    expect(findingOf(stage, 'pricing', 'p95')).toMatchObject({ kind: 'unclear', why })
    expect(findingOf(stage, 'safety', 'p95').kind).toBe('steady')
  })

  test('with the list of one environment leaves the others alone', async () => {
    const stage = await morning()
    const list: Wheel['catalogue']['list'] = async (environment, limit, from) => {
      if (environment === 'staging') throw DOWN
      return stage.wheel.catalogue.list(environment, limit, from)
    }
    const drifted = await reportDrift(broken(stage, {}, { list }), stage.store, ['staging', 'production'])
    expect(drifted).toMatchObject([
      { what: 'staging', result: 'failed', error: DOWN },
      { what: 'production/pricing', result: 'written' },
      { what: 'production/safety', result: 'written' },
    ])
  })

  test('with a service that can no longer be read is said, and nothing is written', async () => {
    const stage = await morning()
    const load: Wheel['store']['load'] = async (environment, names) =>
      names.includes('pricing') ? [] : stage.wheel.store.load(environment, names)
    expect(await run(stage, broken(stage, { load }))).toMatchObject([
      { what: 'production/pricing', result: 'failed', error: { kind: 'not-found' } },
      { what: 'production/safety', result: 'written' },
    ])
    expect(reportsOf(stage, 'pricing')).toEqual([])
  })
})

describe('a source', () => {
  test('that is down is the reason in the row, not a drift', async () => {
    const stage = await morning()
    stage.metrics.ailment = 'outage'
    expect(await night(stage)).toMatchObject([{ result: 'written' }, { result: 'written' }])
    const why = 'azure-logs gave no figures: azure-logs did not answer'
    expect(findingOf(stage, 'pricing', 'p95')).toMatchObject({ kind: 'unclear', why })
    expect(reportsOf(stage, 'pricing')[0]?.summary).toContain(`p95 cannot be told: ${why}`)
  })

  test('that leaves holes gives no figures, and none are made up', async () => {
    const stage = await morning()
    stage.metrics.ailment = 'holes'
    await night(stage)
    const why = 'it was measured in only 0 minutes of the day, 240 are needed'
    expect(findingOf(stage, 'pricing', 'errors')).toMatchObject({ kind: 'unclear', why })
  })

  test('that throws is said once, and stops only the KPIs that it measures', async () => {
    const stage = await morning()
    const { analysis } = driftManifest('routing')
    const [p95, errors] = analysis.kpis
    if (p95 === undefined || errors === undefined) throw new Error('no KPIs')
    const names = { requests: 'r', duration: 'd', revisionLabel: 'revision', statusLabel: 'status' }
    const source = { kind: 'prometheus', names, counters: null, gauge: null } as const
    const kpis = [p95, { ...errors, source }]
    await stage.declare(driftManifest('pricing', { analysis: { ...analysis, kpis } }))
    const read: Wheel['metrics']['read'] = async (queries) => {
      if (queries.some(({ kpi }) => kpi.source.kind === 'prometheus')) throw new Error('a secret of the SDK')
      return stage.wheel.metrics.read(queries)
    }
    expect(await run(stage, broken(stage, {}, {}, { read }))).toMatchObject([
      { what: 'prometheus', result: 'failed' },
      { what: 'production/pricing', result: 'written' },
      { what: 'production/safety', result: 'written' },
    ])
    const why = 'prometheus gave no figures: it could not be asked'
    expect(findingOf(stage, 'pricing', 'errors')).toMatchObject({ kind: 'unclear', why })
    expect(findingOf(stage, 'pricing', 'p95').kind).toBe('steady')
    expect(JSON.stringify(stage.store.auditOf(keyOf('pricing')))).not.toContain('secret of the SDK')
  })

  test('is asked once for each day, whatever the number of services', async () => {
    const stage = await morning()
    await stage.push(version(3, { repository: 'safety', pushedAt: MORNING }))
    const asked: (readonly string[])[] = []
    const read: Wheel['metrics']['read'] = async (queries) => {
      asked.push(
        queries.map(({ environment, revision, kpi, from }) => `${environment} ${revision} ${kpi.name} ${from}`),
      )
      expect(new Set(queries.map(({ id }) => id)).size).toBe(queries.length)
      expect(new Set(queries.map(({ bucketMs }) => bucketMs))).toEqual(new Set([60_000]))
      return stage.wheel.metrics.read(queries)
    }
    await run(stage, broken(stage, {}, {}, { read }))
    expect(asked.map((queries) => queries.length)).toEqual([4, 4, 4])
  })
})

describe('a night', () => {
  test('that ends after the next midnight does not stand for the next one', async () => {
    const stage = await morning()
    stage.clock.set(MORNING + 21 * HOUR + 29 * MINUTE)
    const commit: Wheel['store']['commit'] = (change) => stage.wheel.store.commit(change)
    const read: Wheel['metrics']['read'] = (queries) => {
      stage.clock.set(MORNING + 22 * HOUR)
      return stage.wheel.metrics.read(queries)
    }
    await run(stage, broken(stage, { commit }, {}, { read }))
    expect(await night(stage)).toMatchObject([{ result: 'written' }, { result: 'written' }])
    expect(reportsOf(stage, 'pricing').map(({ day }) => day)).toEqual(['2026-01-13', '2026-01-14'])
  })

  test('reads lists to their end, however short their pages are', async () => {
    const stage = await promotedStage({ pricing: [USUAL], safety: [USUAL] })
    stage.clock.set(TUESDAY + 6 * HOUR)
    await promote(stage, 'pricing', 3, USUAL)
    stage.clock.set(MORNING)
    const own = stage.wheel.catalogue
    const short = broken(
      stage,
      {},
      {
        list: (environment, _, from) => own.list(environment, 1, from),
        rollouts: (key, _, from) => own.rollouts(key, 1, from),
      },
    )
    expect(await run(stage, short)).toMatchObject([{ result: 'written' }, { result: 'written' }])
    expect(findingOf(stage, 'pricing', 'p95')).toMatchObject({ kind: 'steady', against: 'week-before' })
  })
})

describe('one sick service', () => {
  const neighbour = { what: 'production/safety', result: 'written' }

  test('whose rollouts cannot be understood has a row that says so, without the error’s own words', async () => {
    const stage = await morning()
    const rollouts: Wheel['catalogue']['rollouts'] = async (key, limit, from) => {
      const page = await stage.wheel.catalogue.rollouts(key, limit, from)
      return key.name === 'pricing'
        ? { ...page, items: page.items.map((one) => ({ ...one, manifest: null as never })) }
        : page
    }
    expect(await run(stage, broken(stage, {}, { rollouts }))).toMatchObject([
      { what: 'the rollouts of production/pricing', result: 'failed', error: expect.any(TypeError) },
      { what: 'production/pricing', result: 'written' },
      neighbour,
    ])
    const why = 'its rollouts could not be read (an unexpected error)'
    expect(findingOf(stage, 'pricing', 'p95')).toMatchObject({ kind: 'unclear', why })
    expect(findingOf(stage, 'safety', 'p95').kind).toBe('steady')
  })

  test('whose figures are none leaves its neighbours their report', async () => {
    const stage = await morning()
    const read: Wheel['metrics']['read'] = async (queries) => {
      const readings = await stage.wheel.metrics.read(queries)
      return readings.map((reading) =>
        reading.id.includes('/pricing/') ? { ...reading, buckets: null as never } : reading,
      )
    }
    const drifted = await run(stage, broken(stage, {}, {}, { read }))
    expect(drifted).toMatchObject([
      { what: 'production/pricing p95', result: 'failed' },
      { what: 'production/pricing errors', result: 'failed' },
      { what: 'production/pricing', result: 'written' },
      neighbour,
    ])
    const why = 'its figures could not be compared'
    expect(findingOf(stage, 'pricing', 'p95')).toMatchObject({ kind: 'unclear', why })
    expect(findingOf(stage, 'safety', 'p95').kind).toBe('steady')
  })

  test('whose manifest cannot be understood is left out, and said', async () => {
    const stage = await morning()
    const list: Wheel['catalogue']['list'] = async (environment, limit, from) => {
      const page = await stage.wheel.catalogue.list(environment, limit, from)
      const items = page.items.map((one) => (one.key.name === 'pricing' ? { ...one, manifest: null as never } : one))
      return { ...page, items }
    }
    const drifted = await run(stage, broken(stage, {}, { list }))
    expect(drifted).toContainEqual({ what: 'production/pricing', result: 'failed', error: expect.any(TypeError) })
    expect(drifted.at(-1)).toMatchObject(neighbour)
    expect(reportsOf(stage, 'pricing')).toEqual([])
  })
})
