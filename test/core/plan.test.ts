import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changesBetween, type FreezeSpan, type PlanAsk, planOf } from '../../lib/core/plan.ts'
import { aManifest, T0 } from '../support/builders.ts'

const HOUR = 3_600_000
const STAGES = [
  { weight: 10, bakeMs: 24 * HOUR, gate: false },
  { weight: 50, bakeMs: 24 * HOUR, gate: true },
  { weight: 100, bakeMs: 0, gate: false },
]
const iso = (at: number) => new Date(at).toISOString()

function ask(overrides: Partial<PlanAsk> = {}): PlanAsk {
  return {
    manifest: aManifest({ stages: STAGES, scaleDownDelayMs: HOUR, onNewRevision: 'queue' }),
    before: { name: 'pricing', drain: '30s' },
    after: { name: 'pricing', drain: '60s' },
    version: 3,
    running: null,
    freezes: [],
    now: T0,
    ...overrides,
  }
}

function frozen(from: number, until: number | null, id = 'weekend'): FreezeSpan {
  return { id, reason: 'nobody is there', from, until }
}

test('steps begin when the bakes before them are over, and all of it takes as long as the bakes', () => {
  const plan = planOf(ask())
  expect(plan.steps.map(({ number, weight, startsAt }) => [number, weight, startsAt - T0])).toEqual([
    [1, 10, 0],
    [2, 50, 24 * HOUR],
    [3, 100, 48 * HOUR],
  ])
  expect([plan.leastMs, plan.endsAt]).toEqual([48 * HOUR, T0 + 48 * HOUR])
})

test('it is said in the order in which it happens', () => {
  const { name, environment } = ask().manifest
  expect(planOf(ask()).sentences).toEqual([
    `${environment}/${name} goes from version 3 to version 4, with 1 change`,
    expect.stringMatching(/^the next push of a tag that matches .+ starts a rollout$/),
    `step 1 of 3: 10 % from ${iso(T0)} for 1d`,
    `step 2 of 3: 50 % from ${iso(T0 + 24 * HOUR)} for 1d, then an Approver opens the gate`,
    `step 3 of 3: 100 % from ${iso(T0 + 48 * HOUR)}`,
    `${name} serves the new image to everybody at ${iso(T0 + 48 * HOUR)} at the earliest, 2d after the push`,
    'the revision of before is kept ready for 1h after that',
  ])
})

test('a gate names how many must agree', () => {
  const approvals = { required: 2, from: null, notAuthor: true, validForMs: null }
  const plan = planOf(ask({ manifest: aManifest({ stages: STAGES, approvals }) }))
  expect(plan.sentences.join('\n')).toContain('then 2 Approvers open the gate')
})

test.each([
  ['supersede', /supersedes pricing-7, which is rolled back first$/],
  ['queue', /waits until pricing-7 has ended$/],
  ['reject', /is rejected while pricing-7 is running$/],
] as const)('a running rollout goes on as it is, and a push with %s is told', (onNewRevision, said) => {
  const plan = planOf(ask({ running: 'pricing-7', manifest: aManifest({ stages: STAGES, onNewRevision }) }))
  expect(plan.sentences).toContain('pricing-7 is running and goes on with the manifest that it began with')
  expect(plan.sentences).toContainEqual(expect.stringMatching(said))
})

test('a new service begins at version 1 with every key as a change', () => {
  const plan = planOf(ask({ before: null, version: 0 }))
  expect(plan.version).toEqual({ now: 0, next: 1 })
  expect(plan.changes).toEqual([
    { path: 'name', before: null, after: 'pricing' },
    { path: 'drain', before: null, after: '60s' },
  ])
  expect(plan.sentences[0]).toMatch(/is stored as a new service, version 1$/)
})

test('the same manifest again changes nothing', () => {
  const plan = planOf(ask({ before: { a: [1, { b: null }] }, after: { a: [1, {}] } }))
  expect(plan.changes).toEqual([])
  expect(plan.version).toEqual({ now: 3, next: 3 })
  expect(plan.sentences[0]).toMatch(/^nothing changes: .* stays at version 3$/)
})

test('differences are told by dotted path, down to the single value', () => {
  const before = { name: 'x', steps: [{ w: 10 }, { w: 50 }], tags: 'v*', gone: 1 }
  const after = { name: 'x', steps: [{ w: 20 }, { w: 50 }, { w: 100 }], tags: { semver: '>1' } }
  expect(changesBetween(before, after)).toEqual([
    { path: 'steps.0.w', before: 10, after: 20 },
    { path: 'steps.2', before: null, after: { w: 100 } },
    { path: 'tags', before: 'v*', after: { semver: '>1' } },
    { path: 'gone', before: 1, after: null },
  ])
})

test('a step that falls into a freeze begins when the last of them ends, and those after it follow', () => {
  const freezes = [
    frozen(T0 + 20 * HOUR, T0 + 30 * HOUR),
    frozen(T0 + 29 * HOUR, T0 + 40 * HOUR, 'holiday'),
    frozen(T0 + 41 * HOUR, T0 + 42 * HOUR, 'not met'),
  ]
  const plan = planOf(ask({ freezes }))
  expect(plan.steps.map(({ startsAt }) => startsAt - T0)).toEqual([0, 40 * HOUR, 64 * HOUR])
  expect(plan.freezes.map(({ id }) => id)).toEqual(['weekend', 'holiday'])
  expect(plan.sentences).toContain(
    `freeze weekend (nobody is there) holds it back from ${iso(T0 + 20 * HOUR)} until ${iso(T0 + 30 * HOUR)}`,
  )
})

test('a stop that nobody knows the end of is told, and the times count from its end', () => {
  const plan = planOf(ask({ freezes: [frozen(T0 - 1, null, 'stop')] }))
  expect(plan.steps[0]?.startsAt).toBe(T0)
  expect(plan.sentences).toContainEqual(expect.stringMatching(/^freeze stop .* until somebody lifts it/))
})

test('no step ever begins within a freeze that has an end, nor before the one before it has baked', () => {
  const span = fc.tuple(fc.integer({ min: -50, max: 90 }), fc.integer({ min: 1, max: 40 }))
  fc.assert(
    fc.property(fc.array(span, { maxLength: 6 }), (spans) => {
      const freezes = spans.map(([from, length]) => frozen(T0 + from * HOUR, T0 + (from + length) * HOUR))
      const { steps } = planOf(ask({ freezes }))
      for (const [index, { startsAt }] of steps.entries()) {
        expect(freezes.some(({ from, until }) => from <= startsAt && startsAt < (until ?? 0))).toBe(false)
        const before = steps[index - 1]
        if (before !== undefined) expect(startsAt).toBeGreaterThanOrEqual(before.startsAt + before.bakeMs)
      }
    }),
  )
})

test.each<[string, Partial<PlanAsk>, string]>([
  ['a new service', { version: 0, before: null }, 'production/pricing is stored as a new service, version 1'],
  ['nothing', { before: { name: 'pricing', drain: '60s' } }, 'nothing changes: production/pricing stays at version 3'],
  ['one change', {}, 'production/pricing goes from version 3 to version 4, with 1 change'],
  [
    'two changes',
    { before: {}, after: { a: 1, b: 2 } },
    'production/pricing goes from version 3 to version 4, with 2 changes',
  ],
])('what is stored is told: %s', (_, changes, sentence) => {
  expect(planOf(ask(changes)).sentences[0]).toBe(sentence)
})

test.each<['supersede' | 'queue' | 'reject', string]>([
  ['supersede', 'supersedes pricing-7, which is rolled back first'],
  ['queue', 'waits until pricing-7 has ended'],
  ['reject', 'is rejected while pricing-7 is running'],
])('what the next push does to a running rollout is told: %s', (onNewRevision, words) => {
  const manifest = aManifest({ onNewRevision })
  expect(planOf(ask({ manifest, running: 'pricing-7' })).sentences.slice(1, 3)).toEqual([
    'pricing-7 is running and goes on with the manifest that it began with',
    `the next push of a tag that matches v* ${words}`,
  ])
  const ranged = { ...manifest, image: { ...manifest.image, tags: { kind: 'semver', range: '^2.0.0' } as const } }
  expect(planOf(ask({ manifest: ranged, running: 'pricing-7' })).sentences[2]).toBe(
    `the next push of a tag that matches ^2.0.0 ${words}`,
  )
})

test('a plan without bakes is over at once, and one that meets two freezes waits for the later', () => {
  const manifest = aManifest({ stages: [{ weight: 100, bakeMs: 0, gate: false }] })
  expect(planOf(ask({ manifest })).sentences.at(-2)).toBe(
    `pricing serves the new image to everybody at ${iso(T0)} at the earliest, at once`,
  )
  const freezes = [
    frozen(T0, T0 + 2 * HOUR, 'long'),
    frozen(T0, T0 + HOUR, 'short'),
    frozen(T0 + 9 * HOUR, null, 'far'),
  ]
  const plan = planOf(ask({ manifest, freezes }))
  expect([plan.leastMs, plan.freezes.map(({ id }) => id)]).toEqual([2 * HOUR, ['long', 'short']])
})

test('a list that becomes an object is one change, and what is absent is null', () => {
  expect(changesBetween({ a: [1], b: 1 }, { a: { 0: 1 } })).toEqual([
    { path: 'a', before: [1], after: { 0: 1 } },
    { path: 'b', before: 1, after: null },
  ])
  expect(changesBetween({ a: null }, { a: { b: 1 } })).toEqual([{ path: 'a', before: null, after: { b: 1 } }])
  expect(changesBetween(null, { a: { b: 1 } })).toEqual([{ path: 'a', before: null, after: { b: 1 } }])
})
