import { describe, expect, it } from 'vitest'
import { fuzz } from './run.ts'
import { TARGETS } from './targets.ts'

describe('a parser of outside input', { timeout: 120_000 }, () => {
  it.each(TARGETS.map((target) => [target.name, target] as const))('%s answers whatever comes', async (_, target) => {
    expect(await fuzz(target, 1, 0, target.count ?? 500)).toEqual([])
  })

  it('that throws is found, at once or later, and the input is found again by its index', async () => {
    const run = (value: unknown) => (value as { a: { b: number } }).a.b
    const seeds = [{ a: { b: 1 } }]
    for (const weak of [
      { name: 'weak', takes: 'value', seeds, run },
      { name: 'weak', takes: 'value', seeds, run: async (value: unknown) => run(value) },
    ] as const) {
      const [first] = await fuzz(weak, 1, 0, 1_000)
      expect(first?.what).toContain('TypeError')
      expect(first?.again).toBe(`npm run fuzz -- --target weak --seed 1 --from ${first?.index} --count 1`)
      expect(await fuzz(weak, 1, first?.index ?? 0, 1)).toEqual([first])
    }
  })
})
