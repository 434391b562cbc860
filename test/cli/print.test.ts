import { expect, test } from 'vitest'
import { exitOf } from '../../cli/exit.ts'
import { planText, timelineText, whenText } from '../../cli/print-timeline.ts'
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
    /… \d+ more changes; --verbose shows every bucket/,
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
  expect((['promoted', 'running', 'rolled-back', 'aborted', 'paused'] as const).map(exitOf)).toEqual([0, 0, 2, 2, 3])
})
