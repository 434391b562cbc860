import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Instrumenter } from '@stryker-mutator/instrumenter'
import { MOST_MUTANTS, withSwitches } from './switches.ts'

/** A small wrong change to one place of the code, switched on by its id while all of it is loaded. */
export interface Mutant {
  readonly id: string
  /** Path within the repository. */
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column: number
  /** Stryker's name for this kind of change, such as `EqualityOperator`. */
  readonly kind: string
  /** What stands there, and what stands there instead; cut at 120 characters. */
  readonly was: string
  readonly becomes: string
}

/** Writes every mutant of `files` into copies beneath `folder`, as Stryker's instrumenter does: one copy holds all mutants of its file. */
export async function plant(root: string, files: readonly string[], folder: string): Promise<readonly Mutant[]> {
  const inputs = files.map((name) => ({ name, mutate: true, content: readFileSync(join(root, name), 'utf8') }))
  const made = await new Instrumenter(SILENT).instrument(inputs, {
    plugins: null,
    excludedMutations: [],
    ignorers: [],
  })
  if (made.mutants.length >= MOST_MUTANTS) throw new Error(`more than ${MOST_MUTANTS} mutants: take fewer files`)
  for (const { name, content } of made.files) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, withSwitches(content))
  }
  const sources = new Map(inputs.map(({ name, content }) => [name, content.split('\n')]))
  return made.mutants
    .filter(({ status }) => status === undefined)
    .map(({ id, fileName, location, mutatorName, replacement }) => ({
      id,
      file: fileName,
      line: location.start.line + 1,
      column: location.start.column + 1,
      kind: mutatorName,
      was: short(between(sources.get(fileName) ?? [], location)),
      becomes: short(replacement),
    }))
}

interface Place {
  readonly line: number
  readonly column: number
}

function between(lines: readonly string[], { start, end }: { readonly start: Place; readonly end: Place }): string {
  if (start.line === end.line) return (lines[start.line] ?? '').slice(start.column, end.column)
  return [(lines[start.line] ?? '').slice(start.column), ...lines.slice(start.line + 1, end.line)].join(' ')
}

function short(text: string): string {
  const flat = text.replaceAll(/\s+/g, ' ')
  return flat.length > 120 ? `${flat.slice(0, 119)}…` : flat
}

const nothing = () => undefined
const SILENT = {
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => false,
  isErrorEnabled: () => false,
  isFatalEnabled: () => false,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
}
