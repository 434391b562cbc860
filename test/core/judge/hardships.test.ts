import { describe, expect, test } from 'vitest'
import { judge } from '../../../lib/core/judge/judge.ts'
import { testOf } from '../../../lib/core/judge/kpi-test.ts'
import type { Query, Reading } from '../../../lib/core/judge/reading.ts'
import type { Kpi } from '../../../lib/core/service.ts'
import { errors, latency, MINUTE, SECOND, T0 } from '../../support/builders.ts'
import {
  caseOf,
  dark,
  exact,
  lookAt,
  looks,
  manifestOf,
  only,
  queriesOf,
  readingOf,
  steady,
  type Trial,
} from './looks.ts'

const HEALTHY: Trial = { manifest: manifestOf(), canary: steady(120, 0, 300), baseline: steady(120, 1, 2700) }

describe('the month’s budget', () => {
  const burning: Trial = { ...HEALTHY, canary: steady(20, 6, 300), baseline: steady(20, 54, 2700) }

  test('is not burnt by a fault that the stable revision has as well', () => {
    const judged = looks({ ...burning, history: steady(1440, 0, 10) }, 20)
    expect(judged.map(({ verdict }) => verdict.kind)).not.toContain('fail')
  })

  test('is not known from a stable revision that is younger than a day', () => {
    const history = [...steady(1200, 0, 0), ...steady(240, 0, 10)]
    const canary = [...steady(10, 0, 300), [60, 300] as const, ...steady(9, 0, 300)]
    const judged = looks({ ...HEALTHY, canary, baseline: steady(20, 0, 2700), history }, 20)
    expect(judged.map(({ verdict }) => verdict.kind)).not.toContain('fail')
  })
})

test('buckets without a request count for the step that they fell into, and not at the next one’s weight', () => {
  const canary = [...steady(20, 0, 0), ...steady(10, 0, 0)]
  const trial = { ...HEALTHY, canary, baseline: steady(30, 0, 1), history: steady(60, 0, 1) }
  const first = looks(trial, 20).at(-1)
  expect(first?.verdict.kind).toBe('inconclusive')
  const next = { ...trial, weight: 90, stepSince: T0 + 20 * MINUTE }
  const between = lookAt({ ...next, stepSince: null }, T0 + 20 * MINUTE, first?.state ?? null)
  expect(between.verdict.kind).toBe('inconclusive')
  const second = lookAt(next, T0 + 21 * MINUTE, between.state)
  expect([second.verdict.kind, second.state.kpis.errors?.idle]).toEqual(['inconclusive', 1])
})

describe('the baseline', () => {
  function lookWith(
    trial: Trial,
    now: number,
    state: Parameters<typeof judge>[1],
    change: (reading: Reading) => Reading | null,
  ) {
    const queries = queriesOf(trial, now)
    const readings = queries.flatMap((query) => change(readingOf(trial, query, now)) ?? [])
    return judge(caseOf(trial), state, queries, readings, now)
  }

  test('that is asked now and not then is no change of the source’s mind', () => {
    const trial = { ...HEALTHY, manifest: manifestOf([exact({ lagMs: 3 * MINUTE })]) }
    const both = looks(trial, 12).at(-1)
    const { baseline: _, ...without } = trial
    const alone = lookAt(without, T0 + 13 * MINUTE, both?.state ?? null)
    const again = lookAt(trial, T0 + 14 * MINUTE, alone.state)
    expect(again.state.kpis.errors).toMatchObject({ corrected: 0, lagMs: 3 * MINUTE })
  })

  test('that lacks a bucket leaves the canary’s unjudged: a shared fault could not be told apart', () => {
    const holes = [...steady(20, 1, 2700), ...Array(6).fill(null), ...steady(20, 1, 2700)]
    const canary = [...steady(20, 0, 300), ...steady(6, 90, 300), ...steady(20, 0, 300)]
    const judged = looks({ ...HEALTHY, canary, baseline: holes }, 46)
    expect(judged.map(({ verdict }) => verdict.kind)).not.toContain('fail')
    expect(judged.at(-1)?.state.kpis.errors?.step).toMatchObject({ buckets: 46, covered: 40, bad: 0 })
  })

  test('that cannot be read gives unfinished buckets no say', () => {
    const trial = {
      ...HEALTHY,
      manifest: manifestOf([exact({ lagMs: 3 * MINUTE })]),
      canary: [...steady(20, 0, 300), ...steady(5, 300, 300)],
    }
    const before = looks(trial, 20).at(-1)
    const told = lookWith(trial, T0 + 23 * MINUTE, before?.state ?? null, (reading) =>
      reading.id === 'errors/baseline' ? dark(reading.id) : reading,
    )
    expect(told.verdict.kind).toBe('error')
  })

  test('of before the rollout is taken from the first look that can read it', () => {
    const trial = { ...HEALTHY, history: steady(1440, 3, 2700) }
    const first = lookWith(trial, T0 + MINUTE, null, ({ id }) => dark(id))
    expect(first.state.kpis.errors?.history).toMatchObject({ phi: 2, buckets: 0 })
    const second = lookAt(trial, T0 + 2 * MINUTE, first.state)
    expect(second.state.kpis.errors?.history).toMatchObject({ phi: 1, buckets: 1440, busy: 1440 })
    expect(second.state.kpis.errors?.sequence.minutes).toBe(2)
  })

  test.each<[string, 'refused' | 'unset' | 'down', number]>([
    ['that can never be measured leaves the canary to its limit at once', 'refused', 2],
    ['that no setting names leaves it to its limit at once', 'unset', 2],
    ['that is silent for a quarter of an hour leaves it to its limit then', 'down', 16],
  ])('%s', (_, silence, minutes) => {
    const trial = { ...HEALTHY, canary: steady(40, 150, 300) }
    let state: Parameters<typeof judge>[1] = null
    const kinds = Array.from({ length: 30 }, (_each, index) => {
      const told = lookWith(trial, T0 + (index + 1) * MINUTE, state, (reading) =>
        reading.id === 'errors/baseline' ? { ...dark(reading.id), silence } : reading,
      )
      state = told.state
      return told.verdict.kind
    })
    expect(kinds.indexOf('fail')).toBe(minutes - 1)
  })

  function played(trial: Trial, change: (reading: Reading, minute: number) => Reading) {
    let state: Parameters<typeof judge>[1] = null
    return Array.from({ length: 80 }, (_each, index) => {
      const told = lookWith(trial, T0 + (index + 1) * MINUTE, state, (reading) =>
        reading.id === 'errors/baseline' ? change(reading, index + 1) : reading,
      )
      state = told.state
      return only(told)
    })
  }

  test.each<[string, Partial<Trial>, (reading: Reading) => Reading]>([
    ['can never be measured', {}, (reading) => ({ ...dark(reading.id), silence: 'refused' })],
    ['is silent', {}, (reading) => dark(reading.id)],
    ['has no figures', { baseline: Array(80).fill(null) }, (reading) => reading],
  ])(
    'that %s does not tell whose requests were counted: nothing passes, and a person is told why',
    (_, changes, change) => {
      const told = played({ ...HEALTHY, ...changes }, change)
      const kinds = told.map(({ verdict }) => verdict)
      expect(kinds).not.toContain('suspect')
      expect(kinds).not.toContain('pass')
      expect(told.at(-1)?.verdict).toBe('inconclusive')
      expect(told.at(-1)?.missing).toMatch(
        /^0 of the 1000 requests needed were counted beside the stable revision’s own \(.+\): they may be those of both revisions, which hides failures; make the source tell the two apart, or let a person decide$/,
      )
      expect(told.at(-1)?.because).toContain(told.at(-1)?.silent ?? 'nothing')
    },
  )

  test('whose requests carry the canary’s name hides its failures: all of both revisions pass nothing', () => {
    const both = { ...HEALTHY, canary: steady(80, 1, 3000) }
    const told = played(both, (reading) => ({ ...dark(reading.id), silence: 'refused', why: 'no series' }))
    expect(told.map(({ verdict }) => verdict)).not.toContain('pass')
  })

  test.each([10, 30])(
    'that is gone from minute %i on is done without once it has told whose requests were counted',
    (gone) => {
      const told = played(HEALTHY, (reading, minute) => (minute > gone ? dark(reading.id) : reading))
      expect(told.map(({ verdict }) => verdict)).not.toContain('suspect')
      expect(told.at(-1)).toMatchObject({ verdict: 'pass', silent: 'the source is down' })
    },
  )

  test('that comes back after long is compared with what was counted beside it only: the split is not wrong', () => {
    const told = played(HEALTHY, (reading, minute) =>
      minute < 40 ? { ...dark(reading.id), silence: 'refused' } : reading,
    )
    expect(told.map(({ verdict }) => verdict)).not.toContain('suspect')
    expect(told.at(-1)).toMatchObject({ verdict: 'pass', silent: null })
  })

  test('that was split wrongly as long as it was seen stays so when it is gone', () => {
    const told = played({ ...HEALTHY, baseline: steady(80, 0, 300) }, (reading, minute) =>
      minute > 30 ? { ...dark(reading.id), silence: 'refused' } : reading,
    )
    expect(told.at(-1)?.because).toBe(
      'errors: the canary has 50 % of the requests (9000 of 18000) instead of 10 %, so traffic or figures do not go where they should',
    )
  })

  test('of events that no weight splits need not be seen: a probe asks each revision by itself', () => {
    const manifest = manifestOf([exact({ source: { kind: 'probe', path: '/', count: 3, timeoutMs: 1000 } })])
    const told = played({ ...HEALTHY, manifest }, (reading) => ({ ...dark(reading.id), silence: 'refused' }))
    expect(told.at(-1)?.verdict).toBe('pass')
  })

  test('was counted beside all that a state of an earlier version holds', () => {
    const half = looks(HEALTHY, 30).at(-1)
    const state = structuredClone(half?.state ?? null)
    const old = JSON.parse(JSON.stringify(state), (name, value) => (name === 'paired' ? undefined : value))
    const next = lookAt(HEALTHY, T0 + 31 * MINUTE, old)
    expect(next.state.kpis.errors?.step).toMatchObject({ total: 9300, paired: 9300 })
  })

  test('that has no figures for a quarter of an hour is done without', () => {
    const judged = looks({ ...HEALTHY, canary: steady(40, 150, 300), baseline: Array(40).fill(null) }, 30)
    expect(judged.findIndex(({ verdict }) => verdict.kind === 'fail')).toBe(16)
  })

  test('is not compared by its share while the weight is on its way', () => {
    const ten = looks(HEALTHY, 60).at(-1)
    const moving = lookAt({ ...HEALTHY, weight: 50, stepSince: null }, T0 + 61 * MINUTE, ten?.state ?? null)
    expect(moving.verdict.kind).toBe('inconclusive')
  })
})

describe('figures that cannot be', () => {
  const bucket = { at: T0, bad: 0, total: 300, value: null }

  test.each<[string, Partial<typeof bucket>]>([
    ['no number', { bad: Number.NaN }],
    ['no number of requests', { total: Number.NaN }],
    ['more bad events than events', { bad: 301 }],
    ['less than none', { bad: -1 }],
    ['endless', { total: Number.POSITIVE_INFINITY }],
    ['of a time that nobody asked about', { at: T0 + 60 * MINUTE }],
    ['between two buckets', { at: T0 + SECOND }],
  ])('%s are an answer that cannot be used', (_, wrong) => {
    const queries: readonly Query[] = queriesOf(HEALTHY, T0 + MINUTE)
    const readings = queries.map(({ id }): Reading => {
      return { id, kind: 'measured', buckets: [{ ...bucket, ...wrong }], quality: 'exact', query: 'q', note: null }
    })
    const judged = judge(caseOf(HEALTHY), null, queries, readings, T0 + MINUTE)
    expect(judged.verdict).toMatchObject({ kind: 'error', because: expect.stringContaining('what cannot be') })
    expect(judged.line).toBeNull()
  })
})

describe('a source that shows zeros where there was traffic', () => {
  test('has no figures for those minutes: the step waits for as many', () => {
    const canary = [...steady(30, 0, 300), ...steady(20, 0, 0), ...steady(60, 0, 300)]
    const baseline = [...steady(30, 1, 2700), ...steady(20, 0, 0), ...steady(60, 1, 2700)]
    const judged = looks({ ...HEALTHY, canary, baseline }, 90)
    expect(judged[59]?.verdict.kind).not.toBe('pass')
    expect(judged[59]?.state.kpis.errors?.step).toMatchObject({ buckets: 60, covered: 40 })
    expect(judged.findIndex(({ verdict }) => verdict.kind === 'pass')).toBe(76)
  })

  test('says nothing where the service is asked for now and then only', () => {
    const canary = Array.from({ length: 60 }, (_, minute) => [0, minute % 4 === 0 ? 1 : 0] as const)
    const baseline = Array.from({ length: 60 }, (_, minute) => [0, minute % 4 === 0 ? 9 : 0] as const)
    const judged = looks({ ...HEALTHY, manifest: manifestOf([exact({ minRequests: 10 })]), canary, baseline }, 60)
    expect(judged.at(-1)?.state.kpis.errors?.step).toMatchObject({ buckets: 60, covered: 60 })
    expect(judged.at(-1)?.verdict.kind).toBe('pass')
  })
})

describe('a KPI that is suspect', () => {
  test('says so also when its source falls silent, and that it is silent', () => {
    const manifest = manifestOf([exact({ limitRatio: 0.05 })])
    const trial = { manifest, canary: steady(60, 6, 300), baseline: steady(60, 6, 2700) }
    const before = looks(trial, 40).at(-1)
    expect(before?.verdict.kind).toBe('suspect')
    const now = T0 + 41 * MINUTE
    const queries = queriesOf(trial, now)
    const told = judge(
      caseOf(trial),
      before?.state ?? null,
      queries,
      queries.map(({ id }) => dark(id)),
      now,
    )
    expect(only(told)).toMatchObject({ verdict: 'suspect', silent: 'the source is down' })
    expect(told.state.kpis.errors?.blind).toMatchObject({ since: now })
  })
})

describe('a cold start', () => {
  const manifest = manifestOf([exact()], { warmUpMs: 5 * MINUTE })

  test.each<[string, Kpi, number]>([
    ['of errors is let fail at 2 %', errors({ limitRatio: 0.001 }), 0.02],
    ['of errors is let fail at twice a limit above 1 %', errors({ limitRatio: 0.03 }), 0.06],
    ['of any percentile is let be slow in half of the requests', latency({ percentile: 99.9 }), 0.5],
  ])('%s', (_, kpi, share) => expect(testOf(kpi, manifest, 1).warmLimit).toBe(share))

  test('lasts as long as it may also where traffic began within a bucket', () => {
    expect(testOf(exact(), manifest, 1, 0).warm).toBe(5)
    expect(testOf(exact(), manifest, 1, 30 * SECOND).warm).toBe(6)
    expect(testOf(exact(), manifestOf([exact()]), 1, 30 * SECOND).warm).toBe(0)
  })
})

describe('probes', () => {
  test('of several looks into one bucket are added up', () => {
    const kpi: Kpi = {
      name: 'uptime',
      role: 'required',
      source: { kind: 'probe', path: '/', count: 6, timeoutMs: 2000 },
      lagMs: 0,
      minRequests: 10,
      kind: 'uptime',
      limitRatio: 0.001,
    }
    const trial: Trial = { manifest: manifestOf([kpi]), canary: [] }
    const probe = (state: Parameters<typeof judge>[1], now: number, bad: number) => {
      const at = Math.floor(now / MINUTE) * MINUTE
      const queries = queriesOf(trial, at + MINUTE)
      const readings = queries.map(({ id }): Reading => {
        return {
          id,
          kind: 'measured',
          buckets: [{ at, bad, total: 6, value: null }],
          quality: 'exact',
          query: 'q',
          note: null,
        }
      })
      return judge(caseOf(trial), state, queries, readings, now)
    }
    const first = probe(null, T0 + 10 * SECOND, 6)
    const second = probe(first.state, T0 + 30 * SECOND, 0)
    const third = probe(second.state, T0 + 70 * SECOND, 0)
    expect(third.line?.kpis.uptime).toEqual([[T0, 6, 12, null, null, null, null]])
    expect(only(third)).toMatchObject({ bad: 6, total: 12 })
  })

  test('of a bucket that is judged already are not added again when they are read again', () => {
    const kpi: Kpi = {
      name: 'uptime',
      role: 'required',
      source: { kind: 'probe', path: '/', count: 6, timeoutMs: 2000 },
      lagMs: 0,
      minRequests: 10,
      kind: 'uptime',
      limitRatio: 0.001,
    }
    const { baseline: _, ...alone } = HEALTHY
    const judged = looks({ ...alone, manifest: manifestOf([kpi]), canary: steady(20, 0, 6) }, 20).at(-1)
    expect(only(judged)).toMatchObject({ bad: 0, total: 120 })
    expect(judged?.state.kpis.uptime).toMatchObject({ corrected: 0, lagMs: 0 })
  })
})
