import fc from 'fast-check'
import { expect, it } from 'vitest'
import { didYouMean, editDistance } from '../../lib/schema/did-you-mean.ts'

it.each([
  ['kitten', 'sitting', 3],
  ['', 'abc', 3],
  ['abc', 'acb', 1],
  ['same', 'same', 0],
])('from %s to %s it takes %d edits', (a, b, edits) => {
  expect(editDistance(a, b)).toBe(edits)
})

it('the distance is always the same both ways, and 0 only for the same word', () => {
  const word = fc.string({ maxLength: 12 })
  fc.assert(
    fc.property(word, word, (a, b) => {
      return editDistance(a, b) === editDistance(b, a) && (editDistance(a, b) === 0) === (a === b)
    }),
  )
})

it.each([
  ['setWieght', ' Did you mean `setWeight`?'],
  ['SETWEIGHT', ' Did you mean `setWeight`?'],
  ['pauze', ' Did you mean `pause`?'],
  ['setWeihgtt', ' Did you mean `setWeight`?'],
  ['replicas', ''],
  ['x'.repeat(5000), ''],
])('%s brings the hint "%s"', (word, hint) => {
  expect(didYouMean(word, ['setWeight', 'bake', 'pause'])).toBe(hint)
})
