import type { Told } from './book.ts'
import type { Mutant } from './plant.ts'

/** What came of all mutants. */
export interface Report {
  /** Found out, of all that can be switched on, in percent. */
  readonly score: number
  /** One line for each file and then for each folder, the weakest first, and the sum. */
  readonly table: readonly string[]
  /** One line for each mutant that no test minds, or that none goes through. */
  readonly survivors: readonly string[]
}

/** Counts what the book tells about these mutants. A mutant that runs only while modules load is not counted: none can switch it on in time. */
export function reportOf(mutants: readonly Mutant[], told: Told): Report {
  const isStatic = ({ id }: Mutant) => told.static.has(id) && !told.tried.has(id) && !told.ends.has(id)
  const counted = mutants.filter((mutant) => !isStatic(mutant))
  const rowsBy = (nameOf: (mutant: Mutant) => string) =>
    [...Map.groupBy(counted, nameOf)]
      .map(([name, those]) => ({ name, ...tally(those, told) }))
      .toSorted((a, b) => a.score - b.score)
  const sum = { name: 'all', ...tally(counted, told) }
  const alive = counted.filter(({ id }) => !told.ends.has(id))
  return {
    score: sum.score,
    table: [
      `${'file'.padEnd(44)} mutants  found  alive unreached  score`,
      ...rowsBy(({ file }) => file).map(lineOf),
      ...rowsBy(({ file }) => file.slice(0, file.lastIndexOf('/') + 1)).map(lineOf),
      lineOf(sum),
      `${mutants.length - counted.length} more run only while modules load; ${told.left} tests were too slow to be used`,
    ],
    survivors: alive.map(
      ({ id, file, line, column, kind, was, becomes }) =>
        `${file}:${line}:${column} ${told.tried.has(id) ? kind : `${kind} (unreached)`}: ${was} -> ${becomes}`,
    ),
  }
}

function tally(mutants: readonly Mutant[], { ends, tried }: Told) {
  const found = mutants.filter(({ id }) => ends.has(id)).length
  const alive = mutants.filter(({ id }) => !ends.has(id) && tried.has(id)).length
  const score = mutants.length === 0 ? 100 : (100 * found) / mutants.length
  return { mutants: mutants.length, found, alive, unreached: mutants.length - found - alive, score }
}

function lineOf(row: ReturnType<typeof tally> & { readonly name: string }): string {
  const numbers = [row.mutants, row.found, row.alive, row.unreached].map((count) => String(count).padStart(7))
  return `${row.name.padEnd(44)} ${numbers.join('')}   ${row.score.toFixed(1).padStart(5)} %`
}
