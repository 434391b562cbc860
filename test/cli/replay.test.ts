import { expect, test } from 'vitest'
import { bucketsText, manifestText, slipway, withFiles } from './run.ts'

const limit = (share: string) => `{ warmUp: 0s, kpis: [ { name: errors, errorRate: { limit: ${share} } } ] }`
const HOUR = '[ { setWeight: 10 }, { bake: 1h } ]'

/** From minute 20 on the canary fails at 2.7 %, under a manifest that allows 1 %. */
const FILES = {
  'm.yaml': manifestText(),
  'strict.yaml': manifestText(HOUR, limit('0.5%')),
  'lax.yaml': manifestText(HOUR, limit('5%')),
  'two.yaml': manifestText('[ { setWeight: 2 }, { bake: 1h } ]'),
  'stages.yaml': manifestText('[ { setWeight: 10 }, { bake: 30m }, { setWeight: 50 }, { bake: 30m } ]'),
  'b.csv': bucketsText(240, (minute) => (minute < 20 ? 1 : 8)),
}

/** Replays the file under a manifest, recorded under `m.yaml`. */
function replayed(path: (name: string) => string, manifest: string, ...more: readonly string[]) {
  const args = ['replay', '--buckets', path('b.csv'), '--recorded', path('m.yaml'), '--manifest', path(manifest)]
  return slipway([...args, ...more])
}

test('a stricter limit would have caught it earlier, and the answer shows then and now', async () => {
  await withFiles(FILES, async (path) => {
    const { code, out } = await replayed(path, 'strict.yaml', '--json')
    const told = JSON.parse(out)
    expect(code).toBe(3)
    expect(told.then).toMatchObject({ outcome: 'rolled-back' })
    expect(told.outcome).toBe('rolled-back')
    expect(told.endedAtMinute).toBeLessThan(told.then.endedAtMinute)
    expect(told.recorded).toBeNull()
    expect(told.verdicts).toHaveLength(told.endedAtMinute + 1)
    const person = await replayed(path, 'strict.yaml')
    const earlier = told.then.endedAtMinute - told.endedAtMinute
    expect(person.out).toContain(`It would have ended the same, ${earlier} minute${earlier === 1 ? '' : 's'} earlier.`)
    expect(person.out).toMatch(/^ +THEN: the manifest it had, replayed +NOW: this manifest, replayed$/m)
    expect(person.out).toMatch(/^Limits +errors at most 1 % bad +errors at most 0.5 % bad$/m)
    expect(person.out.split('\n').filter((line) => line.length > 100)).toEqual([])
  })
})

test('a laxer limit changes the outcome, and its exit code is the answer', async () => {
  await withFiles(FILES, async (path) => {
    const { code, out } = await replayed(path, 'lax.yaml')
    // Worse than stable, though within the limit: it is held, and the data end.
    expect(code).toBe(5)
    expect(out).toContain('The outcome would have been paused instead of rolled-back.')
  })
})

test('less traffic is simulated by thinning: later, said so, and the same for the same seed', async () => {
  await withFiles(FILES, async (path) => {
    const args = ['replay', '--buckets', path('b.csv'), '--manifest', path('m.yaml'), '--weight', '2']
    const first = await slipway([...args, '--json'])
    const told = JSON.parse(first.out)
    expect(told.endedAtMinute).toBeGreaterThan(told.then.endedAtMinute)
    expect(told.verdicts[0].weight).toBe(2)
    expect(told.notes.join(' ')).toContain('thinned at random (seed 1), so this is a simulation and not a record')
    expect((await slipway([...args, '--json'])).out).toBe(first.out)
    expect((await slipway([...args, '--json', '--seed', '2'])).out).not.toBe(first.out)
    const plan = await replayed(path, 'two.yaml', '--json')
    expect(JSON.parse(plan.out).endedAtMinute).toBe(told.endedAtMinute)
  })
})

test('more traffic than was measured is refused', async () => {
  await withFiles(FILES, async (path) => {
    const answer = await slipway([
      ...['replay', '--buckets', path('b.csv'), '--manifest', path('m.yaml')],
      ...['--weight', '20'],
    ])
    expect(answer).toMatchObject({ code: 1, out: '' })
    expect(answer.err).toContain(
      'was measured at 10 %, the plan wants 20 %, and events that nobody saw cannot be made up',
    )
  })
})

test('a weight that the next step does not rise above is a wrong call', async () => {
  await withFiles(FILES, async (path) => {
    const args = ['replay', '--buckets', path('b.csv'), '--manifest', path('stages.yaml'), '--weight', '50']
    expect(await slipway(args)).toMatchObject({ code: 2, err: expect.stringContaining('not below the 50 %') })
  })
})

test.each([
  [
    'another length of buckets',
    manifestText(HOUR, '{ bucket: 2m, kpis: [ { name: errors, errorRate: { limit: 1% } } ] }'),
    'counted in 60s; write 60s',
  ],
  ['a KPI that was not measured', manifestText(HOUR, '{}'), 'KPI p95 was not measured then; leave it out'],
  [
    'another name',
    manifestText().replace('name: pricing', 'name: billing'),
    'the manifest is of billing in production, but the buckets are of pricing in production',
  ],
  ['another environment', manifestText().replace('environment: production', 'environment: staging'), 'in staging'],
  [
    'another kind of KPI',
    manifestText(HOUR, '{ kpis: [ { name: errors, uptime: { target: 99.9% } } ] }'),
    'has the kind uptime, but was counted with error-rate',
  ],
  [
    'other statuses',
    manifestText(HOUR, '{ kpis: [ { name: errors, errorRate: { limit: 1%, alsoBad: [429] } } ] }'),
    'has alsoBad 429, but was counted with none',
  ],
])('a manifest with %s cannot be judged by the counts that there are', async (_, changed, says) => {
  await withFiles({ ...FILES, 'changed.yaml': changed }, async (path) => {
    const answer = await replayed(path, 'changed.yaml')
    expect(answer).toMatchObject({ code: 1, out: '', err: expect.stringContaining(says) })
  })
})

test('a step that comes earlier in the changed plan waits for its weight, and the answer says so', async () => {
  const rows = Array.from({ length: 60 }, (_, minute) =>
    minute < 30
      ? [`${minute},errors,canary,1,300`, `${minute},errors,baseline,9,2700`]
      : [`${minute},errors,canary,5,1500`, `${minute},errors,baseline,5,1500`],
  )
  const files = {
    ...FILES,
    'b.csv': ['minute,kpi,arm,bad,total', ...rows.flat()].join('\n'),
    'm.yaml': FILES['stages.yaml'],
    'soon.yaml': manifestText('[ { setWeight: 10 }, { bake: 10m }, { setWeight: 50 }, { bake: 20m } ]'),
  }
  await withFiles(files, async (path) => {
    const { code, out } = await replayed(path, 'soon.yaml', '--json')
    const told = JSON.parse(out)
    expect(code).toBe(0)
    expect(told.then).toMatchObject({ outcome: 'promoted', endedAtMinute: 59 })
    expect(told).toMatchObject({ outcome: 'promoted', endedAtMinute: 49 })
    expect(told.notes).toContain(
      'step 2 was due with minute 10, and nothing was measured at 50 % before minute 30: until then the canary stays at the weight before',
    )
  })
})

test('a step whose weight was never measured says so', async () => {
  await withFiles({ ...FILES, 'calm.csv': bucketsText(60, () => 1) }, async (path) => {
    const args = ['replay', '--buckets', path('calm.csv'), '--recorded', path('m.yaml'), '--manifest']
    const { out } = await slipway([...args, path('stages.yaml'), '--json'])
    expect(JSON.parse(out).notes).toContain(
      'step 2 was due with minute 30, and nothing was ever measured at 50 %: the canary stays at the weight before',
    )
  })
})

test('where the data end before a decision, no outcome is made up', async () => {
  await withFiles({ ...FILES, 'b.csv': bucketsText(40, (minute) => (minute < 20 ? 1 : 8)) }, async (path) => {
    const { code, out } = await replayed(path, 'lax.yaml')
    // Worse than stable, though within the limit: it is held where the data end.
    expect(code).toBe(5)
    const text = out.replaceAll(/\s+/g, ' ')
    expect(text).toContain('Under this manifest it is not decided: the data end there, with minute 39.')
    expect(text).toContain('Under the one it had: rolled-back at minute 23')
    expect(text).not.toContain('would have been running')
  })
})
