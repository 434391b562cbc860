import { describe, expect, test } from 'vitest'
import { type Judged, judge, recompute, together } from '../../../lib/core/judge/judge.ts'
import type { Arm, Bucket } from '../../../lib/core/judge/reading.ts'
import type { LoggedBucket } from '../../../lib/core/judge/state.ts'
import { startKpi } from '../../../lib/core/judge/take-in.ts'
import type { VerdictKind } from '../../../lib/core/judge/verdict.ts'
import type { Kpi } from '../../../lib/core/service.ts'
import { HOUR, latency, MINUTE, someEvidence, T0 } from '../../support/builders.ts'
import {
  caseOf,
  dark,
  exact,
  lookAt,
  looks,
  type Minutes,
  manifestOf,
  only,
  queriesOf,
  readingOf,
  steady,
  type Trial,
} from './looks.ts'

const HEALTHY: Trial = { manifest: manifestOf(), canary: steady(120, 0, 300), baseline: steady(120, 1, 2700) }

describe('a step', () => {
  test('passes at the first look at which its whole bake is final, and not before', () => {
    const kinds = looks(HEALTHY, 61).map(({ verdict }) => verdict.kind)
    expect(kinds.slice(0, 59)).toEqual(Array(59).fill('inconclusive'))
    expect(kinds.slice(59)).toEqual(['pass', 'pass'])
  })

  test('says what it still needs, and when that may be there', () => {
    const [first] = looks(HEALTHY, 1)
    expect(only(first)).toMatchObject({ missing: 'the step bakes for 59m more', passAt: T0 + HOUR })
  })

  test('waits for the requests that it needs, and says when they may be there', () => {
    const trial = { ...HEALTHY, manifest: manifestOf([exact({ minRequests: 27_000 })]) }
    expect(only(looks(trial, 60).at(-1))).toMatchObject({
      verdict: 'inconclusive',
      missing: '18000 of the 27000 requests needed',
      passAt: T0 + HOUR + 30 * MINUTE,
    })
    expect(only(looks(trial, 90).at(-1)).verdict).toBe('pass')
  })

  test('needs three requests for every part that may be bad where the manifest says no number', () => {
    const trial = {
      ...HEALTHY,
      canary: steady(120, 0, 49),
      baseline: steady(120, 0, 441),
      manifest: manifestOf([exact({ minRequests: null })]),
    }
    expect(only(looks(trial, 60).at(-1)).missing).toBe('2940 of the 3000 requests needed')
  })

  test('does not pass on a figure over the limit that may be chance', () => {
    const canary = [...steady(60, 0, 300)]
    for (const minute of [9, 19, 29, 39, 49]) canary[minute] = [4, 300]
    const evidence = only(looks({ ...HEALTHY, canary, baseline: steady(60, 3, 2700) }, 60).at(-1))
    expect(evidence).toMatchObject({ bad: 20, total: 18_000 })
    expect(['inconclusive', 'suspect']).toContain(evidence.verdict)
    expect(evidence.because).toMatch(/0\.11 % \(20 of 18000 requests failed\)/)
  })

  test('counts only the buckets that lie in it', () => {
    const trial = { ...HEALTHY, stepSince: T0 + 30 * MINUTE + 1, bakeMs: 20 * MINUTE }
    const judged = looks(trial, 51)
    expect(only(judged.at(-2))).toMatchObject({ verdict: 'inconclusive', total: 19 * 300, from: T0 + 31 * MINUTE })
    expect(only(judged.at(-1))).toMatchObject({ verdict: 'pass', total: 20 * 300 })
  })

  test('starts its counts anew while the evidence goes on', () => {
    const first = looks(HEALTHY, 60)
    const second = looks({ ...HEALTHY, stepSince: T0 + HOUR }, 61, first.at(-1)?.state ?? null)
    const now = lookAt({ ...HEALTHY, stepSince: T0 + HOUR }, T0 + 61 * MINUTE, first.at(-1)?.state ?? null)
    expect(only(now)).toMatchObject({ total: 300, verdict: 'inconclusive' })
    expect(now.state.kpis.errors?.sequence.minutes).toBe(61)
    expect(second.at(-1)?.state.kpis.errors?.sequence.minutes).toBe(61)
  })

  test('whose weight is not real yet never passes', () => {
    const judged = looks({ ...HEALTHY, stepSince: null }, 90)
    expect(new Set(judged.map(({ verdict }) => verdict.kind))).toEqual(new Set(['inconclusive']))
  })

  test('does not pass while it warms up, whatever it bakes', () => {
    const trial = { ...HEALTHY, bakeMs: 2 * MINUTE, manifest: manifestOf([exact()], { warmUpMs: 5 * MINUTE }) }
    const kinds = looks(trial, 12).map(({ verdict }) => verdict.kind)
    expect(kinds.indexOf('pass')).toBeGreaterThanOrEqual(5)
    expect(kinds.at(-1)).toBe('pass')
  })

  test('that needs evidence for its limit waits for it', () => {
    const manifest = manifestOf([exact()], { requireEvidence: true })
    const sure = looks({ ...HEALTHY, manifest }, 60).at(-1)
    expect(only(sure).verdict).toBe('pass')
    expect(only(sure).evalues?.support).toBeGreaterThanOrEqual(20)
    const thin = looks({ ...HEALTHY, manifest, canary: steady(60, 0, 50), baseline: steady(60, 0, 450) }, 60).at(-1)
    expect(only(thin)).toMatchObject({
      verdict: 'inconclusive',
      missing: expect.stringMatching(/evidence of \d+ of 20/),
    })
  })
})

describe('evidence', () => {
  test('of a total failure is enough after two minutes', () => {
    const judged = looks({ ...HEALTHY, canary: steady(5, 300, 300) }, 5)
    expect(judged.findIndex(({ verdict }) => verdict.kind === 'fail')).toBe(1)
    expect(only(judged[1]).because).toMatch(/errors 100 % \(600 of 600 requests failed\), over the limit of 0\.1 %/)
  })

  test('of a fault that both revisions share is none', () => {
    const judged = looks({ ...HEALTHY, canary: steady(60, 15, 300), baseline: steady(60, 135, 2700) }, 60)
    expect(judged.some(({ verdict }) => verdict.kind === 'fail')).toBe(false)
  })

  test('against the baseline alone holds, aborts or is ignored as the manifest says', () => {
    const outcome = (onRelative: 'hold' | 'abort' | 'ignore') => {
      const manifest = manifestOf([exact({ limitRatio: 0.05 })], { onRelative })
      const trial = { manifest, canary: steady(60, 6, 300), baseline: steady(60, 6, 2700) }
      return new Set(looks(trial, 60).map(({ verdict }) => verdict.kind))
    }
    expect(outcome('hold')).toContain('suspect')
    expect(outcome('hold')).not.toContain('fail')
    expect(outcome('abort')).toContain('fail')
    expect(outcome('ignore')).not.toContain('suspect')
    expect(outcome('ignore')).toContain('pass')
  })

  test('is void where the requests are not split as wished', () => {
    const judged = looks({ ...HEALTHY, baseline: steady(60, 0, 300) }, 5)
    expect(only(judged.at(-1))).toMatchObject({ verdict: 'suspect' })
    expect(only(judged.at(-1)).because).toMatch(/50 % of the requests .* instead of 10 %/)
  })

  test('of a canary that burns a tenth of the month’s budget is enough by itself', () => {
    const canary = [...steady(30, 0, 300)]
    const history = steady(1440, 0, 10)
    canary[10] = [60, 300]
    const judged = looks({ ...HEALTHY, canary, baseline: steady(30, 0, 2700), history }, 12)
    expect(judged[9]?.verdict.kind).toBe('inconclusive')
    expect(judged[10]?.verdict.kind).toBe('fail')
    expect(only(judged[10]).because).toMatch(/more than 10 % of what 30 days allow \(43\)/)
  })

  test('of a cold start is none, of a broken revision it is', () => {
    const manifest = manifestOf([exact()], { warmUpMs: 5 * MINUTE })
    const cold = [...steady(5, 4, 300), ...steady(55, 0, 300)]
    const kinds = (canary: Trial['canary']) =>
      looks({ ...HEALTHY, manifest, canary }, canary.length).map(({ verdict }) => verdict.kind)
    expect(kinds(cold)).not.toContain('fail')
    expect(kinds(cold).at(-1)).toBe('pass')
    expect(kinds(steady(5, 150, 300)).indexOf('fail')).toBe(1)
  })
})

const NOBODY = { bad: 0, total: 0, value: null }

describe('a source that is late', () => {
  const manifest = manifestOf([exact({ lagMs: 3 * MINUTE })])

  test('is waited for: a bucket counts once its lag is over', () => {
    const [, , third, fourth] = looks({ ...HEALTHY, manifest }, 4)
    expect(third?.state.kpis.errors?.sequence.minutes).toBe(0)
    expect(third?.line).toBeNull()
    expect(fourth?.state.kpis.errors?.sequence.minutes).toBe(1)
    expect(fourth?.line).toMatchObject({ at: T0, kpis: { errors: [[T0, 0, 300, null, 1, 2700, null]] } })
  })

  test('hides no large failure: what is not final is enough to abort, and never to pass', () => {
    const canary = [...steady(20, 0, 300), ...steady(5, 300, 300)]
    const judged = looks({ ...HEALTHY, manifest, canary }, 25)
    const failed = judged.findIndex(({ verdict }) => verdict.kind === 'fail')
    expect(failed).toBe(21)
    expect(only(judged[failed])).toMatchObject({ provisional: true, verdict: 'fail' })
    expect(judged[failed]?.state.kpis.errors?.sequence.minutes).toBe(19)
  })

  test('is not taken for a failure when errors come in before successes', () => {
    const trial = { ...HEALTHY, manifest, canary: [...steady(20, 0, 300), [2, 2] as const, [2, 2] as const] }
    const judged = looks(trial, 22)
    expect(judged.map(({ verdict }) => verdict.kind)).not.toContain('fail')
  })

  test('makes nothing of the minutes before the canary had traffic, nor of the smaller share of the step before', () => {
    const young = { ...HEALTHY, manifest, canary: steady(2, 2, 30), history: steady(1440, 1, 3000) }
    const now = T0 + 2 * MINUTE
    const queries = queriesOf(young, now).map((query) => ({ ...query, from: Math.min(query.from, T0 - 10 * MINUTE) }))
    const readings = queries.map((query) => {
      const reading = readingOf(young, query, now)
      if (reading.kind === 'missing' || query.arm === 'baseline') return reading
      const idle = Array.from({ length: 10 }, (_, index) => ({ at: query.from + index * MINUTE, ...NOBODY }))
      return { ...reading, buckets: [...idle, ...reading.buckets] }
    })
    const judged = judge(caseOf(young), null, queries, readings, now)
    expect(only(judged).verdict).toBe('inconclusive')
  })

  test('that changes a judged bucket is counted, waited for longer, and not judged twice', () => {
    const before = looks({ ...HEALTHY, manifest }, 8).at(-1)
    const canary = [...HEALTHY.canary]
    canary[4] = [7, 300]
    const after = lookAt({ ...HEALTHY, manifest, canary }, T0 + 9 * MINUTE, before?.state ?? null)
    expect(after.state.kpis.errors).toMatchObject({ corrected: 1, lagMs: 4 * MINUTE, next: T0 + 5 * MINUTE })
    expect(only(after).bad).toBe(0)
  })
})

describe('silence', () => {
  test('of a source is an error that is waited out, and judged when the source is back', () => {
    const start = looks(HEALTHY, 30).at(-1)
    const now = T0 + 40 * MINUTE
    const queries = queriesOf(HEALTHY, now)
    const blind = judge(caseOf(HEALTHY), start?.state ?? null, queries, [dark('errors/canary')], now)
    expect(blind.verdict).toMatchObject({ kind: 'error', because: 'errors: the source is down' })
    expect(blind.line).toBeNull()
    expect(blind.state.kpis.errors).toMatchObject({ blind: { since: now, silence: 'down' }, next: T0 + 30 * MINUTE })
    const later = lookAt(HEALTHY, T0 + 60 * MINUTE, blind.state)
    expect(later.verdict.kind).toBe('pass')
    expect(later.line?.kpis.errors).toHaveLength(30)
    expect(later.state.kpis.errors?.blind).toBeNull()
  })

  test('of the baseline’s source is an error too: a shared fault could not be told apart', () => {
    const queries = queriesOf(HEALTHY, T0 + MINUTE)
    const readings = [readingOf(HEALTHY, queries[0] as never, T0 + MINUTE), dark('errors/baseline')]
    expect(judge(caseOf(HEALTHY), null, queries, readings, T0 + MINUTE).verdict.kind).toBe('error')
  })

  test('within an answer is no data: the step waits until a bake’s worth of buckets has figures', () => {
    const canary = [...steady(30, 0, 300), ...Array(10).fill(null), ...steady(80, 0, 300)]
    const judged = looks({ ...HEALTHY, canary }, 80)
    expect(judged[36]?.verdict.kind).toBe('nodata')
    expect(only(judged[59])).toMatchObject({ verdict: 'nodata', bad: 0, total: 50 * 300 })
    expect(judged[59]?.verdict.because).toMatch(/only 50 buckets of the step have figures, of the 57/)
    expect(judged.findIndex(({ verdict }) => verdict.kind === 'pass')).toBe(66)
  })

  test('of the users is no data where traffic was due', () => {
    const judged = looks({ ...HEALTHY, canary: steady(20, 0, 0) }, 20)
    expect(judged[8]?.verdict.kind).toBe('inconclusive')
    expect(judged[9]?.verdict).toMatchObject({ kind: 'nodata' })
    expect(judged[9]?.verdict.because).toMatch(/no requests in 10 buckets in a row, though 10 % are its own/)
  })

  test('where nobody asks for the service is only inconclusive', () => {
    const quiet = { ...HEALTHY, canary: steady(20, 0, 0), baseline: steady(20, 0, 1), history: steady(60, 0, 1) }
    expect(looks(quiet, 20).at(-1)?.verdict.kind).toBe('inconclusive')
  })

  test('leaves a source that no query was answered by as an error', () => {
    const judged = judge(caseOf(HEALTHY), null, queriesOf(HEALTHY, T0 + MINUTE), [], T0 + MINUTE)
    expect(judged.verdict.kind).toBe('error')
  })
})

describe('figures that were missed', () => {
  // A day and a half without a look: three hundred buckets fit into one.
  const minutes = 36 * 60
  const long: Trial = { manifest: manifestOf(), canary: steady(minutes, 0, 300), baseline: steady(minutes, 1, 2700) }
  const now = T0 + minutes * MINUTE

  test('are taken in look by look, and nothing passes before the newest is', () => {
    const told: Judged[] = []
    for (let look = 0; look < 8; look += 1) told.push(lookAt(long, now, told.at(-1)?.state ?? null))
    expect(told.map(({ isBehind }) => isBehind)).toEqual([...Array(7).fill(true), false])
    expect(told.map(({ verdict }) => verdict.kind)).toEqual([...Array(7).fill('inconclusive'), 'pass'])
    expect(only(told[0])).toMatchObject({
      missing: '1d 7h of figures that were missed are still to be taken in',
      passAt: null,
    })
    expect(only(told[7])).toMatchObject({ to: now, missing: null })
  })

  test('are not said to be too old while newer ones are still to be taken in', () => {
    const queries = queriesOf(long, now)
    const aDay = T0 + 24 * HOUR
    const readings = queries.map((query) => readingOf(long, query, aDay))
    const behind = judge(caseOf(long), null, queries, readings, now)
    expect(behind).toMatchObject({ isBehind: true, verdict: { kind: 'inconclusive' } })
    let state = behind.state
    for (let look = 0; look < 7; look += 1) state = judge(caseOf(long), state, queries, readings, now).state
    expect(judge(caseOf(long), state, queries, readings, now)).toMatchObject({
      isBehind: false,
      verdict: { kind: 'nodata' },
    })
  })

  test('are waited for where the source gives no answer, and then taken in', () => {
    const queries = queriesOf(long, now)
    const first = lookAt(long, now, null)
    const dead = judge(
      caseOf(long),
      first.state,
      queries,
      queries.map(({ id }) => dark(id)),
      now,
    )
    expect(dead).toMatchObject({ isBehind: false, verdict: { kind: 'error' } })
    expect(lookAt(long, now, dead.state).isBehind).toBe(true)
  })

  test('fail as soon as they tell of a failure', () => {
    const canary = [...steady(400, 0, 300), ...steady(minutes - 400, 60, 300)]
    const first = lookAt({ ...long, canary }, now, null)
    expect(lookAt({ ...long, canary }, now, first.state).verdict.kind).toBe('fail')
  })
})

describe('several KPIs', () => {
  const told = (role: Kpi['role'], verdict: VerdictKind) =>
    someEvidence(verdict, { role, because: `${role} ${verdict}` })

  test.each<[string, readonly [Kpi['role'], VerdictKind][], VerdictKind]>([
    [
      'the worst required one decides',
      [
        ['required', 'pass'],
        ['required', 'suspect'],
        ['required', 'error'],
      ],
      'suspect',
    ],
    [
      'error is worse than nodata',
      [
        ['required', 'nodata'],
        ['required', 'error'],
      ],
      'error',
    ],
    [
      'nodata is worse than inconclusive',
      [
        ['required', 'nodata'],
        ['required', 'inconclusive'],
      ],
      'nodata',
    ],
    [
      'an advisory one decides nothing',
      [
        ['required', 'pass'],
        ['advisory', 'fail'],
      ],
      'pass',
    ],
    [
      'a guard that does not pass is let be',
      [
        ['required', 'pass'],
        ['guard', 'error'],
        ['guard', 'suspect'],
      ],
      'pass',
    ],
    [
      'a guard that fails aborts',
      [
        ['required', 'pass'],
        ['guard', 'fail'],
      ],
      'fail',
    ],
    ['guards alone conclude nothing', [['guard', 'pass']], 'inconclusive'],
    ['none at all conclude nothing', [], 'inconclusive'],
  ])('%s', (_, kpis, kind) => {
    const verdict = together(kpis.map(([role, each]) => told(role, each)))
    expect(verdict.kind).toBe(kind)
    expect(verdict.evidence).toHaveLength(kpis.length)
  })

  test('share the budget of false aborts, advisory ones left out', () => {
    const kpis = [exact(), latency({ lagMs: 0 }), latency({ name: 'p99', percentile: 99, role: 'advisory', lagMs: 0 })]
    const [evidence] = looks({ ...HEALTHY, manifest: manifestOf(kpis) }, 1).at(-1)?.verdict.evidence ?? []
    expect(evidence?.evalues).toMatchObject({ needed: 500, neededWarmUp: 1000 })
  })
})

describe('the log', () => {
  test('gives the same state again, bit for bit', () => {
    const canary = [...steady(40, 0, 300), null, [3, 280] as const, ...steady(40, 1, 310)]
    const trial: Trial = { ...HEALTHY, canary, baseline: steady(90, 2, 2650), history: steady(200, 1, 2500) }
    const judged = looks(trial, 82)
    const logged = judged.flatMap(({ line }) => [...(line?.kpis.errors ?? [])]) as readonly LoggedBucket[]
    expect(logged).toHaveLength(82)
    const [kpi] = trial.manifest.analysis.kpis
    const first = queriesOf(trial, T0 + MINUTE).find(({ arm }) => arm === 'baseline')
    const setting = { kpi: kpi as Kpi, manifest: trial.manifest, from: T0, since: T0, stepSince: null }
    const start = startKpi(setting, readingOf(trial, first as never, T0 + MINUTE))
    const again = recompute(
      kpi as Kpi,
      trial.manifest,
      start,
      { from: T0, since: T0 },
      JSON.parse(JSON.stringify(logged)),
    )
    expect(again.sequence).toEqual(judged.at(-1)?.state.kpis.errors?.sequence)
    expect(again.history).toMatchObject({ phi: 1, buckets: 200 })
  })

  test('and a state that was stored and read back go on as if nothing had happened', () => {
    const whole = looks(HEALTHY, 60).at(-1)
    const half = JSON.parse(JSON.stringify(looks(HEALTHY, 30).at(-1)?.state))
    let state = half
    let last = whole
    for (let minute = 31; minute <= 60; minute += 1) {
      last = lookAt(HEALTHY, T0 + minute * MINUTE, state)
      state = last.state
    }
    expect(last).toEqual(whole)
  })

  test('is the same whether one looks every minute or once', () => {
    const often = looks(HEALTHY, 45).at(-1)
    const once = lookAt(HEALTHY, T0 + 45 * MINUTE, null)
    expect(once.state.kpis.errors?.sequence).toEqual(often?.state.kpis.errors?.sequence)
    expect(once.verdict).toEqual(often?.verdict)
  })
})

test('both arms meet by time, whatever order a source answers in, and whatever it leaves out', () => {
  const canary: Minutes = Array.from({ length: 40 }, (_, at) => [at % 4, 300 + at] as const)
  const baseline: Minutes = Array.from({ length: 40 }, (_, at) => [at % 3, 2700 + at] as const)
  const trial: Trial = { manifest: manifestOf(), canary, baseline }
  const now = T0 + 40 * MINUTE
  const queries = queriesOf(trial, now)
  const inOrder = queries.map((query) => readingOf(trial, query, now))
  const judgedOf = (change: (buckets: readonly Bucket[], arm: Arm) => readonly Bucket[]) =>
    judge(
      caseOf(trial),
      null,
      queries,
      inOrder.map((reading, place) =>
        reading.kind === 'missing'
          ? reading
          : { ...reading, buckets: change(reading.buckets, queries[place]?.arm ?? 'canary') },
      ),
      now,
    )
  const usual = judgedOf((buckets) => buckets)
  expect(usual.line?.kpis.errors?.slice(3, 5)).toEqual([
    [T0 + 3 * MINUTE, 3, 303, null, 0, 2703, null],
    [T0 + 4 * MINUTE, 0, 304, null, 1, 2704, null],
  ])
  expect(judgedOf((buckets, arm) => (arm === 'baseline' ? buckets.toReversed() : buckets))).toEqual(usual)
  expect(judgedOf((buckets) => buckets.toReversed())).toEqual(usual)
  const shifted = judgedOf((buckets, arm) =>
    buckets.filter(({ at }) => at !== T0 + (arm === 'canary' ? 3 : 4) * MINUTE),
  )
  expect(shifted.line?.kpis.errors?.slice(3, 6)).toEqual([
    [T0 + 3 * MINUTE, null],
    [T0 + 4 * MINUTE, null],
    [T0 + 5 * MINUTE, 1, 305, null, 2, 2705, null],
  ])
})
