import type { ConnectionOptions } from './address.ts'
import type { Io } from './io.ts'

/** Options that every command takes. */
export interface SharedOptions extends ConnectionOptions {
  readonly json?: boolean
  readonly environment?: string
  /** False after `--no-color`. */
  readonly color: boolean
  /** False after `--no-input`. */
  readonly input: boolean
}

/** Options of commands that change something. */
export interface ChangeOptions {
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly reason?: string
}

/** What a command is called with. */
export interface Call<Options = unknown> {
  readonly io: Io
  readonly options: Options & SharedOptions
  /** Arguments in the order of the command's synopsis; a list for the last one with dots. */
  readonly args: readonly (string | undefined)[]
}

/** A command: does it and resolves to the exit code. Throws Refusal. */
export type Run<Options = unknown> = (call: Call<Options>) => Promise<number>
