import { expect, test } from 'vitest'
import { readBuckets } from '../../cli/bucket-file.ts'
import { aPlan, ERRORS_ONLY } from '../core/replay-scene.ts'
import { manifestText, slipway, withFiles } from './run.ts'

const PLAN = aPlan('[ { setWeight: 10 }, { bake: 1h } ]', ERRORS_ONLY)
const HEAD = 'minute,kpi,arm,bad,total'
const GAUGE =
  '{ kpis: [ { name: queue, gauge: { limit: 100 }, source: { http: { url: "https://kpi.example.com/q" } } } ] }'

/** Every file that is refused: its lines, the line that is named, and what is said about it. */
const REFUSED: readonly (readonly [name: string, text: string, line: number, says: RegExp])[] = [
  ['nothing in it', '', 1, /is empty; its first line must be minute,kpi,arm,bad,total/],
  ['no header', '0,errors,canary,1,300\n', 1, /has no column minute, kpi, arm, bad, total/],
  ['semicolons', 'minute;kpi;arm;bad;total\n0;errors;canary;1;300\n', 1, /with commas, not semicolons/],
  ['a column too few', 'minute,kpi,arm,bad\n0,errors,canary,1\n', 1, /has no column total/],
  ['a column that is not known', `${HEAD},colour\n0,errors,canary,1,300,red\n`, 1, /"colour" that is not known/],
  ['a column twice', `${HEAD},bad\n0,errors,canary,1,300,1\n`, 1, /has the column bad twice/],
  ['a header alone', `${HEAD}\n`, 1, /has no row of the canary/],
  ['no canary', `${HEAD}\n0,errors,baseline,1,300\n`, 1, /has no row of the canary/],
  ['a cell too few', `${HEAD}\n0,errors,canary,1\n`, 2, /has 4 cells where the header has 5/],
  ['a cell too many', `${HEAD}\n0,errors,canary,1,300,\n`, 2, /has 6 cells where the header has 5/],
  [
    'a KPI that is not known',
    `${HEAD}\n\n0,erors,canary,1,300\n`,
    3,
    /kpi is "erors".*it has errors\. Did you mean `errors`/,
  ],
  ['an arm that is not known', `${HEAD}\n0,errors,stable,1,300\n`, 2, /arm is "stable"; write canary or baseline/],
  ['a minute that is no number', `${HEAD}\nfirst,errors,canary,1,300\n`, 2, /minute is "first"; write a whole number/],
  ['half a minute', `${HEAD}\n0.5,errors,canary,1,300\n`, 2, /minute is "0.5"/],
  ['a minute beyond reason', `${HEAD}\n999999,errors,canary,1,300\n`, 2, /minute is "999999".*up to 262800/],
  ['a canary before the rollout', `${HEAD}\n-1,errors,canary,1,300\n`, 2, /no traffic before minute 0/],
  ['a negative count', `${HEAD}\n0,errors,canary,-1,300\n`, 2, /bad is "-1"; write a whole number from 0/],
  ['half an event', `${HEAD}\n0,errors,canary,1.5,300\n`, 2, /bad is "1.5"/],
  ['an empty count', `${HEAD}\n0,errors,canary,,300\n`, 2, /bad is empty.*leave the row out/],
  ['a count in hex', `${HEAD}\n0,errors,canary,1,0x12c\n`, 2, /total is "0x12c"/],
  ['a count beyond reason', `${HEAD}\n0,errors,canary,1,9999999999999\n`, 2, /total is "9999999999999"/],
  ['more bad than all', `${HEAD}\n0,errors,canary,301,300\n`, 2, /bad is 301 and total only 300/],
  ['a value without a gauge', `${HEAD},value\n0,errors,canary,1,300,7\n`, 2, /value is "7", but errors is counted/],
  ['tabs', 'minute\tkpi\tarm\tbad\ttotal\n0\terrors\tcanary\t1\t300\n', 1, /with commas, not tabs/],
  ['a comment first', `# of Monday\n${HEAD}\n0,errors,canary,1,300\n`, 1, /begins with #, and CSV has no comments/],
  ['a comment between', `${HEAD}\n# noon, day 1\n0,errors,canary,1,300\n`, 2, /begins with #.*take the line out/],
  ['a quote that is not closed', `${HEAD}\n0,"errors,canary,1,300\n`, 2, /a quote is opened and never closed/],
  ['text behind a quote', `${HEAD}\n0,"errors"x,canary,1,300\n`, 2, /text follows a closing quote/],
  [
    'an error after a cell of two lines',
    `${HEAD}\n0,errors,canary,1,300\n"1\n",errors,canary,1,300\nx,errors,canary,1,300\n`,
    5,
    /minute is "x"/,
  ],
]

test.each(REFUSED)('a file with %s is refused with its line, and what to do', (_, text, line, says) => {
  const read = readBuckets(text, 'b.csv', PLAN)
  const told = read.ok ? [] : read.issues
  expect(told.find((issue) => issue.startsWith(`b.csv:${line}: `))).toMatch(says)
})

test('a refused file leaves standard output empty, and ends with 1', async () => {
  const text = `${HEAD}\n0,errors,canary,301,300\n`
  await withFiles({ 'm.yaml': manifestText(), 'b.csv': text }, async (path) => {
    const answer = await slipway(['simulate', '--manifest', path('m.yaml'), '--buckets', path('b.csv'), '--json'])
    expect(answer).toMatchObject({ code: 1, out: '' })
    const message = `${path('b.csv')}:2: bad is 301 and total only 300; bad events are part of the total`
    expect(JSON.parse(answer.err)).toEqual({ exit: 1, message, problem: null })
    const told = await slipway(['simulate', '--manifest', path('m.yaml'), '--buckets', path('b.csv')])
    expect(told).toMatchObject({ code: 1, out: '', err: `slipway: ${message}\n` })
  })
})

test('everything that is wrong with a file is told at once, up to twenty lines', async () => {
  const text = [HEAD, ...Array.from({ length: 30 }, (_, minute) => `${minute},errors,canary,x,300`)].join('\n')
  await withFiles({ 'm.yaml': manifestText(), 'b.csv': text }, async (path) => {
    const { err } = await slipway(['simulate', '--manifest', path('m.yaml'), '--buckets', path('b.csv')])
    expect(err.match(/bad is "x"/g)).toHaveLength(20)
    expect(err).toContain('and 10 more of the kind')
  })
})

test('a gauge needs its value, and takes one of any sign', async () => {
  const rows = (value: string) => `minute,kpi,arm,bad,total,value\n0,queue,canary,,,${value}\n`
  const manifest = manifestText('[ { setWeight: 10 }, { bake: 1h } ]', GAUGE)
  await withFiles({ 'm.yaml': manifest, 'none.csv': rows(''), 'ok.csv': rows('-1.5e2') }, async (path) => {
    const none = await slipway(['simulate', '--manifest', path('m.yaml'), '--buckets', path('none.csv')])
    expect(none).toMatchObject({
      code: 1,
      err: expect.stringContaining('queue is a gauge and its value is empty; write its figure'),
    })
    const fine = await slipway(['simulate', '--manifest', path('m.yaml'), '--buckets', path('ok.csv'), '--json'])
    expect(fine.code).toBe(0)
    expect(JSON.parse(fine.out)).toMatchObject({ outcome: 'running', endedAtMinute: 0 })
  })
})

const GAUGE_HEAD = 'minute,kpi,arm,bad,total,value'

test.each([
  ['no column of values', `${HEAD}\n0,queue,canary,,\n`, 2, /has no value; add the column value/],
  ['bad events', `${GAUGE_HEAD}\n0,queue,canary,3,,7\n`, 2, /bad is "3", but queue is a gauge; leave bad and total/],
  ['a total', `${GAUGE_HEAD}\n0,queue,canary,0,10,7\n`, 2, /total is "10", but queue is a gauge/],
  [
    'two values of a minute',
    `${GAUGE_HEAD}\n0,queue,canary,,,7\n0,queue,canary,,,7\n`,
    3,
    /has a value in line 2 already, and values of a gauge cannot be added up; keep one/,
  ],
])('a gauge with %s is refused', (_, text, line, says) => {
  const read = readBuckets(text, 'b.csv', aPlan('[ { setWeight: 10 }, { bake: 1h } ]', GAUGE))
  const told = read.ok ? [] : read.issues
  expect(told.find((issue) => issue.startsWith(`b.csv:${line}: `))).toMatch(says)
})

test('a gauge may have counts of 0, as the service writes them', () => {
  const text = `${GAUGE_HEAD}\n0,queue,canary,0,0,7\n`
  const read = readBuckets(text, 'b.csv', aPlan('[ { setWeight: 10 }, { bake: 1h } ]', GAUGE))
  expect(read.ok && read.series.get('queue')?.canary.get(0)).toEqual({ bad: 0, total: 0, value: 7 })
})

test('arms may be written in capitals, as the header may', () => {
  const read = readBuckets('Minute,KPI,Arm,Bad,Total\n0,errors,Canary,1,300\n0,errors,BASELINE,2,2700\n', 'b.csv', PLAN)
  expect(read.ok && read.series.get('errors')).toEqual({
    canary: new Map([[0, { bad: 1, total: 300, value: null }]]),
    baseline: new Map([[0, { bad: 2, total: 2700, value: null }]]),
  })
})

test('a manifest that is wrong is refused with file, line and column', async () => {
  const wrong = manifestText().replace('tags:', 'tgas:')
  await withFiles({ 'm.yaml': wrong, 'b.csv': `${HEAD}\n0,errors,canary,1,300\n` }, async (path) => {
    const answer = await slipway(['simulate', '--manifest', path('m.yaml'), '--buckets', path('b.csv')])
    expect(answer.code).toBe(1)
    expect(answer.err).toMatch(/m\.yaml:4:\d+ image\.?.*tgas/)
  })
})

test('a file that is no text is refused', async () => {
  const bytes = new Uint8Array([0xff, 0xfe, 0x6d, 0x00, 0x69, 0x00])
  await withFiles({ 'm.yaml': manifestText(), 'b.csv': bytes }, async (path) => {
    const answer = await slipway(['simulate', '--manifest', path('m.yaml'), '--buckets', path('b.csv')])
    expect(answer).toMatchObject({ code: 1, err: expect.stringContaining('is not UTF-8; save it as UTF-8') })
  })
})

/** Every way to call wrongly, the exit code and what is said. */
const MISUSED: readonly (readonly [args: readonly string[], code: number, says: RegExp])[] = [
  [['launch'], 2, /unknown command 'launch'/],
  [['simulate'], 2, /give --buckets FILE with --manifest FILE, or --scenario NAME/],
  [['simulate', '--buckets', 'b.csv'], 2, /--buckets needs --manifest/],
  [['simulate', '--scenario', 'R1', '--buckets', 'b.csv'], 2, /exclude each other/],
  [['simulate', '--scenario', 'Z99'], 2, /there is no scenario "Z99"; slipway simulate --list/],
  [['simulate', '--scenario', 'R1', '--seed', 'x'], 2, /must be a whole number from 0/],
  [['simulate', '--scenario', 'R1', '--gates', 'ajar'], 2, /Allowed choices are open, wait/],
  [['simulate', '--scenrio', 'R1'], 2, /unknown option '--scenrio'/],
  [['simulate', '--manifest', '/no/such.yaml', '--buckets', 'b.csv'], 1, /manifest \/no\/such.yaml does not exist/],
  [['simulate', '--manifest', '.', '--buckets', 'b.csv'], 1, /is a folder/],
  [['replay'], 2, /give --buckets FILE with --manifest FILE, or --service NAME/],
  [['replay', '--service', 'a'], 2, /--service needs --rollout NUMBER/],
  [['replay', '--service', 'a', '--buckets', 'b.csv'], 2, /exclude each other/],
  [['replay', '--url', 'http://x.example.com', '--service', 'a', '--rollout', '1'], 2, /unencrypted; use https/],
  [['replay', '--url', 'nowhere', '--service', 'a', '--rollout', '1'], 2, /--url is no address/],
]

test.each(MISUSED)('slipway %j ends with %i and says what to do', async (args, code, says) => {
  const answer = await slipway(args)
  expect(answer).toMatchObject({ code, out: '' })
  expect(answer.err).toMatch(says)
})

test('help is no mistake', async () => {
  for (const args of [['--help'], ['simulate', '--help'], ['replay', '--help']]) {
    const answer = await slipway(args)
    expect(answer).toMatchObject({ code: 0, err: '' })
    expect(answer.out).toContain('Exit codes: 0 ok, 1 error, 2 usage, 3 rolled back, 4 timed out, 5 waits for a person')
  }
})
