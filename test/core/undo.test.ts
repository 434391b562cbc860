import { describe, expect, test } from 'vitest'
import type { Phase, Rollout } from '../../lib/core/rollout.ts'
import { pushOfRevision, undoTarget } from '../../lib/core/undo.ts'
import { anApp, aPush, aRevision, aRollout, digestOf, finished, progressing, STABLE, T0 } from '../support/builders.ts'

function one(
  number: number,
  two: string,
  phase: Phase = finished('promoted'),
  stable: string | null = STABLE,
): Rollout {
  const push = aPush({ tag: `v${number}`, digest: digestOf(two) })
  return aRollout(phase, { id: `pricing-${number}`, number, push, stable, canary: `pricing--r${number}-${two}` })
}

const history = [one(4, 'dd'), one(3, 'cc', finished('rolled-back')), one(2, 'bb'), one(1, 'aa')]

describe('what an undo goes back to', () => {
  test.each([
    ['the release before the present one', history, null, 'pricing-2'],
    ['a rollout', history, 'pricing-1', 'pricing-1'],
    ['a revision', history, 'pricing--r2-bb', 'pricing-2'],
    ['a tag', history, 'v1', 'pricing-1'],
    ['past a release of the same digest', [one(5, 'dd'), ...history], null, 'pricing-2'],
    ['what serves, while something else runs', [one(5, 'ee', progressing(0)), ...history], 'v4', 'pricing-4'],
  ])('is %s', (_, rollouts, to, from) => {
    expect(undoTarget(rollouts, to)).toMatchObject({ kind: 'found', from })
  })

  test.each([
    ['before the only release', [one(1, 'aa')], null],
    ['when it is named', history, STABLE],
  ])('is the first revision %s', (_, rollouts, to) => {
    expect(undoTarget(rollouts, to)).toEqual({ kind: 'first', revision: STABLE })
  })

  test.each([
    ['nothing ran yet', [], null, 'nothing was promoted yet'],
    ['nothing was promoted', [one(1, 'aa', finished('failed'))], null, 'nothing was promoted yet'],
    ['nothing served before', [one(1, 'aa', finished('promoted'), null)], null, 'nothing served before pricing-1 (v1)'],
    ['something runs and nothing is named', [one(5, 'ee', progressing(0)), ...history], null, 'abort goes back'],
    [
      'it was rolled back',
      history,
      'v3',
      'ever served all traffic; it can be undone to pricing-2 (v2), pricing-1 (v1), pricing--r1-11111111',
    ],
  ])('is refused where %s', (_, rollouts, to, words) => {
    const target = undoTarget(rollouts, to)
    expect(target.kind).toBe('refused')
    expect('because' in target && target.because).toContain(words)
  })
})

describe('what a refusal names', () => {
  const words = (rollouts: readonly Rollout[], to: string | null = 'v9') => {
    const target = undoTarget(rollouts, to)
    return 'because' in target ? target.because.split('; it can be undone to ')[1] : target.kind
  }

  test('is never what serves, which an undo has nothing to do for', () => {
    expect(words(history)).toBe(`pricing-2 (v2), pricing-1 (v1), ${STABLE}`)
    expect(words([one(1, 'aa', finished('failed'))])).toBeUndefined()
    expect(words([one(1, 'aa', finished('promoted'), null)], null)).toBeUndefined()
    const first = one(5, 'ff', finished('promoted'))
    expect(words([{ ...first, cause: 'undo', push: { ...first.push, tag: STABLE } }, ...history])).toBe(
      'pricing-4 (v4), pricing-2 (v2), pricing-1 (v1)',
    )
  })

  test('is what serves too while something else runs', () => {
    const all = `pricing-4 (v4), pricing-2 (v2), pricing-1 (v1), ${STABLE}`
    expect(words([one(5, 'ee', progressing(0)), ...history])).toBe(all)
    expect(words([one(5, 'ee', progressing(0)), ...history], null)).toBe(all)
    expect(words([one(1, 'aa', progressing(0))])).toBe(STABLE)
  })

  test('is each release once, and five of them at most', () => {
    const six = ['66', '55', '44', '55', '33', '22', '11', '00'].map((two, index) => one(9 - index, two))
    expect(words(six, 'none')).toBe(
      `pricing-8 (v8), pricing-7 (v7), pricing-5 (v5), pricing-4 (v4), pricing-3 (v3), ${STABLE}`,
    )
  })
})

describe('an undo after an undo', () => {
  const undone = (number: number, two: string, more: Partial<Rollout> = {}) =>
    ({ ...one(number, two), cause: 'undo', ...more }) as const
  const back = (...rollouts: readonly Rollout[]) => undoTarget(rollouts, null)

  test('goes before the release that was restored, never to the one that was left', () => {
    expect(back(undone(5, 'bb'), ...history)).toMatchObject({ kind: 'found', from: 'pricing-1' })
    expect(back(undone(6, 'aa'), undone(5, 'bb'), ...history)).toEqual({ kind: 'first', revision: STABLE })
    const first = undone(7, 'ff', { push: aPush({ tag: STABLE, digest: digestOf('ff') }) })
    expect(back(first, undone(6, 'aa'), ...history)).toMatchObject({ kind: 'refused' })
    expect(back(one(8, 'ee'), first, ...history)).toMatchObject({ from: 'pricing-7' })
  })

  test('reaches the one that was left by its name, which then counts again', () => {
    const named = undoTarget([undone(5, 'bb'), ...history], 'v4')
    expect(named).toMatchObject({ kind: 'found', from: 'pricing-4' })
    expect(back(undone(6, 'dd'), undone(5, 'bb'), ...history)).toMatchObject({ from: 'pricing-5' })
    expect(back(one(6, 'ee'), undone(5, 'bb'), ...history)).toMatchObject({ from: 'pricing-5' })
  })
})

test.each([
  ['v4', history],
  [STABLE, [one(1, 'aa', finished('failed'))]],
])('an undo to %s, which serves, has nothing to do', (to, rollouts) => {
  expect(undoTarget(rollouts, to)).toEqual({
    kind: 'serves',
    because: `${to} is what serves now; there is nothing to do`,
  })
})

describe('the revision that served before the first rollout', () => {
  const app = (image: string) => anApp({ revisions: [aRevision(STABLE, { image })] })
  const image = `acme.azurecr.io/team/pricing@${digestOf('ab')}`

  test('is brought back by the digest that it runs', () => {
    expect(pushOfRevision(app(image), STABLE, T0)).toMatchObject({
      kind: 'found',
      from: STABLE,
      push: {
        registry: 'acme.azurecr.io',
        repository: 'team/pricing',
        digest: digestOf('ab'),
        tag: STABLE,
        pushedAt: T0,
      },
    })
  })

  test.each([
    ['it runs a tag', app('acme.azurecr.io/team/pricing:v1'), 'names no digest'],
    ['it is gone', anApp({ revisions: [] }), 'the revision is gone'],
    ['the app cannot be seen', null, 'cannot be seen'],
  ])('is not where %s', (_, seen, words) => {
    const target = pushOfRevision(seen, STABLE, T0)
    expect(target.kind).toBe('refused')
    expect('because' in target && target.because).toContain(words)
  })
})
