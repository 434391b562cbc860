import { expect, test } from 'vitest'
import { movedOn, rolloutTag, tagMatches } from '../../lib/core/rollout-tag.ts'
import { aRollout, finished, paused, progressing, T0 } from '../support/builders.ts'

test('the tag names rollout, phase, step and since when, and a service without a rollout has one too', () => {
  const rollout = aRollout(progressing(1))
  expect(rolloutTag(rollout)).toBe(`"${rollout.id}.progressing.2.${T0}"`)
  expect(rolloutTag(aRollout(paused('gate', { stage: 0 })))).toMatch(/\.paused\.1\.\d+"$/)
  expect(rolloutTag(aRollout(finished('promoted')))).toMatch(/\.finished\.0\.\d+"$/)
  expect(rolloutTag(null)).toBe('"none"')
})

test('a look that only measures leaves the tag; another step, phase, rollout or beginning changes it', () => {
  const tag = rolloutTag(aRollout(progressing(0)))
  expect(rolloutTag(aRollout(progressing(0), { wakeAt: T0 + 60_000, unwell: 1 }))).toBe(tag)
  expect(rolloutTag(aRollout(progressing(0, T0 + 1)))).toBe(tag)
  const others = [
    aRollout(progressing(1)),
    aRollout(paused('operator', { stage: 0 })),
    aRollout(progressing(0), { id: 'pricing-99' }),
    aRollout(progressing(0, T0, T0 + 1)),
  ]
  for (const other of others) expect(rolloutTag(other)).not.toBe(tag)
})

test.each([
  ['"a.1"', true],
  ['"b", "a.1"', true],
  ['*', true],
  ['"b"', false],
  ['W/"a.1"', false],
  ['a.1', false],
  ['', false],
])('If-Match: %s against "a.1" is %s', (ifMatch, matches) => {
  expect(tagMatches(ifMatch, '"a.1"')).toBe(matches)
})

test('a command is for this moment when it names its tag, or none, and the step that it would promote', () => {
  const rollout = aRollout(progressing(1))
  const tag = rolloutTag(rollout)
  const abort = { verb: 'abort', step: null } as const
  expect(movedOn(rollout, abort)).toBeNull()
  expect(movedOn(rollout, { ...abort, ifMatch: tag })).toBeNull()
  expect(movedOn(rollout, { ...abort, ifMatch: '*' })).toBeNull()
  expect(movedOn(rollout, { verb: 'promote', step: 2 })).toBeNull()
  expect(movedOn(rollout, { verb: 'approve', step: 1 })).toBeNull()
  expect(movedOn(null, { ...abort, ifMatch: '"none"' })).toBeNull()
})

test.each(['abort', 'pause', 'undo'] as const)(
  '%s is for the rollout, wherever it has come to, and no other',
  (verb) => {
    const before = rolloutTag(aRollout(progressing(0)))
    expect(movedOn(aRollout(progressing(1)), { verb, step: null, ifMatch: before })).toBeNull()
    expect(movedOn(aRollout(progressing(1)), { verb, step: null, ifMatch: `"x", ${before}` })).toBeNull()
    const other = aRollout(progressing(0), { id: 'pricing-99' })
    expect(movedOn(other, { verb, step: null, ifMatch: before })).toContain('changed since you looked')
  },
)

test('a command for another moment is told where the rollout is now, and its tag', () => {
  const rollout = aRollout(progressing(1))
  const said = movedOn(rollout, { verb: 'promote', step: 1 })
  expect(said).toContain(`${rollout.id} is progressing in step 2 now`)
  expect(said).toContain(`If-Match: ${rolloutTag(rollout)}`)
  const before = rolloutTag(aRollout(progressing(0)))
  expect(movedOn(rollout, { verb: 'resume', step: null, ifMatch: before })).toContain('changed since you looked')
  expect(movedOn(aRollout(finished('promoted')), { verb: 'resume', step: null, ifMatch: before })).toContain(
    'is finished now',
  )
  expect(movedOn(null, { verb: 'undo', step: null, ifMatch: before })).toContain('there is no rollout')
})
