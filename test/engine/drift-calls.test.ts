import { describe, expect, test } from 'vitest'
import { askDrift } from '../../lib/core/drift-report/ask-drift.ts'
import { nightOf } from '../../lib/core/drift-report/night.ts'
import type { Rollout } from '../../lib/core/rollout.ts'
import { reportDrift } from '../../lib/engine/drift.ts'
import { measureServices } from '../../lib/engine/drift-measure.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { AuditLog, AuditQuery } from '../../lib/ports.ts'
import { createStage, type Stage } from '../../sim/runner.ts'
import { aRollout, aService } from '../support/builders.ts'
import { auditRows } from '../support/state.ts'
import { PRICING, pricingManifest } from '../support/story.ts'
import { MORNING } from './drift-stage.ts'

const DAY = 86_400_000
const { days } = nightOf(MORNING)
const FROM = days.weekBefore.from

/** Pricing, declared and never rolled out, on the morning of a report. */
async function morning(): Promise<Stage> {
  const stage = createStage()
  await stage.declare(pricingManifest())
  stage.clock.set(MORNING)
  return stage
}

/** The rollouts of a service in these pages, and where each was asked for. */
async function readBack(...pages: readonly (readonly Rollout[])[]) {
  const stage = await morning()
  const asked: unknown[] = []
  const rollouts: Wheel['catalogue']['rollouts'] = async (key, limit, mark) => {
    asked.push(mark)
    expect([key, limit]).toEqual([PRICING, 20])
    return { items: pages[asked.length - 1] ?? [], next: asked.length > pages.length ? null : `m${asked.length}` }
  }
  const catalogue = { ...stage.wheel.catalogue, rollouts }
  const told = await reportDrift({ ...stage.wheel, catalogue }, stage.store, ['production'])
  expect(told).toEqual([{ what: 'production/pricing', result: 'written', error: null }])
  return asked
}

const started = (at: number, over: Partial<Rollout> = {}) => aRollout(undefined, { startedAt: at, ...over })

describe('the rollouts of a service', () => {
  test('are read back to the one that stood when the week before began, and no further', async () => {
    const young = started(FROM + 1)
    expect(await readBack([young], [young, started(FROM)], [young])).toEqual([null, 'm1'])
    expect(await readBack([started(FROM - DAY)], [young])).toEqual([null])
  })

  test('are read on past one that never looked at its app', async () => {
    const blind = started(FROM - DAY, { stable: null, footprint: null })
    expect(await readBack([blind], [blind, started(FROM - 2 * DAY)], [blind])).toEqual([null, 'm1'])
  })

  test('are five hundred at most', async () => {
    const many = Array.from({ length: 250 }, () => started(FROM + 1))
    expect(await readBack(many, many, many)).toEqual([null, 'm1'])
    expect(await readBack(many.slice(1), many, many.slice(248))).toEqual([null, 'm1', 'm2'])
  })
})

describe('whether a report stands already', () => {
  const [pattern] = auditRows(PRICING, 1, 1)
  const row = (day: string | null) => {
    if (pattern === undefined) throw new Error('a row was expected')
    return { ...pattern, kind: 'drift-reported' as const, detail: day === null ? null : { day } }
  }

  test('is looked up among the rows since the day ended, page by page', async () => {
    const stage = await morning()
    const asked: AuditQuery[] = []
    const log: AuditLog = {
      page: async (query) => {
        asked.push(query)
        return query.from === null
          ? { items: [row(null), row('2026-01-12')], next: 'more' }
          : { items: [row('2026-01-13')], next: 'yet more' }
      },
    }
    expect(await reportDrift(stage.wheel, log, ['production'])).toEqual([
      { what: 'production/pricing', result: 'known', error: null },
    ])
    const query = { environment: 'production', service: 'pricing', kind: 'drift-reported', since: days.today.to }
    expect(asked).toEqual([
      { ...query, limit: 10, from: null },
      { ...query, limit: 10, from: 'more' },
    ])
  })

  test('is not known where the audit cannot be read, which is said by what was looked up', async () => {
    const stage = await morning()
    const error = new Fault('unavailable', 'the table is away')
    const page = async () => Promise.reject(error)
    expect(await reportDrift(stage.wheel, { page }, ['production'])).toEqual([
      { what: 'the audit of production/pricing', result: 'failed', error },
      { what: 'production/pricing', result: 'failed', error },
    ])
  })
})

describe('a row that cannot be written', () => {
  const failedWith = async (store: Partial<Wheel['store']>) => {
    const stage = await morning()
    const wheel = { ...stage.wheel, store: { ...stage.wheel.store, ...store } }
    const [failed, ...more] = await reportDrift(wheel, stage.store, ['production'])
    expect([failed?.what, failed?.result, more]).toEqual(['production/pricing', 'failed', []])
    return failed?.error
  }

  test('because its service is gone says so', async () => {
    expect(await failedWith({ load: async () => [] })).toMatchObject({
      kind: 'not-found',
      message: 'production/pricing can no longer be read, so nothing was written',
    })
  })

  test('because others were quicker eight times says so', async () => {
    let commits = 0
    const commit: Wheel['store']['commit'] = async () => {
      commits += 1
      return 'conflict'
    }
    expect(await failedWith({ commit })).toMatchObject({
      kind: 'conflict',
      message: 'production/pricing changed 8 times while its drift report was being written',
    })
    expect(commits).toBe(8)
  })
})

describe('the figures of many services', () => {
  const rollout = aRollout(
    { kind: 'finished', outcome: 'promoted', because: 'done', at: FROM - DAY, watchUntil: FROM - DAY },
    { startedAt: FROM - DAY },
  )
  const asked = Array.from({ length: 101 }, (_, n) => {
    const key = { environment: 'production', name: `service-${n}` }
    return askDrift({ ...aService(), key }, [rollout], nightOf(MORNING))
  })
  const kpis = asked.flatMap((one) => one.kpis)

  test('are read fifty services at once, a day at a time, and what throws is said once for each', async () => {
    const reads: number[] = []
    const complaints: string[] = []
    const read: Wheel['metrics']['read'] = async (queries) => {
      reads.push(new Set(queries.map(({ id }) => id.split('/')[1])).size)
      throw new TypeError('undefined is not a function')
    }
    const wheel = { metrics: { read } } as unknown as Wheel
    const until = new AbortController().signal
    const measured = await measureServices(wheel, asked, until, (what) => void complaints.push(what))
    expect(reads.toSorted((a, b) => a - b)).toEqual([1, 1, 1, 50, 50, 50, 50, 50, 50])
    expect([...measured.keys()]).toEqual(kpis)
    expect(complaints).toEqual(Array(9).fill('azure-logs'))
    const whys = [...measured.values()].map(({ compared }) => (compared.kind === 'unclear' ? compared.why : 'told'))
    expect(new Set(whys)).toEqual(new Set(['azure-logs gave no figures: it could not be asked']))
  })

  test('are not asked for once the time is up, and each says why it has none', async () => {
    const complaints: unknown[] = []
    const read = async () => Promise.reject(new Error('nobody should ask'))
    const wheel = { metrics: { read } } as unknown as Wheel
    const measured = await measureServices(wheel, asked, AbortSignal.abort(), (what, error) => {
      complaints.push(what, error)
    })
    expect(complaints).toEqual(['measuring', new Fault('unavailable', '101 services were not measured in time')])
    const whys = [...measured.values()].map(({ compared }) => (compared.kind === 'unclear' ? compared.why : 'told'))
    expect(whys).toEqual(Array(kpis.length).fill('it was not measured before the time of the night was up'))
  })
})
