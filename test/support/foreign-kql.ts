import { spawn } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { DUCKDB_KQL, findProgram } from './parts.ts'

/** A table for the foreign engine: its columns with their DuckDB types, and rows; what a row lacks is null. */
export interface ForeignTable {
  readonly columns: Readonly<Record<string, string>>
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}

/** What the foreign engine answered. Times are ISO 8601 in UTC. */
export interface ForeignAnswer {
  /** Name and KQL type. */
  readonly columns: readonly (readonly [name: string, type: string])[]
  readonly rows: readonly (readonly unknown[])[]
}

/** `duckdb-kql`, a KQL engine of other people, running in a Python process of its own. */
export interface ForeignKql {
  /** The answer to a query text. Throws with the engine's words where it cannot run it. */
  query(text: string): Promise<ForeignAnswer>
  /** Ends the process; twice does no harm. */
  stop(): void
}

/** Starts the engine on these tables. The part DUCKDB_KQL must be there. */
export function startForeignKql(tables: Readonly<Record<string, ForeignTable>>): ForeignKql {
  const program = findProgram(DUCKDB_KQL.program)
  if (program === null) throw new Error(`there is no ${DUCKDB_KQL.program} on the PATH`)
  const python = join(dirname(realpathSync(program)), 'python')
  const child = spawn(python, [join(import.meta.dirname, 'kql.py')], { stdio: ['pipe', 'pipe', 'pipe'] })
  const waiting: ((line: string | null) => void)[] = []
  let said = ''
  child.stderr.on('data', (part) => {
    said = (said + part).slice(-4000)
  })
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(line))
  const end = () => {
    for (const resolve of waiting.splice(0)) resolve(null)
  }
  child.once('close', end)
  child.once('error', (error) => {
    said += error.message
    end()
  })
  child.stdin.on('error', end)
  const tell = (value: unknown) => child.stdin.write(`${JSON.stringify(value)}\n`)
  tell(tables)
  return {
    query: async (text) => {
      tell(text)
      const line = await new Promise<string | null>((resolve) => waiting.push(resolve))
      if (line === null) throw new Error(`the foreign engine has ended: ${said}`)
      const answer = JSON.parse(line)
      if (answer.error !== undefined) throw new Error(answer.error)
      return answer
    },
    stop: () => {
      child.kill()
    },
  }
}
