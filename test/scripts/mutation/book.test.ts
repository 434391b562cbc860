import { expect, test } from 'vitest'
import { type Line, toldIn } from '../../../scripts/mutation/book.ts'
import type { Mutant } from '../../../scripts/mutation/plant.ts'
import { reportOf } from '../../../scripts/mutation/report.ts'

const file = 'test/a.test.ts'
const book = (...lines: readonly Line[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('')
const mutant = (id: string, more: Partial<Mutant> = {}): Mutant => {
  return {
    id,
    file: 'lib/core/a.ts',
    line: 3,
    column: 5,
    kind: 'EqualityOperator',
    was: 'a < b',
    becomes: 'a <= b',
    ...more,
  }
}

test('a mutant that one file leaves alive and another finds out is found out', () => {
  const told = toldIn(
    book(
      { kind: 'try', file, mutant: '1' },
      { kind: 'lives', file, mutant: '1' },
      { kind: 'try', file: 'test/b.test.ts', mutant: '1' },
      { kind: 'killed', file: 'test/b.test.ts', mutant: '1', by: 'minds it' },
    ),
  )
  expect([...told.ends]).toEqual([['1', 'minds it']])
  expect([...told.through]).toEqual([[file, new Set(['1'])]])
  expect(told.open.size).toBe(0)
})

test('what was begun and not ended is open, and a line that was cut off is left out', () => {
  const told = toldIn(`${book({ kind: 'try', file, mutant: '7' })}{"kind":"kil`)
  expect([...told.open]).toEqual([[file, '7']])
  expect(told.ends.size).toBe(0)
})

test('a mutant that hangs a file counts as found out, and is not tried with that file again', () => {
  const told = toldIn(book({ kind: 'try', file, mutant: '7' }, { kind: 'hung', file, mutant: '7' }))
  expect(told.ends.get('7')).toBe('test/a.test.ts does not end')
  expect(told.through.get(file)).toEqual(new Set(['7']))
  expect(told.open.size).toBe(0)
})

test('tests that fail without a mutant, before or after, are complaints', () => {
  const told = toldIn(
    book(
      { kind: 'sick', file: 'test/b.test.ts', test: 'adds' },
      { kind: 'done', file, left: 2, polluted: 'takes away' },
    ),
  )
  expect(told.complaints).toEqual([
    'test/b.test.ts: "adds" fails without any mutant',
    'test/a.test.ts: "takes away" fails after the mutants, without one',
  ])
  expect([...told.done]).toEqual([file])
  expect(told.left).toBe(2)
})

test('the score counts what lives and what no test goes through; what runs only while modules load is told apart', () => {
  const told = toldIn(
    book(
      { kind: 'static', file, mutants: ['4', '1'] },
      { kind: 'killed', file, mutant: '1', by: 'minds it' },
      { kind: 'lives', file, mutant: '2' },
    ),
  )
  const report = reportOf([mutant('1'), mutant('2'), mutant('3', { file: 'lib/core/b.ts' }), mutant('4')], told)
  expect(report.score).toBeCloseTo(100 / 3)
  expect(report.table.map((line) => line.replaceAll(/ +/g, ' '))).toEqual([
    'file mutants found alive unreached score',
    'lib/core/b.ts 1 0 0 1 0.0 %',
    'lib/core/a.ts 2 1 1 0 50.0 %',
    'lib/core/ 3 1 1 1 33.3 %',
    'all 3 1 1 1 33.3 %',
    '1 more run only while modules load; 0 tests were too slow to be used',
  ])
  expect(report.survivors).toEqual([
    'lib/core/a.ts:3:5 EqualityOperator: a < b -> a <= b',
    'lib/core/b.ts:3:5 EqualityOperator (unreached): a < b -> a <= b',
  ])
})
