import { expect, test } from 'vitest'
import { exitOf } from '../../cli/exit.ts'
import { limitsText, planText, timelineText, whenText } from '../../cli/print-timeline.ts'
import { hanging, table } from '../../cli/terminal.ts'
import { aPlan, type Count, ERRORS_ONLY, errorSeries, times, walk } from '../core/replay-scene.ts'

const PLAN = aPlan('[ { setWeight: 10 }, { bake: 1h }, { pause: {} } ]', ERRORS_ONLY)
const plain = { write: () => {}, isColoured: false }
const ESCAPE = String.fromCharCode(27)

test('colours come only where they are wanted, and change nothing else', () => {
  const timeline = walk(PLAN, errorSeries(times<Count>(30, [60, 300]), times<Count>(30, [9, 2700])))
  const bare = timelineText(timeline, plain, false)
  const bright = timelineText(timeline, { ...plain, isColoured: true }, false)
  expect(bare).not.toContain(ESCAPE)
  expect(bright).toContain(`${ESCAPE}[31mfail${ESCAPE}[0m`)
  expect(bright.replaceAll(new RegExp(`${ESCAPE}\\[\\d+m`, 'g'), '')).toBe(bare)
})

test('a timeline that changes all the time is cut in the middle, and says how much is left out', () => {
  const calm = walk(
    aPlan('[ { setWeight: 10 }, { bake: 40h } ]', ERRORS_ONLY),
    errorSeries(times<Count>(150, [1, 300])),
  )
  const verdicts = calm.verdicts.map(
    (verdict, at) => ({ ...verdict, kind: at % 2 === 0 ? 'suspect' : 'pass' }) as const,
  )
  const timeline = { ...calm, verdicts }
  const lines = timelineText(timeline, plain, false).split('\n')
  expect(lines.find((line) => line.includes('more changes'))).toMatch(
    /… \d+ more changes; --verbose shows every minute/,
  )
  expect(lines.length).toBeLessThan(140)
})

test('a timeline of other buckets than minutes says so', () => {
  const seconds = aPlan('[ { setWeight: 10 }, { bake: 1h } ]', ERRORS_ONLY.replace('{ warmUp', '{ bucket: 10s, warmUp'))
  const timeline = walk(seconds, errorSeries(times<Count>(30, [0, 300])))
  expect(whenText(timeline)).toBe('up to bucket 29, after 5m of traffic')
})

test('a plan is told with its bakes, gates and KPIs', () => {
  expect(planText(PLAN)).toBe('Plan: pricing in production: 10 % for 1h, then a gate; 100 %. KPIs: errors.')
})

test('limits are told with the percentile, which is not said twice', () => {
  const latency = (name: string) => `{ name: ${name}, latency: { percentile: 95, limit: 200ms } }`
  const plan = aPlan('[ { setWeight: 10 } ]', `{ kpis: [ ${latency('p95')}, ${latency('fares')} ] }`)
  expect(limitsText(plan)).toBe('p95 below 200 ms; fares p95 below 200 ms')
})

test('text is wrapped at 100 columns, with figures and percent signs kept together', () => {
  const lines = hanging('Head: ', `${'word '.repeat(18)}0.12 % ${'word '.repeat(30)}`.trim())
  expect(lines.every((line) => line.length <= 100)).toBe(true)
  expect(lines.slice(1).every((line) => line.startsWith('      word') || line.startsWith('      0.12 %'))).toBe(true)
  expect(lines.join(' ')).toContain('0.12 %')
})

test('a table lines up', () => {
  expect(
    table([
      ['a', 'long head'],
      ['longer', '1'],
    ]),
  ).toEqual(['a       long head', 'longer          1'])
})

test('exit codes tell outcomes apart', () => {
  const codes = (['promoted', 'running', 'rolled-back', 'aborted', 'paused'] as const).map((outcome) =>
    exitOf({ outcome, verdicts: [] }),
  )
  expect(codes).toEqual([0, 0, 3, 3, 5])
})

test.each([
  ['pass', 0],
  ['inconclusive', 0],
  ['nodata', 5],
  ['error', 5],
  ['suspect', 5],
] as const)('data that end in %s end with exit code %i', (kind, code) => {
  const timeline = walk(PLAN, errorSeries(times<Count>(5, [0, 300])))
  const verdicts = timeline.verdicts.map((verdict) => ({ ...verdict, kind }))
  expect(exitOf({ outcome: 'running', verdicts })).toBe(code)
})

test('what a pass still needs is told while the rollout goes on or waits, and not after its end', () => {
  const running = walk(PLAN, errorSeries(times<Count>(5, [0, 300]), times<Count>(5, [9, 2700])))
  const texts = (['running', 'paused', 'promoted', 'rolled-back', 'aborted'] as const).map((outcome) =>
    timelineText({ ...running, outcome }, plain, false).includes('Missing for a pass of errors'),
  )
  expect(texts).toEqual([true, true, false, false, false])
})

test('a gauge shows its value, its limit, its buckets out of the limit, and the value of stable', () => {
  const queue = '{ name: queue, gauge: { limit: 100 }, source: { http: { url: "https://kpi.example.com/q" } } }'
  const gauge = aPlan('[ { setWeight: 10 }, { bake: 1h } ]', `{ warmUp: 0s, kpis: [ ${queue} ] }`)
  const values = (first: readonly number[]) =>
    new Map(first.map((value, at) => [at, { bad: 0, total: 0, value }] as const))
  const series = (baseline: readonly number[]) =>
    new Map([['queue', { canary: values([50, 120.25, 70, 80.5]), baseline: values(baseline) }]])
  const row = (timeline: ReturnType<typeof walk>) =>
    timelineText(timeline, plain, false)
      .split('\n')
      .find((line) => line.startsWith('queue '))
      ?.split(/ {2,}/)
  expect(row(walk(gauge, series([40, 40, 40, 60.125])))?.slice(2, 6)).toEqual([
    '1 of 4 minutes',
    '80.5',
    '100',
    '60.125',
  ])
  expect(row(walk(gauge, series([])))?.slice(2, 6)).toEqual(['1 of 4 minutes', '80.5', '100', '–'])
})
