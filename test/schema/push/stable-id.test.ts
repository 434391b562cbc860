import fc from 'fast-check'
import { expect, it } from 'vitest'
import { contentId, sentId } from '../../../lib/schema/push/stable-id.ts'

it('a sent id is taken only where it is visible ASCII of at most 200 characters', () => {
  expect(sentId('cb8c3971-9adc')).toBe('cb8c3971-9adc')
  expect(sentId('x'.repeat(200))).toHaveLength(200)
  for (const bad of ['', 'x'.repeat(201), 'a b', 'a\n', 'ä', 7, null, undefined, {}]) expect(sentId(bad)).toBeNull()
})

it('an id made of content always has the same form, and is the same for the same content', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (content) => {
      const id = contentId('acr', content)
      return /^acr-[0-9a-f]{32}$/.test(id) && contentId('acr', structuredClone(content)) === id
    }),
  )
  expect(contentId('acr', undefined)).toMatch(/^acr-[0-9a-f]{32}$/)
})

it('a hundred thousand contents that differ by little have as many ids, in each quarter of the id nearly so', () => {
  const ids = Array.from({ length: 100_000 }, (_, index) =>
    contentId('acr', { tag: `v1.${index}`, repository: 'pricing' }).slice(4),
  )
  expect(new Set(ids).size).toBe(100_000)
  for (const quarter of [0, 8, 16, 24]) {
    expect(new Set(ids.map((id) => id.slice(quarter, quarter + 8))).size).toBeGreaterThan(99_900)
  }
})
