import { describe, expect, test } from 'vitest'
import { newestDrift } from '../../lib/engine/drift-newest.ts'
import { createStage } from '../../sim/runner.ts'
import { aCaller } from '../support/callers.ts'
import { expectSound, HOUR, version } from '../support/story.ts'
import {
  declare,
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

const SLOWER = [USUAL, { ...USUAL, p95Ms: USUAL.p95Ms * 1.12, from: TUESDAY }]

describe('a night', () => {
  test('reports the service that became slower by an eighth, and not the one that did not', async () => {
    const stage = await promotedStage({ pricing: SLOWER, safety: [USUAL] })
    stage.clock.set(MORNING)
    expect(await night(stage)).toEqual([
      { what: 'production/pricing', result: 'written', error: null },
      { what: 'production/safety', result: 'written', error: null },
    ])
    // Both services' KPIs are one family.
    const p95 = { kind: 'moved', against: 'week-before', minutes: 1440, among: 4 }
    expect(findingOf(stage, 'pricing', 'p95')).toMatchObject(p95)
    expect(findingOf(stage, 'pricing', 'errors').kind).toBe('steady')
    const [told] = reportsOf(stage, 'pricing')
    expect(told).toMatchObject({ day: '2026-01-13', moved: 1, reportedAt: MORNING })
    expect(told?.summary).toMatch(
      /^drift on 2026-01-13: p95 moved against the same weekday a week before \(p50 0\.\d+ % → 0\.\d+ % \(\+\d+ %\), p95 .*\); 1 KPI as before$/,
    )
    expect(told?.report).toContain('# Drift on 2026-01-13')
    expect(told?.remarks).toEqual(['pricing: p95: its figure is the share of requests slower than 200 ms.'])
    expect(reportsOf(stage, 'safety')).toMatchObject([{ moved: 0, summary: 'drift on 2026-01-13: 2 KPIs as before' }])
    expectSound(stage, keyOf('pricing'))
    expectSound(stage, keyOf('safety'))
  })

  test('is one row a service however often it is run, and the next night is another', async () => {
    const stage = await promotedStage({ pricing: [USUAL] })
    stage.clock.set(MORNING)
    await night(stage)
    const { asked } = stage.metrics
    stage.clock.set(MORNING + 20 * HOUR)
    expect(await night(stage)).toEqual([{ what: 'production/pricing', result: 'known', error: null }])
    expect(stage.metrics.asked).toBe(asked)
    expect(reportsOf(stage, 'pricing')).toHaveLength(1)
    stage.clock.set(MORNING + 24 * HOUR)
    await night(stage)
    expect(reportsOf(stage, 'pricing').map(({ day }) => day)).toEqual(['2026-01-13', '2026-01-14'])
    expectSound(stage, keyOf('pricing'))
  })

  test('changes no rollout and touches nothing at Azure', async () => {
    const stage = await promotedStage({ pricing: SLOWER })
    stage.clock.set(MORNING)
    const [before, written] = [stage.rollout(keyOf('pricing')), stage.world.log.length]
    await night(stage)
    expect(stage.rollout(keyOf('pricing'))).toBe(before)
    expect(stage.world.log).toHaveLength(written)
    expect(findingOf(stage, 'pricing', 'p95').kind).toBe('moved')
  })

  test('holds the day against the day before where the week before has no data', async () => {
    const silent = { ...USUAL, rps: 0 }
    const since = (date: number, profile = USUAL) => ({ ...profile, from: Date.UTC(2026, 0, date) })
    const stage = await promotedStage({
      pricing: [USUAL, since(6, silent), since(7), { ...SLOWER[1], from: TUESDAY } as never],
    })
    stage.clock.set(MORNING)
    await night(stage)
    expect(findingOf(stage, 'pricing', 'p95')).toMatchObject({ kind: 'moved', against: 'day-before' })
    expect(reportsOf(stage, 'pricing')[0]?.summary).toContain('p95 moved against the day before')
  })

  test('cannot tell anything of a service that has had no rollout yet, and says so in its row', async () => {
    const stage = createStage()
    await declare(stage, driftManifest('pricing'))
    stage.clock.set(MORNING)
    await night(stage)
    const why = 'no rollout has seen yet which revision serves'
    expect(findingOf(stage, 'pricing', 'p95')).toMatchObject({ kind: 'unclear', why })
    expect(reportsOf(stage, 'pricing')).toMatchObject([{ moved: 0, remarks: [] }])
    expect(stage.metrics.asked).toBe(0)
    expectSound(stage, keyOf('pricing'))
  })

  test('cannot tell of a service whose first rollout ended yesterday', async () => {
    const stage = createStage()
    await declare(stage, driftManifest('pricing'))
    stage.clock.set(TUESDAY + 10 * HOUR)
    await promote(stage, 'pricing', 2, USUAL)
    stage.clock.set(MORNING)
    await night(stage)
    expect(findingOf(stage, 'pricing', 'p95')).toMatchObject({
      kind: 'unclear',
      why: expect.stringMatching(
        /^only 0 of its minutes were measured a week before too, .*; no rollout tells which revision served before 2026-01-13 10:00; pricing-1 was moving traffic \(2026-01-13\)$/,
      ),
    })
  })

  test('takes a KPI that is probed for one without a past', async () => {
    const stage = createStage()
    const { analysis } = driftManifest('pricing')
    const [p95] = analysis.kpis
    if (p95 === undefined) throw new Error('no KPI')
    const probed = { ...p95, source: { kind: 'probe', path: '/', count: 3, timeoutMs: 1000 } } as const
    await declare(
      stage,
      driftManifest('pricing', { analysis: { ...analysis, kpis: [p95, { ...probed, name: 'probed' }] } }),
    )
    await promote(stage, 'pricing', 2, USUAL)
    stage.clock.set(MORNING)
    await night(stage)
    expect(findingOf(stage, 'pricing', 'p95').kind).toBe('steady')
    const why = 'probes see the present only, so there is no past to compare'
    expect(findingOf(stage, 'pricing', 'probed')).toMatchObject({ kind: 'unclear', why })
  })
})

describe('a rollout in between', () => {
  test('is measured revision by revision: minutes in which it moved traffic are left out, and both names are told', async () => {
    const stage = await promotedStage({ pricing: [USUAL] })
    stage.clock.set(TUESDAY + 6 * HOUR)
    await promote(stage, 'pricing', 3, { ...USUAL, p95Ms: 90 })
    stage.clock.set(MORNING)
    await night(stage)
    const finding = findingOf(stage, 'pricing', 'p95')
    if (finding.kind === 'unclear') throw new Error(finding.why)
    expect(finding.against).toBe('week-before')
    expect(finding.minutes).toBeGreaterThan(1200)
    expect(finding.minutes).toBeLessThan(1440)
    const [told] = reportsOf(stage, 'pricing')
    expect(told?.remarks).toEqual([
      expect.stringMatching(
        /^pricing: not the same revision served: pricing--r1-\w+ and pricing--r2-\w+ on 2026-01-13, pricing--r1-\w+ on 2026-01-06; /,
      ),
      expect.stringMatching(/^pricing: \d+ minutes of 2026-01-13 are left out: pricing-2 was moving traffic\.$/),
      'pricing: p95: its figure is the share of requests slower than 200 ms.',
    ])
    expect(told?.report).toContain('## To know')
  })

  test('that made the service faster is a move by the first whole day after it, and the release is named', async () => {
    const stage = await promotedStage({ pricing: [USUAL] })
    stage.clock.set(TUESDAY + 6 * HOUR)
    await promote(stage, 'pricing', 3, { ...USUAL, p95Ms: 90 })
    stage.clock.set(MORNING + 24 * HOUR)
    await night(stage)
    expect(findingOf(stage, 'pricing', 'p95')).toMatchObject({ kind: 'moved', minutes: 1440 })
    expect(reportsOf(stage, 'pricing')[0]?.remarks[0]).toMatch(
      /pricing--r2-\w+ on 2026-01-14, pricing--r1-\w+ on 2026-01-07; a difference may be the release’s doing/,
    )
  })

  test('that runs while the report is written does not disturb it, nor is it disturbed', async () => {
    const stage = await promotedStage({ pricing: [USUAL] })
    stage.clock.set(MORNING)
    await stage.push(version(3, { pushedAt: MORNING }))
    await stage.run(30 * 60_000)
    const { phase } = stage.rollout(keyOf('pricing'))
    expect(phase.kind).toBe('progressing')
    await night(stage)
    expect(findingOf(stage, 'pricing', 'p95')).toMatchObject({ kind: 'steady', minutes: 1440 })
    await stage.runUntil('it ended', () => stage.rollout(keyOf('pricing')).phase.kind === 'finished', 12 * HOUR)
    expect(stage.rollout(keyOf('pricing')).phase).toMatchObject({ outcome: 'promoted' })
    expectSound(stage, keyOf('pricing'))
  })
})

describe('what is read back', () => {
  test('is the newest report of every service, and who has none', async () => {
    const stage = await promotedStage({ pricing: SLOWER, safety: [USUAL] })
    stage.clock.set(MORNING)
    await night(stage)
    stage.clock.set(MORNING + 24 * HOUR)
    await night(stage)
    await declare(stage, driftManifest('routing'))
    const newest = await newestDrift(stage.wheel, stage.store, ['production'], aCaller())
    expect(newest.reports.map(({ service, day }) => [service, day])).toEqual([
      ['production/pricing', '2026-01-14'],
      ['production/safety', '2026-01-14'],
    ])
    expect(newest.without).toEqual(['production/routing'])
    const text = newest.text()
    expect(text.match(/^# Drift on 2026-01-14$/gm)).toHaveLength(1)
    expect(text).toContain('4 KPIs were held against the same weekday a week before: 1 moved.')
    expect(text).toContain('# Without a report\n\n- **production/routing**')
  })

  test('is nothing once the newest report is more than eight days old', async () => {
    const stage = await promotedStage({ pricing: [USUAL] })
    stage.clock.set(MORNING)
    await night(stage)
    stage.clock.set(MORNING + 9 * 24 * HOUR)
    expect(await newestDrift(stage.wheel, stage.store, ['production'], aCaller())).toMatchObject({
      reports: [],
      without: ['production/pricing'],
    })
  })
})
