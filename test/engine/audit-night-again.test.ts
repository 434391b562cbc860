import { describe, expect, test } from 'vitest'
import { watch } from '../../lib/engine/audit-night.ts'
import { trim } from '../../lib/engine/audit-trim.ts'
import { verifyStanding } from '../../lib/engine/audit-verify.ts'
import { Fault } from '../../lib/errors.ts'
import { auditStage } from '../support/audit-stage.ts'
import { HOUR } from '../support/builders.ts'

const DAY = 24 * HOUR
type Stage = Awaited<ReturnType<typeof auditStage>>

/** What each night wrote down of its result, the oldest first. */
async function results(stage: Stage): Promise<readonly string[]> {
  const rows = (await stage.rows('a!')).filter(({ kind }) => kind === 'audit-verified' || kind === 'audit-broken')
  return rows.map(({ kind }) => String(kind)).toReversed()
}

async function spoil(stage: Stage, at: number, name = 'pricing'): Promise<void> {
  const row = (await stage.rows('a!')).filter(({ service }) => service === name).at(at)
  if (row === undefined) throw new Error('there is no such row')
  await stage.state.updateEntity({ ...row, notes: 'nothing happened' }, 'Replace')
}

describe('what nobody can mend', () => {
  test('is told once, and again after a week; what is new is told at once', async () => {
    const stage = await auditStage()
    await stage.live(3)
    await spoil(stage, 1)
    const nights: string[] = []
    for (let night = 1; night <= 10; night += 1) {
      const before = (await results(stage)).length
      expect(await stage.watch()).toBe('broken')
      nights.push(...(await results(stage)).slice(before).map((kind) => `${night} ${kind}`))
      if (night === 9) await spoil(stage, 1, 'basket')
      stage.pass(DAY)
    }
    expect(nights).toEqual(['1 audit-broken', '8 audit-broken', '10 audit-broken'])
    const { night } = await stage.man.keeper.night('production')
    expect(night?.last).toMatchObject({ found: 2 })
    expect(await stage.trim()).toBe('nothing')
  })

  test.each([
    [19, false],
    [20, true],
  ])(
    'is told every night where as much was found as is kept, for something new may be behind it: %i',
    async (count, isTold) => {
      const stage = await auditStage()
      const found = Array.from({ length: count }, (_, at) => ({
        id: `production/pricing#${at}`,
        because: 'it was changed',
      }))
      const mark = stage.wheel.digest(JSON.stringify(found.map(({ id, because }) => [id, because])))
      const at = stage.wheel.clock.now()
      const last = { at, startedAt: at, rows: 9, found: count, told: { at, mark } }
      const night = { startedAt: at, phase: 'found', newest: 3, next: null, rows: 9, found, last } as const
      await stage.man.keeper.keepNight('production', night, null)
      expect(await stage.watch()).toBe('broken')
      expect(await results(stage)).toEqual(isTold ? ['audit-broken'] : [])
    },
  )
})

test.each(['intact', 'broken'] as const)(
  'a worker that dies right after it wrote that all is %s leaves one row',
  async (came) => {
    const stage = await auditStage()
    await stage.live(3)
    if (came === 'broken') await spoil(stage, 1)
    const keeper = { ...stage.man.keeper }
    const died = new Error('it died')
    const dying: typeof keeper.keepNight = async (environment, night, token) => {
      if (night.phase === 'over') throw died
      return stage.man.keeper.keepNight(environment, night, token)
    }
    const man = { ...stage.man, keeper: { ...keeper, keepNight: dying } }
    await expect(watch(stage.wheel, man, 'production', HOUR)).rejects.toBe(died)
    stage.pass(HOUR)
    expect(await stage.watch()).toBe(came)
    expect(await results(stage)).toEqual([came === 'intact' ? 'audit-verified' : 'audit-broken'])
    expect(await stage.watch()).toBe('resting')
  },
)

test('a night whose host ends every call that reads more than six hours comes to its end all the same', async () => {
  const stage = await auditStage()
  await stage.live(40)
  const { page } = stage.man.log
  const log: typeof stage.man.log = {
    page: async (query) => {
      const { since = 0, until = since } = query
      if (since > 0 && until - since > 8 * HOUR) throw new Fault('unavailable', 'the host has ended the function')
      return page(query)
    },
  }
  let calls = 0
  let came = ''
  for (; came !== 'intact' && calls < 30; calls += 1)
    came = await watch(stage.wheel, { ...stage.man, log }, 'production', HOUR).catch(() => 'ended')
  expect(came).toBe('intact')
  expect(calls).toBeLessThan(10)
})

describe('while rows are removed, as they may be', () => {
  /** An audit with old rows, proven, and a log beside which they are removed after so many looks. */
  async function given() {
    const stage = await auditStage()
    await stage.live(14, 10 * DAY)
    expect(await stage.watch()).toBe('intact')
    const proven = await stage.man.keeper.night('production')
    const state = { looksBefore: Number.POSITIVE_INFINITY, trimmed: 0 }
    const stale = { ...stage.man, keeper: { ...stage.man.keeper, night: async () => proven } }
    const log: typeof stage.man.log = {
      page: async (query) => {
        if (state.looksBefore-- === 0) {
          expect(await trim(stage.wheel, stale, 'production', 90, HOUR)).toBe('trimmed')
          state.trimmed += 1
        }
        return stage.man.log.page(query)
      },
    }
    return { stage, state, man: { ...stage.man, log } }
  }

  test.each([0, 1])('a night finds nothing by it, %i looks after it began', async (looks) => {
    const { stage, state, man } = await given()
    stage.pass(21 * HOUR)
    state.looksBefore = looks
    expect(await watch(stage.wheel, man, 'production', HOUR)).toBe('intact')
    expect(state.trimmed).toBe(1)
  })

  test('and a person who asks is told of nothing either, in one call or in several', async () => {
    const { stage, state, man } = await given()
    const chain = { environment: 'production', service: 'pricing' }
    const small = {
      ...man,
      log: { page: async (query: Parameters<typeof man.log.page>[0]) => man.log.page({ ...query, limit: 2 }) },
    }
    const first = await verifyStanding(stage.wheel, small, chain, null, 0)
    expect(first).toMatchObject({ intact: true, next: expect.any(String) })
    state.looksBefore = 0
    const rest = await verifyStanding(stage.wheel, small, chain, first?.next ?? null, HOUR)
    expect(rest).toMatchObject({ intact: true, broken: null, next: null })
    expect(rest?.removed?.seq).toBeGreaterThan(0)
    expect(state.trimmed).toBe(1)
    await spoil(stage, -1)
    expect(await verifyStanding(stage.wheel, man, chain, null, HOUR)).toMatchObject({ intact: false })
  })
})
