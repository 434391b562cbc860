import { FAULTS, type FaultKind, PHASES, type TrialPhase } from './trace.ts'

/** A fault and a phase in which it cannot strike, and why. */
export interface Impossible {
  readonly fault: FaultKind
  readonly phases: readonly TrialPhase[]
  readonly because: string
}

/** The cells that no seed can ever hit. Every other one counts as possible, whether or not it was hit. */
export const IMPOSSIBLE: readonly Impossible[] = []

/** Which cells of fault × phase were hit, of those that can be. */
export interface Coverage {
  readonly hit: number
  readonly possible: number
  /** Cells that could be hit and never were, as `F8/progressing`. */
  readonly never: readonly string[]
  /** Seeds by cell. */
  readonly seeds: ReadonlyMap<string, number>
  /** Cells that are declared impossible and were hit all the same: the declaration is wrong. */
  readonly wronglyImpossible: readonly string[]
}

/** The name of a cell of the table. */
export function cellOf(fault: FaultKind, phase: TrialPhase): string {
  return `${fault}/${phase}`
}

/** Counts in how many seeds each cell was hit. */
export function coverageOf(cellsBySeed: Iterable<readonly string[]>): Coverage {
  const seeds = new Map<string, number>()
  for (const cells of cellsBySeed) for (const cell of cells) seeds.set(cell, (seeds.get(cell) ?? 0) + 1)
  const not = new Set(IMPOSSIBLE.flatMap(({ fault, phases }) => phases.map((phase) => cellOf(fault, phase))))
  const possible = FAULTS.flatMap((fault) => PHASES.map((phase) => cellOf(fault, phase))).filter(
    (cell) => !not.has(cell),
  )
  const never = possible.filter((cell) => !seeds.has(cell))
  const wronglyImpossible = [...not].filter((cell) => seeds.has(cell))
  return { hit: possible.length - never.length, possible: possible.length, never, seeds, wronglyImpossible }
}

/** The table of fault × phase: seeds that hit the cell, `.` where none did, `-` where none can. */
export function coverageTable({ seeds, never }: Coverage): string {
  const missing = new Set(never)
  const sign = (cell: string) => String(seeds.get(cell) ?? (missing.has(cell) ? '.' : '-'))
  const head = ['', ...PHASES]
  const rows = FAULTS.map((fault) => [fault as string, ...PHASES.map((phase) => sign(cellOf(fault, phase)))])
  const widths = head.map((word) => Math.max(word.length, 6))
  return [head, ...rows].map((row) => row.map((word, i) => word.padStart(widths[i] ?? 0)).join(' ')).join('\n')
}
