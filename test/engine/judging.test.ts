import { describe, expect, test } from 'vitest'
import type { Query } from '../../lib/core/judge/reading.ts'
import type { Analysis, Kpi } from '../../lib/core/service.ts'
import { turn } from '../../lib/engine/turn.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import type { RestartAsk } from '../../lib/ports.ts'
import type { Stage } from '../../sim/runner.ts'
import { aCommand } from '../support/builders.ts'
import {
  expectSound,
  givenPricing,
  HOUR,
  kinds,
  MINUTE,
  PRICING,
  plan,
  pricingManifest,
  untilFinished,
  version,
  weights,
} from '../support/story.ts'

const HEALTHY = { rps: 50, p95Ms: 120, errorRate: 0.0002 }
const { analysis } = pricingManifest()

/** A canary at 10 % that is healthy, and judged as `changes` say; a step of one hour, then all traffic. */
async function givenCanary(changes: Partial<Analysis> = {}): Promise<Stage> {
  const stage = await givenPricing({ stages: plan([10, 1], [100, 0]), analysis: { ...analysis, ...changes } })
  for (const n of [1, 2, 3]) stage.metrics.profile(version(n).digest, HEALTHY)
  await stage.push(version(2))
  await stage.runUntil('the canary has ten percent', () => Object.values(weights(stage)).includes(10), HOUR)
  await stage.run(2 * MINUTE)
  return stage
}

/** One turn of a wheel that tells what its metrics were asked. */
async function askedInOneTurn(stage: Stage): Promise<readonly Query[]> {
  const asked: Query[] = []
  const metrics: Wheel['metrics'] = {
    read: (queries) => {
      asked.push(...queries)
      return stage.wheel.metrics.read(queries)
    },
  }
  stage.clock.advance(MINUTE)
  await turn({ ...stage.wheel, metrics }, 'production', ['pricing'])
  return asked
}

/** Starts of the buckets of `p95` that were judged, as the log of buckets has them. */
async function loggedBuckets(stage: Stage, number = 1): Promise<readonly number[]> {
  const found: number[] = []
  let from: string | null = null
  do {
    const page: Awaited<ReturnType<typeof stage.store.lines>> = await stage.store.lines(PRICING, number, 100, from)
    found.push(...page.items.flatMap((line) => (line.kpis.p95 ?? []).map(([at]) => at)))
    from = page.next
  } while (from !== null)
  return found.sort((a, b) => a - b)
}

function expectNoGap(starts: readonly number[]): void {
  expect(starts.length).toBeGreaterThan(0)
  expect(starts).toEqual(starts.map((_, index) => (starts[0] ?? 0) + index * MINUTE))
}

describe('the judge’s memory', () => {
  test('is stored with the rollout, and every bucket is taken in once, in order', async () => {
    const stage = await givenCanary()
    await stage.run(20 * MINUTE)
    const judge = await stage.store.judged(PRICING, 1)
    expect(judge?.rollout).toBe('pricing-1')
    expect(Object.keys(judge?.kpis ?? {})).toEqual(['p95', 'errors'])
    const logged = await loggedBuckets(stage)
    expectNoGap(logged)
    expect(logged[0]).toBe(judge?.from)
    expect(judge?.kpis.p95?.next).toBe((logged.at(-1) ?? 0) + MINUTE)
  })

  test('makes the next look ask for what is new only, on both revisions', async () => {
    const stage = await givenCanary()
    await stage.run(30 * MINUTE)
    const asked = await askedInOneTurn(stage)
    expect(asked.map(({ kpi, arm }) => `${kpi.name} ${arm}`)).toEqual([
      'p95 canary',
      'p95 baseline',
      'errors canary',
      'errors baseline',
    ])
    for (const { from, to } of asked) expect(to - from).toBeLessThanOrEqual(15 * MINUTE)
  })

  test('takes in no bucket twice though two workers look at once', async () => {
    const stage = await givenCanary()
    await stage.run(10 * MINUTE)
    stage.clock.advance(5 * MINUTE)
    await Promise.all([1, 2].map(() => turn(stage.wheel, 'production', ['pricing'])))
    await stage.run(5 * MINUTE)
    expectNoGap(await loggedBuckets(stage))
  })

  test('begins anew with every rollout', async () => {
    const stage = await givenCanary()
    await stage.run(10 * MINUTE)
    await stage.command(PRICING, 'abort')
    await untilFinished(stage, HOUR)
    await stage.push(version(3))
    expect(await stage.store.judged(PRICING, 2)).toBeNull()
    await stage.runUntil('the canary has ten percent', () => Object.values(weights(stage)).includes(10), HOUR)
    await stage.run(10 * MINUTE)
    const judge = await stage.store.judged(PRICING, 2)
    expect(judge?.rollout).toBe('pricing-2')
    expect(judge?.from).toBeGreaterThan((await stage.store.judged(PRICING, 1))?.from ?? Number.POSITIVE_INFINITY)
    expectNoGap(await loggedBuckets(stage, 2))
  })
})

describe('a source that falls silent', () => {
  const silentSince = async (stage: Stage): Promise<number | undefined> =>
    (await stage.store.judged(PRICING, 1))?.kpis.p95?.blind?.since

  test('raises one alarm, and what it owed is taken in when it is back', async () => {
    const stage = await givenCanary()
    stage.metrics.ailment = 'outage'
    await stage.run(20 * MINUTE)
    expect(kinds(stage)).not.toContain('deadline-passed')
    expect(await silentSince(stage)).toBeLessThan(stage.clock.now() - 18 * MINUTE)
    await stage.run(40 * MINUTE)
    expect(kinds(stage).filter((kind) => kind === 'deadline-passed')).toHaveLength(1)
    expect(stage.rollout(PRICING).phase).toMatchObject({ kind: 'progressing', stage: 0 })
    stage.metrics.ailment = null
    await stage.run(2 * MINUTE)
    expect(kinds(stage)).toContain('measurements-back')
    expect(await silentSince(stage)).toBeUndefined()
    expectNoGap(await loggedBuckets(stage))
    expect(await untilFinished(stage, 3 * HOUR)).toBe('promoted')
    expectSound(stage)
  })

  test('ends the rollout where the manifest says abort', async () => {
    const stage = await givenCanary({ onBlind: { afterMs: 30 * MINUTE, then: 'abort' } })
    stage.metrics.ailment = 'outage'
    await stage.run(28 * MINUTE)
    expect(stage.rollout(PRICING).phase.kind).toBe('progressing')
    expect(await untilFinished(stage, 10 * MINUTE)).toBe('aborted')
    expect(weights(stage)).toEqual({ 'pricing--v1': 100 })
    expectSound(stage)
  })

  /** A KPI from a source of its own. */
  const apart = (role: Kpi['role']): Kpi => {
    const source = { kind: 'http', url: 'https://figures.example.com/shop', secret: null } as const
    return { name: 'shop', role, source, lagMs: 0, minRequests: null, kind: 'ratio', limitRatio: 0.01 }
  }

  for (const role of ['advisory', 'guard'] as const) {
    test(`ends nothing at a hiccup of the others, where only a KPI with the role ${role} was silent for long`, async () => {
      const kpis = [...analysis.kpis, apart(role)]
      const stage = await givenCanary({ kpis, onBlind: { afterMs: 30 * MINUTE, then: 'abort' } })
      stage.metrics.ailment = { kind: 'outage', source: 'http' }
      await stage.run(40 * MINUTE)
      stage.metrics.ailment = 'outage'
      await stage.run(3 * MINUTE)
      expect(stage.rollout(PRICING).phase.kind).toBe('progressing')
    })
  }

  for (const role of ['advisory', 'guard'] as const) {
    test(`keeps no rollout back where only a KPI with the role ${role} came from it`, async () => {
      const stage = await givenCanary({ kpis: [...analysis.kpis, apart(role)] })
      stage.metrics.ailment = { kind: 'outage', source: 'http' }
      expect(await untilFinished(stage, 3 * HOUR)).toBe('promoted')
      expect(kinds(stage)).not.toContain('deadline-passed')
    })
  }
})

describe('a pause', () => {
  const DENIED = { status: 403, code: 'AuthorizationFailed', message: 'The client does not have authorization.' }

  test('for a fault is judged on: a canary that turns bad loses its traffic', async () => {
    const stage = await givenCanary()
    await stage.run(10 * MINUTE)
    stage.world.inject({ on: 'patch', times: 1, refusal: DENIED })
    await stage.command(PRICING, 'promote')
    await stage.run(MINUTE)
    expect(stage.rollout(PRICING).phase).toMatchObject({ kind: 'paused', why: 'fault' })
    stage.metrics.profile(version(2).digest, { ...HEALTHY, errorRate: 0.3, from: stage.clock.now() })
    expect(await untilFinished(stage, 30 * MINUTE)).toBe('rolled-back')
    expect(weights(stage)).toEqual({ 'pricing--v1': 100 })
    expectSound(stage)
  })

  test('for a foreign edit is not: nothing is asked and nothing done', async () => {
    const stage = await givenCanary()
    stage.world.edit(pricingManifest().target, (hand) =>
      hand.traffic([
        { revisionName: 'pricing--v1', weight: 70 },
        { revisionName: stage.rollout(PRICING).canary, weight: 30 },
      ]),
    )
    await stage.run(2 * MINUTE)
    expect(stage.rollout(PRICING).phase).toMatchObject({ kind: 'paused', why: 'foreign-edit' })
    expect(await askedInOneTurn(stage)).toEqual([])
    stage.metrics.profile(version(2).digest, { ...HEALTHY, errorRate: 0.9, from: stage.clock.now() })
    await stage.run(30 * MINUTE)
    expect(stage.rollout(PRICING).phase).toMatchObject({ kind: 'paused', why: 'foreign-edit' })
  })
})

test('restarts are asked for in whole minutes, ten at most, none from before the canary had its weight', async () => {
  const kpis = analysis.kpis.map((kpi) =>
    kpi.kind === 'error-rate' ? { ...kpi, source: { kind: 'azure-metrics' } as const } : kpi,
  )
  const stage = await givenCanary({ kpis })
  const asked: RestartAsk[] = []
  const restarts: Wheel['restarts'] = {
    count: (asks) => {
      asked.push(...asks)
      return stage.wheel.restarts.count(asks)
    },
  }
  const once = async (): Promise<RestartAsk | undefined> => {
    stage.clock.advance(MINUTE)
    await turn({ ...stage.wheel, restarts }, 'production', ['pricing'])
    return asked.at(-1)
  }
  const { canary, phase } = stage.rollout(PRICING)
  const steadyAt = phase.kind === 'progressing' ? (phase.steadyAt ?? 0) : 0
  const early = await once()
  expect(early).toMatchObject({ revision: canary, region: expect.any(String), target: pricingManifest().target })
  expect(early?.from).toBe(Math.floor(steadyAt / MINUTE) * MINUTE)
  await stage.run(30 * MINUTE)
  const late = await once()
  expect((late?.to ?? 0) - (late?.from ?? 0)).toBe(10 * MINUTE)
  expect(late?.to).toBeGreaterThan(stage.clock.now())
  expect((late?.from ?? 1) % MINUTE).toBe(0)
})

test('a step passes on its own buckets only, however long the step before was good', async () => {
  const stage = await givenPricing({ stages: plan([10, 1], [50, 1], [100, 0]), analysis })
  for (const n of [1, 2]) stage.metrics.profile(version(n).digest, HEALTHY)
  await stage.push(version(2))
  await stage.runUntil('step 2 began', () => Object.values(weights(stage)).includes(50), 3 * HOUR)
  const began = stage.clock.now()
  await stage.runUntil('all traffic', () => Object.values(weights(stage)).includes(100), 3 * HOUR)
  expect(stage.clock.now() - began).toBeGreaterThanOrEqual(HOUR)
  const passed = stage.store
    .auditOf(PRICING)
    .filter(({ kind }) => kind === 'step-started')
    .at(-1)
  for (const { from } of passed?.evidence ?? []) expect(from).toBeGreaterThanOrEqual(began - MINUTE)
  expect(passed?.evidence).toHaveLength(2)
})

describe('an error of our own', () => {
  test('with one rollout’s memory takes no neighbour along', async () => {
    const stage = await givenCanary()
    const other = { ...pricingManifest(), name: 'safety', target: { ...pricingManifest().target, app: 'safety' } }
    stage.world.addApp({ target: other.target, image: 'registry.example.com/safety:v1', suffix: 'v1' })
    await stage.declare({ ...other, image: { ...other.image, repository: 'safety' } })
    await stage.push(version(2, { repository: 'safety', eventId: 'safety-2' }))
    await stage.run(20 * MINUTE)
    const load: Wheel['store']['load'] = async (environment, names) =>
      (await stage.wheel.store.load(environment, names)).map((item) =>
        item.service.key.name === 'safety' && item.judge !== null
          ? { ...item, judge: { ...item.judge, kpis: { p95: {} as never, errors: {} as never } } }
          : item,
      )
    stage.clock.advance(MINUTE)
    const turned = await turn({ ...stage.wheel, store: { ...stage.wheel.store, load } }, 'production', [
      'pricing',
      'safety',
    ])
    expect(turned.map(({ name, result }) => `${name} ${result}`).sort()).toEqual(['pricing saved', 'safety broken'])
  })
})

describe('a command that needs no figures', () => {
  for (const verb of ['abort', 'pause'] as const) {
    test(`${verb} waits for none`, async () => {
      const kpis = analysis.kpis.map((kpi) =>
        kpi.kind === 'error-rate' ? { ...kpi, source: { kind: 'azure-metrics' } as const } : kpi,
      )
      const stage = await givenCanary({ kpis })
      const never = () => new Promise<never>(() => {})
      const wheel: Wheel = { ...stage.wheel, metrics: { read: never }, restarts: { count: never } }
      const command = aCommand(verb, { id: 'now', actor: 'olga' })
      const [turned] = await turn(wheel, 'production', ['pricing'], command)
      expect(turned?.result).toBe('saved')
    })
  }
})
