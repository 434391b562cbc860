import { describe, expect, it } from 'vitest'
import { fuzz } from './run.ts'
import { TARGETS } from './targets.ts'

describe('a parser of outside input', () => {
  it.each(TARGETS.map((target) => [target.name, target] as const))('%s answers whatever comes', (_, target) => {
    expect(fuzz(target, 1, 0, 2_000)).toEqual([])
  })

  it('that throws is found, and the input is found again by its index', () => {
    const run = (value: unknown) => (value as { a: { b: number } }).a.b
    const weak = { name: 'weak', takes: 'value', seeds: [{ a: { b: 1 } }], run } as const
    const [first] = fuzz(weak, 1, 0, 1_000)
    expect(first?.what).toContain('TypeError')
    expect(fuzz(weak, 1, first?.index ?? 0, 1)).toEqual([first])
  })
})
