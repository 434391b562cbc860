import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { plant } from '../../../scripts/mutation/plant.ts'

test('every mutant is told with its place, what stands there and what is put there, and sleeps in a copy', async () => {
  const root = mkdtempSync(join(tmpdir(), 'slipway-plant-'))
  try {
    writeFileSync(join(root, 'less.ts'), 'export const less = (a: number, b: number): boolean =>\n  a < b\n')
    const mutants = await plant(root, ['less.ts'], join(root, 'planted'))
    const places = mutants.map(({ id, ...rest }) => rest)
    expect(places).toContainEqual({
      file: 'less.ts',
      line: 2,
      column: 3,
      kind: 'EqualityOperator',
      was: 'a < b',
      becomes: 'a <= b',
    })
    expect(places.map(({ becomes }) => becomes)).toEqual(expect.arrayContaining(['true', 'false', 'a >= b']))
    expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length)
    expect(readFileSync(join(root, 'planted', 'less.ts'), 'utf8')).toContain('a <= b')
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})
