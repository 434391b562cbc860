/** One line of the book that the trying of mutants writes as it goes. `file` is the test file at work. */
export type Line =
  | { readonly kind: 'try' | 'lives'; readonly file: string; readonly mutant: string }
  | { readonly kind: 'killed'; readonly file: string; readonly mutant: string; readonly by: string }
  /** The process had to be ended while this mutant was tried: the tests of this file do not end under it. */
  | { readonly kind: 'hung'; readonly file: string; readonly mutant: string }
  /** Mutants that ran while modules were loaded: switching them on later shows nothing of that run. */
  | { readonly kind: 'static'; readonly file: string; readonly mutants: readonly string[] }
  /** A test that fails without any mutant: nothing was tried with this file. */
  | { readonly kind: 'sick'; readonly file: string; readonly test: string }
  /** All is tried. `left` tests were too slow to be used; `polluted` names a test that fails afterwards without a mutant. */
  | { readonly kind: 'done'; readonly file: string; readonly left: number; readonly polluted: string | null }

/** What a book tells so far. */
export interface Told {
  /** Mutants that were found out, and by which test; a hang counts. */
  readonly ends: ReadonlyMap<string, string>
  readonly tried: ReadonlySet<string>
  readonly static: ReadonlySet<string>
  readonly done: ReadonlySet<string>
  /** By test file: what it is not tried with again, since it lived through it or hung. */
  readonly through: ReadonlyMap<string, ReadonlySet<string>>
  /** What each file had begun and not ended. */
  readonly open: ReadonlyMap<string, string>
  readonly left: number
  readonly complaints: readonly string[]
}

/** Reads a book; a last line that was cut off is left out. */
export function toldIn(text: string): Told {
  const ends = new Map<string, string>()
  const tried = new Set<string>()
  const fixed = new Set<string>()
  const done = new Set<string>()
  const through = new Map<string, Set<string>>()
  const open = new Map<string, string>()
  const complaints: string[] = []
  let left = 0
  for (const line of linesOf(text)) {
    if (line.kind === 'try') open.set(line.file, line.mutant)
    else open.delete(line.file)
    if (line.kind === 'lives') tried.add(line.mutant)
    if (line.kind === 'lives' || line.kind === 'hung')
      through.set(line.file, (through.get(line.file) ?? new Set()).add(line.mutant))
    if (line.kind === 'killed') ends.set(line.mutant, line.by)
    if (line.kind === 'hung') ends.set(line.mutant, `${line.file} does not end`)
    if (line.kind === 'static') for (const mutant of line.mutants) fixed.add(mutant)
    if (line.kind === 'sick') complaints.push(`${line.file}: "${line.test}" fails without any mutant`)
    if (line.kind !== 'done') continue
    done.add(line.file)
    left += line.left
    if (line.polluted !== null) complaints.push(`${line.file}: "${line.polluted}" fails after the mutants, without one`)
  }
  return { ends, tried, static: fixed, done, through, open, left, complaints }
}

function linesOf(text: string): readonly Line[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)
}
