import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bucketsText, manifestText, said, slipway, withFiles } from './run.ts'

const ROOT = join(import.meta.dirname, '..', '..')

const FILES = {
  'm.yaml': manifestText(),
  'gate.yaml': manifestText('[ { setWeight: 10 }, { bake: 30m }, { pause: {} } ]'),
  'good.csv': bucketsText(90, () => 1),
  'bad.csv': bucketsText(90, (minute) => (minute < 20 ? 1 : 150)),
  'short.csv': bucketsText(10, () => 1),
}

test('a healthy file of buckets is promoted, told as JSON with exit code 0', async () => {
  await withFiles(FILES, async (path) => {
    const answer = await slipway(['simulate', '--manifest', path('m.yaml'), '--buckets', path('good.csv'), '--json'])
    expect(answer).toMatchObject({ code: 0, err: '' })
    const timeline = JSON.parse(answer.out)
    expect(timeline).toMatchObject({ outcome: 'promoted', endedAtMinute: 59, bucketMs: 60_000, notes: [] })
    expect(timeline.verdicts).toHaveLength(60)
    expect(timeline.verdicts[59]).toMatchObject({
      minute: 59,
      kind: 'pass',
      step: 1,
      weight: 10,
      because: expect.stringContaining('within 1 %'),
      kpis: [
        {
          kpi: 'errors',
          role: 'required',
          kind: 'pass',
          bad: 60,
          total: 18_000,
          limit: 0.01,
          baselineBad: 540,
          baselineTotal: 162_000,
          absolute: expect.any(Number),
          relative: expect.any(Number),
          needed: 250,
          missing: null,
        },
      ],
    })
  })
})

test('a broken canary is rolled back with exit code 3, and a person sees only what changed, then why', async () => {
  await withFiles(FILES, async (path) => {
    const { code, out, err } = await slipway(['simulate', '--manifest', path('m.yaml'), '--buckets', path('bad.csv')])
    expect({ code, err }).toEqual({ code: 3, err: '' })
    expect(out).toContain('Outcome: rolled-back at minute 21, after 22m of traffic')
    expect(out).toMatch(/^Because: errors .* over/m)
    expect(out).toMatch(/^ +21 +1\/2 +10 % +fail/m)
    expect(out.split('\n').length).toBeLessThan(30)
    expect(out.split('\n').filter((line) => line.length > 100)).toEqual([])
    expect(out).not.toContain('\u001b')
    const verbose = await slipway(['simulate', '--manifest', path('m.yaml'), '--buckets', path('bad.csv'), '--verbose'])
    expect(verbose.out.match(/^ +\d+ +1\/2/gm)).toHaveLength(22)
  })
})

test('data that end too early leave the rollout running with exit code 0, and tell what a pass still needs', async () => {
  await withFiles(FILES, async (path) => {
    const { code, out } = await slipway(['simulate', '--manifest', path('m.yaml'), '--buckets', path('short.csv')])
    expect(code).toBe(0)
    expect(out).toContain('Outcome: running up to minute 9')
    expect(out).toContain('Missing for a pass of errors: the step bakes for 50m more')
  })
})

test('gates open at once, or stop the simulation with exit code 5', async () => {
  await withFiles(FILES, async (path) => {
    const args = ['simulate', '--manifest', path('gate.yaml'), '--buckets', path('good.csv'), '--json']
    const open = await slipway(args)
    expect([open.code, JSON.parse(open.out).outcome]).toEqual([0, 'promoted'])
    const waits = await slipway([...args, '--gates', 'wait'])
    expect([waits.code, JSON.parse(waits.out).outcome]).toEqual([5, 'paused'])
  })
})

test('buckets may come from standard input, and a file may have CRLF, a byte order mark, quotes and any order', async () => {
  const rows = FILES['good.csv'].trim().split('\n').slice(1)
  const odd = ['"total", arm ,minute,"bad",kpi', '']
  for (const row of rows.reverse()) {
    const [minute, kpi, arm, bad, total] = row.split(',')
    odd.push(`${total},"${arm}", ${minute} ,${bad},${kpi}`)
  }
  const input = `\uFEFF${odd.join('\r\n')}\r\n\r\n`
  await withFiles(FILES, async (path) => {
    const plain = await slipway(['simulate', '--manifest', path('m.yaml'), '--buckets', path('good.csv'), '--json'])
    const piped = await slipway(['simulate', '--manifest', path('m.yaml'), '--buckets', '-', '--json'], { input })
    expect(piped).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(piped.out)).toEqual(JSON.parse(plain.out))
  })
})

test('a file without history says that it is judged with more care', async () => {
  const input = FILES['good.csv'].replaceAll(/^-.*\n/gm, '')
  await withFiles(FILES, async (path) => {
    const { out } = await slipway(['simulate', '--manifest', path('m.yaml'), '--buckets', '-'], { input })
    expect(out.replaceAll(/\s+/g, ' ')).toContain('Note: errors: no history of the stable revision')
  })
})

test('a file without the stable revision says why nothing can pass below 100 %', async () => {
  const input = FILES['good.csv'].replaceAll(/^.*,baseline,.*\n/gm, '')
  await withFiles(FILES, async (path) => {
    const args = ['simulate', '--manifest', path('m.yaml'), '--buckets', '-', '--json']
    const { out } = await slipway(args, { input })
    expect(JSON.parse(out).notes.join(' ')).toContain('errors: no row of the stable revision')
  })
})

test('what is too bad even for a warm-up is told with the evidence of the warm-up', async () => {
  const { out } = await slipway(['simulate', '--scenario', 'R4'])
  expect(out).toMatch(/^errors failed while it warmed up: E \S+, needed 1000$/m)
})

test('a scenario needs no manifest, is the same for the same seed, and can be listed', async () => {
  const played = await slipway(['simulate', '--scenario', 'R1', '--seed', '7', '--json'])
  expect(played.code).toBe(3)
  const timeline = JSON.parse(played.out)
  expect(timeline.outcome).toBe('rolled-back')
  expect(timeline.endedAtMinute).toBeLessThan(20)
  expect((await slipway(['simulate', '--scenario', 'errors-1pct', '--seed', '7', '--json'])).out).toBe(played.out)
  const list = JSON.parse((await slipway(['simulate', '--list', '--json'])).out)
  expect(list.map(({ name }: { name: string }) => name)).toContain('R1')
  expect((await slipway(['simulate', '--list'])).out).toMatch(/^R1 +errors-1pct +/m)
})

test('a scenario under a plan with less traffic is thinned, and one with more is refused', async () => {
  const files = {
    'two.yaml': manifestText('[ { setWeight: 2 }, { bake: 48h } ]', '{}'),
    'half.yaml': manifestText('[ { setWeight: 50 }, { bake: 48h } ]', '{}'),
  }
  await withFiles(files, async (path) => {
    const two = await slipway(['simulate', '--scenario', 'R1', '--manifest', path('two.yaml'), '--json'])
    const timeline = JSON.parse(two.out)
    expect(timeline.outcome).toBe('rolled-back')
    const { total, baselineTotal } = timeline.verdicts.at(-1).kpis[1]
    expect(total / (total + baselineTotal)).toBeGreaterThan(0.015)
    expect(total / (total + baselineTotal)).toBeLessThan(0.025)
    const half = await slipway(['simulate', '--scenario', 'R1', '--manifest', path('half.yaml')])
    expect(half.code).toBe(1)
    expect(half.err).toContain('measured at 10 %, the plan wants 50 %')
  })
})

test('a scenario leaves out the KPIs that it did not count, and is refused where none is left', async () => {
  const p99 = '{ name: p99, latency: { percentile: 99, limit: 1s } }'
  const files = {
    'both.yaml': manifestText(undefined, `{ kpis: [ { name: errors, errorRate: { limit: 0.1% } }, ${p99} ] }`),
    'none.yaml': manifestText(undefined, `{ kpis: [ ${p99} ] }`),
  }
  await withFiles(files, async (path) => {
    const both = await slipway(['simulate', '--scenario', 'R1', '--manifest', path('both.yaml'), '--json'])
    expect(JSON.parse(both.out)).toMatchObject({
      outcome: 'rolled-back',
      notes: [expect.stringContaining('KPI p99 is left out')],
    })
    const none = await slipway(['simulate', '--scenario', 'R1', '--manifest', path('none.yaml')])
    expect(none).toMatchObject({ code: 1, out: '', err: expect.stringContaining('no required KPI is left') })
  })
})

test('an older Node hands over to the one that the lockfile brought', async () => {
  const older = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => existsSync(path))
  if (older === undefined) return
  const answer = await slipway(['simulate', '--list'], { node: older })
  expect(answer).toMatchObject({ code: 0, err: '' })
  expect(answer.out).toContain('errors-1pct')
})

test('npx slipway starts the command of this checkout, and passes its exit code on', async () => {
  const npx = join(process.execPath, '..', process.platform === 'win32' ? 'npx.cmd' : 'npx')
  const { bin } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  expect(bin).toBe('cli/slipway.mjs')
  const program = existsSync(npx) ? npx : 'npx'
  const args = ['--no-install', 'slipway', 'simulate', '--scenario', 'R4']
  const answer = await said(program, args, { env: process.env, cwd: ROOT })
  expect(answer.out).toContain('Outcome: rolled-back')
  expect(answer.code).toBe(3)
})
