import { expect, test } from 'vitest'
import { keepWatch } from '../../lib/engine/audit-keep.ts'
import { Fault } from '../../lib/errors.ts'
import { HOUR } from '../support/builders.ts'
import { type AuditWorld, auditWorld } from './audit-world.ts'

const DAY = 24 * HOUR
const AWAY = new Fault('unavailable', 'storage is away')

/** What comes of a night's work in so much time for `staging`, whose storage is away, and then for `production`. */
async function kept(here: AuditWorld, budgetMs: number, auditRetentionDays: number | null = null) {
  const { night } = here.man.keeper
  const keeper = {
    ...here.man.keeper,
    night: async (environment: string) => (environment === 'staging' ? Promise.reject(AWAY) : night(environment)),
  }
  const environments = { staging: { auditRetentionDays: null }, production: { auditRetentionDays } }
  return keepWatch(here.wheel, { ...here.man, keeper }, environments, budgetMs)
}

/** An audit of 140 days with fourteen digests; each page of it takes a second. */
function old(): AuditWorld {
  const here = auditWorld()
  here.state.now -= 140 * DAY
  here.live(14, 10 * DAY)
  here.state.eachPageMs = 1_000
  return here
}

const STAGING = { environment: 'staging', watched: null, trimmed: null, error: AWAY }
const production = (watched: string, trimmed: string) => ({ environment: 'production', watched, trimmed, error: null })

test('each environment has its part of the time, and nothing is removed before its check is over', async () => {
  const here = auditWorld()
  here.live(50)
  here.state.eachPageMs = 1_000
  expect(await kept(here, 4_000, 90)).toEqual([STAGING, production('going-on', 'nothing')])
  expect(await kept(here, 2_000, 90)).toEqual([STAGING, production('going-on', 'nothing')])
  expect(await kept(here, 4_000, 90)).toEqual([STAGING, production('intact', 'nothing')])
})

test('nothing is removed while somebody else begins another check', async () => {
  const here = old()
  expect(await kept(here, 60_000)).toEqual([STAGING, production('intact', 'nothing')])
  here.state.now += 20 * HOUR
  here.state.racesAt = 0
  const before = here.rows.length
  expect(await kept(here, 60_000, 90)).toEqual([STAGING, production('going-on', 'nothing')])
  expect(here.rows).toHaveLength(before)
})

test('what is older than the retention is removed in the time that its check has left', async () => {
  expect(await kept(old(), 60_000, 90)).toEqual([STAGING, production('intact', 'trimmed')])
  expect(await kept(old(), 60_000)).toEqual([STAGING, production('intact', 'nothing')])
  expect(await kept(old(), 2_000, 90)).toEqual([STAGING, production('intact', 'going-on')])
})
