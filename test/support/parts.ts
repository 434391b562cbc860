import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A program that some tests need beyond Node and npm, and how to come by it on Debian. */
export interface Part {
  readonly program: string
  readonly install: string
}

export const PROMETHEUS: Part = { program: 'prometheus', install: 'apt-get install --no-install-recommends prometheus' }
export const REGISTRY: Part = {
  program: 'docker-registry',
  install: 'apt-get install --no-install-recommends docker-registry',
}
export const SKOPEO: Part = { program: 'skopeo', install: 'apt-get install --no-install-recommends skopeo' }
export const CHROMIUM: Part = { program: 'chromium', install: 'apt-get install --no-install-recommends chromium' }
/** A KQL engine of other people. It is looked for as a program; the Python that runs it lies beside it. */
export const DUCKDB_KQL: Part = {
  program: 'duckdb-kql',
  install: "python3 -m venv .venv && .venv/bin/pip install 'duckdb-kql[duckdb]==1.1.2', with .venv/bin on the PATH",
}
/** Fuzzes an HTTP API by its OpenAPI document. */
export const SCHEMATHESIS: Part = {
  program: 'schemathesis',
  install: "python3 -m venv .venv && .venv/bin/pip install 'schemathesis==4.32.5', with .venv/bin on the PATH",
}

/**
 * Why tests that need these parts cannot run here; null = they can. Where CI is set nothing may be missing: then it throws.
 * On a person's machine the tests are skipped under a name that says what is missing and how to get it.
 */
export function missingParts(...parts: readonly Part[]): string | null {
  const missing = parts.filter(({ program }) => findProgram(program) === null)
  if (missing.length === 0) return null
  const said = missing.map(({ program, install }) => `there is no ${program} on the PATH (${install})`).join(', ')
  if (process.env.CI === 'true') throw new Error(`${said}; .ci/run installs it`)
  console.warn(`NOT TESTED: ${said}`)
  return said
}

/** The path of a program, or null where this machine has none. */
export function findProgram(program: string, path = process.env.PATH ?? ''): string | null {
  const candidates = path.split(delimiter).map((folder) => join(folder, program))
  return candidates.find(isExecutable) ?? null
}

/** Runs a program to its end; throws with what it said when it fails. */
export function runProgram(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
