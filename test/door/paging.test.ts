import { expect, test } from 'vitest'
import { nextLink, pageAt, pageOf } from '../../lib/door/paging.ts'
import { Refusal } from '../../lib/door/problem.ts'
import { Fault } from '../../lib/errors.ts'

const malformed = async () => {
  throw new Fault('malformed', 'The page token is not one of this listing.')
}

test('a page mark that the list does not know is refused with 400', async () => {
  const refused = await pageAt('made-up', malformed).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(Refusal)
  expect((refused as Refusal).problem).toMatchObject({ status: 400, problem: 'bad-request' })
})

test('trouble that the mark has nothing to do with goes on as it is', async () => {
  await expect(pageAt(null, malformed)).rejects.toBeInstanceOf(Fault)
  const down = async () => {
    throw new Fault('unavailable', 'Table Storage does not answer.')
  }
  await expect(pageAt('mark', down)).rejects.toMatchObject({ kind: 'unavailable' })
  const bug = async () => {
    throw new TypeError('a bug')
  }
  await expect(pageAt('mark', bug)).rejects.toBeInstanceOf(TypeError)
  expect(await pageAt('mark', async () => 7)).toBe(7)
})

test('a page has 50 items unless 1 to 100 are asked for', () => {
  expect(pageOf(new URLSearchParams())).toEqual({ limit: 50, from: null })
  expect(pageOf(new URLSearchParams('limit=100&from=mark'))).toEqual({ limit: 100, from: 'mark' })
  for (const limit of ['0', '101', '1.5', 'many']) {
    expect(() => pageOf(new URLSearchParams({ limit }))).toThrow(Refusal)
  }
})

test('the next page is the same question from where this one ends', () => {
  const query = new URLSearchParams('service=pricing&from=old')
  expect(nextLink('/api/v1/audit', query, 'a b')).toBe('/api/v1/audit?service=pricing&from=a+b')
  expect(nextLink('/api/v1/audit', query, null)).toBeNull()
})
