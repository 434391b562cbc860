import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { plant } from '../../../scripts/mutation/plant.ts'
import { reportOf } from '../../../scripts/mutation/report.ts'
import { tryMutants } from '../../../scripts/mutation/work.ts'

test('mutants of a file are found out by its tests, and the report names those that live', {
  timeout: 120_000,
}, async () => {
  const root = process.cwd()
  mkdirSync('reports', { recursive: true })
  const folder = mkdtempSync(join(root, 'reports', 'mutation-test-'))
  try {
    const mutants = await plant(root, ['lib/core/traffic.ts'], join(folder, 'planted'))
    const ground = {
      root,
      planted: join(folder, 'planted'),
      book: join(folder, 'book.jsonl'),
      slowestMs: 5000,
      budgetMs: 5000,
    }
    const told = await tryMutants(ground, ['test/core/traffic.test.ts'], () => undefined)
    expect(told.complaints).toEqual([])
    expect([...told.done]).toEqual(['test/core/traffic.test.ts'])
    expect(told.ends.size).toBeGreaterThan(mutants.length / 2)
    const { score, survivors } = reportOf(mutants, told)
    expect(score).toBeLessThanOrEqual(100)
    expect(survivors.length).toBe(
      mutants.length -
        told.ends.size -
        [...told.static].filter((id) => !told.ends.has(id) && !told.tried.has(id)).length,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
