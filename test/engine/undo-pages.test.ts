import { expect, test } from 'vitest'
import { undo } from '../../lib/engine/undo.ts'
import { createStage } from '../../sim/runner.ts'
import { aCommand, aPush, aRollout, aService, digestOf, finished, T0 } from '../support/builders.ts'

const oneOf = (n: number, tag: string, two: string) =>
  aRollout(finished('promoted'), {
    id: `pricing-${n}`,
    number: n,
    push: aPush({ tag, digest: digestOf(two) }),
    canary: `r${n}`,
  })

/** An undo to `v1` of a service of which each page of a hundred rollouts has only one, and `v1` stands on page `last`. */
async function toldOn(last: number, pages = last) {
  const { wheel } = createStage({ start: T0, crash: 'never' })
  const asked: (readonly [number, string | null])[] = []
  const rollouts = async (_: unknown, limit: number, from: string | null) => {
    const page = Number(from ?? '1')
    asked.push([limit, from])
    const items = Array.from({ length: limit }, (_, n) => oneOf(1000 - page * limit - n, 'v2', '22'))
    return { items: page === last ? [oneOf(1, 'v1', '11')] : items, next: page === pages ? null : String(page + 1) }
  }
  const newest = oneOf(1000, 'v2', '22')
  const item = { service: aService({ rolloutNumber: 1000 }), rollout: newest, judge: null, token: 1 }
  const store = { ...wheel.store, commit: async () => 'saved' as const }
  const known = { ...wheel, store, catalogue: { ...wheel.catalogue, rollouts } }
  return { answer: await undo(known, item, aCommand('undo', { to: 'v1' })), asked }
}

test('a release is sought page by page', async () => {
  const { answer, asked } = await toldOn(3)
  expect(answer).toMatchObject({ kind: 'done', because: 'rollout pricing-1001 brings v1 back' })
  expect(asked).toEqual([
    [100, null],
    [100, '2'],
    [100, '3'],
  ])
})

test('a release is sought among five hundred rollouts, and no further', async () => {
  expect((await toldOn(5)).answer).toMatchObject({ kind: 'done' })
  const { answer, asked } = await toldOn(6, 9)
  expect(answer).toMatchObject({ kind: 'refused', because: expect.stringContaining('v1 is no rollout') })
  expect(asked).toHaveLength(5)
})
