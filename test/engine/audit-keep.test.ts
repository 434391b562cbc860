import { expect, test } from 'vitest'
import { keepWatch } from '../../lib/engine/audit-keep.ts'
import { auditMeters } from '../../lib/engine/audit-meters.ts'
import { Fault } from '../../lib/errors.ts'
import { auditStage } from '../support/audit-stage.ts'
import { HOUR, T0 } from '../support/builders.ts'

const DAY = 24 * HOUR

test('a night checks an environment and then removes what is older than its retention, or nothing where there is none', async () => {
  const stage = await auditStage()
  await stage.live(14, 10 * DAY)
  const keep = (days: number | null, budgetMs = HOUR) =>
    keepWatch(stage.wheel, stage.man, { production: { auditRetentionDays: days } }, budgetMs)
  expect(await keep(null)).toEqual([{ environment: 'production', watched: 'intact', trimmed: 'nothing', error: null }])
  expect(await keep(400)).toMatchObject([{ watched: 'resting', trimmed: 'nothing' }])
  expect(await keep(90)).toMatchObject([{ watched: 'resting', trimmed: 'trimmed' }])
  stage.pass(DAY)
  expect(await keep(90)).toMatchObject([{ watched: 'intact', trimmed: 'nothing' }])
})

test('what fails in one environment stops no other', async () => {
  const stage = await auditStage()
  await stage.live(2)
  const { night } = stage.man.keeper
  const broken = new Fault('unavailable', 'storage is down')
  const keeper = {
    ...stage.man.keeper,
    night: async (environment: string) => {
      if (environment === 'staging') throw broken
      return night(environment)
    },
  }
  const both = { staging: { auditRetentionDays: 90 }, production: { auditRetentionDays: null } }
  expect(await keepWatch(stage.wheel, { ...stage.man, keeper }, both, HOUR)).toEqual([
    { environment: 'staging', watched: null, trimmed: null, error: broken },
    { environment: 'production', watched: 'intact', trimmed: 'nothing', error: null },
  ])
  expect(await keepWatch(stage.wheel, stage.man, {}, HOUR)).toEqual([])
})

test('what a later build has written of its night is left as it is, and said', async () => {
  const stage = await auditStage()
  await stage.live(2)
  const note = { partitionKey: 'production', rowKey: 'n!audit', schema: 2, lane: 'a word of tomorrow' }
  await stage.state.createEntity(note)
  const [kept] = await keepWatch(stage.wheel, stage.man, { production: { auditRetentionDays: 90 } }, HOUR)
  expect(String(kept?.error)).toContain("The night's check of production was written down by a later build")
  expect(await stage.rows('n!')).toMatchObject([{ schema: 2, lane: 'a word of tomorrow' }])
  expect(await stage.trim()).toBe('nothing')
})

test('the gauges tell when the newest check ended and what it found, and nothing before the first', async () => {
  const stage = await auditStage()
  await stage.live(3)
  const gauges = async () => {
    const families = await auditMeters(stage.man.keeper, ['production', 'staging'])
    return families.map(({ name, type, samples }) => [name, type, samples])
  }
  expect((await gauges()).map(([, , samples]) => samples)).toEqual([[], [], []])
  await stage.watch()
  const labels = { environment: 'production' }
  const at = (T0 + 3 * (HOUR + 60_000)) / 1000
  expect(await gauges()).toEqual([
    ['slipway_audit_verified_timestamp_seconds', 'gauge', [{ labels, value: at }]],
    ['slipway_audit_findings', 'gauge', [{ labels, value: 0 }]],
    ['slipway_audit_verified_rows', 'gauge', [{ labels, value: 7 }]],
  ])
})
