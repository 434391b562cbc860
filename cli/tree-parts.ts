import { type Command, Option } from 'commander'
import type { Call } from './call.ts'

/** Where a command's code is; it is read when the command is called and not before, so that help is quick. */
export type Load = (program: Command) => Promise<(call: Call<never>) => Promise<number>>

/** Makes of a command's code what commander calls. */
export type Act = (load: Load) => (...parameters: readonly unknown[]) => Promise<void>

/** A command and all below it. */
export function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}

/** The words that call a command: `slipway audit list`. */
export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}

/** Adds the options of commands that change something. */
export function changing(command: Command): Command {
  return command
    .option('--reason <text>', 'why; it stands in the audit')
    .option('--dry-run', 'say what would happen, and do nothing')
    .addOption(new Option('-y, --yes', 'do not ask whether it is meant'))
}
