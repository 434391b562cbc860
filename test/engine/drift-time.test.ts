import { expect, test } from 'vitest'
import { type AskedService, askDrift } from '../../lib/core/drift-report/ask-drift.ts'
import { nightOf } from '../../lib/core/drift-report/night.ts'
import { reportDrift } from '../../lib/engine/drift.ts'
import { measureServices } from '../../lib/engine/drift-measure.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import type { Stage } from '../../sim/runner.ts'
import { findingOf, keyOf, MORNING, promotedStage, reportsOf, USUAL } from './drift-stage.ts'

const LATE = 'it was not measured before the time of the night was up'
const SOME = { pricing: [USUAL], safety: [USUAL] }

async function morning(services: Parameters<typeof promotedStage>[0] = SOME): Promise<Stage> {
  const stage = await promotedStage(services)
  stage.clock.set(MORNING)
  return stage
}

function reading(stage: Stage, read: Wheel['metrics']['read']): Wheel {
  return { ...stage.wheel, metrics: { ...stage.wheel.metrics, read } }
}

/** Pricing's part of the night, as if so many services were like it. */
async function many(stage: Stage, count: number): Promise<readonly AskedService[]> {
  const [item] = await stage.wheel.store.load('production', ['pricing'])
  const { items } = await stage.wheel.catalogue.rollouts(keyOf('pricing'), 100, null)
  if (item === undefined) throw new Error('no service')
  const { service } = item
  return Array.from({ length: count }, () => askDrift(service, items, nightOf(MORNING)))
}

test('a source that never answers keeps no row from being written when the time is up', async () => {
  const stage = await morning()
  const time = new AbortController()
  const read: Wheel['metrics']['read'] = () => {
    time.abort()
    return new Promise(() => {})
  }
  expect(await reportDrift(reading(stage, read), stage.store, ['production'], time.signal)).toMatchObject([
    {
      what: 'measuring',
      result: 'failed',
      error: { kind: 'unavailable', message: expect.stringMatching(/^2 services/) },
    },
    { what: 'production/pricing', result: 'written' },
    { what: 'production/safety', result: 'written' },
  ])
  expect(findingOf(stage, 'pricing', 'p95')).toMatchObject({ kind: 'unclear', why: LATE })
  expect(reportsOf(stage, 'safety')[0]?.summary).toContain(LATE)
})

test('the next day is not asked for once the time is up', async () => {
  const stage = await morning()
  const time = new AbortController()
  let reads = 0
  const read: Wheel['metrics']['read'] = async (queries) => {
    reads += 1
    time.abort()
    return stage.wheel.metrics.read(queries)
  }
  await reportDrift(reading(stage, read), stage.store, ['production'], time.signal)
  await new Promise(setImmediate)
  expect(reads).toBe(1)
  expect(findingOf(stage, 'safety', 'p95')).toMatchObject({ kind: 'unclear', why: LATE })
})

test('after the time is up no store and no source is asked for figures, and the rows stand nevertheless', async () => {
  const stage = await morning()
  const asked: string[] = []
  const wheel = reading(stage, async () => {
    asked.push('a source')
    return []
  })
  const rollouts: Wheel['catalogue']['rollouts'] = (...query) => {
    asked.push('the rollouts')
    return stage.wheel.catalogue.rollouts(...query)
  }
  const late = { ...wheel, catalogue: { ...wheel.catalogue, rollouts } }
  const drifted = await reportDrift(late, stage.store, ['production'], AbortSignal.abort())
  expect(drifted.map(({ result }) => result)).toEqual(['failed', 'written', 'written'])
  expect(asked).toEqual([])
})

test('four lots of fifty services are measured at once, and what is measured in time is kept', async () => {
  const stage = await morning({ pricing: [USUAL] })
  const asked = await many(stage, 210)
  const time = new AbortController()
  const { promise: fourAreDone, resolve: tell } = Promise.withResolvers<void>()
  const sizes: number[] = []
  let underWay = 0
  let most = 0
  let done = 0
  const read: Wheel['metrics']['read'] = async (queries) => {
    sizes.push(queries.length)
    underWay += 1
    most = Math.max(most, underWay)
    await new Promise(setImmediate)
    if (queries.length < 100) {
      await fourAreDone
      // The comparing of the fourth lot comes first.
      await new Promise(setImmediate)
      time.abort()
      return new Promise(() => {})
    }
    const readings = await stage.wheel.metrics.read(queries)
    underWay -= 1
    done += 1
    if (done === 12) tell()
    return readings
  }
  const troubles: unknown[] = []
  const complain = (what: string, error: unknown) => void troubles.push([what, error])
  const measured = await measureServices(reading(stage, read), asked, time.signal, complain)
  expect(sizes.toSorted((a, b) => b - a)).toEqual([...Array<number>(12).fill(100), 20])
  expect(most).toBe(4)
  const kinds = asked.map(({ kpis }) => kpis.map((kpi) => measured.get(kpi)?.compared.kind))
  expect(kinds.slice(0, 200).flat()).not.toContain('unclear')
  expect(new Set(kinds.slice(200).flat())).toEqual(new Set(['unclear']))
  expect(troubles).toMatchObject([['measuring', { message: expect.stringMatching(/^10 services/) }]])
})
