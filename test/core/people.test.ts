import { expect, test } from 'vitest'
import { isPseudonym, pseudonymOf, pseudonymsIn, withNames } from '../../lib/core/people.ts'

const ADA = 'person:0123456789abcdef'
const BO = 'person:ghjkmnpqrstvwxyz'

test('a pseudonym has sixteen characters, and nothing of it can be read as another word', () => {
  expect(pseudonymOf(Uint8Array.from({ length: 16 }, (_, at) => at))).toBe(ADA)
  expect(pseudonymOf(Uint8Array.from({ length: 16 }, (_, at) => at + 16))).toBe(BO)
  expect(pseudonymOf(new Uint8Array(20).fill(255))).toBe('person:zzzzzzzzzzzzzzzz')
})

test('only a pseudonym is one', () => {
  for (const one of [ADA, BO]) expect(isPseudonym(one), one).toBe(true)
  for (const none of ['', 'ada', `${ADA}0`, `${ADA}${BO}`, `x${ADA}`, `${ADA} `, 'person:', 'person:0123456789abcdeu'])
    expect(isPseudonym(none), none).toBe(false)
})

test('pseudonyms are found in every text of a value, each once', () => {
  const value = { by: ADA, notes: `aborted by ${ADA}, not ${BO}`, rows: [{ deep: { [BO]: null } }], n: 1, no: null }
  expect([...pseudonymsIn(value)]).toEqual([ADA, BO])
  expect([...pseudonymsIn({ text: `${ADA}0`, person: 'person:ada' })]).toEqual([])
})

test('names stand in the place of pseudonyms; who is gone is an erased person, and who was not looked up stays', () => {
  const names = new Map([
    [ADA, 'ada@example.com'],
    ['person:zzzzzzzzzzzzzzzz', null],
  ])
  const value = { notes: `${ADA} and person:zzzzzzzzzzzzzzzz and ${BO}`, list: [ADA, 7, null, true] }
  expect(withNames(value, names)).toEqual({
    notes: `ada@example.com and erased person and ${BO}`,
    list: ['ada@example.com', 7, null, true],
  })
  expect(withNames(value, new Map())).toBe(value)
})
